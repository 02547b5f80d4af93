//! Many records as fast as they come, from the first call until all is in the file: text with arguments, JSON with key-values.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Figures, Size, Statement, price, symbol};
use crate::failure::Result;
use crate::files;
use crate::peers::Peer;
use crate::usage;

/// How long the files of a logger that ended too early have to be still before the rest counts as lost.
const STILL: Duration = Duration::from_millis(300);

/// Where it is written to, and into how many files each record goes.
pub(super) struct Place<'a> {
    pub(super) directory: &'a Path,
    pub(super) files: usize,
}

pub(super) fn run<P: Peer>(
    peer: P,
    statement: Statement,
    threads: usize,
    place: &Place<'_>,
    size: &Size,
) -> Result<Figures> {
    let directory = place.directory;
    let before = usage::processor_nanos();
    let start = Instant::now();
    log_from(&peer, statement, threads, size.records / threads);
    let calls = start.elapsed();
    peer.finish();
    let mut end = Instant::now();
    let mut used = usage::processor_nanos() - before;
    let peak = usage::peak_mebibytes();
    let mut lines = files::lines(directory)?;
    let expected = (size.records * place.files) as u64;
    if lines < expected {
        // Some end before their threads do. They are timed until their files stop growing.
        let grew = files::wait_until_still(directory, STILL);
        let whole = files::lines(directory)?;
        if whole > lines {
            (lines, end) = (whole, grew);
            used = usage::processor_nanos() - before;
        }
    }
    let records = size.records as f64;
    let mut figures = Figures::from([
        (
            "records per second".into(),
            lines as f64 / place.files as f64 / (end - start).as_secs_f64(),
        ),
        ("calls, seconds".into(), calls.as_secs_f64()),
        ("cpu ns per record".into(), used / records),
        ("lines".into(), lines as f64),
        (
            "lost, percent".into(),
            expected.saturating_sub(lines) as f64 / expected as f64 * 100.0,
        ),
        (
            "bytes per record".into(),
            files::bytes(directory) as f64 / records,
        ),
    ]);
    if let Some(peak) = peak {
        figures.insert("peak MiB".into(), peak);
    }
    Ok(figures)
}

fn log_from<P: Peer>(peer: &P, statement: Statement, threads: usize, records: usize) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| log(peer, statement, records as u64));
        }
    });
}

fn log<P: Peer>(peer: &P, statement: Statement, records: u64) {
    let symbol = symbol();
    if statement == Statement::Fields {
        (0..records).for_each(|order| peer.fields(order, price(order), &symbol));
    } else {
        (0..records).for_each(|order| peer.arguments(order, price(order), &symbol));
    }
}
