//! What the examples share: an empty directory for their files, showing what is in a file, and running
//! themselves once more as another process.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

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
/// When the file cannot be read.
pub fn show(path: impl AsRef<Path>, last_lines: usize) -> io::Result<()> {
    let path = path.as_ref();
    let text = fs::read_to_string(path)?;
    println!("\n{}", path.display());
    for line in text.lines().skip(text.lines().count().saturating_sub(last_lines)) {
        println!("  {line}");
    }
    Ok(())
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
