//! Lines onto anything that takes bytes, without ever leaving a torn one behind for good.
//!
//! What the sinks that write to a descriptor have in common. Called by the writer thread for files and
//! by the console's worker for the console.
//!
//! *Invariant:* once a write has cut a line, the first bytes that go out next are the rest of that line.

use std::io::{self, ErrorKind, Write};

use crate::record::batch::{Batch, TakenBatch};

/// What lines are written to: as much of `Write` as that takes, since each kind would bring all the rest into every program.
pub(super) trait Out {
    /// How many of the bytes it took.
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

impl<W: Write> Out for W {
    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }
}

/// Writes batches in chunks of whole lines and keeps the rest of a line that was cut.
#[derive(Debug)]
pub(super) struct Lines {
    chunk_bytes: usize,
    begun: Option<TakenBatch>,
    after_torn_line: bool,
}

impl Lines {
    /// A chunk is one system call. It has at most `chunk_bytes`, or one line if that is longer, and ends
    /// where a line ends: so lines of several processes that write to one place stay whole.
    pub(super) fn new(chunk_bytes: usize) -> Self {
        Lines {
            chunk_bytes,
            begun: None,
            after_torn_line: false,
        }
    }

    /// Writes all lines. Settles what was written; what could not be stays in the batch, except for the line that
    /// was cut.
    pub(super) fn write(&mut self, out: &mut dyn Out, batch: &mut Batch) -> io::Result<()> {
        let all = batch.bytes().len();
        self.write_first(out, batch, all)
    }

    /// As `write`, but only the first so many bytes, which end where a line does.
    pub(super) fn write_first(
        &mut self,
        out: &mut dyn Out,
        batch: &mut Batch,
        limit: usize,
    ) -> io::Result<()> {
        self.end_line(out)?;
        let (bytes, result) = self.write_chunks(out, batch, limit);
        if batch.written(bytes) > 0 {
            self.begun = Some(batch.take_first());
        }
        result
    }

    /// Writes the rest of the line that was cut, if there is one.
    pub(super) fn finish(&mut self, out: &mut dyn Out) -> io::Result<()> {
        let Some(begun) = &mut self.begun else {
            return Ok(());
        };
        let (bytes, result) = write_whole(out, begun.lines().bytes());
        begun.written(bytes);
        if result.is_ok() {
            self.begun = None;
        }
        result
    }

    /// Writes what is missing at the end of the last line, whoever cut it.
    pub(super) fn end_line(&mut self, out: &mut dyn Out) -> io::Result<()> {
        self.finish(out)?;
        self.end_torn_line(out)
    }

    /// Forgets the line that was cut, and counts it as failed.
    pub(super) fn give_up_begun(&mut self) {
        self.begun = None;
    }

    /// The lines go to another place from now on; `torn` when the last line there has no end. It gets one
    /// before the next line: what a killed process left must not spoil a line of this one.
    pub(super) fn start_over(&mut self, torn: bool) {
        self.give_up_begun();
        self.after_torn_line = torn;
    }

    /// Whether the next line has to end one that has no end.
    pub(super) fn is_after_torn_line(&self) -> bool {
        self.after_torn_line
    }

    /// The same file, looked at again.
    pub(super) fn set_torn(&mut self, torn: bool) {
        self.after_torn_line = torn;
    }

    /// Writes a line of which something else has made a part of its own.
    pub(super) fn write_again(&mut self, out: &mut dyn Out, line: &[u8]) -> io::Result<()> {
        let (bytes, result) = write_whole(out, line);
        self.after_torn_line |= bytes > 0 && result.is_err();
        result
    }

    fn end_torn_line(&mut self, out: &mut dyn Out) -> io::Result<()> {
        if self.after_torn_line {
            write_whole(out, b"\n").1?;
            self.after_torn_line = false;
        }
        Ok(())
    }

    fn write_chunks(
        &self,
        out: &mut dyn Out,
        batch: &Batch,
        limit: usize,
    ) -> (usize, io::Result<()>) {
        let bytes = &batch.bytes()[..limit.min(batch.bytes().len())];
        let mut done = 0;
        while done < bytes.len() {
            let chunk = self.chunk_bytes.min(bytes.len() - done);
            let end = batch.end_of_lines(done, chunk);
            let (count, result) = write_whole(out, &bytes[done..end]);
            done += count;
            if result.is_err() {
                return (done, result);
            }
        }
        (done, Ok(()))
    }
}

/// Writes everything, or says how much of it is out and why no more.
fn write_whole(out: &mut dyn Out, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut done = 0;
    while done < bytes.len() {
        match out.write_some(&bytes[done..]) {
            Ok(0) => return (done, Err(ErrorKind::WriteZero.into())),
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (done, Err(error)),
        }
    }
    (done, Ok(()))
}

