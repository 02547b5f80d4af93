//! Settings from a file that is edited while the program runs; and the same from code and by signals.

use std::error::Error;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use hestia::{Handle, Record};
use hestia_examples::{fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("17_configuration")?;
    let file = directory.join("hestia.toml");
    fs::write(
        &file,
        "level = \"warn,shop::db=debug\"\n\n[metadata]\nregion = \"eu-1\"\n",
    )?;

    // `#[hestia::main(config = "hestia.toml")]` says the same; so does HESTIA_CONFIG, without a word in the code.
    let builder = hestia::builder()
        .console(false)
        .logs_dir(&directory)
        .config(&file);
    let hestia = builder.level_signals(true).init()?;
    log::info!("not wanted yet");
    log::warn!("at the start");

    // As editors do it: a new file is renamed over the old one.
    let new = directory.join("hestia.toml.new");
    fs::write(&new, "level = \"info\"\n\n[metadata]\nregion = \"eu-2\"\n")?;
    fs::rename(&new, &file)?;
    wait_for(hestia, "info")?;
    log::info!("after the edit");

    // A mistake changes nothing; whoever watches stderr, or asks, hears why.
    fs::write(&file, "level = \"debug\"\n\n[json]\nschmea = \"ecs\"\n")?;
    if let Err(why) = hestia.reload() {
        println!("kept: {why}");
    }
    log::debug!("not logged");

    // A filter for one output, and one level more for all of them, as by `kill -USR1`.
    hestia.set_filter("json", |record: &Record<'_>| {
        record.field("order").is_some()
    })?;
    signal_hook::low_level::raise(signal_hook::consts::SIGUSR1)?;
    wait_for(hestia, "debug")?;
    log::debug!(order = 5; "after the signal");

    hestia.flush()?;
    println!("\n{}", hestia.report());
    show(directory.join("all.log"), 5)?;
    show(directory.join("app.log"), 1)?;
    Ok(())
}

/// The file is followed by a thread of hestia's; a program has no reason to wait for it.
fn wait_for(hestia: Handle, level: &str) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_there = || {
        hestia
            .report()
            .row("level")
            .is_some_and(|row| row.value == level)
    };
    while !is_there() {
        if Instant::now() > deadline {
            return Err(format!("the level never became {level}").into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
