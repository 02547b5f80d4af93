//! hestia beside other loggers. From the repository's root:
//!
//! ```sh
//! cargo run --release --manifest-path hestia/benches/compare/Cargo.toml
//! ```
//!
//! A logger can be turned on once per process, so that this program starts itself for every run of every workload with every
//! logger ([`children`]); the loggers take turns, so that what the machine does meanwhile meets all. [`peers`] are the loggers,
//! [`workloads`] what is measured, [`cores`] in what state of the machine; [`results`] keeps figures as they come, [`report`] and [`charts`] make tables and pictures
//! of them, [`weight`] compares what programs weigh and how long they take to build.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a program that prints figures"
)]
#![allow(
    clippy::uninlined_format_args,
    reason = "the messages are written as other loggers' benches write them"
)]

mod charts;
mod children;
mod cores;
mod failure;
mod files;
mod machine;
mod options;
mod peers;
mod report;
mod results;
#[path = "../../ticks/mod.rs"]
mod ticks;
mod usage;
mod weight;
mod workloads;

use std::process::ExitCode;

use failure::Result;
use options::{Command, Options};

#[global_allocator]
static ALLOCATOR: usage::CountingAllocator = usage::CountingAllocator;

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(|options| obey(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn obey(options: &Options) -> Result<()> {
    match &options.command {
        Command::Child {
            peer,
            workload,
            directory,
        } => {
            let figures = peers::run(peer, *workload, directory, &options.size())?;
            println!("{}", serde_json::json!(figures));
            Ok(())
        }
        Command::Measure => {
            children::measure(options)?;
            if options.is_whole() {
                weight::measure(options)?;
            }
            report::write(&options.out)
        }
        Command::Weight => {
            weight::measure(options)?;
            report::write(&options.out)
        }
        Command::Report => report::write(&options.out),
        Command::Readme => report::into_readme(&options.out),
        Command::Help => {
            println!("{}", options::HELP);
            Ok(())
        }
    }
}
