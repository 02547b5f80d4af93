//! Records of a process that was killed, into the files that it would have written them to.
//!
//! The thread that turns hestia on, before anything else is written. The records come as [`Snapshot`] has them, in the
//! order of the writer that is gone, with the times and UUIDs that they would have had: so their lines are the same to the
//! letter. Where a line is among those that were added to the file since the last round began, it is not written again.
//!
//! *Invariant:* the same as for a round of this process: what one output does wrong costs no other.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::route::Lines;
use super::{Writer, journal};
use crate::internal;
use crate::queue::snapshot::Snapshot;
use crate::record::description::Descriptions;
use crate::record::foreign::{self, Around};
use crate::record::{Field, Record, Value};
use crate::thread::ThreadRef;

/// What a process that is gone left, and what of it is in the files already.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) snapshot: Snapshot,
    /// By path: the lines that were added to the file since the last round began.
    pub(crate) there: HashMap<PathBuf, Lines>,
}

/// Reads the records of a process that is gone, in order. Returns how many could not be read.
pub(crate) fn for_each(
    snapshot: &Snapshot,
    descriptions: &Descriptions<'_>,
    mut take: impl FnMut(&Record<'_>),
) -> u64 {
    let mut clock = journal::clock_of(&snapshot.state);
    let mut uuids = journal::uuids_of(&snapshot.state);
    let Some(facts) = &descriptions.facts else {
        return snapshot.lost + snapshot.frames.len() as u64;
    };
    let mut unreadable = snapshot.lost;
    for frame in &snapshot.frames {
        let timestamp_nanos = clock.unix_nanos(frame.ticks);
        let uuid = uuids.next(timestamp_nanos);
        let nobody = ThreadRef { id: 0, name: None };
        let around = Around {
            timestamp_nanos,
            uuid,
            facts,
            thread: frame
                .thread
                .as_deref()
                .map_or(nobody, crate::thread::Thread::as_ref),
        };
        let decoded = foreign::decode(
            frame.flags,
            &frame.payload,
            descriptions,
            &around,
            &mut take,
        );
        unreadable += u64::from(decoded.is_err());
    }
    unreadable
}

impl Writer {
    /// Writes what was left into the files, with a notice that says so. `false` when a file could not be written to.
    pub(crate) fn recover(&mut self, left: &Left) -> bool {
        let snapshot = &left.snapshot;
        let descriptions = Descriptions::read(snapshot.entries());
        let routes = &mut self.desk.routes;
        routes.begin_recovery(&left.there);
        let failed_before = routes.failed();
        // What went wrong is reported like a bug in a round: the file stays, and the program starts.
        let read = catch_unwind(AssertUnwindSafe(|| {
            for_each(snapshot, &descriptions, |record| routes.recover(record))
        }));
        let Ok(unreadable) = read else {
            internal::trouble(
                "recovery",
                "records could not be recovered; this is a bug in hestia",
            );
            return false;
        };
        let process = snapshot.process_id;
        let now = self.desk.now_nanos();
        for place in 0..self.desk.routes.len() {
            let recovered = self.desk.routes.recovered(place);
            if recovered == 0 && unreadable == 0 {
                continue;
            }
            let mut message = format!(
                "recovered {recovered} records of process {process}, which ended before it wrote them"
            );
            if unreadable > 0 {
                message.push_str(&format!("; {unreadable} could not be read"));
            }
            let fields = [
                Field {
                    key: "recovered",
                    value: Value::U64(recovered),
                },
                Field {
                    key: "unreadable",
                    value: Value::U64(unreadable),
                },
                Field {
                    key: "process",
                    value: Value::U64(process.into()),
                },
            ];
            self.desk
                .with_notice(now, &message, &fields, |routes, notice| {
                    routes.announce_to(place, notice);
                });
        }
        if unreadable > 0 {
            let what = format!("{unreadable} records of process {process} could not be read");
            internal::trouble("recovery", what);
        }
        self.desk.routes.end_round(true);
        // The lines that were just written are none of this process's rounds.
        self.has_unsaid_round = true;
        self.say_written();
        self.desk.routes.failed() == failed_before
    }
}
