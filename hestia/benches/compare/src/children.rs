//! The runs, each in a process of its own.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::cores;
use crate::failure::{Failure, Naming as _, Result};
use crate::machine;
use crate::options::Options;
use crate::peers::{self, About, Need};
use crate::results::Journal;
use crate::workloads::{Figures, Workload};

/// A run that takes longer is ended, and counts as failed.
const LIMIT: Duration = Duration::from_secs(120);

/// With how many threads at once is asked of these only: it takes long.
const IN_THREADS: &[&str] = &[
    "hestia",
    "hestia-relaxed",
    "quill",
    "spdlog-rs",
    "logforth",
    "fast_log",
    "tracing",
];

/// Runs everything; the loggers take turns.
pub(crate) fn measure(options: &Options) -> Result<()> {
    let mut journal = Journal::create(&options.out.join("results.jsonl"))?;
    journal.machine(&machine::facts(options))?;
    let start = Instant::now();
    journal.round_trip(cores::round_trip_nanos())?;
    for workload in &options.workloads {
        let peers = of(*workload, options);
        for run in 0..workload.runs(options.runs()) {
            for peer in &peers {
                let outcome = run_once(peer.name, *workload, options);
                if let Err(failure) = &outcome {
                    eprintln!("{}, {}: {failure}", peer.name, workload.name());
                }
                journal.run(peer.name, workload.name(), run, outcome)?;
            }
            // After this round, and before the next.
            journal.round_trip(cores::round_trip_nanos())?;
            let seconds = start.elapsed().as_secs();
            eprintln!("{:>5} s  {} {}", seconds, workload.name(), run + 1);
        }
    }
    Ok(())
}

fn of(workload: Workload, options: &Options) -> Vec<About> {
    peers::all()
        .into_iter()
        .filter(|peer| options.wants(peer.name))
        .filter(|peer| (peer.unfit)(Need::Output(workload.output())).is_none())
        .filter(|peer| workload == Workload::Call || !peer.packages.is_empty())
        .filter(|peer| workload != Workload::Threads || IN_THREADS.contains(&peer.name))
        .collect()
}

fn run_once(peer: &str, workload: Workload, options: &Options) -> Result<Figures> {
    let directory = tempfile::tempdir().or_cannot("make a directory for temporary files")?;
    let mut child = start(peer, workload, directory.path(), options)?;
    let stdout = child.stdout.take().expect("stdout is a pipe");
    let stderr = child.stderr.take().expect("stderr is a pipe");
    let (answer, noise) = (read(stdout), drain(stderr));
    let answer = answer.recv_timeout(LIMIT);
    if answer.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child.wait().or_cannot("wait for a run")?;
    let noise = noise.recv().unwrap_or_default();
    let answer = answer.map_err(|_| Failure::new(format!("took more than {LIMIT:?}")))?;
    if !status.success() {
        return Err(Failure::new(format!("{status}; {}", noise.end.trim())));
    }
    let mut figures = figures(&answer)?;
    if workload == Workload::Console {
        figures.insert("lines".into(), noise.lines as f64);
        figures.insert("bytes".into(), noise.bytes as f64);
    } else if !noise.end.trim().is_empty() {
        eprintln!("{peer}, {}: {}", workload.name(), noise.end.trim());
    }
    Ok(figures)
}

fn start(peer: &str, workload: Workload, directory: &Path, options: &Options) -> Result<Child> {
    let program = std::env::current_exe().or_cannot("find this program")?;
    let mut command = Command::new(program);
    command
        .args(["child", peer, workload.name()])
        .arg(directory)
        .args(options.quick.then_some("--quick"))
        .current_dir(directory)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
        .spawn()
        .or_cannot(format_args!("start a run of {}", workload.name()))
}

/// The last line that the child printed, whatever its logger printed before.
fn figures(answer: &str) -> Result<Figures> {
    let line = answer.lines().last().unwrap_or_default();
    serde_json::from_str(line).or_cannot(format_args!("read the figures in {line:?}"))
}

fn read(mut stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut answer = String::new();
        // What is not UTF-8, or breaks off, is no answer; that is said when it is read.
        let _ = stdout.read_to_string(&mut answer);
        let _ = sender.send(answer);
    });
    receiver
}

/// What a child wrote to stderr.
#[derive(Default)]
struct Noise {
    lines: u64,
    bytes: u64,
    end: String,
}

fn drain(mut stderr: ChildStderr) -> Receiver<Noise> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut noise = Noise::default();
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = stderr.read(&mut buffer) {
            let part = &buffer[..length];
            noise.bytes += length as u64;
            noise.lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
            noise.end = String::from_utf8_lossy(&part[length.saturating_sub(500)..]).into_owned();
        }
        let _ = sender.send(noise);
    });
    receiver
}
