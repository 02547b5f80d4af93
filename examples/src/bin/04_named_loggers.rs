//! Named loggers: an application name, key-values and a text file of their own, beside all other outputs.

use std::error::Error;

use hestia::Console;
use hestia_examples::{fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("04_named_loggers")?;
    let hestia = hestia::builder()
        .app("shop")
        .logs_dir(&directory)
        .metadata("region", "eu-1")
        .console(Console::stdout())
        .init()?;

    // Cheap to make and to clone, and may be kept anywhere.
    let audit = hestia::logger("audit")
        .metadata("team", "risk")
        .file(directory.join("audit.log"));

    log::info!("ready");
    log::info!(logger: audit, user_id = 5; "role granted");
    // What the call says about a key counts more than what the logger says, and that more than the program.
    log::warn!(logger: audit, user_id = 5, team = "legal"; "role revoked");

    hestia.flush()?;
    println!("\nonly the audit's records are in its own file, all are in the others:");
    for file in ["audit.log", "all.log", "app.log"] {
        show(directory.join(file), 3)?;
    }
    Ok(())
}
