//! Files of crash-safe rings that earlier builds left are read by every later one. `golden/rings` has one of each format, with
//! the lines that are in it.

#![cfg(all(unix, target_pointer_width = "64", target_endian = "little"))]

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hestia_tests::archives;
use serde_json::Value;

/// Where a file says of which format it is; see `queue/mapping.rs`.
const FORMAT: std::ops::Range<usize> = 8..16;

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crash_safe"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the program can be started")
}

/// The file of a process that has ended with records of all kinds in it.
fn left_by_this_build(directory: &Path) -> PathBuf {
    run(directory, &["leave_kinds"]);
    let rings = directory.join("rings");
    match &archives::names(&rings)[..] {
        [name] => rings.join(name),
        names => panic!("{names:?}"),
    }
}

fn format_of(path: &Path) -> io::Result<u64> {
    let mut head = [0; FORMAT.end];
    File::open(path)?.read_exact(&mut head)?;
    let number = head[FORMAT].try_into().map_err(io::Error::other)?;
    Ok(u64::from_ne_bytes(number))
}

/// The lines of all records in it, without what is the reading machine's.
fn lines(directory: &Path, rings: &Path) -> String {
    let output = run(directory, &["read_lines", &rings.to_string_lossy()]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", rings.display());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let own = |line: &str| {
        let mut record: Value = serde_json::from_str(line).expect("a whole record");
        for key in ["hostname", "container_id"] {
            record.as_object_mut().expect("an object").remove(key);
        }
        format!("{record}\n")
    };
    text.lines().map(own).collect()
}

/// What is nearly nothing but holes becomes that again.
fn unpack(packed: &Path, to: &Path) -> io::Result<()> {
    const PART: usize = 64 << 10;
    let mut content = zstd::stream::Decoder::new(File::open(packed)?)?;
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(to)?;
    let mut length = 0;
    loop {
        let mut part = Vec::with_capacity(PART);
        let mut next = content.by_ref().take(PART as u64);
        if next.read_to_end(&mut part)? == 0 {
            return file.set_len(length);
        }
        if part.iter().any(|byte| *byte != 0) {
            file.write_all_at(&part, length)?;
        }
        length += part.len() as u64;
    }
}

fn keep(rings: &Path, lines: &str, kept: &Path, name: &str) -> io::Result<()> {
    let packed = File::create(kept.join(format!("{name}.zst")))?;
    zstd::stream::copy_encode(File::open(rings)?, packed, 19)?;
    fs::write(kept.join(format!("{name}.jsonl")), lines)
}

/// Whoever changes the format keeps on reading those before it, and keeps a file of the new one: with `HESTIA_BLESS=1` this
/// does that.
#[test]
fn rings_of_every_format_that_ever_was_are_read() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/rings");
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let own = left_by_this_build(directory);
    let name = format!("format-{}", format_of(&own).unwrap());
    let are_kept = || -> Vec<String> {
        let names = archives::names(&kept).into_iter();
        let format = |name: String| name.strip_suffix(".zst").map(str::to_owned);
        names.filter_map(format).collect()
    };
    if !are_kept().contains(&name) && std::env::var_os("HESTIA_BLESS").is_some() {
        keep(&own, &lines(directory, &own), &kept, &name).unwrap();
    }
    assert!(are_kept().contains(&name), "{name} is not kept");
    for format in are_kept() {
        let rings = directory.join(&format);
        unpack(&kept.join(format!("{format}.zst")), &rings).unwrap();
        let expected = fs::read_to_string(kept.join(format!("{format}.jsonl"))).unwrap();
        assert_eq!(lines(directory, &rings), expected, "{format}");
    }
}
