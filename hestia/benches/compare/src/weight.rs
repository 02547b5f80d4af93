//! What programs weigh, and how long they take to build: with hestia, and with tracing.
//!
//! A program that logs once, built from nothing; and a program of many statements, of which only the crate itself is built
//! once more. All are made in a temporary directory, with the versions of this package's lock file.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::failure::{Failure, Naming as _, Result};
use crate::machine;
use crate::options::Options;
use crate::report::{Table, put, seconds, thousands};
use crate::results::{Journal, Results};
use crate::workloads::Figures;

/// A library to log with, and how its programs are written.
struct Library {
    name: &'static str,
    dependencies: &'static str,
    hello: &'static str,
    kinds: [&'static str; 10],
}

const HESTIA: Library = Library {
    name: "hestia",
    dependencies: "hestia = { path = \"@\" }\n",
    hello: "#[hestia::main]\nfn main() {\n    hestia::hlog!(info, \"hello\");\n}\n",
    kinds: [
        r#"hestia::hlog!(info, "@ service is ready to take requests");"#,
        r#"hestia::hlog!(info, "@ order {} price {:.2} symbol {}", id, price, symbol);"#,
        r#"hestia::hlog!(warn, user_id = id, elapsed_ms = price, symbol, "@ slow query");"#,
        r#"hestia::hlog!(debug, "@ user {user} opened {symbol}");"#,
        r#"hestia::hlog!(info, user_id = id, "@ hello {}", user);"#,
        r#"hestia::hlog!(error, cause = %error, "@ cannot read {}", symbol);"#,
        r#"hestia::hlog!(info, point = ?point, "@ moved");"#,
        r#"hestia::hlog!(trace, "@ state is {:?} after {} steps", point, id);"#,
        r#"hestia::hlog!(info, target: "audit", id, ok = true, "@ granted");"#,
        r#"hestia::hlog!(info, "@ {} of {} done, {:?} left", id, count, user);"#,
    ],
};

const TRACING: Library = Library {
    name: "tracing",
    dependencies: "tracing = \"0.1\"\ntracing-appender = \"0.2\"\n\
                   tracing-subscriber = { version = \"0.3\", features = [\"json\", \"env-filter\"] }\n",
    hello: r#"use tracing_subscriber::prelude::*;

fn main() {
    let file = tracing_appender::rolling::never("logs", "app.log");
    let (queue, _guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::registry()
        .with(tracing_subscriber::EnvFilter::from_default_env())
        .with(tracing_subscriber::fmt::layer())
        .with(tracing_subscriber::fmt::layer().json().with_writer(queue))
        .init();
    tracing::info!("hello");
}
"#,
    kinds: [
        r#"tracing::info!("@ service is ready to take requests");"#,
        r#"tracing::info!("@ order {} price {:.2} symbol {}", id, price, symbol);"#,
        r#"tracing::warn!(user_id = id, elapsed_ms = price, symbol, "@ slow query");"#,
        r#"tracing::debug!("@ user {user} opened {symbol}");"#,
        r#"tracing::info!(user_id = id, "@ hello {}", user);"#,
        r#"tracing::error!(cause = %error, "@ cannot read {}", symbol);"#,
        r#"tracing::info!(point = ?point, "@ moved");"#,
        r#"tracing::trace!("@ state is {:?} after {} steps", point, id);"#,
        r#"tracing::info!(target: "audit", id, ok = true, "@ granted");"#,
        r#"tracing::info!("@ {} of {} done, {:?} left", id, count, user);"#,
    ],
};

/// What the functions take time for without any statement.
const NOTHING: Library = Library {
    name: "nothing",
    dependencies: "",
    hello: "fn main() {\n    println!(\"hello\");\n}\n",
    kinds: [""; 10],
};

const FEW: usize = 10;

/// Builds everything; minutes. The libraries take turns.
pub(crate) fn measure(options: &Options) -> Result<()> {
    let mut journal = Journal::create(&options.out.join("weight.jsonl"))?;
    journal.machine(&machine::facts(options))?;
    let runs = if options.quick { 1 } else { 3 };
    let place = tempfile::tempdir().or_cannot("make a directory for temporary files")?;
    let programs: Vec<(Library, Program)> = [HESTIA, TRACING, NOTHING]
        .into_iter()
        .map(|library| {
            let program = Program::new(&library, place.path().join(library.name))?;
            Ok((library, program))
        })
        .collect::<Result<_>>()?;
    for run in 0..runs {
        for (library, program) in &programs {
            let figures = hello(library, program)?;
            eprintln!("{}: a program that logs once {}", library.name, run + 1);
            journal.run(library.name, "hello", run, Ok(figures))?;
        }
    }
    for run in 0..runs {
        for (library, program) in &programs {
            let figures = statements(library, program, options.quick)?;
            eprintln!("{}: statements {}", library.name, run + 1);
            journal.run(library.name, "statements", run, Ok(figures))?;
        }
    }
    Ok(())
}

/// From nothing, but for the sources of packages.
fn hello(library: &Library, program: &Program) -> Result<Figures> {
    program.write(library.hello)?;
    program.cargo(&["fetch"])?;
    let packages = program.packages()?;
    program.clean()?;
    let (debug, release) = (program.build(false)?, program.build(true)?);
    Ok(Figures::from([
        ("debug seconds".into(), debug),
        ("seconds".into(), release),
        ("bytes".into(), program.bytes()?),
        ("packages".into(), packages),
    ]))
}

fn statements(library: &Library, program: &Program, quick: bool) -> Result<Figures> {
    let many = if quick { 100 } else { 1000 };
    program.write(&source(library, FEW))?;
    program.build(false)?;
    program.build(true)?;
    let few = program.bytes()?;
    program.write(&source(library, many))?;
    let (debug, release) = (program.build(false)?, program.build(true)?);
    let grown = program.bytes()? - few;
    Ok(Figures::from([
        ("statements".into(), many as f64),
        ("debug seconds".into(), debug),
        ("release seconds".into(), release),
        ("bytes per statement".into(), grown / (many - FEW) as f64),
    ]))
}

/// Functions of ten statements, one of each sort, and a `main` that calls them.
fn source(library: &Library, statements: usize) -> String {
    let mut source = String::from(
        "#![allow(unused)]\n#[derive(Debug)]\npub struct Point { pub x: f64, pub y: f64 }\n",
    );
    let mut calls = String::new();
    for function in 0..statements / 10 {
        source.push_str(&format!(
            "#[inline(never)]\npub fn work_{function}(id: u64, price: f64, symbol: &str, user: &String, count: u32, point: &Point, \
             error: &std::io::Error) {{\n"
        ));
        for (kind, statement) in library.kinds.iter().enumerate() {
            let number = (function * 10 + kind).to_string();
            source.push_str(&format!("    {}\n", statement.replace('@', &number)));
        }
        source.push_str("}\n");
        calls.push_str(&format!(
            "    work_{function}(id, 1.5, \"s\", &user, 3, &point, &error);\n"
        ));
    }
    source.push_str(&format!(
        "fn main() {{\n    let id = std::env::args().count() as u64;\n    let user = String::from(\"u\");\n    \
         let point = Point {{ x: 1.0, y: 2.0 }};\n    let error = std::io::Error::other(\"no\");\n{calls}}}\n"
    ));
    source
}

/// A package in a directory of its own, with a target directory of its own.
struct Program {
    directory: PathBuf,
}

impl Program {
    fn new(library: &Library, directory: PathBuf) -> Result<Self> {
        let program = Program { directory };
        std::fs::create_dir_all(program.directory.join("src"))
            .or_cannot(format_args!("create {}", program.directory.display()))?;
        let hestia = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let dependencies = library.dependencies.replace('@', &hestia.to_string_lossy());
        program.put(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"weighed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [profile.release]\nstrip = true\n\n[dependencies]\n{dependencies}"
            ),
        )?;
        // Cargo takes out what is not needed, and keeps the versions of what is.
        program.put("Cargo.lock", include_str!("../Cargo.lock"))?;
        Ok(program)
    }

    fn write(&self, source: &str) -> Result<()> {
        self.put("src/main.rs", source)
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let path = self.directory.join(name);
        std::fs::write(&path, text).or_cannot(format_args!("write {}", path.display()))
    }

    /// Takes away what was built.
    fn clean(&self) -> Result<()> {
        let target = self.directory.join("target");
        match std::fs::remove_dir_all(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).or_cannot(format_args!("remove {}", target.display()))
            }
            _ => Ok(()),
        }
    }

    /// Seconds.
    fn build(&self, release: bool) -> Result<f64> {
        let start = Instant::now();
        self.cargo(if release {
            &["build", "--release"]
        } else {
            &["build"]
        })?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// What cargo prints.
    fn cargo(&self, words: &[&str]) -> Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(words)
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("RUSTFLAGS")
            .output()
            .or_cannot("start cargo")?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure::new(format!(
            "cannot {} a program: {said}",
            words.join(" ")
        )))
    }

    fn bytes(&self) -> Result<f64> {
        let name = format!("weighed{}", std::env::consts::EXE_SUFFIX);
        let path = self.directory.join("target/release").join(name);
        let file = path
            .metadata()
            .or_cannot(format_args!("look at {}", path.display()))?;
        Ok(file.len() as f64)
    }

    /// Those that are built for this machine, without the program itself: the lock file names those of other systems too.
    fn packages(&self) -> Result<f64> {
        let tree = self.cargo(&[
            "tree",
            "--edges=normal,build",
            "--prefix=none",
            "--no-dedupe",
            "--format={p}",
        ])?;
        let packages: std::collections::BTreeSet<&str> = tree.lines().collect();
        Ok(packages.len() as f64 - 1.0)
    }
}

