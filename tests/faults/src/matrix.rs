//! The command that runs all cases with some loggers and makes a table of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::cases::{self, Case, Scale};
use crate::child;
use crate::host::{self, Verdict};
use crate::logger::Logger;
use crate::table;

const HELP: &str = "\
matrix [run|readme] [options]

  run                  runs all cases with all loggers, prints the tables and writes them to the output directory
  readme               puts the table of the output directory into the README

  --small              as much as the tests do; otherwise a million threads, 200 kills
  --only NAME,NAME     these cases only; nothing is written
  --loggers NAME,NAME  these loggers only; what there is of others in the output directory stays
  --out DIRECTORY      where results are; tests/faults/results unless said otherwise";

/// One case with one logger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Result {
    /// The logger's name.
    pub logger: String,
    /// The case's name.
    pub case: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// All results, and what to know about them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Results {
    /// Name and title of each logger, with its version.
    pub loggers: Vec<(String, String)>,
    /// How much of everything there was.
    pub scale: String,
    /// When, of what and on what they were made.
    pub made: String,
    /// One for each logger and case.
    pub results: Vec<Result>,
}

#[derive(Debug)]
struct Options {
    readme: bool,
    scale: Scale,
    cases: Option<Vec<String>>,
    loggers: Option<Vec<String>>,
    out: PathBuf,
}

/// `main` of the programs that run cases. `lock` is the program's `Cargo.lock`, for versions.
#[must_use]
pub fn main(loggers: &[Logger], lock: &str) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((first, words)) if first == child::WORD => child::run(loggers, words),
        _ => Options::read(words.into_iter()).and_then(|options| obey(&options, loggers, lock)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "a program that says what it does")]
fn say(what: &dyn std::fmt::Display) {
    eprintln!("{what}");
}

#[allow(clippy::print_stdout, reason = "a program that prints tables")]
fn print(what: &str) {
    println!("{what}");
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Options {
            readme: false,
            scale: Scale::Full,
            cases: None,
            loggers: None,
            out: Path::new(env!("CARGO_MANIFEST_DIR")).join("results"),
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "run" => options.readme = false,
                "readme" => options.readme = true,
                "--small" => options.scale = Scale::Small,
                "--only" => options.cases = Some(names(&value()?)),
                "--loggers" => options.loggers = Some(names(&value()?)),
                "--out" => options.out = value()?.into(),
                _ => return Err(format!("unknown word {word}\n\n{HELP}").into()),
            }
        }
        Ok(options)
    }

    fn wants(names: Option<&Vec<String>>, name: &str) -> bool {
        names.is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

fn obey(options: &Options, all: &[Logger], lock: &str) -> Outcome {
    if options.readme {
        return table::into_readme(&options.out);
    }
    let wants = |logger: &&Logger| Options::wants(options.loggers.as_ref(), logger.name);
    let loggers: Vec<&Logger> = all.iter().filter(wants).collect();
    let mut results = Results {
        loggers: loggers.iter().map(|logger| named(logger, lock)).collect(),
        scale: options.scale.name().to_owned(),
        made: made(),
        results: Vec::new(),
    };
    for case in cases::all().filter(|case| Options::wants(options.cases.as_ref(), case.name)) {
        for logger in &loggers {
            results.results.push(run(logger, case, options.scale)?);
        }
    }
    print(&table::tables(&results));
    if options.cases.is_some() {
        return Ok(());
    }
    if options.loggers.is_some() {
        results.keep_others(table::read(&options.out)?, all);
    }
    table::write(&results, &options.out)
}

impl Results {
    /// Takes over what was found about other loggers earlier, in the same scale; loggers come in the order of the program's.
    fn keep_others(&mut self, earlier: Results, all: &[Logger]) {
        if earlier.scale != self.scale {
            return;
        }
        let is_new = |name: &str| self.loggers.iter().any(|(known, _)| known == name);
        let kept: Vec<_> = earlier
            .loggers
            .into_iter()
            .filter(|(name, _)| !is_new(name))
            .collect();
        let results = earlier.results.into_iter();
        let kept_results: Vec<_> = results
            .filter(|result| kept.iter().any(|(name, _)| *name == result.logger))
            .collect();
        self.loggers.extend(kept);
        self.results.extend(kept_results);
        let place = |name: &str| all.iter().position(|logger| logger.name == name);
        self.loggers.sort_by_key(|(name, _)| place(name));
    }
}

/// The day, the commit, the machine.
fn made() -> String {
    let answer = |program, words: &[&str]| {
        let output = Command::new(program).args(words).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let processor = || {
        let text = fs::read_to_string("/proc/cpuinfo").ok()?;
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let facts = [
        answer("date", &["-u", "+%Y-%m-%d"]),
        answer("git", &["rev-parse", "--short", "HEAD"]).map(|commit| format!("commit {commit}")),
        processor(),
        thread::available_parallelism()
            .ok()
            .map(|cores| format!("{cores} cores")),
        answer("uname", &["-sr"]),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn named(logger: &Logger, lock: &str) -> (String, String) {
    let version = version(lock, logger.package).unwrap_or_default();
    (
        logger.name.to_owned(),
        format!("{} {version}", logger.title),
    )
}

/// As the program was built.
fn version<'l>(lock: &'l str, package: &str) -> Option<&'l str> {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let start = lock.find(&entry)? + entry.len();
    lock[start..].split('"').next()
}

fn run(logger: &Logger, case: &Case, scale: Scale) -> Outcome<Result> {
    let start = Instant::now();
    let verdict = host::run(logger, case, &std::env::current_exe()?, scale);
    let seconds = start.elapsed().as_secs_f64();
    say(&format_args!(
        "{seconds:>6.1} s  {}, {}",
        case.name, logger.name
    ));
    Ok(Result {
        logger: logger.name.to_owned(),
        case: case.name.to_owned(),
        verdict,
    })
}
