//! What the kernel says about this process.

use std::error::Error;
use std::fs;

/// The number behind a name in a `status` file of the kernel's.
///
/// # Errors
/// When the name is not there, or no number behind it.
pub fn figure(status: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .ok_or_else(|| format!("{name} is not there"))?;
    let number = line.split_whitespace().next().ok_or("no number")?;
    Ok(number.parse()?)
}

/// The address space that this process takes, in bytes.
///
/// # Errors
/// When the kernel does not say.
#[cfg(unix)]
pub fn address_space_bytes() -> Result<u64, Box<dyn Error>> {
    let pages: u64 = fs::read_to_string("/proc/self/statm")?
        .split(' ')
        .next()
        .ok_or("no figure")?
        .parse()?;
    // SAFETY: asks for a number.
    let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages * u64::try_from(page_bytes)?)
}

/// The most memory this process ever had, in KiB.
///
/// # Errors
/// When the kernel does not say.
pub fn peak_kib() -> Result<u64, Box<dyn Error>> {
    figure(&fs::read_to_string("/proc/self/status")?, "VmHWM")
}
