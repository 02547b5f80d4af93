//! What is said about rotation: when, how archives are called, and how many of them stay.
//!
//! Plain values: the program makes them, `init` checks them, the file sink obeys them. When a period begins is
//! [`super::period`]'s, how an archive is called [`super::archive`]'s.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::time::Duration;

use hestia_grammar::{Every, RotationPlan, Weekday, format_duration, format_size};

use crate::clock::TimeZone;

/// When a file is rotated, and what becomes of the archives.
///
/// The live file always has the path that was said, `logs/app.log` for one. A rotation renames it to an archive beside it
/// (see [`ArchiveNames`]) and begins a new one, between two records: none is lost, split or written twice. Where the path
/// is a symbolic link, the file that it leads to is rotated, in its own directory.
///
/// Nothing is done by a timer. Whether a file is due is looked at before each write: by the size it would get, and by the
/// time of each record. So the file of yesterday is rotated when the first record of today comes, also when the program
/// was restarted in between. A rotation that fails (permissions, a full disk) is reported, and tried again once a second;
/// until then the present file goes on, and no archive is deleted or replaced for it.
///
/// Several processes may write to one file and rotate it: one of them does, the others follow within a second, or when
/// they write again. For that each process holds a shared `flock` on the file it writes to, and whoever rotates holds one on the
/// directory. Where the file system has no locks, two processes may rotate one after the other, and an archive is short.
///
/// # Example
/// ```
/// use hestia::{Every, Rotation, TextFile};
///
/// let rotation = Rotation::size(10_000_000).or_every(Every::Day).keep(30);
/// hestia::builder().text(TextFile::new("logs/all.log").rotate(rotation));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a file is rotated only if it is given this"]
pub struct Rotation {
    pub(crate) size: Option<u64>,
    pub(crate) every: Option<Every>,
    pub(crate) at: Option<(u32, u32)>,
    pub(crate) on: Option<Weekday>,
    pub(crate) zone: TimeZone,
    pub(crate) on_start: bool,
    pub(crate) names: ArchiveNames,
    pub(crate) keep: Option<usize>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) max_total_bytes: Option<u64>,
    pub(crate) compress: Option<Compression>,
    pub(crate) link: Option<String>,
}

impl Default for Rotation {
    /// Every day at midnight UTC; all archives are kept.
    fn default() -> Self {
        Rotation::every(Every::Day)
    }
}

impl Rotation {
    /// Before the file would become larger than this, in bytes, at least 1 KiB. A single line that is longer gets a file
    /// of its own. Where several processes write to the file, it may become larger by what each of them writes at once,
    /// 64 KiB or one line.
    pub fn size(bytes: u64) -> Self {
        Rotation::by_hand().or_size(bytes)
    }

    /// When a new period begins, at midnight UTC, or the full hour and so on, unless [`Rotation::at`], [`Rotation::on`]
    /// and [`Rotation::zone`] say otherwise.
    pub fn every(every: Every) -> Self {
        Rotation::by_hand().or_every(every)
    }

    /// Only when [`crate::rotate`] is called, or at the start with [`Rotation::on_start`].
    pub fn by_hand() -> Self {
        Rotation {
            size: None,
            every: None,
            at: None,
            on: None,
            zone: TimeZone::Utc,
            on_start: false,
            names: ArchiveNames::Times,
            keep: None,
            max_age: None,
            max_total_bytes: None,
            compress: None,
            link: None,
        }
    }

    /// The same, and also before the file would become larger than this; see [`Rotation::size`].
    pub fn or_size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// The same, and also when a new period begins; see [`Rotation::every`].
    pub fn or_every(mut self, every: Every) -> Self {
        self.every = Some(every);
        self
    }

    /// The time of day at which days, weeks and months begin; 00:00 unless said otherwise. A time that a change to summer
    /// time leaves out comes when the clock goes on; of one that comes twice, the first counts.
    pub fn at(mut self, hour: u32, minute: u32) -> Self {
        self.at = Some((hour, minute));
        self
    }

    /// The day on which weeks begin; Monday unless said otherwise.
    pub fn on(mut self, day: Weekday) -> Self {
        self.on = Some(day);
        self
    }

    /// The zone whose clock tells when periods begin, and in which archives are named; UTC unless said otherwise.
    pub fn zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// Whether a file that is there when the program starts is rotated then; no unless said. A forked child is no start.
    pub fn on_start(mut self, on: bool) -> Self {
        self.on_start = on;
        self
    }

