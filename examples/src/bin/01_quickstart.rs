//! 1. One line turns hestia on: a coloured console, `logs/all.log` and `logs/app.log`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let hestia = hestia::init()?;

    log::info!("ready");
    log::warn!(elapsed_ms = 12.5, user_id = 5; "slow query");
    log::error!(target: "billing::db", order = 4711; "payment failed");

    // The proof: what each output confirmed.
    println!("{}", hestia.flush()?);
    Ok(())
}
