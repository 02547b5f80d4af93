//! The thread that follows the file (`hestia-watch`), one in each process.
//!
//! It bears no mark of hestia's own, since it waits for the writer as the program's threads do. On Linux it sleeps until
//! the system tells that a name on the way to the file has changed; elsewhere it looks now and then.
//!
//! *Invariant:* what is in the file is taken once it stays the same for a moment, and only if it is something else than it
//! was at the last look.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::reload::Reloaded;
use super::{Source, text_of};
use crate::error::chain;
use crate::internal;
use crate::logger::pipeline::{self, Pipeline};
use crate::sync::lock;
use crate::thread;

#[cfg(all(target_os = "linux", not(hestia_portable)))]
mod names;

/// How long the file stays the same before it is believed to be written.
const SETTLED: Duration = Duration::from_millis(20);
/// The longest that is waited for that.
const MOST_LOOKS: u32 = 50;
/// How much longer a file that cannot be followed is given: half of it may be written, or it may be about to come back.
const SECOND_CHANCE: Duration = Duration::from_millis(300);
/// How often is looked where the system does not tell.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Starts to follow the pipeline's file, if it has one that is to be followed; once in each process.
pub(in crate::logger) fn watch(pipeline: &'static Pipeline) {
    static WATCHING_IN: AtomicU32 = AtomicU32::new(0);
    let Some(source) = &pipeline.source else {
        return;
    };
    let process = std::process::id();
    if !pipeline.settings.watch.value || WATCHING_IN.swap(process, Ordering::AcqRel) == process {
        return;
    }
    if let Err(error) = thread::start(c"hestia-watch", || run(source)) {
        internal::tell("config", format!("cannot follow the file: {error}"));
    }
}

fn run(source: &'static Source) {
    // What has changed since it was read.
    look(source);
    #[cfg(all(target_os = "linux", not(hestia_portable)))]
    if let Err(error) = names::follow(&source.path, || look(source)) {
        let why =
            format!("the system does not tell of changes ({error}); it is looked at every 2 s");
        internal::note("config", why);
    }
    loop {
        sleep(LOOK_EVERY);
        look(source);
    }
}

/// Takes what is in the file now, and says what came of it.
fn look(source: &Source) {
    if source.knows(&text_of(&source.path)) {
        return;
    }
    let mut text = settled(source);
    // Who writes a file anew empties it first.
    let is_empty = text.as_ref().is_ok_and(String::is_empty);
    if !source.knows(&text) && (is_empty || !source.is_good(&text)) {
        sleep(SECOND_CHANCE);
        text = settled(source);
    }
    let Some(pipeline) = pipeline::running() else {
        return;
    };
    let result = {
        let _turn = lock(&source.turn);
        if source.knows(&text) {
            return;
        }
        source.take(pipeline, text)
    };
    // Told without the turn: the error hook may want the file read again.
    match result {
        Ok(reloaded) => tell(source, &reloaded),
        Err(error) => {
            let what = format!("{}; the settings stay as they were", chain(&error));
            internal::trouble("config", what);
        }
    }
}

/// What is in the file once it stays the same for a moment.
fn settled(source: &Source) -> Result<String, String> {
    let mut text = text_of(&source.path);
    for _ in 0..MOST_LOOKS {
        sleep(SETTLED);
        let again = text_of(&source.path);
        if again == text {
            break;
        }
        text = again;
    }
    text
}

fn tell(source: &Source, reloaded: &Reloaded) {
    let what = format!("{}: {reloaded}", source.path.display());
    if reloaded.has_news {
        internal::advise("config", what);
    } else {
        internal::note("config", what);
    }
}