    /// How archives are called; by times unless said otherwise.
    pub fn names(mut self, names: ArchiveNames) -> Self {
        self.names = names;
        self
    }

    /// How many archives are kept, the newest ones; all unless said. At least 1.
    ///
    /// This limit, and those of age and bytes, is applied at the start and after each rotation. Only files are deleted whose name
    /// hestia itself would give to an archive of this file, now, compressed or not; and none that some process still writes to,
    /// nor, with [`crash_safe`](crate::Builder::crash_safe), one that the writer has just made: it is deleted at the next rotation.
    pub fn keep(mut self, archives: usize) -> Self {
        self.keep = Some(archives);
        self
    }

    /// How long archives are kept, from the time they were last written to; for ever unless said.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// The most that the live file and its archives take together, in bytes: the budget that keeps this log from filling the
    /// disk. No limit unless said.
    ///
    /// The size at which the file is rotated is set aside for it, so this must be more than that; archives get the rest, and
    /// the oldest are deleted for it before the live file needs the room. Where only time or hand rotates the file, it is
    /// also rotated before it would become larger than half of this. What comes on top: a single line that is longer than
    /// the file may be, what several processes write at once, and the compressed copy of an archive until that is deleted.
    /// An archive that some process still writes to is not deleted, nor are more than 256 at one time.
    pub fn max_total_bytes(mut self, bytes: u64) -> Self {
        self.max_total_bytes = Some(bytes);
        self
    }

    /// Compresses archives; not unless said. A thread of low priority does it, which neither the program nor the writer waits
    /// for; what the end of the process leaves undone is done after the next start. Mode, owner and times stay. An archive
    /// that some process still has open for writing waits for it.
    pub fn compress(mut self, compression: Compression) -> Self {
        self.compress = Some(compression);
        self
    }

    /// A symbolic link to the newest archive, by this name in the same directory; none unless said. Only a symbolic link is
    /// ever replaced by it. Unix only; elsewhere nothing is made.
    pub fn link(mut self, name: impl Into<String>) -> Self {
        self.link = Some(name.into());
        self
    }

    /// Whether all of it can be had.
    pub(crate) fn check(&self) -> Result<(), String> {
        let plan = RotationPlan {
            size: self.size,
            every: self.every,
            at: self.at,
            on: self.on,
            keep: self.keep.map(|keep| keep as u64),
            max_age: self.max_age,
            max_total_bytes: self.max_total_bytes,
        };
        plan.check()
            .map_err(|(_, wrong)| format!("rotate: {wrong}"))?;
        match &self.link {
            Some(link) if link.is_empty() || link.contains(['/', '\\']) => Err(format!(
                "rotate: `link` is {link:?}; name a file without a directory"
            )),
            _ => Ok(()),
        }
    }

    /// The largest that the live file becomes, in bytes.
    pub(super) fn live_bytes(&self) -> Option<u64> {
        self.size.or(self.max_total_bytes.map(|total| total / 2))
    }

    /// Whether archives are ever deleted.
    pub(super) fn limits_archives(&self) -> bool {
        self.keep.is_some() || self.max_age.is_some() || self.max_total_bytes.is_some()
    }

    /// Appends what an archive of this file is called when it has been compressed: nothing, or `.gz` and so on.
    #[cfg_attr(not(any(feature = "gzip", feature = "zstd")), allow(unused_variables))]
    pub(super) fn add_ending(name: &mut OsString, compression: Compression) {
        match compression {
            #[cfg(feature = "gzip")]
            Compression::Gzip => name.push(".gz"),
            #[cfg(feature = "zstd")]
            Compression::Zstd => name.push(".zst"),
        }
    }
}

impl fmt::Display for Rotation {
    /// In words, for reports: `at 10 MB or every day, keep 5, gzip`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Words::default();
        if let Some(bytes) = self.size {
            words.add("", format_args!("at {}", format_size(bytes)));
        }
        if let Some(every) = self.every {
            self.add_period(every, &mut words);
        }
        if self.on_start {
            words.add(" or ", format_args!("at start"));
        }
        if words.0.is_empty() {
            words.add("", format_args!("by hand"));
        }
        if self.names == ArchiveNames::Numbers {
            words.add(", ", format_args!("numbered"));
        }
        if let Some(keep) = self.keep {
            words.add(", ", format_args!("keep {keep}"));
        }
        if let Some(age) = self.max_age {
            words.add(", ", format_args!("for {}", format_duration(age)));
        }
        if let Some(bytes) = self.max_total_bytes {
            words.add(", ", format_args!("{} in all", format_size(bytes)));
        }
        if let Some(how) = self.compress {
            let how = format!("{how:?}").to_ascii_lowercase();
            words.add(", ", format_args!("{how}"));
        }
        if let Some(link) = &self.link {
            words.add(", ", format_args!("link {link}"));
        }
        out.pad(&words.0)
    }
}

