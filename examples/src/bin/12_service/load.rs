//! The load generator: another process, which prints each request that was answered.

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::{ExitCode, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use hestia_examples::again;
use ureq::Agent;

use crate::service::REQUEST_ID;

pub(crate) const CONNECTIONS: usize = 8;
/// When the time is over, no more requests are begun.
const TIME: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(10);

/// One request, as one of the witnesses saw it.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u64,
}
