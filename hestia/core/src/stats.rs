//! What was counted: by the queue, and by each output.
//!
//! Callers' threads count what they hand over and shed; the writer thread and the workers count what
//! became of it. The books balance: sent = accepted + shed, and per output accepted = written +
//! filtered + folded + failed + pending.
//!
//! *Invariant:* counting never waits for anyone.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::Duration;

use crate::level::{self, LEVELS, Level};

/// What became of the records of one output. Written by the writer thread and, for outputs that have
/// one, by their worker.
#[derive(Debug, Default)]
pub(crate) struct OutputCounts {
    pub(crate) written: AtomicU64,
    pub(crate) filtered: AtomicU64,
    pub(crate) folded: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) notices: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) sync_failures: AtomicU64,
    /// Records accepted before this output was there.
    pub(crate) before: AtomicU64,
    /// The output does not work at the moment.
    pub(crate) broken: AtomicBool,
}

/// Release, for the fence in `settled`: whoever sees the figure sees what was counted before it.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Release);
}

impl OutputCounts {
    /// What became of the records so far. To be taken before the queue's figure is read, so that nothing
    /// is settled that was not accepted.
    pub(crate) fn settled(&self) -> Settled {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let settled = Settled {
            written: load(&self.written),
            filtered: load(&self.filtered),
            folded: load(&self.folded),
            failed: load(&self.failed),
            before: load(&self.before),
        };
        // What was settled was accepted before: nothing that is read after this may be older.
        fence(Ordering::Acquire);
        settled
    }

    pub(crate) fn snapshot(&self, name: &str, accepted: u64, settled: &Settled) -> OutputStats {
        let Settled {
            written,
            filtered,
            folded,
            failed,
            before,
        } = *settled;
        OutputStats {
            name: name.to_owned(),
            written,
            filtered,
            folded,
            failed,
            pending: accepted.saturating_sub(written + filtered + folded + failed + before),
            notices: self.notices.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            sync_failures: self.sync_failures.load(Ordering::Relaxed),
            working: !self.broken.load(Ordering::Relaxed),
        }
    }
}

/// What became of an output's records, at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    written: u64,
    filtered: u64,
    folded: u64,
    failed: u64,
    before: u64,
}

/// A figure for each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts(pub(crate) [u64; LEVELS]);

impl LevelCounts {
    /// The figure of one level.
    #[must_use]
    pub fn of(&self, level: Level) -> u64 {
        self.0[level::index(level)]
    }

    /// The sum over all levels.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(crate) fn since(&self, earlier: &LevelCounts) -> LevelCounts {
        let mut difference = *self;
        for (now, before) in difference.0.iter_mut().zip(earlier.0) {
            *now = now.saturating_sub(before);
        }
        difference
    }
}

impl fmt::Display for LevelCounts {
    /// `12 info, 3 debug`; only levels that count something; `none` when there are none.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for level in level::ALL.into_iter().filter(|level| self.of(*level) > 0) {
            let name = level.as_str().to_ascii_lowercase();
            write!(out, "{separator}{} {name}", self.of(level))?;
            separator = ", ";
        }
        if separator.is_empty() {
            out.write_str("none")?;
        }
        Ok(())
    }
}

/// The figures of the running logger; [`crate::stats`] takes them.
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// hestia::builder().logs_dir(directory.path()).console(false).env(false).init()?;
/// log::info!("one");
/// let stats = hestia::stats().expect("hestia is running");
/// assert_eq!(stats.accepted, 1);
/// assert_eq!(stats.sent(), stats.accepted + stats.shed.total());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Records the queue took.
    pub accepted: u64,
    /// Records the queue refused, by level: it was full and the overflow policy said so, the record was
    /// larger than the whole queue may be, or statements nested too deep, one executed while another
    /// formats its arguments.
    pub shed: LevelCounts,
    /// Executions of statements that their own limits left out: `every:`, `first:`, `sample:` (see `hlog!`). No
    /// records, so neither sent nor shed.
    pub suppressed: u64,
    /// Troubles of hestia's own: failed writes, panics in custom parts, and so on.
    pub errors: u64,
    /// The most bytes that one round of the writer's ever found in the queue.
    pub queue_high_water_bytes: u64,
    /// The bytes that rings and oversize records take at this moment.
    pub queue_bytes: u64,
    /// One entry per output.
    pub outputs: Vec<OutputStats>,
}

impl Stats {
    /// Records whose statement passed the level check: accepted and shed together.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.accepted + self.shed.total()
    }

    /// The figures of the output with this name (`console`, `text`, `json`, or a custom sink's).
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&OutputStats> {
        self.outputs.iter().find(|output| output.name == name)
    }
}

/// The figures of one output: of the records accepted since it exists, written + filtered + folded + failed +
/// pending.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputStats {
    /// `console`, `text`, `json`, or the name of a custom sink.
    pub name: String,
    /// Records that were handed to the operating system, or to a custom sink that took them.
    pub written: u64,
    /// Records that this output's level or filter kept out.
    pub filtered: u64,
    /// Records that said what the one before them said, and for which a line stands that says how many they were; see
    /// [`Builder::fold_duplicates`](crate::Builder::fold_duplicates).
    pub folded: u64,
    /// Records that were lost on the way out: the disk was full, nobody read the pipe.
    pub failed: u64,
    /// Records still on their way.
    pub pending: u64,
    /// Lines hestia wrote by itself, to say what was lost or how many were folded; not counted anywhere else.
    pub notices: u64,
    /// Bytes written, notices included.
    pub bytes: u64,
    /// How often writing failed.
    pub errors: u64,
    /// How often the disk refused what had been written: that may be lost, though it counts as written. See
    /// [`crate::Durability`].
    pub sync_failures: u64,
    /// `false` while the output cannot be written to.
    pub working: bool,
}

impl fmt::Display for OutputStats {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutputStats {
            name,
            written,
            filtered,
            folded,
            failed,
            pending,
            bytes,
            ..
        } = self;
        write!(
            out,
            "{name}: {written} written ({bytes} bytes), {filtered} filtered, "
        )?;
        if *folded > 0 {
            write!(out, "{folded} folded, ")?;
        }
        write!(out, "{failed} failed, {pending} pending")
    }
}

/// What a flush confirmed.
///
/// # Example
/// ```
/// hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// let report = hestia::flush()?;
/// println!("{report}");
/// assert!(report.outputs().iter().all(|output| output.pending == 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlushReport {
    pub(crate) elapsed: Duration,
    pub(crate) stats: Stats,
}

impl FlushReport {
    /// How long the flush took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The figures of each output when it had confirmed: since it exists, not since the last flush.
    #[must_use]
    pub fn outputs(&self) -> &[OutputStats] {
        &self.stats.outputs
    }

    /// All figures.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }
}

impl fmt::Display for FlushReport {
    /// One line per output, after one for the whole.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { accepted, shed, .. } = &self.stats;
        let elapsed = self.elapsed;
        let records = if *accepted == 1 { "record" } else { "records" };
        write!(
            out,
            "flushed in {elapsed:.1?}: {accepted} {records} accepted, {} shed",
            shed.total()
        )?;
        for output in self.outputs() {
            write!(out, "\n  {output}")?;
        }
        Ok(())
    }
}
