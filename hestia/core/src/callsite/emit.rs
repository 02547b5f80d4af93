//! A record into a ring: reserve, write or copy, stamp, commit.

use std::cell::Cell;

use super::local::{self, Fill, with_memory};
use super::{Front, front};
use crate::level::Level;
use crate::queue::Reason;
use crate::queue::mapping::MOST_SHELVED_BYTES;
use crate::queue::ring::{Producer, Room};
use crate::queue::wake::{DIRECT, FORKED};
use crate::record::description::{self, Entry};
use crate::record::{self, Home, PutDown, Shared, StaticSite};
use crate::thread::Thread;

/// Writes a record of a known size straight into the thread's ring. `false`, and nothing is done, where that cannot be
/// right now; then it is made in memory and goes through [`emit`].
#[inline(always)]
pub(super) fn emit_sized(
    front: &'static Front,
    stamp: u64,
    size: usize,
    flags: u32,
    record: impl Fill,
) -> bool {
    let watch = front.queue.wake.watch();
    if front.is_mapped && watch.is_forked() {
        // Not even this one record, as otherwise: it would lie in the parent's memory, not in a copy.
        return false;
    }
    let is_written = local::write_sized(front, stamp, size, flags, record);
    if is_written && watch.wants_attention() {
        attend(front);
    }
    is_written
}

/// Puts a record into the queue, or counts it as shed; whichever it was, the call returns.
#[inline]
pub(super) fn emit(front: &'static Front, level: Level, flags: u32, bytes: &[u8]) {
    if front.is_mapped && front.queue.wake.watch().is_forked() {
        emit_slowly(front, level, flags, bytes);
        return;
    }
    let done = local::with_ring(front, |producer| {
        if producer.room_for(bytes.len(), || front.queue.wake.rouse()) != Room::Yes {
            return false;
        }
        commit(front, producer, flags, bytes);
        true
    });
    if done != Some(true) {
        emit_slowly(front, level, flags, bytes);
        return;
    }
    if front.queue.wake.wants_attention() {
        attend(front);
    }
}

#[inline]
fn commit(front: &Front, producer: &mut Producer, flags: u32, bytes: &[u8]) {
    let mut reservation = producer.reserve(bytes.len(), || front.ticks.now());
    reservation.payload().copy_from_slice(bytes);
    reservation.commit(flags);
}

/// Writes down what a statement's address stands for, before the first record that has it. A forked child has it from its
/// parent. `false` where there was no room for it.
#[inline]
pub(super) fn describe_site(front: &'static Front, site: &'static StaticSite) -> bool {
    // Two threads may both do it, which does no harm.
    let is_described = || {
        site.is_described().unwrap_or_else(|| {
            let is_described = describe(settle(front), &description::site(site));
            site.note_described(is_described);
            is_described
        })
    };
    !front.is_mapped || is_described()
}

/// The same for what records of a named logger share. A forked child does it anew: its parent may have something else at
/// that address by now.
#[inline]
pub(super) fn describe_shared(front: &'static Front, shared: &Shared) {
    // As above.
    let is_described = || shared.written.is_by(local::number(front));
    if front.is_mapped && (!is_described() || front.queue.wake.watch().is_forked()) {
        let front = settle(front);
        describe(front, &description::shared(shared));
        shared.written.note(local::number(front));
    }
}

/// The same for a scope, before the first record that refers to it; whether it is written down now. A record in one that is not
/// has a copy of it.
#[inline(always)]
pub(super) fn describe_scope(front: &'static Front, scope: &Shared) -> bool {
    scope.written.is_by(local::number(front)) || put_scope_down(front, scope)
}

/// Whether a record that is made in memory has to have a copy of its scope: a forked child's, for one, which goes into a ring
/// of the child's own.
#[inline]
pub(super) fn copies_scope(front: &'static Front, scope: Option<&Shared>) -> bool {
    front.is_mapped
        && scope.is_some_and(|scope| {
            front.queue.wake.watch().is_forked() || !describe_scope(front, scope)
        })
}

/// Nobody waits here, and nothing that is code of the user's runs.
#[inline(never)]
fn put_scope_down(front: &'static Front, scope: &Shared) -> bool {
    if front.queue.wake.watch().is_forked() {
        return false;
    }
    scope.written.write(local::number(front), front, || {
        let put = |bytes: &mut Vec<u8>| {
            description::scope(bytes, scope);
            if bytes.len() > MOST_SHELVED_BYTES {
                return PutDown::TooLong;
            }
            let address = std::ptr::from_ref(scope).addr() as u64;
            let place = front.queue.put_down(address, bytes);
            place.map_or(PutDown::NotNow, PutDown::At)
        };
        with_memory(put).unwrap_or(PutDown::NotNow)
    })
}

impl Home for Front {
    fn take_down(&self, place: usize) {
        self.queue.take_down(place);
    }
}

/// Whether there was room for it.
#[cold]
fn describe(front: &Front, entry: &Entry) -> bool {
    let mapping = front.queue.mapping();
    mapping.is_none_or(|mapping| mapping.describe(entry.kind, entry.number, &entry.bytes))
}