/// Whether the error says that the descriptor is not open.
#[cfg(unix)]
pub(super) fn is_closed(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EBADF)
}

/// Where there are no descriptors, no error says that.
#[cfg(not(unix))]
pub(super) fn is_closed(_: &io::Error) -> bool {
    false
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Takes what a script says: that many bytes, or an error. After the script's end it takes everything.
    #[derive(Debug, Default)]
    pub(crate) struct Script {
        pub(crate) steps: VecDeque<Result<usize, ErrorKind>>,
        pub(crate) writes: Vec<Vec<u8>>,
    }

    impl Script {
        pub(crate) fn of(steps: &[Result<usize, ErrorKind>]) -> Self {
            Script {
                steps: steps.iter().copied().collect(),
                writes: Vec::new(),
            }
        }

        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.writes.concat()).unwrap()
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.steps.pop_front().unwrap_or(Ok(bytes.len()))?;
            let count = count.min(bytes.len());
            self.writes.push(bytes[..count].to_vec());
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const FULL: Result<usize, ErrorKind> = Err(ErrorKind::StorageFull);

    #[test]
    fn one_write_takes_all_lines_that_fit_a_chunk() {
        let mut out = Script::default();
        let mut batch = Batch::of(&[
            "one\n",
            "two\n",
            "three\n",
            "a line longer than that\n",
            "x\n",
        ]);
        Lines::new(10).write(&mut out, &mut batch).unwrap();
        assert_eq!(
            out.writes,
            [
                &b"one\ntwo\n"[..],
                b"three\n",
                b"a line longer than that\n",
                b"x\n"
            ]
        );
        assert_eq!(batch.figures(), (5, 0, 0, 40));
    }

    #[test]
    fn short_writes_and_interruptions_lose_nothing() {
        let mut out = Script::of(&[Ok(2), Err(ErrorKind::Interrupted), Ok(1), Ok(1)]);
        let mut batch = Batch::of(&["one\n", "two\n"]);
        Lines::new(4).write(&mut out, &mut batch).unwrap();
        assert_eq!(out.text(), "one\ntwo\n");
        assert_eq!(batch.figures(), (2, 0, 0, 8));
    }

    #[test]
    fn a_cut_line_is_finished_before_anything_else() {
        let mut out = Script::of(&[Ok(6), FULL, FULL, Ok(1), FULL]);
        let mut lines = Lines::new(100);
        let mut batch = Batch::of(&["one\n", "two\n", "lost\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        assert_eq!(batch.bytes(), b"lost\n");
        batch.all_failed();

        batch.extend(&["lost too\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        batch.all_failed();

        batch.extend(&["lost as well\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        batch.all_failed();
        assert_eq!(out.text(), "one\ntwo");
        assert_eq!(batch.figures(), (1, 3, 0, 7));

        batch.extend(&["kept\n"]);
        lines.write(&mut out, &mut batch).unwrap();
        assert_eq!(out.text(), "one\ntwo\nkept\n");
        assert_eq!(batch.figures(), (3, 3, 0, 13));
    }

    #[test]
    fn a_write_that_ends_between_two_lines_leaves_nothing_to_finish() {
        let mut out = Script::of(&[Ok(4), FULL]);
        let mut lines = Lines::new(100);
        let mut batch = Batch::of(&["one\n", "two\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        batch.all_failed();
        lines.finish(&mut out).unwrap();
        assert_eq!(out.text(), "one\n");
        assert_eq!(batch.figures(), (1, 1, 0, 4));
    }

    #[test]
    fn a_place_that_takes_nothing_is_an_error() {
        let mut out = Script::of(&[Ok(0)]);
        let mut batch = Batch::of(&["one\n"]);
        let error = Lines::new(100).write(&mut out, &mut batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
        assert_eq!(batch.len(), 1);
    }

    #[test]
    fn a_cut_line_that_is_never_finished_counts_as_failed() {
        let mut out = Script::of(&[Ok(1), FULL]);
        let mut lines = Lines::new(100);
        let mut batch = Batch::of(&["one\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        assert_eq!(batch.figures(), (0, 0, 0, 1));
        drop(lines);
        assert_eq!(batch.figures(), (0, 1, 0, 1));
    }

    #[test]
    fn a_torn_line_of_somebody_else_is_ended_once() {
        let mut out = Script::of(&[FULL]);
        let mut lines = Lines::new(100);
        lines.start_over(true);
        lines.finish(&mut out).unwrap();
        assert_eq!(out.text(), "");

        let mut batch = Batch::of(&["one\n"]);
        lines.write(&mut out, &mut batch).unwrap_err();
        lines.write(&mut out, &mut batch).unwrap();
        batch.extend(&["two\n"]);
        lines.write(&mut out, &mut batch).unwrap();
        assert_eq!(out.text(), "\none\ntwo\n");
    }
}
