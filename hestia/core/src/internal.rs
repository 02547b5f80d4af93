//! Where hestia's own trouble goes: a count, the internal log, the error hook, one line on stderr.
//!
//! Any thread may report. The line on stderr is written by a short-lived thread of its own, since a
//! stderr that nobody reads would stop the writer thread otherwise.
//!
//! *Invariant:* never enters the queue, never panics, never waits for long; the internal log's file is
//! not created unless it was asked for.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use chrono::Utc;
use once_cell::race::OnceBox;

use crate::clock;
use crate::error::Incident;
use crate::sync::lock_unless_stuck;
use crate::system::above_standard_streams;
use crate::thread::{self, Started, apart_from_panics, mark_own};

/// What the program wants to be told about hestia's own trouble.
pub(crate) type ErrorHook = Arc<dyn Fn(&Incident) + Send + Sync>;

/// A text without its secrets; `None` when it has none.
type Mask = fn(&str) -> Option<String>;

/// At most one line on stderr in this span; what is kept back is counted in the next.
const STDERR_PAUSE: Duration = Duration::from_secs(1);
/// The same for a line that says the same as the last one.
const SAME_PAUSE: Duration = Duration::from_secs(60);
/// The longest that a thread which panics waits for the error hook.
const HOOK_LIMIT: Duration = Duration::from_secs(1);

static ERRORS: AtomicU64 = AtomicU64::new(0);
static MASK: OnceBox<Mask> = OnceBox::new();
static STATE: Mutex<State> = Mutex::new(State {
    file: None,
    hook: None,
    recent: Vec::new(),
    kept_back: 0,
    waiting: VecDeque::new(),
    printer: None,
});

struct State {
    file: Option<File>,
    hook: Option<ErrorHook>,
    /// What was told last, newest at the end.
    recent: Vec<(Instant, Incident)>,
    kept_back: u64,
    /// Lines for stderr; only few, since they come at a limited rate.
    waiting: VecDeque<String>,
    /// The process whose thread prints them.
    printer: Option<u32>,
}

/// How many lines wait for a stderr that nobody reads.
const WAITING_LINES: usize = 16;

fn state() -> Option<MutexGuard<'static, State>> {
    lock_unless_stuck(&STATE)
}

/// Turns the internal log on, and creates its file.
pub(crate) fn open_log(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let file = above_standard_streams(file)?;
    if let Some(mut state) = state() {
        state.file = Some(file);
    }
    Ok(())
}

pub(crate) fn set_hook(hook: Option<ErrorHook>) {
    if let Some(mut state) = state() {
        state.hook = hook;
    }
}

/// From now on nothing is said that has not been looked through by this.
pub(crate) fn set_mask(mask: Mask) {
    // In a forked child it is there already.
    let _ = MASK.set(Box::new(mask));
}

/// How much trouble there was so far.
pub(crate) fn errors() -> u64 {
    ERRORS.load(Ordering::Relaxed)
}

/// Starts a thread of hestia's own: it never waits for hestia, and what it logs goes to the internal log.
pub(crate) fn start_own(
    name: &'static CStr,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<Started> {
    start_boxed(name, Box::new(work))
}

/// For all kinds of work, each of which would have this in the program once more.
fn start_boxed(name: &'static CStr, work: Box<dyn FnOnce() + Send>) -> io::Result<Started> {
    thread::start(name, move || {
        let _own = mark_own();
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            let what = format!(
                "a thread panicked{}; this is a bug in hestia",
                panic_place()
            );
            trouble(&name.to_string_lossy(), what);
        }
    })
}

/// Something went wrong while the program runs.
pub(crate) fn trouble(part: &str, what: String) {
    ERRORS.fetch_add(1, Ordering::Relaxed);
    let incident = incident(part, what);
    let Some(mut state) = state() else { return };
    state.write_log("ERROR", &incident);
    state.tell_stderr(&incident);
    let hook = state.hook.clone();
    drop(state);
    if let Some(hook) = hook {
        apart_from_panics(HOOK_LIMIT, move || call(&hook, &incident));
    }
}

fn call(hook: &ErrorHook, trouble: &Incident) {
    let _own = mark_own();
    if catch_unwind(AssertUnwindSafe(|| hook(trouble))).is_ok() {
        return;
    }
    // Not the hook again: it would panic again.
    ERRORS.fetch_add(1, Ordering::Relaxed);
    let incident = incident("error hook", format!("it panicked{}", panic_place()));
    if let Some(mut state) = state() {
        state.write_log("ERROR", &incident);
        state.tell_stderr(&incident);
    }
}

