//! Rotated files, read back as a user's tools would: the archives in their order, compressed or not, then the live file.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::records::Logged;

/// The names of all files in a directory, in alphabetical order.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory of the logs");
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
    let mut names: Vec<_> = entries.flatten().map(name).collect();
    names.sort();
    names
}

/// The archives `stem.<number>.log…` of a directory with their numbers, the oldest first.
///
/// # Panics
/// When the directory cannot be read.
#[must_use]
pub fn numbered(directory: &Path, stem: &str) -> Vec<(u64, PathBuf)> {
    let number = |name: &str| {
        let rest = name.strip_prefix(stem)?.strip_prefix('.')?;
        let (number, ending) = rest.split_once('.')?;
        let is_archive = ["log", "log.gz", "log.zst"].contains(&ending);
        is_archive.then(|| number.parse().ok())?
    };
    let names = names(directory);
    let found = names
        .iter()
        .filter_map(|name| Some((number(name)?, directory.join(name))));
    let mut archives: Vec<(u64, PathBuf)> = found.collect();
    archives.sort();
    archives
}

/// What is in a file, decompressed where its name says so.
///
/// # Panics
/// When it cannot be read, or is not whole.
#[must_use]
pub fn content(path: &Path) -> Vec<u8> {
    let (content, error) =
        what_is_left(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if let Some(error) = error {
        panic!("{} is not whole: {error}", path.display());
    }
    content
}

/// What is in a file, decompressed where its name says so, as far as it goes; and why it goes no further, where it is not whole.
///
/// # Errors
/// When it cannot be opened.
pub fn what_is_left(path: &Path) -> io::Result<(Vec<u8>, Option<io::Error>)> {
    let file = File::open(path)?;
    let mut content = Vec::new();
    let read = match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => GzDecoder::new(file).read_to_end(&mut content),
        Some("zst") => zstd::stream::Decoder::new(file)?.read_to_end(&mut content),
        _ => (&file).read_to_end(&mut content),
    };
    Ok((content, read.err()))
}

/// All records of a text file with numbered archives, the oldest first. No file ends within a line.
///
/// # Panics
/// When one does, or a file cannot be read.
#[must_use]
pub fn logged(directory: &Path, stem: &str) -> Logged {
    let mut logged = Logged::default();
    let live = directory.join(format!("{stem}.log"));
    let archives = numbered(directory, stem).into_iter().map(|(_, path)| path);
    for path in archives.chain(live.exists().then_some(live)) {
        let content = content(&path);
        let is_whole = content.is_empty() || content.ends_with(b"\n");
        assert!(is_whole, "{} ends with a torn line", path.display());
        logged.append(Logged::in_text_from(&content[..]));
    }
    logged
}
