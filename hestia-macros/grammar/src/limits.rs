//! The bounds of settings, for all places where settings are said.

use std::time::Duration;

use crate::{KIB, MIB, format_duration, format_size};

/// The ring that a thread starts with, in bytes, unless the largest ring is smaller.
pub const FIRST_RING_BYTES: u64 = 16 * KIB;
/// The smallest bound of the largest ring, in bytes: less than that holds few records of usual size.
const SMALLEST_RING: u64 = 4 * KIB;
/// The largest ring, in bytes: beyond this, memory is no longer the bottleneck.
const LARGEST_RING: u64 = 64 * MIB;
/// The smallest bound of all rings, as a multiple of the first ring: the shared rings and a few others.
const SMALLEST_QUEUE_RINGS: u64 = 8;
/// The shortest time between two syncs of a file: what is shorter means each batch.
const SHORTEST_SYNC: Duration = Duration::from_millis(1);
/// The longest grace window: lines come that much later.
const LONGEST_GRACE: Duration = Duration::from_secs(1);

/// Why duplicates cannot be folded where rings outlive the process.
pub const FOLDED_AND_CRASH_SAFE: &str = "fold_duplicates and crash_safe cannot be had together: a kill would take along how often the last message was repeated; leave one of them out";

/// Whether the largest ring of a thread may have this size.
///
/// # Errors
///
/// When it may not, with the bounds.
///
/// # Example
///
/// ```
/// use hestia_grammar::{MIB, limits::check_ring_bytes};
///
/// assert!(check_ring_bytes(MIB).is_ok());
/// assert_eq!(
///     check_ring_bytes(100).unwrap_err(),
///     "ring_bytes is 100 B; it must be between 4 KiB and 64 MiB",
/// );
/// ```
pub fn check_ring_bytes(bytes: u64) -> Result<(), String> {
    if (SMALLEST_RING..=LARGEST_RING).contains(&bytes) {
        return Ok(());
    }
    Err(format!(
        "ring_bytes is {}; it must be between {} and {}",
        format_size(bytes),
        format_size(SMALLEST_RING),
        format_size(LARGEST_RING)
    ))
}

/// Whether all rings together may have this size when a thread's largest ring has `ring_bytes`; none for the usual
/// largest ring.
///
/// # Errors
///
/// When they may not, with the bound.
///
/// # Example
///
/// ```
/// use hestia_grammar::{KIB, MIB, limits::check_queue_bytes};
///
/// assert!(check_queue_bytes(MIB, None).is_ok());
/// assert!(check_queue_bytes(100 * KIB, None).is_err());
/// assert!(check_queue_bytes(100 * KIB, Some(4 * KIB)).is_ok());
/// ```
pub fn check_queue_bytes(bytes: u64, ring_bytes: Option<u64>) -> Result<(), String> {
    let first = ring_bytes.map_or(FIRST_RING_BYTES, |ring| ring.next_power_of_two());
    let least = SMALLEST_QUEUE_RINGS * first.min(FIRST_RING_BYTES);
    if bytes >= least {
        return Ok(());
    }
    Err(format!(
        "queue_bytes is {}; with such rings it must be at least {}",
        format_size(bytes),
        format_size(least)
    ))
}

/// Whether the grace window may be this long.
///
/// # Errors
///
/// When it may not, with the bound.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use hestia_grammar::limits::check_grace;
///
/// assert!(check_grace(Duration::from_secs(1)).is_ok());
/// assert_eq!(
///     check_grace(Duration::from_secs(2)).unwrap_err(),
///     "grace is 2s; it must be at most 1s",
/// );
/// ```
pub fn check_grace(window: Duration) -> Result<(), String> {
    if window <= LONGEST_GRACE {
        return Ok(());
    }
    Err(format!(
        "grace is {}; it must be at most {}",
        format_duration(window),
        format_duration(LONGEST_GRACE)
    ))
}

/// Whether files may be brought to the disk this often.
///
/// # Errors
///
/// When they may not, with the bound.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use hestia_grammar::limits::check_sync;
///
/// assert!(check_sync(Duration::from_secs(5)).is_ok());
/// assert_eq!(
///     check_sync(Duration::ZERO).unwrap_err(),
///     "sync is every 0s; it must be at least 1ms, or with each of the `batches`",
/// );
/// ```
pub fn check_sync(span: Duration) -> Result<(), String> {
    if span >= SHORTEST_SYNC {
        return Ok(());
    }
    Err(format!(
        "sync is every {}; it must be at least {}, or with each of the `batches`",
        format_duration(span),
        format_duration(SHORTEST_SYNC)
    ))
}
