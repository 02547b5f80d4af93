//! Levels: by target, by output, explained, and changed while the program runs.

use std::error::Error;

use hestia::{Console, Level, LevelFilter};
use hestia_examples::{fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("02_levels")?;
    let hestia = hestia::builder()
        .logs_dir(&directory)
        // Everything from `info` on; of hyper only warnings; of the database debug records, too.
        .level("info,hyper=warn,shop::db=debug")
        // The console's own level: whatever the directives say, it gets no more than this.
        .console(Console::stdout().level(Level::Warn))
        .json(false)
        .init()?;

    log_everywhere("at the start");
    hestia.flush()?;

    println!("\nwhy is there no such record?");
    println!("{}", hestia.explain("hyper::client", Level::Info));
    println!("\nwhy is this one in the file and not on the console?");
    println!("{}", hestia.explain("shop::db", Level::Debug));

    // While the program runs: new directives for all outputs, and a new level for one of them.
    hestia.set_level("warn,hyper=trace")?;
    hestia.set_output_level("console", LevelFilter::Off)?;
    log_everywhere("after the change");

    hestia.flush()?;
    show(directory.join("all.log"), 10)?;
    if let Some(row) = hestia.report().row("level") {
        println!("\nlevel is {}, {}", row.value, row.origin);
    }
    Ok(())
}

fn log_everywhere(when: &str) {
    log::info!(target: "hyper::client", "connected, {when}");
    log::warn!(target: "hyper::client", "connection lost, {when}");
    log::debug!(target: "shop::db", "3 rows, {when}");
    log::info!(target: "shop", "sold, {when}");
}
