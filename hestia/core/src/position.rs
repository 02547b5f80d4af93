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
    /// Another process writes to it, too, or did so while this one has had it open.
    pub(crate) is_shared: bool,
}

impl FilePosition {
    /// As a mapped file has it: device, inode, length, and [`KNOWN`](Self::KNOWN) with what else is to be said.
    pub(crate) const WORDS: usize = 4;
    /// The other words mean something. Older versions say nothing else.
    pub(crate) const KNOWN: u64 = 1;
    pub(crate) const SHARED: u64 = 2;

    pub(crate) fn words(&self) -> [u64; Self::WORDS] {
        let shared = if self.is_shared { Self::SHARED } else { 0 };
        [self.device, self.inode, self.length, Self::KNOWN | shared]
    }

    /// `None` where nothing was known.
    pub(crate) fn of_words(output: u64, words: [u64; Self::WORDS]) -> Option<Self> {
        let [device, inode, length, said] = words;
        (said & Self::KNOWN != 0).then_some(FilePosition {
            output,
            device,
            inode,
            length,
            is_shared: said & Self::SHARED != 0,
        })
    }
}
