//! Long runs, forks and kills.

#[cfg(unix)]
use std::sync::Mutex;
use std::thread;

#[cfg(unix)]
use hestia::tracing::{install, layer};
use hestia_tests::figures;
#[cfg(unix)]
use hestia_tests::forks;
use hestia_tests::kernel::peak_kib;
use hestia_tests::records::StopsTheWriter;
use serde_json::json;
#[cfg(unix)]
use tracing_subscriber::Layer;
#[cfg(unix)]
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Outcome, builder, crash_safe};

/// Spans that come and go.
pub(super) fn churn(count: u64) -> Outcome {
    builder()
        .text(false)
        .json("/dev/null")
        .tracing(true)
        .init()?;
    let round = |count: u64| {
        for number in 0..count {
            let span = tracing::info_span!("request", number, text = "x".repeat(200));
            let _entered = span.enter();
            tracing::info!("in it");
            span.record("text", "shorter");
        }
    };
    round(count);
    let before = peak_kib()?;
    round(count);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| round(count / 4));
        }
    });
    figures::tell(&json!({ "grown_kib": peak_kib()? - before }));
    Ok(())
}

#[cfg(unix)]
pub(super) fn fork() -> Outcome {
    let hestia = builder().tracing(true).init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    tracing::info!("in the parent");
    let child = forks::in_child(|| {
        tracing::info!("in the child");
        hestia.set_level("debug")?;
        tracing::debug!("in the child, at another level");
        let own = tracing::info_span!("own", own = 1);
        own.in_scope(|| log::info!("in the child's own span"));
        hestia.flush()?;
        forks::leave()
    })?;
    child.finish()
}

/// A child that is forked while another thread of the parent's holds the locks of `tracing`'s statements.
#[cfg(unix)]
pub(super) fn fork_while_locked() -> Outcome {
    use std::sync::mpsc::{Receiver, Sender, channel};
    /// Stops whoever asks about a statement with this target, under those locks.
    struct Stops(Mutex<(Sender<()>, Receiver<()>)>);
    impl<S: tracing::Subscriber> Layer<S> for Stops {
        fn register_callsite(
            &self,
            metadata: &'static tracing::Metadata<'static>,
        ) -> tracing::subscriber::Interest {
            if metadata.target() == "stops" {
                let stop = self.0.lock().expect("no panic");
                let _ = stop.0.send(());
                let _ = stop.1.recv();
            }
            tracing::subscriber::Interest::always()
        }
    }
    let (stopped, is_stopped) = channel();
    let (go_on, may_go_on) = channel();
    builder().init()?;
    install(
        tracing_subscriber::registry()
            .with(layer())
            .with(Stops(Mutex::new((stopped, may_go_on)))),
    )?;
    let logs = || tracing::info!("before and after");
    logs();
    let stops = thread::spawn(|| tracing::info!(target: "stops", "stopped"));
    is_stopped.recv()?;
    let child = forks::in_child(|| {
        logs();
        log::info!("in the child");
        hestia::flush()?;
        forks::leave()
    })?;
    let outcome = child.finish();
    go_on.send(())?;
    stops.join().expect("no panic");
    outcome
}

/// Killed with records in the queue.
pub(super) fn crash() -> Outcome {
    crash_safe()
        .json(hestia::JsonFile::new("logs/app.log").filter(StopsTheWriter))
        .init()?;
    let _span = tracing::info_span!("request", id = 17).entered();
    let _inner = tracing::info_span!("inner", key = "inner").entered();
    tracing::info!(own = 1, "tracing's");
    log::info!("log's");
    std::process::abort();
}
