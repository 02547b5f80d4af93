//! What the archives of a file are called: made from times and numbers, and read back.
//!
//! Pure. *Invariant:* a name is read back only if the same rules make it again, letter by letter; nothing else in the
//! directory is ever taken for an archive.

use std::collections::BinaryHeap;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, TimeZone as _, Timelike as _};

use super::rotation::{ArchiveNames, Compression, Rotation};

/// What stands between the file's name and its extension. In the order of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tag {
    /// `1`, `2`, …
    Number(u32),
    /// `2026-11-22T13-00-00Z`, `2026-11-22T14-00-00+0100`; the ones after the first with `.1`, `.2`, …
    Time {
        /// Seconds since the Unix epoch.
        at: i64,
        index: u32,
        /// Seconds east of Greenwich; `None` is written `Z`.
        offset: Option<i32>,
    },
}

/// The highest number. What looks like more, `app.20261122.log` for one, is somebody else's.
const MAX_NUMBER: u32 = 9_999_999;
/// The length of `2026-03-06T20-40-23`.
const TIME_LENGTH: usize = 19;

impl Tag {
    /// The first one with this time, in the zone with this offset.
    pub(super) fn time(at: i64, offset: Option<FixedOffset>) -> Self {
        Tag::Time {
            at,
            index: 0,
            offset: offset.map(|offset| offset.fix().local_minus_utc()),
        }
    }

    /// The one after all that are there; `None` when there is none.
    fn after(self, others: impl Iterator<Item = Tag>) -> Option<Tag> {
        let mut last = None;
        for other in others {
            let number = match (self, other) {
                (Tag::Number(_), Tag::Number(number)) => number,
                (
                    Tag::Time { at, .. },
                    Tag::Time {
                        at: there, index, ..
                    },
                ) if there == at => index,
                _ => continue,
            };
            last = last.max(Some(number));
        }
        let after_last = |first| match last {
            Some(last) if last >= MAX_NUMBER => None,
            Some(last) => Some(last + 1),
            None => Some(first),
        };
        Some(match self {
            Tag::Number(_) => Tag::Number(after_last(1)?),
            Tag::Time { at, offset, .. } => Tag::Time {
                at,
                index: after_last(0)?,
                offset,
            },
        })
    }

    fn parse(text: &str, names: ArchiveNames) -> Option<Self> {
        let tag = match names {
            ArchiveNames::Numbers => Tag::Number(text.parse().ok()?),
            ArchiveNames::Times => parse_time(text)?,
        };
        let (Tag::Number(number) | Tag::Time { index: number, .. }) = tag;
        let is_ours = number <= MAX_NUMBER && tag != Tag::Number(0) && tag.to_string() == text;
        is_ours.then_some(tag)
    }
}

/// Whatever stands between the numbers: [`Tag::parse`] makes the text again and compares.
fn parse_time(text: &str) -> Option<Tag> {
    let (time, rest) = text.split_at_checked(TIME_LENGTH)?;
    let number = |at: Range<usize>| time.get(at)?.parse().ok();
    let year = time.get(0..4)?.parse().ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    let time = day.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?;
    let (zone, index) = match rest.split_once('.') {
        Some((zone, index)) => (zone, index.parse().ok().filter(|index| *index > 0)?),
        None => (rest, 0),
    };
    let offset = match zone {
        "Z" => None,
        signed => Some(parse_offset(signed)?),
    };
    let seconds = time.and_utc().timestamp() - i64::from(offset.unwrap_or(0));
    Some(Tag::Time {
        at: seconds,
        index,
        offset,
    })
}

/// `+0200`; `None` for anything else.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, digits) = text.split_at_checked(1)?;
    let number: i32 = digits.parse().ok()?;
    let seconds = (number / 100 * 60 + number % 100) * 60;
    match sign {
        "+" => Some(seconds),
        "-" => Some(-seconds),
        _ => None,
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, index, offset) = match *self {
            Tag::Number(number) => return write!(out, "{number}"),
            Tag::Time { at, index, offset } => (at, index, offset),
        };
        let shown = FixedOffset::east_opt(offset.unwrap_or(0))
            .and_then(|zone| zone.timestamp_opt(at, 0).single())
            .unwrap_or_else(|| DateTime::UNIX_EPOCH.fixed_offset());
        let (hour, minute, second) = (shown.hour(), shown.minute(), shown.second());
        let day = shown.date_naive();
        write!(out, "{day}T{hour:02}-{minute:02}-{second:02}")?;
        match offset {
            None => out.write_char('Z')?,
            // To the minute: no place has had another offset since 1972.
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = (offset.unsigned_abs() + 30) / 60;
                write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60)?;
            }
        }
        match index {
            0 => Ok(()),
            index => write!(out, ".{index}"),
        }
    }
}

