//! After `fork` the child logs with its own process id, through a writer of its own, into the same files.

use std::error::Error;

#[cfg(unix)]
fn main() -> Result<(), Box<dyn Error>> {
    use hestia_examples::{fresh_directory, show};

    let directory = fresh_directory("10_fork")?;
    let hestia = hestia::builder()
        .logs_dir(&directory)
        .console(false)
        .init()?;
    log::info!("before the fork");

    // SAFETY: of this process's own threads only this one runs; hestia's are prepared for it.
    let child = unsafe { libc::fork() };
    match child {
        -1 => return Err(std::io::Error::last_os_error().into()),
        0 => {
            log::info!("in the child");
            // Ends the child as any program ends; what it logged is written.
            std::process::exit(0);
        }
        _ => log::info!(child; "in the parent"),
    }
    let mut status = 0;
    // SAFETY: `status` is there for the call to write to.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } != child {
        return Err(std::io::Error::last_os_error().into());
    }

    // The record from before the fork was the parent's to write, and stands there once.
    println!("{}", hestia.flush()?);
    println!(
        "parent {}, child {child}, which ended with {status}",
        std::process::id()
    );
    show(directory.join("all.log"), 5)?;
    Ok(())
}

#[cfg(not(unix))]
fn main() -> Result<(), Box<dyn Error>> {
    println!("only Unix has fork");
    Ok(())
}
