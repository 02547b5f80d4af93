//! Where a file stood at some moment.
//!
//! Said by a file's sink, kept by the queue's mapped file, read by whoever recovers. *Invariant:* plain numbers.

/// A file of an output, and how long it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FilePosition {
    /// Which output's.
    pub(crate) output: u64,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// In bytes.
    pub(crate) length: u64,
}