/// A file in the directory that belongs to an archive. In the order of age.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Archive {
    pub(super) tag: Tag,
    pub(super) state: State,
    pub(super) name: OsString,
}

/// What has become of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// As it was written.
    Plain,
    /// Compressed, by this build or another one.
    Compressed,
    /// Being compressed, or left by a process that ended in the middle of it.
    Partial,
}

/// The oldest first. (A heap is a fraction of the code that a sort puts into every program.)
pub(super) fn by_age(archives: Vec<Archive>) -> Vec<Archive> {
    BinaryHeap::from(archives).into_sorted_vec()
}

const ENDINGS: [&str; 2] = [".gz", ".zst"];
const PARTIAL: &str = ".partial";

/// The name of a file, and how its archives are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// `app` of `app.log`.
    stem: OsString,
    /// `.log`, or nothing.
    extension: OsString,
    names: ArchiveNames,
}

impl Family {
    /// `None` for a path that has no name.
    pub(super) fn of(path: &Path, names: ArchiveNames) -> Option<Self> {
        let mut extension = OsString::new();
        if let Some(found) = path.extension() {
            extension.push(".");
            extension.push(found);
        }
        Some(Family {
            stem: path.file_stem()?.to_owned(),
            extension,
            names,
        })
    }

    /// The name of the next archive, of a file that began at this time, when these are there; `None` when there can be no
    /// more.
    pub(super) fn next(&self, began: Tag, there: &[Archive]) -> Option<(Tag, OsString)> {
        let first = match self.names {
            ArchiveNames::Times => began,
            ArchiveNames::Numbers => Tag::Number(1),
        };
        let tag = first.after(there.iter().map(|archive| archive.tag))?;
        Some((tag, self.name(tag)))
    }

    fn name(&self, tag: Tag) -> OsString {
        let mut name = self.stem.clone();
        name.push(format!(".{tag}"));
        name.push(&self.extension);
        name
    }