thread_local! {
    /// Where the thread's last panic was, as long as nobody has asked.
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic on one of hestia's own threads, from inside the panic hook: details for the internal log. The report
/// is for whoever catches it to make.
pub(crate) fn panicked(place: Option<String>, what: &str) {
    let shown = place.as_deref().unwrap_or("an unknown place");
    let incident = incident("panic", format!("at {shown}: {what}"));
    if let Some(mut state) = state() {
        state.write_log("ERROR", &incident);
    }
    // A thread at its very end has no such place any more.
    let _ = PANIC_PLACE.try_with(|last| last.replace(place));
}

/// Where the panic that was just caught on this thread, one of hestia's own, happened: words for the end of
/// what is said about it, or nothing where that is not known.
pub(crate) fn panic_place() -> String {
    let place = PANIC_PLACE.try_with(RefCell::take).ok().flatten();
    place.map_or_else(String::new, |place| format!(" at {place}"))
}

/// Something worth knowing for whoever reads the internal log.
pub(crate) fn note(part: &str, what: String) {
    if let Some(mut state) = state()
        && state.file.is_some()
    {
        state.write_log("INFO", &incident(part, what));
    }
}

/// Something that whoever runs the program has to know while it runs, though nothing went wrong.
#[cfg_attr(
    not(feature = "config"),
    allow(dead_code, reason = "only the watched file has such news")
)]
pub(crate) fn advise(part: &str, what: String) {
    if let Some(mut state) = state() {
        let incident = incident(part, what);
        state.write_log("WARN", &incident);
        state.tell_stderr(&incident);
    }
}

/// Tells the person who started the program, on stderr, at once: for what is found at the start.
pub(crate) fn tell(part: &str, what: String) {
    let incident = incident(part, what);
    if let Some(mut state) = state() {
        state.write_log("WARN", &incident);
        state.recent.push((Instant::now(), incident.clone()));
    }
    // A closed stderr is no reason to fail.
    let _ = writeln!(io::stderr(), "hestia: {incident}");
}

fn incident(part: &str, what: String) -> Incident {
    let hidden = MASK.get().and_then(|mask| mask(&what));
    Incident {
        part: part.to_owned(),
        what: one_line(&hidden.unwrap_or(what)),
    }
}

/// Gives lines for stderr a moment to get out, at the end of the process.
pub(crate) fn settle(limit: Duration) {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        match state() {
            Some(state) if state.printer == Some(std::process::id()) => drop(state),
            _ => return,
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl State {
    fn write_log(&mut self, level: &str, incident: &Incident) {
        if let Some(file) = &mut self.file {
            let time = clock::rfc3339_millis(Utc::now());
            let line = format!("{time} {level:<5} {} | {}\n", incident.part, incident.what);
            // Nobody is left to tell that the internal log itself cannot be written.
            let _ = file.write_all(line.as_bytes());
        }
    }

    fn tell_stderr(&mut self, incident: &Incident) {
        self.recent.retain(|(when, _)| when.elapsed() < SAME_PAUSE);
        let too_soon =
            |(when, told): &(Instant, Incident)| told == incident || when.elapsed() < STDERR_PAUSE;
        if self.recent.iter().any(too_soon) {
            self.kept_back += 1;
            return;
        }
        self.recent.push((Instant::now(), incident.clone()));
        let more = match std::mem::take(&mut self.kept_back) {
            0 => String::new(),
            more => format!(" (and {more} more since the last such line)"),
        };
        if self.waiting.len() < WAITING_LINES {
            self.waiting
                .push_back(format!("hestia: {incident}{more}\n"));
        }
        let process = std::process::id();
        if self.printer != Some(process) {
            let started = start_own(c"hestia-stderr", print_waiting);
            if started.is_ok() {
                self.printer = Some(process);
            }
        }
    }
}

fn print_waiting() {
    loop {
        let Some(mut state) = state() else { continue };
        let Some(line) = state.waiting.pop_front() else {
            state.printer = None;
            return;
        };
        drop(state);
        // A closed stderr is no reason to fail.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Control characters made visible, so that a path or a message cannot forge a line.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(one_line("ünï"), "ünï");
    }
}
