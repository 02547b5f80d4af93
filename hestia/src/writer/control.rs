//! What the writer can be asked to do, apart from writing.
//!
//! Messages come through a channel and are looked at before each round. *Invariant:* the writer answers
//! through channels and never waits for whoever asked.

use std::time::Duration;

use crossbeam_channel::Sender;

use super::route::Route;
use crate::error::SinkError;

/// How each output, by its place, ended a flush or a reopening.
pub(crate) type Answer = (usize, Result<(), SinkError>);

/// A request to the writer.
pub(crate) enum Control {
    /// Write everything that was committed before this message was sent, and have each output confirm it.
    Flush(Sender<Answer>),
    /// Have each output open its file again.
    Reopen(Sender<Answer>),
    /// Write to one more output from now on.
    AddRoute(Box<Route>),
    /// Write everything, have each output confirm it and end its own threads within the time, and stop.
    Stop(Sender<Answer>, Duration),
}
