//! However the process ends, what was logged is in the file. No guard has to be kept alive.
//!
//! Runs itself once for each ending.

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::exit;

use hestia::Signal;
use hestia_examples::{again, fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(ending) = env::args().nth(1) {
        return end_by(&ending);
    }
    let directory = fresh_directory("08_endings")?;
    for ending in ["return", "exit", "panic", "signal", "shutdown"] {
        // With `1`, the record of a panic has the backtrace among its key-values.
        let status = again(ending)?.env("RUST_BACKTRACE", "0").status()?;
        println!("\nended by {ending}: {status}");
        show(directory.join(ending).join("all.log"), 2)?;
    }
    Ok(())
}

fn end_by(ending: &str) -> Result<(), Box<dyn Error>> {
    let directory = Path::new("logs/08_endings").join(ending);
    let mut builder = hestia::builder()
        .logs_dir(directory)
        .console(false)
        .json(false);
    if cfg!(unix) {
        // On SIGTERM everything is written; then it does what it does by default: it ends the process.
        builder = builder.drain_on(Signal::Terminate);
    }
    let hestia = builder.init()?;
    log::info!("about to end by {ending}");
    match ending {
        "exit" => exit(3),
        // Becomes a record of its own, written before the panic goes on, since that may abort the process.
        "panic" => panic!("the last words"),
        #[cfg(unix)]
        "signal" => {
            signal_hook::low_level::raise(signal_hook::consts::SIGTERM)?;
            // Another thread deals with the signal, and the process ends while this one sleeps.
            std::thread::sleep(std::time::Duration::from_secs(10));
        }
        "shutdown" => {
            hestia.shutdown()?;
            log::info!("after shutdown: written before this call returns");
        }
        _ => {}
    }
    Ok(())
}
