//! What the writer can be asked to do, apart from writing.
//!
//! Messages come through a channel and are looked at before each round. *Invariant:* the writer answers
//! through channels and never waits for whoever asked.

use std::time::Duration;

use crossbeam_channel::Sender;

use super::route::Route;
use crate::error::SinkError;

/// How each output, by its place, ended a flush, a reopening or a rotation.
pub(crate) type Answer = (usize, Result<(), SinkError>);

/// What the outputs are to confirm once everything before the request has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// That it is out.
    Flush,
    /// That it is on the disk.
    Sync,
    /// That they have opened their files again.
    Reopen,
    /// That they have made archives of their files and begun new ones.
    Rotate,
    /// Nothing; whoever asks only waits for the writer to come that far.
    Nothing,
}

/// A request to the writer.
pub(crate) enum Control {
    /// Write everything that was committed before this message was sent, and have each output confirm.
    /// Every output answers; when the channel ends before that, the writer has failed.
    Confirm(Confirm, Sender<Answer>),
    /// Write to one more output from now on.
    AddRoute(Box<Route>),
    /// Write everything, have each output confirm it and end its own threads within the time, and stop.
    Stop(Sender<Answer>, Duration),
}
