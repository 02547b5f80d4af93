//! What happens on a signal: everything is written before the process ends, files are opened anew, or levels move.
//!
//! A thread of hestia's listens (`hestia-signals`), one in each process. It bears no mark of hestia's own,
//! since it waits for the writer as the program's threads do.
//!
//! *Invariant:* the exit status stays true: a signal ends the process as if nobody had handled it.

#[cfg(unix)]
pub(super) use unix::{listen, orphan};

#[cfg(not(unix))]
pub(super) fn listen(_: &super::settings::Settings) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::sync::{Arc, OnceLock};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::flag::register_conditional_default;
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use crate::error::chain;
    use crate::internal;
    use crate::logger::pipeline::Pipeline;
    use crate::logger::settings::{Settings, Signal};
    use crate::logger::{current, exit};
    use crate::thread;

    fn number(signal: Signal) -> i32 {
        match signal {
            Signal::Terminate => SIGTERM,
            Signal::Interrupt => SIGINT,
            Signal::HangUp => SIGHUP,
        }
    }

    /// While no thread listens, signals do what they do by default: in a forked child that has not logged,
    /// and where the thread could not be started.
    static ORPHANED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// In the fork handler: stores a flag, which is async-signal-safe.
    pub(in crate::logger) fn orphan() {
        if let Some(orphaned) = ORPHANED.get() {
            orphaned.store(true, Ordering::Release);
        }
    }

    /// Starts a thread that listens, once in each process.
    pub(in crate::logger) fn listen(settings: &Settings) -> io::Result<()> {
        static LISTENING_IN: AtomicU32 = AtomicU32::new(0);
        let drain: Vec<i32> = settings
            .drain_on
            .value
            .iter()
            .copied()
            .map(number)
            .collect();
        let mut wanted = drain.clone();
        wanted.extend(settings.reopen_on_hang_up.value.then_some(SIGHUP));
        if settings.level_signals.value {
            wanted.extend([SIGUSR1, SIGUSR2]);
        }
        let process = std::process::id();
        if wanted.is_empty() || LISTENING_IN.swap(process, Ordering::AcqRel) == process {
            return Ok(());
        }
        let orphaned = default_where_orphaned(&drain)?;
        let signals = Signals::new(&wanted)?;
        thread::start(c"hestia-signals", move || handle(signals, &drain))?;
        orphaned.store(false, Ordering::Release);
        Ok(())
    }

    /// Registered before the listening itself, so that it is asked first.
    fn default_where_orphaned(drain: &[i32]) -> io::Result<&'static Arc<AtomicBool>> {
        if let Some(orphaned) = ORPHANED.get() {
            return Ok(orphaned);
        }
        let orphaned = ORPHANED.get_or_init(|| Arc::new(AtomicBool::new(true)));
        for signal in drain {
            register_conditional_default(*signal, Arc::clone(orphaned))?;
        }
        Ok(orphaned)
    }

    fn handle(mut signals: Signals, drain: &[i32]) {
        for signal in &mut signals {
            let Some(pipeline) = current() else {
                continue;
            };
            match signal {
                _ if drain.contains(&signal) => end(pipeline, signal),
                SIGUSR1 => shift_levels(pipeline, "SIGUSR1", 1),
                SIGUSR2 => shift_levels(pipeline, "SIGUSR2", -1),
                _ => {
                    let limit = pipeline.settings.exit_limit.value;
                    if let Err(error) = pipeline.reopen(limit) {
                        internal::trouble("signals", chain(&error));
                    }
                }
            }
        }
    }

    fn shift_levels(pipeline: &Pipeline, name: &str, by: i8) {
        let what = match pipeline.shift_levels(by) {
            Some(levels) => format!("{name}: the level is {levels} now"),
            None if by > 0 => format!("{name}: everything is at `trace` already"),
            None => format!("{name}: everything is `off` already"),
        };
        internal::note("signals", what);
    }

    /// Writes everything, then does what the signal does to a program that does not handle it, so that
    /// the exit status stays true.
    fn end(pipeline: &'static Pipeline, signal: i32) {
        exit::write_everything(pipeline, "signals");
        if let Err(error) = emulate_default_handler(signal) {
            internal::trouble("signals", chain(&error));
        }
    }
}
