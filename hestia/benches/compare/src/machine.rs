//! On what, with what and how it is measured.

use std::collections::BTreeMap;
use std::process::Command;

use crate::options::Options;
use crate::peers;
use crate::report::thousands;

/// As the head of the results says it.
pub(crate) fn facts(options: &Options) -> BTreeMap<String, String> {
    let facts = [
        ("date", answer("date", &["-u", "+%Y-%m-%d"])),
        ("processor", processor()),
        ("cores", cores()),
        ("kernel", kernel()),
        ("compiler", answer("rustc", &["--version"])),
        ("runs", Some(options.runs().to_string())),
        ("size", Some(size(options))),
        ("command", Some(command())),
        ("versions", Some(versions())),
    ];
    facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name.into(), fact?)))
        .collect()
}

fn answer(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().into()).filter(|text: &String| !text.is_empty())
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().into())
}

fn cores() -> Option<String> {
    let cores = std::thread::available_parallelism().ok()?;
    Some(cores.to_string())
}

fn kernel() -> Option<String> {
    let kind = std::fs::read_to_string("/proc/sys/kernel/ostype").ok()?;
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("{} {}", kind.trim(), release.trim()))
}

fn size(options: &Options) -> String {
    let size = options.size();
    format!(
        "{} calls, {} records, {} lines on the console",
        thousands(size.calls as f64),
        thousands(size.records as f64),
        thousands(size.lines as f64),
    )
}

fn command() -> String {
    let (sources, feature) = if cfg!(feature = "quill") {
        ("QUILL=<its sources> ", "--features quill ")
    } else {
        ("", "")
    };
    let mut command = format!(
        "{sources}cargo run --release {feature}--manifest-path hestia/benches/compare/Cargo.toml"
    );
    let words: Vec<String> = without_directory(std::env::args().skip(1));
    if !words.is_empty() {
        command.push_str(" -- ");
        command.push_str(&words.join(" "));
    }
    command
}

/// Where results went says nothing to others.
fn without_directory(mut words: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == "--out" {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept
}

fn versions() -> String {
    let mut names: Vec<&str> = Vec::new();
    for peer in peers::all() {
        for package in peer.packages {
            if !names.contains(package) {
                names.push(package);
            }
        }
    }
    let versions = names.into_iter().filter_map(|name| {
        let version = version(name)?;
        Some(format!("{name} {version}"))
    });
    versions.collect::<Vec<_>>().join(", ")
}

/// As this program was built.
fn version(package: &str) -> Option<String> {
    #[cfg(feature = "quill")]
    if package == "Quill" {
        return Some(peers::quill::version());
    }
    let lock = include_str!("../Cargo.lock");
    let entry = format!("name = \"{package}\"\nversion = \"");
    let start = lock.find(&entry)? + entry.len();
    Some(lock[start..].split('"').next()?.into())
}
