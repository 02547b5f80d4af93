//! 8. However the process ends, what was logged is in the file. No guard has to be kept alive.
//!
//! Runs itself once for each ending.

use std::error::Error;
use std::path::Path;
use std::process::{ExitStatus, exit};
use std::{env, thread};

use hestia::Builder;
use hestia_examples::{again, fresh_directory, show};

const ENDINGS: [&str; 5] = ["return", "exit", "panic", "signal", "shutdown"];

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(ending) = env::args().nth(1) {
        return end_by(&ending);
    }
    fresh_directory("08_endings")?;
    for ending in ENDINGS {
        let status: ExitStatus = again(ending)?.status()?;
        println!("\nended by {ending}: {status}");
        show(Path::new("logs/08_endings").join(ending).join("all.log"), 2)?;
    }
    Ok(())
}

fn end_by(ending: &str) -> Result<(), Box<dyn Error>> {
    let directory = Path::new("logs/08_endings").join(ending);
    let builder = hestia::builder().logs_dir(directory).console(false).json(false);
    let hestia = drained_on_signals(builder).init()?;
    log::info!("about to end by {ending}");
    match ending {
        "exit" => thread::scope(|scope| scope.spawn(|| exit(3)).join()).unwrap_or(()),
        "panic" => panic!("the last words of a panic"),
        "signal" => raise_sigterm()?,
        "shutdown" => {
            hestia.shutdown()?;
            log::info!("after shutdown, written before this call returns");
        }
        _ => {}
    }
    Ok(())
}

/// SIGTERM: everything is written first, then the signal does what it does by default.
#[cfg(unix)]
fn drained_on_signals(builder: Builder) -> Builder {
    builder.drain_on(hestia::Signal::Terminate)
}

#[cfg(unix)]
fn raise_sigterm() -> std::io::Result<()> {
    signal_hook::low_level::raise(signal_hook::consts::SIGTERM)?;
    loop {
        thread::park();
    }
}