/// What is said, one thing after the other.
#[derive(Default)]
struct Words(String);

impl Words {
    // It would be repeated wherever something is added.
    #[inline(never)]
    fn add(&mut self, between: &str, words: fmt::Arguments<'_>) {
        let between = if self.0.is_empty() { "" } else { between };
        // Never fails: it is memory.
        let _ = write!(self.0, "{between}{words}");
    }
}

impl Rotation {
    fn add_period(&self, every: Every, words: &mut Words) {
        let every = match every {
            Every::Span(span) => format_duration(span),
            named => format!("{named:?}").to_ascii_lowercase(),
        };
        words.add(" or ", format_args!("every {every}"));
        if let Some(day) = self.on {
            words.add(" ", format_args!("on {day:?}"));
        }
        if let Some((hour, minute)) = self.at {
            words.add(" ", format_args!("at {hour:02}:{minute:02}"));
        }
        if self.zone == TimeZone::Local {
            words.add(" ", format_args!("local time"));
        }
    }
}

/// How archives are called. `app.log` becomes, for example:
///
/// | | at first | one more in the same second or period | compressed |
/// |---|---|---|---|
/// | `Times` | `app.2026-11-22T13-00-00Z.log` | `app.2026-11-22T13-00-00Z.1.log` | `app.2026-11-22T13-00-00Z.log.gz` |
/// | `Numbers` | `app.1.log` | `app.2.log` | `app.1.log.gz` |
///
/// # Example
/// ```
/// use hestia::{ArchiveNames, Rotation};
/// let rotation = Rotation::size(10_000_000).names(ArchiveNames::Numbers).keep(5);
/// assert_eq!(rotation.to_string(), "at 10 MB, numbered, keep 5");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArchiveNames {
    /// By the time at which the file began: its period's, or, where only size or hand rotate it, the rotation's before it. In local
    /// time with the offset (`+0200`), so that the hour that comes twice has two names.
    #[default]
    Times,
    /// By numbers that go up, from 1 to 9,999,999: the newest archive has the highest, and none is ever renamed.
    Numbers,
}

/// How archives are compressed. Each way is there with the cargo feature of its name.
///
/// # Example
/// ```
/// # #[cfg(feature = "gzip")] {
/// use hestia::{Compression, Every, Rotation};
/// let rotation = Rotation::every(Every::Day).compress(Compression::Gzip);
/// assert_eq!(rotation.to_string(), "every day, gzip");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// As `gzip`, at its usual level: `.gz`.
    #[cfg(feature = "gzip")]
    Gzip,
    /// As `zstd`, at its usual level: `.zst`. Faster and smaller.
    #[cfg(feature = "zstd")]
    Zstd,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_said_is_told_in_words() {
        let rotation = Rotation::size(10_000_000)
            .or_every(Every::Week)
            .on(Weekday::Sunday)
            .at(3, 5)
            .zone(TimeZone::Local)
            .on_start(true)
            .names(ArchiveNames::Numbers)
            .keep(5)
            .max_age(Duration::from_secs(86400))
            .max_total_bytes(1 << 30)
            .link("newest.log");
        assert_eq!(
            rotation.to_string(),
            "at 10 MB or every week on Sunday at 03:05 local time or at start, numbered, keep 5, for 1d, 1 GiB in all, \
             link newest.log"
        );
        assert_eq!(rotation.check(), Ok(()));
        assert_eq!(Rotation::by_hand().to_string(), "by hand");
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        let wrong = Rotation::size(10).check().unwrap_err();
        assert_eq!(wrong, "rotate: `size` is 10 B; it must be at least 1 KiB");
        let wrong = Rotation::default().link("a/b").check().unwrap_err();
        assert!(wrong.contains("without a directory"), "{wrong}");
    }
}
