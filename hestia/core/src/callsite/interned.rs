//! Statements of the `log` crate's macros as statics: made when a statement is first executed, and found again at each later
//! execution by the addresses of what the program says of it.
//!
//! Callers' threads. So a record of such a statement is as small as one of hestia's own, and where another process may have to
//! read it, its statement is described once.
//!
//! *Invariant:* nobody waits, nothing is made twice for the same statement, and what is made stays: there are as many as the
//! program has statements, and never more than [`MOST`].

use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;

use crate::level::{Level, Severity};
use crate::record::{Message, Metadata, StaticSite};

/// Lists of statements, by hash: a few thousand statements are found at the first or second look.
const LISTS: usize = 1 << 10;
/// Programs have fewer; what makes statements while it runs is not to fill the memory.
const MOST: usize = 1 << 16;

static KNOWN: [OnceBox<Known>; LISTS] = [const { OnceBox::new() }; LISTS];
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A statement that was executed.
pub(super) struct Known {
    key: Key,
    /// Its target is the statement's module.
    pub(super) site: StaticSite,
    /// The message is in the records: it is no constant, or has to be looked through there.
    pub(super) is_formatted: bool,
    /// Another one with the same hash.
    next: OnceBox<Known>,
}

/// What tells a statement from others: where the program has its texts, and how long they are. No message has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    message: (usize, usize),
    file: (usize, usize),
    module: (usize, usize),
    line: u32,
    level: Level,
}

/// What a statement of the `log` crate's macros hands over, where all but its message is constants of the program.
#[derive(Clone, Copy, Debug)]
struct Statement {
    level: Level,
    module: &'static str,
    file: &'static str,
    line: u32,
    /// `None` when it is formatted at the call.
    message: Option<&'static str>,
}

/// The statement of a record; its message is in the record at any rate, if that is said. `None` where something else than the
/// `log` crate's macros made the record, or there are too many statements.
#[inline]
pub(super) fn known(record: &log::Record<'_>, is_formatted: bool) -> Option<&'static Known> {
    let message = record.args().as_str().filter(|_| !is_formatted);
    let statement = Statement::of(record, message)?;
    statement.known()
}

/// The same of a record whose message is this constant, if it was executed before.
#[inline(always)]
pub(super) fn find(record: &log::Record<'_>, message: &'static str) -> Option<&'static Known> {
    Statement::of(record, Some(message))?.find().ok()
}

#[inline(always)]
fn place(text: &str) -> (usize, usize) {
    (text.as_ptr().addr(), text.len())
}

impl Statement {
    #[inline(always)]
    fn of(record: &log::Record<'_>, message: Option<&'static str>) -> Option<Self> {
        Some(Statement {
            level: record.level(),
            module: record.module_path_static()?,
            file: record.file_static()?,
            line: record.line()?,
            message,
        })
    }

    #[inline(always)]
    fn key(&self) -> Key {
        Key {
            message: self.message.map_or((0, 0), place),
            file: place(self.file),
            module: place(self.module),
            line: self.line,
            level: self.level,
        }
    }

    #[inline(always)]
    fn known(&self) -> Option<&'static Known> {
        match self.find() {
            Ok(known) => Some(known),
            Err(last) => self.intern(last),
        }
    }

    /// Where it would come, if it is not there.
    #[inline(always)]
    fn find(&self) -> Result<&'static Known, &'static OnceBox<Known>> {
        let key = self.key();
        let mut link = &KNOWN[key.list()];
        while let Some(known) = link.get() {
            if known.key == key {
                return Ok(known);
            }
            link = &known.next;
        }
        Err(link)
    }

    #[cold]
    #[inline(never)]
    fn intern(&self, mut link: &'static OnceBox<Known>) -> Option<&'static Known> {
        if COUNT.fetch_add(1, Ordering::Relaxed) >= MOST {
            COUNT.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let metadata = Metadata::new(Severity::Level(self.level), self.module);
        let metadata = metadata.at(Some(self.module), Some(self.file), Some(self.line));
        let message = Message::Constant(self.message.unwrap_or_default());
        let mut new = Box::new(Known {
            key: self.key(),
            site: StaticSite::new(metadata, message, &[]),
            is_formatted: self.message.is_none(),
            next: OnceBox::new(),
        });
        // Behind what others have added meanwhile, unless it is the same.
        while let Err(back) = link.set(new) {
            let there = link.get()?;
            if there.key == back.key {
                COUNT.fetch_sub(1, Ordering::Relaxed);
                return Some(there);
            }
            (new, link) = (back, &there.next);
        }
        link.get()
    }
}

impl Key {
    /// Multiplicative hashing: D. Knuth, *The Art of Computer Programming*, volume 3, section 6.4.
    #[inline(always)]
    fn list(&self) -> usize {
        let mixed = self.file.0 ^ self.message.0.rotate_left(16) ^ self.line as usize;
        let mixed = (mixed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - LISTS.trailing_zeros())) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    fn statement(line: u32, message: Option<&'static str>) -> Statement {
        Statement {
            level: Level::Info,
            module: "app::interned",
            file: "src/interned.rs",
            line,
            message,
        }
    }

    #[test]
    fn a_statement_has_one_static_whoever_comes_first() {
        let message = "constant";
        let all = || -> Vec<usize> {
            let statements =
                (0..3_000).map(|line| statement(line, (line % 2 == 0).then_some(message)));
            let site = |statement: Statement| ptr::from_ref(statement.known().unwrap()).addr();
            statements.map(site).collect()
        };
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(all)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        assert!(found.iter().all(|addresses| *addresses == found[0]));
        let mut addresses = found[0].clone();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 3_000);
    }

    #[test]
    fn what_differs_in_anything_is_another_statement() {
        let usual = statement(1_000_000, Some("one"));
        let others = [
            Statement {
                level: Level::Warn,
                ..usual
            },
            Statement {
                line: 1_000_001,
                ..usual
            },
            Statement {
                module: "app::other",
                ..usual
            },
            Statement {
                file: "src/other.rs",
                ..usual
            },
            Statement {
                message: Some("other"),
                ..usual
            },
            Statement {
                message: Some(""),
                ..usual
            },
            Statement {
                message: None,
                ..usual
            },
        ];
        let known = usual.known().unwrap();
        assert_eq!(known.site.metadata.target(), "app::interned");
        assert!(matches!(known.site.message, Message::Constant("one")));
        for other in others {
            let found = other.known().unwrap();
            assert!(!ptr::eq(known, found), "{other:?}");
            assert_eq!(found.is_formatted, other.message.is_none());
            let found = &found.site;
            assert_eq!(found.metadata.level(), other.level);
            assert_eq!(found.metadata.module(), Some(other.module));
            assert_eq!(
                (found.metadata.file(), found.metadata.line()),
                (Some(other.file), Some(other.line))
            );
        }
    }
}
