//! Records of a process that was killed, into the files that it would have written them to.
//!
//! The thread that turns hestia on, before anything else is written. The records come as [`Snapshot`] has them, in the
//! order of the writer that is gone, with the times and UUIDs that they would have had: so their lines are the same to the
//! letter. Where a line is among those that were added to the file since the last round began, it is not written again, unless
//! it may as well be another process's.
//!
//! *Invariant:* the same as for a round of this process: what one output does wrong costs no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::route::{Route, Written};
use super::{Writer, journal};
use crate::internal;
use crate::queue::Shed;
use crate::queue::snapshot::Snapshot;
use crate::record::description::Descriptions;
use crate::record::foreign::{self, Around};
use crate::record::{Field, Record, Value};
use crate::thread::ThreadRef;

/// What a process that is gone left, and what of it is in the files already.
#[derive(Debug)]
pub(crate) struct Left<'f> {
    pub(crate) snapshot: &'f Snapshot,
    pub(crate) descriptions: Descriptions<'f>,
    /// What was added to each file since the last round began.
    pub(crate) there: Vec<Written>,
    /// Somebody else may have begun to write it down, and was killed.
    pub(crate) may_be_tried: bool,
}

/// How long a file of a named logger may take to be closed that was opened only to write down what was left.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// Reads the records of a process that is gone, in order, each with whether its last round was about to write it. Returns how
/// many could not be read.
pub(crate) fn for_each(
    snapshot: &Snapshot,
    descriptions: &Descriptions<'_>,
    mut take: impl FnMut(bool, &Record<'_>),
) -> u64 {
    let mut clock = journal::clock_of(&snapshot.state);
    let mut uuids = journal::uuids_of(&snapshot.state);
    let Some(facts) = &descriptions.facts else {
        return snapshot.lost + snapshot.frames.len() as u64;
    };
    let mut unreadable = snapshot.lost;
    for (place, frame) in snapshot.frames.iter().enumerate() {
        let is_in_round = place < snapshot.in_round;
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
            &mut |record: &Record<'_>| take(is_in_round, record),
        );
        unreadable += u64::from(decoded.is_err());
    }
    unreadable
}

impl Writer {
    /// Writes what was left into the files, with a notice that says so. `false` when a file could not be written to. The
    /// file of a named logger is opened for that with `open_own`, by its bytes and the logger's number: the program may
    /// never make the logger again.
    pub(crate) fn recover(
        &mut self,
        left: &Left<'_>,
        mut open_own: impl FnMut(&[u8], u64) -> Route,
    ) -> bool {
        let Left {
            snapshot,
            descriptions,
            there,
            may_be_tried,
        } = left;
        let routes = &mut self.desk.routes;
        let own = routes.len();
        routes.begin_recovery(0, there);
        let failed_before = routes.failed();
        // What went wrong is reported like a bug in a round: the file stays, and the program starts.
        let read = catch_unwind(AssertUnwindSafe(|| {
            for_each(snapshot, descriptions, |is_in_round, record| {
                if let Some(logger) = record.logger
                    && !routes.has_own(own, logger)
                    && let Some(path) = descriptions.own_files.get(logger)
                {
                    let place = routes.len();
                    routes.add(open_own(path, logger), 0, Shed::default());
                    routes.begin_recovery(place, there);
                }
                routes.recover(record, is_in_round || *may_be_tried);
            })
        }));
        let is_all_written = match read {
            Ok(unreadable) => {
                self.say_recovered(snapshot.process_id, unreadable);
                self.desk.routes.end_round(true);
                self.desk.routes.failed() == failed_before
            }
            Err(_) => {
                internal::trouble(
                    "recovery",
                    "records could not be recovered; this is a bug in hestia".to_owned(),
                );
                false
            }
        };
        self.desk.routes.remove_from(own, CLOSE_LIMIT);
        is_all_written
    }

    /// The lines that were just written are none of this process's rounds.
    pub(crate) fn end_recovery(&mut self) {
        self.has_unsaid_round = true;
        self.say_written();
    }

    /// A notice in each file that got some of the records, or all, when some are lost.
    fn say_recovered(&mut self, process: u32, unreadable: u64) {
        let now = self.desk.now_nanos();
        for place in 0..self.desk.routes.len() {
            let Some(recovered) = self.desk.routes.recovered(place) else {
                continue;
            };
            if recovered == 0 && unreadable == 0 {
                continue;
            }
            let (records, them) = match recovered {
                1 => ("record", "it"),
                _ => ("records", "them"),
            };
            let mut message = format!(
                "recovered {recovered} {records} of process {process}, which ended before it wrote {them}"
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
            self.desk.announce(Some(place), now, &message, &fields);
        }
        if unreadable > 0 {
            let records = if unreadable == 1 { "record" } else { "records" };
            let what = format!("{unreadable} {records} of process {process} could not be read");
            internal::trouble("recovery", what);
        }
    }
}
