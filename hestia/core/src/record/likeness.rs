//! What a record says, kept to be compared with the next one's.
//!
//! Writer thread. Two records say the same when their bytes are the same but for the thread: statement, target, logger,
//! trace, values and message. Time and UUID are no part of the bytes.
//!
//! *Invariant:* no address is followed: what the bytes refer to may be gone.

use super::decode::Decoder;
use super::{SCOPE, SHARED, SUPPRESSED, THREAD, image};

/// The flags that are the queue's own.
const OF_THE_QUEUE: u32 = 0xff;

/// A record's bytes but for its thread.
#[derive(Debug)]
pub(crate) struct Likeness {
    flags: u32,
    bytes: Vec<u8>,
}

/// Flags and bytes without the thread; none for a record that says how many executions were left out before it, which is
/// to be seen.
fn parts(flags: u32, bytes: &[u8]) -> Option<(u32, &[u8])> {
    let flags = flags & !OF_THE_QUEUE;
    if flags & SUPPRESSED != 0 {
        return None;
    }
    if flags & THREAD == 0 {
        return Some((flags, bytes));
    }
    let mut decoder = Decoder::new(bytes);
    image::thread(&mut decoder).ok()?;
    Some((flags & !THREAD, decoder.rest()))
}

impl Likeness {
    /// That of a record, in memory that may be used again.
    pub(crate) fn of(flags: u32, bytes: &[u8], mut memory: Vec<u8>) -> Option<Self> {
        let (flags, bytes) = parts(flags, bytes)?;
        memory.clear();
        memory.extend_from_slice(bytes);
        Some(Likeness {
            flags,
            bytes: memory,
        })
    }

    /// Whether a record says the same.
    #[inline]
    pub(crate) fn is_of(&self, flags: u32, bytes: &[u8]) -> bool {
        parts(flags, bytes).is_some_and(|(flags, bytes)| flags == self.flags && bytes == self.bytes)
    }

    /// Whether it refers to something by an address that may be another one's later.
    pub(crate) fn is_shared(&self) -> bool {
        let has_scope = || {
            let mut decoder = Decoder::new(&self.bytes);
            image::site(&mut decoder, self.flags).is_err()
                || decoder.get_address().is_ok_and(|scope| scope != 0)
        };
        self.flags & SHARED != 0 || self.flags & SCOPE != 0 && has_scope()
    }

    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.bytes
    }
}
