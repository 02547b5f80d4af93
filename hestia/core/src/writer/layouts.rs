//! The layouts of all outputs: those whose lines would be equal have one together, which lays each record out once.
//!
//! Writer thread.
//!
//! *Invariant:* the line that is kept is the present record's, or there is none; a layout that panics costs its outputs that
//! record, nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::layout::Layout;
use crate::record::Record;
use crate::record::batch::{Batch, KEPT_BYTES};

/// The layout of an output, with a key that is equal for layouts that write equal lines.
pub(crate) struct RouteLayout {
    pub(crate) key: Option<Box<dyn Key>>,
    pub(crate) layout: Box<dyn Layout>,
    /// No other process writes lines that are equal to this one's. Matters for files, which are recovered.
    pub(crate) tells_processes_apart: bool,
}

/// What can be compared with others of its kind, whatever that is.
pub(crate) trait Key: Any + Send {
    fn is(&self, other: &dyn Key) -> bool;
}

impl<T: PartialEq + Send + 'static> Key for T {
    fn is(&self, other: &dyn Key) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

/// One for all outputs whose lines are equal.
pub(super) struct SharedLayout {
    key: Option<Box<dyn Key>>,
    layout: Box<dyn Layout>,
    users: usize,
    line: Vec<u8>,
    /// The line is the present record's; `None` before it was laid out, `false` when that failed.
    done: Option<bool>,
}

/// All of them, by their places.
pub(super) struct Layouts(Vec<SharedLayout>);

impl Layouts {
    pub(super) const fn new() -> Self {
        Layouts(Vec::new())
    }

    /// The place of this layout, or of one that writes equal lines, which has one user more now.
    pub(super) fn join(&mut self, key: Option<Box<dyn Key>>, layout: Box<dyn Layout>) -> usize {
        let place = self.0.iter().position(|shared| {
            let keys = shared.key.as_deref().zip(key.as_deref());
            keys.is_some_and(|(one, other)| one.is(other))
        });
        let place = place.unwrap_or_else(|| {
            self.0.push(SharedLayout {
                key,
                layout,
                users: 0,
                line: Vec::new(),
                done: None,
            });
            self.0.len() - 1
        });
        self.0[place].users += 1;
        place
    }

    /// An output that had joined it is gone.
    pub(super) fn leave(&mut self, place: usize) {
        self.0[place].users -= 1;
        // Others keep their places: those that came with the outputs are the last.
        while self.0.pop_if(|shared| shared.users == 0).is_some() {}
    }

    #[inline]
    pub(super) fn at(&mut self, place: usize) -> &mut SharedLayout {
        &mut self.0[place]
    }

    /// Another record comes next.
    #[inline]
    pub(super) fn begin_record(&mut self) {
        for shared in &mut self.0 {
            shared.begin_record();
        }
    }
}

impl SharedLayout {
    /// Another record comes next.
    #[inline]
    pub(super) fn begin_record(&mut self) {
        self.done = None;
    }

    /// Lays the present record out into the batch of one of its users.
    ///
    /// # Errors
    /// The layout's panic. What it has begun to write is in the batch then.
    #[inline]
    pub(super) fn append(
        &mut self,
        batch: &mut Batch,
        record: &Record<'_>,
        is_notice: bool,
    ) -> thread::Result<()> {
        let SharedLayout {
            layout, line, done, ..
        } = self;
        if self.users == 1 {
            let format = |bytes: &mut Vec<u8>| layout.format(record, bytes);
            return catch_unwind(AssertUnwindSafe(|| batch.append(record, is_notice, format)));
        }
        let formatted = match *done {
            None => {
                line.clear();
                line.shrink_to(KEPT_BYTES);
                let formatted = catch_unwind(AssertUnwindSafe(|| layout.format(record, line)));
                *done = Some(formatted.is_ok());
                formatted
            }
            Some(true) => Ok(()),
            Some(false) => Err(Box::new("see the output it was laid out for first") as _),
        };
        if formatted.is_ok() {
            batch.append(record, is_notice, |bytes| bytes.extend_from_slice(line));
        }
        formatted
    }

    /// The lines of a record, which is no longer the present one then; `None` when the layout panics.
    pub(super) fn lines_of(&mut self, record: &Record<'_>) -> Option<&[u8]> {
        let SharedLayout { layout, line, .. } = self;
        self.done = None;
        line.clear();
        let formatted = catch_unwind(AssertUnwindSafe(|| layout.format(record, line)));
        formatted.is_ok().then_some(line)
    }
}
