//! Outputs of the program's own: a sink takes lines, a layout makes them, a filter chooses the records.

use std::error::Error;
use std::io::Write;
use std::sync::mpsc::{Sender, channel};

use hestia::{Batch, Console, ErrorKind, Layout, Level, Output, Record, Sink, SinkError};
use hestia_examples::fresh_directory;

/// Sends each line to whoever is on call.
struct Pager(Sender<String>);

impl Sink for Pager {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        for (line, _) in batch.lines() {
            let line = String::from_utf8_lossy(line).into_owned();
            let sent = self.0.send(line);
            sent.map_err(|_| SinkError::new(ErrorKind::Closed, "nobody is on call"))?;
        }
        Ok(())
    }
}

/// Little text, since pagers have small screens.
#[derive(Clone)]
struct Short;

impl Layout for Short {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        // Writing to a vector does not fail. Debug format: a message must not forge a second line.
        let _ = writeln!(line, "{}: {:?}", record.severity().name(), record.message());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (pager, on_call) = channel();
    let about_money = |record: &Record<'_>| record.target().starts_with("payments");
    let pager = Output::new("pager", Pager(pager))
        .level(Level::Error)
        .filter(about_money)
        .layout(Short);
    let hestia = hestia::builder()
        .logs_dir(fresh_directory("05_outputs")?)
        .console(Console::stdout())
        .sink(pager)
        .init()?;

    log::info!(target: "payments", "paid");
    log::error!(target: "search", "the index is gone");
    log::error!(target: "payments::card", "the bank does not answer");

    println!("{}", hestia.flush()?);
    for line in on_call.try_iter() {
        print!("the pager got: {line}");
    }
    Ok(())
}
