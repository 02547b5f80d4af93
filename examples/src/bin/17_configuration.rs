//! Settings from a file that is edited while the program runs; and the same from code and by signals.

use std::error::Error;
use std::fs;
use std::thread::yield_now;

use hestia::{Handle, Record};
use hestia_examples::{fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("17_configuration")?;
    let file = directory.join("hestia.toml");
    fs::write(&file, "level = \"warn\"\n[metadata]\nregion = \"eu-1\"\n")?;

    // `#[hestia::main(config = "hestia.toml")]` says the same; so does HESTIA_CONFIG, without a word in the code.
    let builder = hestia::builder().console(false).logs_dir(&directory);
    let hestia = builder.config(&file).level_signals(true).init()?;
    log::info!("not wanted yet");
    log::warn!("at the start");

    // As editors do it: a new file is renamed over the old one. A thread of hestia's follows.
    let new = directory.join("hestia.toml.new");
    fs::write(&new, "level = \"info\"\n[metadata]\nregion = \"eu-2\"\n")?;
    fs::rename(&new, &file)?;
    while !level_is(hestia, "info") {
        yield_now();
    }
    log::info!("after the edit");

    // A mistake changes nothing; whoever watches stderr, or asks, hears why.
    fs::write(&file, "level = \"debug\"\n[json]\nschmea = \"ecs\"\n")?;
    if let Err(why) = hestia.reload() {
        println!("kept: {why}");
    }
    log::debug!("not logged");

    // A filter for one output, and one level more for all of them, as by `kill -USR1`.
    hestia.set_filter("json", |record: &Record<'_>| {
        record.field("order").is_some()
    })?;
    signal_hook::low_level::raise(signal_hook::consts::SIGUSR1)?;
    while !level_is(hestia, "debug") {
        yield_now();
    }
    log::debug!(order = 5; "after the signal");

    hestia.flush()?;
    println!("\n{}", hestia.report());
    show(directory.join("all.log"), 5)?;
    show(directory.join("app.log"), 1)?;
    Ok(())
}

fn level_is(hestia: Handle, level: &str) -> bool {
    let report = hestia.report();
    report.row("level").is_some_and(|row| row.value == level)
}