    /// What a file of this name is to this family; `None` when it does not belong to it.
    pub(super) fn parse(&self, name: &OsStr) -> Option<Archive> {
        let bytes = name.as_encoded_bytes();
        let rest = bytes
            .strip_prefix(self.stem.as_encoded_bytes())?
            .strip_prefix(b".")?;
        let (rest, is_partial) = match rest.strip_suffix(PARTIAL.as_bytes()) {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let extension = self.extension.as_encoded_bytes();
        let ending = ENDINGS
            .iter()
            .map(|ending| ending.as_bytes())
            // A file that is itself called `app.gz` has archives that end so.
            .find(|ending| rest.ends_with(ending) && *ending != extension)
            .map_or(0, <[u8]>::len);
        let tag = rest[..rest.len() - ending].strip_suffix(extension)?;
        let tag = Tag::parse(str::from_utf8(tag).ok()?, self.names)?;
        let state = match (ending, is_partial) {
            (0, false) => State::Plain,
            (0, true) => return None,
            (_, false) => State::Compressed,
            (_, true) => State::Partial,
        };
        Some(Archive {
            tag,
            state,
            name: name.to_owned(),
        })
    }
}

/// Whether both are archives of the file with this path that are not compressed, and `one` is younger than `other`, as far as
/// names tell: not where the clock was set back between them.
#[cfg(unix)]
pub(crate) fn is_younger_archive(path: &Path, one: &Path, other: &Path) -> bool {
    let Some(mut family) = Family::of(path, ArchiveNames::Numbers) else {
        return false;
    };
    let mut is_younger = |names| {
        family.names = names;
        let tag = |path: &Path| {
            let archive = family.parse(path.file_name()?)?;
            (archive.state == State::Plain).then_some(archive.tag)
        };
        tag(other).is_some_and(|other| tag(one).is_some_and(|one| one > other))
    };
    is_younger(ArchiveNames::Numbers) || is_younger(ArchiveNames::Times)
}

/// What an archive of this name is called when it has been compressed.
pub(super) fn compressed(name: &OsStr, compression: Compression) -> OsString {
    let mut compressed = name.to_owned();
    Rotation::add_ending(&mut compressed, compression);
    compressed
}

/// What a file of this name is called until it is complete.
pub(super) fn partial(name: &OsStr) -> OsString {
    let mut partial = name.to_owned();
    partial.push(PARTIAL);
    partial
}

/// The name of the archive that this unfinished file was made from.
pub(super) fn source_of_partial(name: &OsStr) -> Option<String> {
    let complete = name.to_str()?.strip_suffix(PARTIAL)?;
    let ending = ENDINGS.iter().find(|ending| complete.ends_with(**ending))?;
    complete.strip_suffix(ending).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(unix)]
    #[test]
    fn of_two_archives_the_younger_one_is_known_by_its_name() {
        let is_younger = |one: &str, other: &str| {
            is_younger_archive(Path::new("logs/app.log"), Path::new(one), Path::new(other))
        };
        let in_order = [
            ["app.9.log", "app.10.log"],
            [
                "logs/app.2026-11-22T13-00-00Z.log",
                "logs/app.2026-11-22T13-00-00Z.1.log",
            ],
            [
                "app.2026-11-22T13-00-00Z.9.log",
                "app.2026-11-22T13-00-01Z.log",
            ],
        ];
        for [older, younger] in in_order {
            assert!(is_younger(younger, older), "{younger}");
            assert!(!is_younger(older, younger), "{older}");
            assert!(!is_younger(older, older), "{older}");
        }
        // Not comparable, compressed, the live file, somebody else's.
        for other in [
            "app.2026-11-22T13-00-00Z.log",
            "app.2.log.gz",
            "app.log",
            "app.log.1",
            "other.2.log",
        ] {
            assert!(!is_younger(other, "app.1.log"), "{other}");
            assert!(!is_younger("app.1.log", other), "{other}");
        }
    }

    fn family(path: &str, names: ArchiveNames) -> Family {
        Family::of(Path::new(path), names).unwrap()
    }

    fn next(family: &Family, at: i64, there: &[&str]) -> String {
        let there: Vec<_> = there
            .iter()
            .map(|name| family.parse(OsStr::new(name)).expect(name))
            .collect();
        let (_, name) = family.next(Tag::time(at, None), &there).unwrap();
        name.into_string().unwrap()
    }

    #[test]
    fn times_are_in_the_name_and_a_name_that_is_there_gets_an_index() {
        let app = family("logs/app.log", ArchiveNames::Times);
        let first = next(&app, 1_795_352_400, &[]);
        assert_eq!(first, "app.2026-11-22T13-00-00Z.log");
        let second = next(&app, 1_795_352_400, &[&first]);
        assert_eq!(second, "app.2026-11-22T13-00-00Z.1.log");
        // The first one is gone already, the last one compressed.
        let third = next(&app, 1_795_352_400, &[&format!("{second}.gz")]);
        assert_eq!(third, "app.2026-11-22T13-00-00Z.2.log");
    }

    #[test]
    fn an_hour_that_comes_twice_has_two_names() {
        let app = family("app.log", ArchiveNames::Times);
        let name = |at, hours: i32| {
            let offset = FixedOffset::east_opt(hours * 3600);
            app.next(Tag::time(at, offset), &[]).unwrap().1
        };
        let summer = 1_792_886_400;
        assert_eq!(name(summer, 2), "app.2026-10-25T02-00-00+0200.log");
        assert_eq!(name(summer + 3600, 1), "app.2026-10-25T02-00-00+0100.log");
    }

    #[test]
    fn numbers_go_up_and_on_after_the_highest() {
        let app = family("app", ArchiveNames::Numbers);
        assert_eq!(next(&app, 0, &[]), "app.1");
        assert_eq!(next(&app, 0, &["app.9.gz", "app.10"]), "app.11");
        let last = app.parse(OsStr::new("app.9999999")).unwrap();
        assert_eq!(app.next(Tag::Number(1), &[last]), None);
    }

