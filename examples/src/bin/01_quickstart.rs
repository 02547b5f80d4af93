//! One line turns hestia on: a coloured console, `logs/all.log` for people and `logs/app.log` for
//! machines. Then the proof that everything is there: the flush report, and the files themselves.

use std::error::Error;
use std::{io, thread};

use hestia::hlog;
use hestia_examples::show;
use serde::Serialize;

#[derive(Serialize)]
struct Cart {
    items: Vec<&'static str>,
    total: f64,
}

#[hestia::main]
fn main() -> Result<(), Box<dyn Error>> {
    log::info!("ready");
    log::debug!("below `info`, which is the level unless said otherwise: written nowhere");
    log::warn!(elapsed_ms = 12.5, user_id = 5; "slow query");

    // hestia's own statement. Key-values keep their type, and a serde value its structure.
    let cart = Cart {
        items: vec!["tea", "cup"],
        total: 18.9,
    };
    hlog!(info, user_id = 5, paid = true, cart:serde, "{} items checked out", cart.items.len());
    on_another_thread()?;

    // The proof: what each output confirmed.
    println!("\n{}", hestia::flush()?);
    show("logs/all.log", 4)?;
    show("logs/app.log", 4)?;
    Ok(())
}

fn on_another_thread() -> io::Result<()> {
    thread::scope(|scope| {
        let payments = thread::Builder::new().name("payments".to_owned());
        payments.spawn_scoped(scope, || {
            log::error!(target: "billing::db", order = 4711; "payment failed");
        })?;
        Ok(())
    })
}
