use super::*;
use crate::sink::lines::tests::Script;
use crate::sync::channel::Receiver;
use std::io::{PipeReader, Read, pipe};
use std::thread;

/// Longer than anything here takes unless it hangs.
const LONG: Duration = Duration::from_secs(20);

/// More than a pipe holds, so that writing it waits for a reader.
const FLOOD: usize = 2 << 20;

fn over(out: impl Write + Send + 'static, limits: Limits) -> ConsoleSink {
    ConsoleSink::over("stdout".to_owned(), out, false, limits).unwrap()
}

fn to_pipe(limits: Limits) -> (ConsoleSink, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    (over(writer, limits), reader)
}

/// Waits for nothing when it is full, and is full with one batch.
fn strict() -> Limits {
    Limits {
        in_flight_bytes: 1,
        wait: Duration::ZERO,
    }
}

fn flush(sink: &mut ConsoleSink) -> Result<(), SinkError> {
    asked(sink).recv_deadline(deadline_in(LONG)).unwrap().1
}

fn asked(sink: &mut ConsoleSink) -> Receiver<(usize, Result<(), SinkError>)> {
    let (answer, answers) = unbounded();
    sink.flush(FlushTicket::new(0, answer));
    answers
}

/// What the writer thread does with a batch.
fn write(sink: &mut ConsoleSink, batch: &mut Batch) -> Result<(), SinkError> {
    let result = sink.write(batch);
    match &result {
        Ok(()) => batch.all_written(),
        Err(_) => batch.all_failed(),
    }
    result
}

fn flood() -> String {
    format!("{}\n", "x".repeat(FLOOD - 1))
}

/// Reads that many bytes, whoever writes them.
fn take(reader: &mut PipeReader, bytes: usize) -> Vec<u8> {
    let mut taken = vec![0; bytes];
    reader.read_exact(&mut taken).unwrap();
    taken
}

#[test]
fn a_flush_is_confirmed_when_all_lines_before_it_are_out() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&["one\n", "two\n"]);
    write(&mut sink, &mut batch).unwrap();
    batch.extend(&["three\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(take(&mut reader, 14), b"one\ntwo\nthree\n");
    assert_eq!(batch.figures(), (3, 0, 0, 14));
}

#[test]
fn a_flush_waits_for_the_lines_before_it() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();
    let answers = asked(&mut sink);
    assert!(answers.try_recv().is_err());
    assert_eq!(batch.figures().0, 0);
    take(&mut reader, FLOOD);
    answers.recv_deadline(deadline_in(LONG)).unwrap().1.unwrap();
    assert_eq!(batch.figures().0, 1);
}

