//! Examples of two services: the other one is the example once more, as a process of its own.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::{again, fresh_directory, records, show};

/// The other service, which runs.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    address: String,
    logs: [PathBuf; 2],
}

impl Peer {
    /// In the first process: turns hestia on for the first service, starts the other, and waits until it listens. In the other
    /// process: turns hestia on for the other service, and returns nothing.
    ///
    /// # Errors
    /// When hestia cannot be turned on, or the other process ends before it listens.
    pub fn start_or_be(
        example: &str,
        first: &str,
        other: &str,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        let is_other = std::env::args().nth(1).is_some();
        let logs = if is_other {
            Path::new("logs").join(example)
        } else {
            fresh_directory(example)?
        };
        let name = if is_other { other } else { first };
        hestia::builder()
            .app(name)
            .level("info,actix_server=warn")
            .logs_dir(logs.join(name))
            .console(false)
            .env(false)
            .init()?;
        if is_other {
            return Ok(None);
        }
        let mut child = again(other)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut address)?;
        }
        match address.trim_end() {
            "" => Err(format!("{other} ended: {}", child.wait()?).into()),
            address => Ok(Some(Peer {
                child,
                address: address.to_owned(),
                logs: [first, other].map(|name| logs.join(name)),
            })),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// In the other process: tells the first where this one listens, and returns when that wants no more of it.
    pub fn told_to_end(address: &str) {
        let mut nothing = [0];
        if writeln!(io::stdout(), "{address}").is_ok() {
            // Until the end of standard input.
            while matches!(io::stdin().read(&mut nothing), Ok(1..)) {}
        }
    }

    /// Has it end, and shows what both have logged: fails unless all of it belongs to one trace.
    ///
    /// # Errors
    /// When it does not end well, or the logs are not as they should be.
    pub fn stop(mut self) -> Result<(), Box<dyn Error>> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if !status.success() {
            return Err(format!("the other service ended with {status}").into());
        }
        hestia::flush()?;
        for logs in &self.logs {
            show(logs.join("all.log"), 2)?;
        }
        let is_one = is_one_trace(&self.logs)?;
        println!("\none trace through both logs: {is_one}");
        if is_one {
            Ok(())
        } else {
            Err("the logs do not belong together".into())
        }
    }
}

/// Asks the shop once, with something in the query that no log has to have, and prints the id of the request.
pub fn order_tea(shop: &str) {
    match ureq::get(format!("http://{shop}/orders/tea?card=4711")).call() {
        Ok(answer) => println!(
            "request {:?} answered",
            answer.headers().get("x-request-id")
        ),
        Err(error) => println!("request not answered: {error}"),
    }
}

/// Whether all records belong to the same trace, and each log has some.
fn is_one_trace(logs: &[PathBuf; 2]) -> Result<bool, Box<dyn Error>> {
    let mut traces = BTreeSet::new();
    for logs in logs {
        let records = records(logs.join("app.log"))?;
        let of_requests = records.iter().map(|record| record["trace_id"].to_string());
        traces.extend(of_requests);
        if records.is_empty() {
            return Ok(false);
        }
    }
    Ok(traces.len() == 1)
}