/// The front of this very process, which in a forked child starts now if need be.
#[cold]
fn settle(front: &'static Front) -> &'static Front {
    if front.queue.wake.state() != FORKED {
        return front;
    }
    local::abandon_ring();
    (front.hooks.forked)();
    super::front().unwrap_or(front)
}

/// No ring, no room, or too large for the ring.
#[cold]
fn emit_slowly(mut front: &'static Front, level: Level, flags: u32, bytes: &[u8]) {
    if front.queue.wake.state() == FORKED {
        front = settle(front);
        if front.queue.wake.state() == FORKED {
            // No pipeline could be started here, and the parent's locks may be held for ever.
            refuse(front, level, Reason::NoRoom);
            return;
        }
    }
    let queue = &front.queue;
    let attempt = || match local::with_ring(front, |producer| put(front, producer, flags, bytes)) {
        Some(outcome) => outcome,
        None => put_shared(front, flags, bytes),
    };
    let outcome = match attempt() {
        Put::Done => Some(Put::Done),
        Put::Never => Some(Put::Never),
        Put::NotNow => queue.progress.wait_for(
            level,
            bytes.len() > queue.largest_payload(),
            || {
                queue.wake.rouse();
                if queue.wake.state() == DIRECT {
                    (front.hooks.direct)();
                }
            },
            || Some(attempt()).filter(|outcome| *outcome != Put::NotNow),
        ),
    };
    if outcome == Some(Put::Done) {
        if queue.wake.wants_attention() {
            attend(front);
        }
    } else if local::with_ring(front, |producer| producer.count_shed(level)).is_none() {
        refuse(front, level, Reason::NoRoom);
    } else {
        note_refusal();
    }
}

thread_local! {
    static REFUSED: Cell<u64> = const { Cell::new(0) };
}

/// Counts a record as shed.
pub(super) fn refuse(front: &Front, level: Level, reason: Reason) {
    front.queue.refuse(level, reason);
    note_refusal();
}

fn note_refusal() {
    let _ = REFUSED.try_with(|refused| refused.set(refused.get() + 1));
}

/// How many records of this thread have been shed, whatever the queue. Of all threads, where this one's locals are gone.
pub(crate) fn refused_here(front: &Front) -> u64 {
    REFUSED
        .try_with(Cell::get)
        .unwrap_or_else(|_| front.queue.counts().1.in_all().total())
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    Done,
    /// There may be room later.
    NotNow,
    /// Larger than the queue may ever be.
    Never,
}

fn put(front: &Front, producer: &mut Producer, flags: u32, bytes: &[u8]) -> Put {
    match producer.room_for(bytes.len(), || front.queue.wake.rouse()) {
        Room::Yes => {
            commit(front, producer, flags, bytes);
            Put::Done
        }
        Room::Full => Put::NotNow,
        Room::TooLarge => put_oversize(front, producer, flags, bytes),
    }
}

/// A record that does not fit the ring travels as an allocation of its own, within the bound.
fn put_oversize(front: &Front, producer: &mut Producer, flags: u32, bytes: &[u8]) -> Put {
    let budget = front.queue.budget();
    if u32::try_from(bytes.len()).is_err() || !budget.could_ever_take(bytes.len()) {
        return Put::Never;
    }
    if !budget.take(bytes.len()) {
        return Put::NotNow;
    }
    let pushed = producer.push_oversize(
        producer.oversize(bytes),
        flags,
        || front.ticks.now(),
        || front.queue.wake.rouse(),
    );
    match pushed {
        Ok(()) => Put::Done,
        Err(_) => {
            budget.give(bytes.len());
            Put::NotNow
        }
    }
}

/// Through a ring that several threads share, with the thread's name in the record.
fn put_shared(front: &Front, flags: u32, bytes: &[u8]) -> Put {
    let thread: Thread = local::thread();
    let mut named = Vec::with_capacity(bytes.len() + 64);
    record::append_thread(&mut named, thread.as_ref());
    named.extend_from_slice(bytes);
    front.queue.with_shared(thread.id, |producer| {
        put(front, producer, flags | record::THREAD, &named)
    })
}

/// The writer's word says that there is something to do after a commit.
#[cold]
pub(super) fn attend(front: &'static Front) {
    match front.queue.wake.state() {
        FORKED => emigrate(front),
        DIRECT => (front.hooks.direct)(),
        _ => front.queue.wake.rouse(),
    }
}

/// In a forked child: the record that was just committed lies in a ring of the parent's. Takes it out,
/// and puts it into a queue of the child's own. What else lies there is the parent's to write.
fn emigrate(old: &'static Front) {
    let Some(abandoned) = local::abandon_ring() else {
        return;
    };
    let (flags, _, bytes) = abandoned.last_frame();
    (old.hooks.forked)();
    if let Some(own) = front() {
        emit_slowly(own, record::level(flags, &bytes), flags, &bytes);
    }
}