    #[test]
    fn only_names_that_would_be_made_are_read() {
        let numbers = family("app.log", ArchiveNames::Numbers);
        let times = family("app.log", ArchiveNames::Times);
        for ours in [
            "app.1.log",
            "app.10.log.gz",
            "app.9999999.log.zst",
            "app.1.log.gz.partial",
        ] {
            assert!(numbers.parse(OsStr::new(ours)).is_some(), "{ours}");
            assert_eq!(times.parse(OsStr::new(ours)), None, "{ours}");
        }
        for ours in [
            "app.2026-11-22T13-00-00Z.log",
            "app.2026-11-22T13-00-00Z.12.log.gz",
            "app.2026-11-22T13-00-00-0330.log",
            "app.2026-11-22T13-00-00Z.log.zst.partial",
        ] {
            assert!(times.parse(OsStr::new(ours)).is_some(), "{ours}");
            assert_eq!(numbers.parse(OsStr::new(ours)), None, "{ours}");
        }
        for foreign in [
            "app.log",
            "app.log.1",
            "app.0.log",
            "app.01.log",
            "app.+1.log",
            "app.1.log.bak",
            "app.1.log.partial",
            "app.20261122.log",
            "app.1.txt",
            "app.1",
            "app..log",
            "my.app.1.log",
            "app.1.log.gz.gz",
        ] {
            assert_eq!(numbers.parse(OsStr::new(foreign)), None, "{foreign}");
        }
        for foreign in [
            "app.2026-11-22.log",
            "app.2026-11-22T13-00-00.log",
            "app.2026-11-22T13-00-00z.log",
            "app.2026-02-30T13-00-00Z.log",
            "app.2026-11-22T13-00-00Z.0.log",
            "app.2026-11-22T13-00-00Z.01.log",
            "app.2026-11-22T23-59-60Z.log",
            "app.2026-11-22T13-00-00+02.log",
            "app.2026-11-22T13-00-00Z.log.xz",
            "app.2026-11-22 13-00-00Z.log",
            "app.2026-11-22T13-00-00+0060.log",
        ] {
            assert_eq!(times.parse(OsStr::new(foreign)), None, "{foreign}");
        }
    }

    #[test]
    fn files_of_other_names_have_archives_of_other_names() {
        let error = family("app.error.log", ArchiveNames::Numbers);
        let app = family("app.log", ArchiveNames::Numbers);
        let name = next(&error, 0, &[]);
        assert_eq!(name, "app.error.1.log");
        assert_eq!(app.parse(OsStr::new(&name)), None);
        let packed = family("app.gz", ArchiveNames::Numbers);
        let name = next(&packed, 0, &[]);
        assert_eq!(name, "app.1.gz");
        assert_eq!(packed.parse(OsStr::new(&name)).unwrap().state, State::Plain);
    }

    #[test]
    fn an_unfinished_file_names_its_source() {
        let partial = partial(OsStr::new("app.1.log.gz"));
        assert_eq!(partial, "app.1.log.gz.partial");
        assert_eq!(source_of_partial(&partial).as_deref(), Some("app.1.log"));
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(
            at in 0_i64..32_503_680_000, minutes in -840_i32..840, is_utc: bool, index in 0_u32..100, number in 1_u32..MAX_NUMBER,
        ) {
            let offset = (!is_utc).then_some(minutes * 60);
            for (tag, names) in [
                (Tag::Time { at, index, offset }, ArchiveNames::Times),
                (Tag::Number(number), ArchiveNames::Numbers),
            ] {
                let family = family("logs/app.log", names);
                let read = family.parse(&family.name(tag));
                prop_assert_eq!(read.map(|archive| archive.tag), Some(tag));
            }
        }

        #[test]
        fn what_is_read_would_be_made(name in "app\\.[-0-9TZ.+]{0,25}\\.log(\\.gz)?") {
            for names in [ArchiveNames::Times, ArchiveNames::Numbers] {
                let family = family("app.log", names);
                if let Some(archive) = family.parse(OsStr::new(&name)) {
                    let made = family.name(archive.tag).into_string().unwrap();
                    prop_assert_eq!(made, name.trim_end_matches(".gz"));
                }
            }
        }
    }
}
