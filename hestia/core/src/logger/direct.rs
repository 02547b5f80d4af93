//! The writer's work, done by whoever logs: after `shutdown`, and in the last moments of the process.
//!
//! Any thread may do it, one at a time; the writer thread holds the same lock for as long as it runs.
//!
//! *Invariant:* nobody waits longer than the limit, and no write is on its way when the process ends.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use crate::clock::deadline_in;
use crate::thread::{apart_from_panics, current_id, hold_file_size_signal, is_own, mark_own};
use crate::writer::Writer;

/// The writer, for whoever finds no writer thread.
#[derive(Debug)]
pub(super) struct Direct {
    writer: Arc<Mutex<Writer>>,
    /// The writer's work could not be done: somebody else hangs in the middle of it.
    is_stuck: AtomicBool,
    /// How far the end of the process has come: changed by the thread that ends it.
    end: AtomicU32,
    ended_by: AtomicU64,
    ended_at: OnceLock<Instant>,
}

const NOT_ENDING: u32 = 0;
const ENDING: u32 = 1;
const ENDED: u32 = 2;

/// How long others keep from writing, each time, when the process is about to be gone: the system ends
/// threads in the middle of a write. If it is still there after that, what they logged matters more.
const HOLD_OFF: Duration = Duration::from_millis(100);
/// When the process should long be gone, nobody holds off any more: some exit handler may wait for a thread
/// that logs.
const OVERDUE: Duration = Duration::from_secs(1);

/// How often somebody looks whether the writer is free.
const LOOK: Duration = Duration::from_micros(50);

impl Direct {
    pub(super) fn new(writer: Arc<Mutex<Writer>>) -> Self {
        Direct {
            writer,
            is_stuck: AtomicBool::new(false),
            end: AtomicU32::new(NOT_ENDING),
            ended_by: AtomicU64::new(0),
            ended_at: OnceLock::new(),
        }
    }

    /// The calling thread begins to end the process: others make way for it.
    pub(super) fn begin_end(&self) {
        self.ended_by.store(current_id(), Ordering::Relaxed);
        // Release: whoever sees it sees who ends the process.
        self.end.store(ENDING, Ordering::Release);
    }

    /// The last word: waits for the write that has begun, if there is one, and takes what has come since.
    pub(super) fn finish_end(self: &Arc<Self>, limit: Duration) {
        self.ended_at.get_or_init(Instant::now);
        self.end.store(ENDED, Ordering::Release);
        self.write_unless_stuck(limit);
    }

    /// For the hook of producers that find no writer thread. Somebody who hangs in a sink is waited for once,
    /// not once a record.
    pub(super) fn write_unless_stuck(self: &Arc<Self>, limit: Duration) {
        let is_stuck = self.is_stuck.load(Ordering::Relaxed);
        self.write(if is_stuck { Duration::ZERO } else { limit });
    }

    /// Writes everything that was committed before the call; gives up when another thread is at it for longer
    /// than the limit.
    pub(super) fn write(self: &Arc<Self>, limit: Duration) {
        if is_own() {
            return;
        }
        let (direct, caller) = (Arc::clone(self), current_id());
        // Sinks, filters and layouts of the program's are called.
        let done = apart_from_panics(limit, move || direct.drain(caller, limit));
        self.is_stuck.store(done != Some(true), Ordering::Relaxed);
    }

    /// Whether it was done.
    fn drain(&self, caller: u64, limit: Duration) -> bool {
        let deadline = deadline_in(limit);
        let mut made_way = NOT_ENDING;
        loop {
            let writer = match self.writer.try_lock() {
                Ok(writer) => Some(writer),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut writer) = writer {
                // Under the lock: once the thread that ends the process has had it, everybody sees this.
                let end = self.end.load(Ordering::Acquire);
                if end == made_way || self.need_not_make_way(caller) {
                    let _own = mark_own();
                    let _held = hold_file_size_signal();
                    writer.drain();
                    return true;
                }
                made_way = end;
                drop(writer);
                std::thread::sleep(HOLD_OFF);
            } else if Instant::now() >= deadline {
                return false;
            } else {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// At the end of the process.
    fn need_not_make_way(&self, caller: u64) -> bool {
        let overdue = |ended_at: &Instant| ended_at.elapsed() > OVERDUE;
        caller == self.ended_by.load(Ordering::Relaxed) || self.ended_at.get().is_some_and(overdue)
    }
}
