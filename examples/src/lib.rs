//! What the examples share: an empty directory for their files, showing and reading what is in a file, and
//! running themselves once more as another process.

mod peer;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

pub use peer::{Peer, order_tea};

/// Makes the directory `logs/<example>`, empty: what an earlier run left there is removed.
///
/// # Errors
/// When the directory cannot be emptied or made.
pub fn fresh_directory(example: &str) -> io::Result<PathBuf> {
    let directory = Path::new("logs").join(example);
    match fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(&directory)?,
    }
    Ok(directory)
}

/// Prints the name of a file and its last lines.
///
/// # Errors
/// When the file cannot be read, or nobody reads what is printed.
pub fn show(path: impl AsRef<Path>, last_lines: usize) -> io::Result<()> {
    let path = path.as_ref();
    let text = read(path)?;
    let mut out = io::stdout().lock();
    writeln!(out, "\n{}", path.display())?;
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(last_lines)..] {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// The objects of a file of JSON lines.
///
/// # Errors
/// When the file cannot be read, or a line is no JSON.
pub fn records(path: impl AsRef<Path>) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = read(path.as_ref())?;
    let records: Result<_, _> = text.lines().map(serde_json::from_str).collect();
    Ok(records?)
}

fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path).map_err(|error| {
        let path = path.display();
        io::Error::other(format!(
            "cannot read {path}: {error}; do LOG_LEVEL or LOGS_DIR send the log elsewhere?"
        ))
    })
}

/// The running example, to be started once more with one argument, as a process of its own.
///
/// # Errors
/// When the operating system does not say where the program is.
pub fn again(argument: &str) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(argument);
    Ok(command)
}
