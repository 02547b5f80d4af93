//! The load generator: another process, which prints each request that was answered.

use std::error::Error;
use std::io::{self, Write};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use hestia_examples::again;

use crate::client::Client;
use crate::request::Request;

const CONNECTIONS: usize = 8;
/// No request is begun after this time.
const TIME: Duration = Duration::from_secs(120);

/// Runs the load generator, and returns the requests that were answered.
pub(crate) fn run(address: &str, requests: usize) -> Result<Vec<Request>, Box<dyn Error>> {
    let start = Instant::now();
    let mut command = again("load")?;
    command.args([address, &requests.to_string()]);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the load generator ended with {}", output.status).into());
    }
    let lines = String::from_utf8(output.stdout)?;
    let answered: Option<Vec<Request>> = lines.lines().map(Request::from_words).collect();
    let answered = answered.ok_or("the load generator printed something else than requests")?;
    let (count, elapsed) = (answered.len(), start.elapsed());
    println!("{count} of {requests} requests answered in {elapsed:.1?}");
    Ok(answered)
}

/// What that process does.
pub(crate) fn generate(address: &str, requests: usize) -> Result<(), Box<dyn Error>> {
    let deadline = Instant::now() + TIME;
    thread::scope(|scope| {
        for first in 0..CONNECTIONS {
            let share = (first..requests).step_by(CONNECTIONS);
            let in_time = share.take_while(|_| Instant::now() < deadline);
            scope.spawn(|| ask_all(&Client::new(address), in_time));
        }
    });
    Ok(())
}

fn ask_all(client: &Client, numbers: impl Iterator<Item = usize>) {
    for number in numbers {
        let printed = match client.ask(number) {
            Ok(request) => writeln!(io::stdout(), "{request}"),
            Err(error) => writeln!(io::stderr(), "request r{number} was not answered: {error}"),
        };
        if printed.is_err() {
            return; // Nobody listens any more.
        }
    }
}