#[test]
fn lines_are_shed_while_nobody_reads_and_come_again_after() {
    let (mut sink, mut reader) = to_pipe(strict());
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();
    batch.extend(&["shed\n", "shed too\n"]);
    let error = write(&mut sink, &mut batch).unwrap_err();
    assert_eq!(error.to_string(), "nobody reads stdout: lines were lost");
    assert_eq!(batch.lost().total(), 2);
    assert!(batch.is_broken());

    take(&mut reader, FLOOD);
    flush(&mut sink).unwrap();
    batch.extend(&["kept\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(take(&mut reader, 5), b"kept\n");
    assert_eq!(batch.figures(), (2, 2, 0, FLOOD as u64 + 5));
    assert!(!batch.is_broken());
}

#[test]
fn a_full_console_is_waited_for_once_until_it_moves() {
    let wait = Duration::from_millis(50);
    let (mut sink, mut reader) = to_pipe(Limits {
        in_flight_bytes: 1,
        wait,
    });
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();

    let begin = Instant::now();
    batch.extend(&["shed\n"]);
    write(&mut sink, &mut batch).unwrap_err();
    assert!(begin.elapsed() >= wait);

    let begin = Instant::now();
    sink.limits.wait = LONG;
    batch.extend(&["shed\n"]);
    write(&mut sink, &mut batch).unwrap_err();
    assert!(begin.elapsed() < LONG);
    assert_eq!(batch.lost().total(), 2);

    take(&mut reader, FLOOD);
    flush(&mut sink).unwrap();
    assert!(!sink.is_stuck());
}

#[test]
fn room_that_comes_within_the_wait_is_used() {
    let (mut sink, mut reader) = to_pipe(Limits {
        in_flight_bytes: 1,
        wait: LONG,
    });
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();
    let read = thread::spawn(move || take(&mut reader, FLOOD + 5));
    batch.extend(&["kept\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert!(read.join().unwrap().ends_with(b"\nkept\n"));
}

#[test]
fn a_closed_pipe_closes_the_console_once_and_quietly() {
    let (mut sink, reader) = to_pipe(Limits::default());
    drop(reader);
    let mut batch = Batch::of(&["one\n", "two\n"]);
    write(&mut sink, &mut batch).unwrap();
    let error = flush(&mut sink).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(error.to_string(), "stdout was closed by whoever read it");
    assert_eq!(batch.figures(), (0, 2, 0, 0));
    assert!(batch.is_broken());

    batch.extend(&["three\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert_eq!(batch.figures(), (0, 3, 0, 0));
    assert!(batch.is_broken());
    assert_eq!(flush(&mut sink).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_pipe_that_is_closed_in_the_middle_loses_what_did_not_fit() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&["one\n", &flood(), "three\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert_eq!(take(&mut reader, 4), b"one\n");
    drop(reader);
    assert_eq!(flush(&mut sink).unwrap_err().kind(), ErrorKind::Closed);
    let (written, failed, ..) = batch.figures();
    assert_eq!((written, failed), (1, 2));
}

#[cfg(unix)]
#[test]
fn a_closed_descriptor_and_a_terminal_that_hung_up_close_the_console() {
    for (error, hangs_up, ends) in [
        (libc::EBADF, false, ErrorKind::Closed),
        (libc::EIO, true, ErrorKind::Closed),
        (libc::EIO, false, ErrorKind::Write),
    ] {
        let out = Failing(error);
        let mut sink =
            ConsoleSink::over("stderr".to_owned(), out, hangs_up, Limits::default()).unwrap();
        let mut batch = Batch::of(&["one\n"]);
        write(&mut sink, &mut batch).unwrap();
        assert_eq!(flush(&mut sink).unwrap_err().kind(), ends, "error {error}");
        assert_eq!(batch.figures(), (0, 1, 0, 0));
    }
}

#[cfg(unix)]
struct Failing(i32);

#[cfg(unix)]
impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_console_whose_write_failed_finishes_the_cut_line_and_goes_on() {
    const FULL: io::ErrorKind = io::ErrorKind::StorageFull;
    let out = Script::of(&[Ok(6), Err(FULL), Err(FULL)]);
    let mut sink = over(out, Limits::default());
    let mut batch = Batch::of(&["one\n", "two\n", "lost\n"]);
    write(&mut sink, &mut batch).unwrap();
    let error = flush(&mut sink).unwrap_err();
    assert_eq!(error.to_string(), "cannot write to stdout");
    assert_eq!(batch.figures(), (1, 1, 0, 6));

    batch.extend(&["three\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(batch.figures(), (3, 1, 0, 14));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_the_console_is_reported_and_not_the_end() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut sink = over(full, Limits::default());
    let mut batch = Batch::of(&["one\n"]);
    write(&mut sink, &mut batch).unwrap();
    let error = flush(&mut sink).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Write);
    let told = crate::error::chain(&error);
    assert!(
        told.starts_with("cannot write to stdout: No space left"),
        "{told}"
    );
    assert!(!sink.traffic.is_closed());
    assert_eq!(batch.figures(), (0, 1, 0, 0));
}

#[cfg(unix)]
#[test]
fn a_descriptor_that_somebody_made_non_blocking_loses_nothing() {
    use std::os::unix::net::UnixStream;
    let (reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let mut sink = over(writer, Limits::default());
    let mut batch = Batch::of(&[&flood(), "end\n"]);
    write(&mut sink, &mut batch).unwrap();
    let mut read = Vec::new();
    let mut reader = reader.take(FLOOD as u64 + 4);
    reader.read_to_end(&mut read).unwrap();
    assert_eq!(read.len(), FLOOD + 4);
    assert!(read.ends_with(b"\nend\n"));
    flush(&mut sink).unwrap();
    assert_eq!(batch.figures(), (2, 0, 0, FLOOD as u64 + 4));
}

#[test]
fn many_lines_arrive_whole_and_in_order() {
    let (mut sink, mut reader) = to_pipe(Limits {
        in_flight_bytes: 10_000,
        wait: LONG,
    });
    let read = thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text).unwrap()
    });
    let mut batch = Batch::of(&[]);
    let mut expected = String::new();
    for number in 0..5_000 {
        let line = format!("{number} {}\n", "-".repeat(number % 97));
        batch.extend(&[&line]);
        expected.push_str(&line);
        if number % 7 == 0 {
            write(&mut sink, &mut batch).unwrap();
        }
    }
    write(&mut sink, &mut batch).unwrap();
    sink.close(LONG);
    drop(sink);
    assert_eq!(read.join().unwrap(), expected);
    assert_eq!(batch.figures(), (5_000, 0, 0, expected.len() as u64));
}

#[test]
fn closing_ends_the_thread_and_later_lines_are_out_when_the_call_returns() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&["one\n"]);
    write(&mut sink, &mut batch).unwrap();
    sink.close(LONG);
    assert!(sink.running.is_none());
    flush(&mut sink).unwrap();
    assert!(sink.running.is_none());

    batch.extend(&["two\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert_eq!(batch.figures(), (2, 0, 0, 8));
    assert_eq!(take(&mut reader, 8), b"one\ntwo\n");
    batch.extend(&["three\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert_eq!(batch.figures(), (3, 0, 0, 14));
}

#[test]
fn closing_leaves_a_stuck_thread_behind_and_it_goes_on_when_somebody_reads() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();
    let begin = Instant::now();
    sink.close(Duration::from_millis(10));
    assert!(begin.elapsed() < LONG);
    assert!(sink.running.is_some());

    sink.stuck_at = Some(sink.traffic.delivered());
    sink.limits.in_flight_bytes = usize::MAX;
    batch.extend(&["late\n"]);
    write(&mut sink, &mut batch).unwrap();
    assert_eq!(batch.figures(), (0, 0, 0, 0));

    let read = take(&mut reader, FLOOD + 5);
    assert!(read.ends_with(b"\nlate\n"));
    flush(&mut sink).unwrap();
    assert_eq!(batch.figures(), (2, 0, 0, FLOOD as u64 + 5));
}

#[test]
fn lines_on_their_way_still_come_when_the_sink_is_dropped() {
    let (mut sink, mut reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&[&flood(), "end\n"]);
    write(&mut sink, &mut batch).unwrap();
    drop(sink);
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert!(read.ends_with(b"\nend\n"));
}

#[test]
fn flushes_that_nobody_can_confirm_do_not_pile_up() {
    let (mut sink, _reader) = to_pipe(Limits::default());
    let mut batch = Batch::of(&[&flood()]);
    write(&mut sink, &mut batch).unwrap();
    let (answer, answers) = unbounded();
    for _ in 0..=WAITING_MESSAGES + 1 {
        sink.flush(FlushTicket::new(0, answer.clone()));
    }
    let refused = answers
        .recv_deadline(deadline_in(LONG))
        .unwrap()
        .1
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TimedOut);
    sink.close(LONG);
    assert!(sink.running.is_some());
}

#[test]
fn a_thread_that_panicked_costs_its_lines_and_is_replaced() {
    let mut sink = over(PanicsOnce(true), Limits::default());
    let mut batch = Batch::of(&["one\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap_err();
    batch.extend(&["two\n"]);
    let error = write(&mut sink, &mut batch).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(batch.figures(), (0, 2, 0, 0));

    batch.extend(&["three\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(batch.figures(), (1, 2, 0, 6));
}

struct PanicsOnce(bool);

impl Write for PanicsOnce {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!std::mem::take(&mut self.0), "on purpose");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_streams_have_the_names_people_know() {
    assert_eq!(Stream::Stdout.to_string(), "stdout");
    assert_eq!(Stream::Stderr.to_string(), "stderr");
}

/// Set in the child: which stream it logs to.
const CHILD: &str = "HESTIA_TEST_CONSOLE_CHILD";

#[test]
fn lines_go_to_the_stream_of_the_process() {
    let name = thread::current().name().map(String::from);
    if let Ok(stream) = std::env::var(CHILD) {
        return child(if stream == "stdout" {
            Stream::Stdout
        } else {
            Stream::Stderr
        });
    }
    for stream in [Stream::Stdout, Stream::Stderr] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "--test-threads=1"])
            .arg(name.as_deref().unwrap())
            .env(CHILD, stream.to_string())
            .output()
            .unwrap();
        assert!(output.status.success());
        let (told, silent) = match stream {
            Stream::Stdout => (output.stdout, output.stderr),
            Stream::Stderr => (output.stderr, output.stdout),
        };
        let has_line = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("to the stream\n");
        assert!(has_line(&told));
        assert!(!has_line(&silent));
    }
}

fn child(stream: Stream) {
    let mut sink = ConsoleSink::new(stream).unwrap();
    let mut batch = Batch::of(&["to the stream\n"]);
    write(&mut sink, &mut batch).unwrap();
    flush(&mut sink).unwrap();
    assert_eq!(batch.figures(), (1, 0, 0, 14));
}
