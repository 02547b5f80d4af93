//! The environment: whoever starts the program has the last word, and the report shows who said what.
//!
//! Runs itself once more with some variables set.

use std::error::Error;
use std::{env, fs};

use hestia::Console;
use hestia_examples::{again, fresh_directory};

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).is_some() {
        return program();
    }
    let directory = fresh_directory("11_environment")?;
    let mut command = again("as-a-child")?;
    command
        .env("LOG_LEVEL", "info,sohp::db=debug,hyper=wran")
        .env("APP_NAME", "shop-from-environment")
        .env("ENVIRONMENT", "staging")
        .env("LOGS_DIR", &directory)
        .env("ENABLE_INTERNAL_LOGGER", "true");
    // stderr apart, so that the warning about the mistake comes before the table.
    let output = command.output()?;
    println!("on stderr:\n{}", String::from_utf8_lossy(&output.stderr));
    println!("on stdout:\n{}", String::from_utf8_lossy(&output.stdout));
    let internal = fs::read_to_string(directory.join("hestia_internal.log"))?;
    println!("hestia's own log has {} lines", internal.lines().count());
    Ok(())
}

/// A program that says something about itself in code; the variables above overrule most of it.
fn program() -> Result<(), Box<dyn Error>> {
    let hestia = hestia::builder()
        .app("shop")
        .level("warn")
        .console(Console::stdout().level(hestia::Level::Error))
        .logs_dir("/var/log/shop")
        .init()?;
    log::info!("ready");
    hestia.flush()?;
    println!("\n{}", hestia.report());
    Ok(())
}
