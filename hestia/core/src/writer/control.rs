//! What the writer can be asked to do, apart from writing.
//!
//! Messages come through a channel and are looked at before each round. *Invariant:* the writer answers
//! through channels and never waits for whoever asked.

use std::sync::Arc;
use std::time::Duration;

use super::route::Route;
use crate::error::SinkError;
use crate::filter::Filter;
use crate::sink::file::FileRules;
use crate::sync::channel::Sender;

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
    /// Go on otherwise, from the next record on that is taken out of a ring.
    Change(Change),
    /// Write everything, have each output confirm it and end its own threads within the time, and stop.
    Stop(Sender<Answer>, Duration),
}

/// What of the writer can change while it runs. Outputs are named by their places.
#[cfg_attr(
    not(feature = "config"),
    allow(dead_code, reason = "only the watched file says some of them")
)]
pub(crate) enum Change {
    /// An output's filter, or none.
    Filter(usize, Option<Box<dyn Filter>>),
    /// How an output's file is rotated and synced.
    File(usize, FileRules),
    /// The encoded key-values of the whole process.
    ProcessFields(Arc<Vec<u8>>),
}
