//! Functions of all kinds, instrumented.

mod ends;
mod kinds;
mod lengths;
mod levels;
mod outcomes;
mod shapes;
mod spans;
mod values;

use std::env;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use hestia::instrument;
use log::info;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let builder = hestia::builder().app("instrument").console(false);
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    builder.init()?;
    match words[..] {
        ["plain"] => plain(),
        ["values"] => values::values(),
        ["outcomes"] => outcomes::outcomes(),
        ["ends"] => ends::ends(),
        ["kinds"] => kinds::kinds(),
        ["levels"] => levels::levels(),
        ["spans"] => spans::spans(),
        ["tasks", count] => spans::tasks(count.parse()?),
        _ => return Err(format!("there is no scenario {words:?}").into()),
    }
    Ok(())
}

#[instrument]
fn add(left: u64, right: u64) -> u64 {
    info!("inside");
    left + right
}

fn plain() {
    assert_eq!(add(1, 2), 3);
    info!("outside");
}

#[derive(Debug)]
struct Failure(Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

fn fail() -> Failure {
    Failure(Some(Box::new(Failure(None))))
}

/// Polls once, as whoever catches panics around a poll does.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> thread::Result<Poll<F::Output>> {
    let mut context = Context::from_waker(Waker::noop());
    catch_unwind(AssertUnwindSafe(|| future.poll(&mut context)))
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(4).enable_time();
    builder.build().expect("a runtime")
}

struct Account {
    number: u64,
}

/// The name that the crate `futures` has for it.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
