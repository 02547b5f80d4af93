//! What the loggers left behind: the files of one directory, whatever each logger calls them.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::failure::{Naming as _, Result};

/// Lines of all files in the directory.
pub(crate) fn lines(directory: &Path) -> Result<u64> {
    let mut buffer = vec![0; 256 << 10];
    let mut lines = 0;
    for path in paths(directory)? {
        let mut file =
            std::fs::File::open(&path).or_cannot(format_args!("open {}", path.display()))?;
        loop {
            let length = file
                .read(&mut buffer)
                .or_cannot(format_args!("read {}", path.display()))?;
            if length == 0 {
                break;
            }
            lines += buffer[..length]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count() as u64;
        }
    }
    Ok(lines)
}

/// Bytes of all files in the directory.
pub(crate) fn bytes(directory: &Path) -> u64 {
    let Ok(paths) = paths(directory) else {
        return 0;
    };
    paths
        .iter()
        .filter_map(|path| path.metadata().ok())
        .map(|file| file.len())
        .sum()
}

fn paths(directory: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries =
        std::fs::read_dir(directory).or_cannot(format_args!("list {}", directory.display()))?;
    Ok(entries
        .filter_map(|entry| entry.ok())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect())
}

/// Waits until the files have not grown for that long: a flush for loggers that have none to wait for. The answer is when
/// they were last seen to grow.
pub(crate) fn wait_until_still(directory: &Path, still: Duration) -> Instant {
    let (mut size, mut grew) = (bytes(directory), Instant::now());
    while grew.elapsed() < still {
        std::thread::sleep(Duration::from_millis(1));
        let now = bytes(directory);
        if now != size {
            (size, grew) = (now, Instant::now());
        }
    }
    grew
}