/// The part of the results that is about weight.
pub(crate) fn tables(text: &mut String, results: &Results) {
    let figure =
        |library: &str, workload: &str, name: &str| results.median_of(library, workload, name);
    let mut programs = Table::new(&[
        "a program that logs once, from nothing",
        "debug",
        "release",
        "stripped",
        "packages built",
    ]);
    let many = figure("hestia", "statements", "statements").map_or("?".into(), thousands);
    let title = format!("the crate alone, {many} statements of ten sorts");
    let mut statements = Table::new(&[&title, "debug", "release", "bytes per statement"]);
    for library in ["hestia", "tracing", "nothing"] {
        programs.row(
            library,
            [
                figure(library, "hello", "debug seconds").map(seconds),
                figure(library, "hello", "seconds").map(seconds),
                figure(library, "hello", "bytes")
                    .map(|bytes| format!("{} kB", thousands(bytes / 1000.0))),
                figure(library, "hello", "packages").map(thousands),
            ],
        );
        statements.row(
            library,
            [
                figure(library, "statements", "debug seconds").map(seconds),
                figure(library, "statements", "release seconds").map(seconds),
                figure(library, "statements", "bytes per statement").map(thousands),
            ],
        );
    }
    put(text, format_args!("## Weight\n"));
    programs.put(text);
    statements.put(text);
    put(
        text,
        format_args!(
            "tracing: tracing-subscriber (fmt, json, env-filter) and tracing-appender; both write a console and a JSON file, hestia a text file too. Medians of the builds, which \
         take turns. Crates of statements: seconds of cargo with all dependencies built, linking included, `CARGO_INCREMENTAL=0`; bytes of the stripped program. Again: `{}`\n",
            results.machine.get("command").map_or("?", String::as_str),
        ),
    );
}
