//! What is recorded of a call while it runs, and what calls follow from; each scenario by its name.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use hestia::trace::{self, TraceContext};
use hestia::{InScope, Scope, instrument, record, scope};
use hestia_tests::figures::tell;
use hestia_tests::kernel::peak_kib;
use log::{debug, info};
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let level = env::args().nth(2).unwrap_or_else(|| "debug".to_owned());
    hestia::builder()
        .app("recorded")
        .console(false)
        .level(level)
        .init()?;
    match env::args().nth(1).as_deref() {
        Some("calls") => calls(),
        Some("ends") => ends(),
        Some("scopes") => scopes()?,
        Some("tasks") => tasks()?,
        Some("turns") => turns(),
        Some("causes") => causes(),
        Some("many") => many()?,
        other => return Err(format!("there is no scenario {other:?}").into()),
    }
    Ok(())
}

#[instrument]
fn import(file: &str) -> usize {
    info!("first");
    let rows = 3;
    record!(rows, file = "renamed");
    info!("second");
    deeper();
    {
        let _inner = scope!(step = 1, rows = "hidden");
        info!("third");
        record!(rows = 4, password = "geheim");
        info!("fourth");
        helper();
    }
    info!("fifth");
    rows
}

#[instrument(level = "debug")]
fn deeper() {
    record!(depth = 1);
    debug!("deep");
}

fn helper() {
    record!(from.helper = true);
}

fn calls() {
    record!(nowhere = 1);
    import("orders");
    info!("outside");
}

#[instrument(err)]
fn refuses() -> Result<(), std::io::Error> {
    record!(known = "late");
    Err(std::io::Error::other("no"))
}

#[instrument]
fn panics() {
    record!(known = "late");
    panic!("on purpose");
}

#[instrument(ret)]
fn gives() -> u8 {
    record!(known = "late");
    5
}

#[instrument]
async fn waits_for_ever() {
    record!(known = "late");
    std::future::pending::<()>().await;
}

#[instrument]
async fn panics_later() {
    record!(known = "late");
    poll_fn(|_| -> Poll<()> { panic!("on purpose") }).await;
}

#[instrument]
fn makes() -> impl Future<Output = ()> {
    record!(known = "late");
    async { info!("made") }
}

fn poll_once(future: impl Future) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

fn ends() {
    let _ = refuses();
    let _ = thread::spawn(panics).join();
    gives();
    poll_once(waits_for_ever());
    let _ = thread::spawn(|| poll_once(panics_later())).join();
    poll_once(makes());
}

fn scopes() -> Outcome {
    let outer = scope!(outer = 1);
    let inner = scope!(inner = 1);
    let before = inner.scope();
    record!(late = 1);
    info!("in the inner one");
    let after = inner.scope();
    thread::spawn(move || {
        before.run(|| info!("as it was taken before"));
        after.run(|| {
            record!(there = 1);
            info!("as it was taken after");
        });
    })
    .join()
    .map_err(|_| "a thread panicked")?;
    info!("still in the inner one");
    drop(inner);
    info!("in the outer one");
    drop(outer);
    let traced = Scope::new().with_trace(TraceContext::new());
    let _traced = traced.attach();
    let _one = scope!(one = 1);
    let _other = scope!(other = 1);
    record!(late = 2);
    info!("in all of the trace");
    Scope::detached().run(|| {
        record!(nowhere = 1);
        info!("detached");
    });
    info!("still in all of it");
    Ok(())
}

/// What a task records is its own, on whichever thread it goes on.
fn tasks() -> Outcome {
    #[instrument(started = false)]
    async fn work(task: u64) {
        for turn in 0..4_u64 {
            record!(own = task, turn);
            tokio::task::yield_now().await;
            info!(expected = turn; "turn");
            inside(task).in_scope(scope!(nested = task)).await;
        }
    }
    async fn inside(task: u64) {
        record!(inside = task);
        tokio::task::yield_now().await;
        debug!("inside");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()?;
    runtime.block_on(async {
        let tasks: Vec<_> = (0..1_000).map(|task| tokio::spawn(work(task))).collect();
        for task in tasks {
            task.await?;
        }
        Ok::<_, tokio::task::JoinError>(())
    })?;
    Ok(())
}

/// Two futures inside of one call, polled in turns: each goes on with what was recorded while it ran.
fn turns() {
    #[instrument]
    async fn both() {
        let part = |name: &'static str| {
            async move {
                for turn in 0..2_u64 {
                    record!(by = name, turn);
                    info!("{name}");
                    let mut is_back = false;
                    poll_fn(|_| match std::mem::replace(&mut is_back, true) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    })
                    .await;
                }
            }
            .in_scope(scope!(part = name))
        };
        let mut left = pin!(part("left"));
        let mut right = pin!(part("right"));
        let mut left_is_done = false;
        let mut right_is_done = false;
        poll_fn(|context| {
            left_is_done = left_is_done || left.as_mut().poll(context).is_ready();
            right_is_done = right_is_done || right.as_mut().poll(context).is_ready();
            info!("between");
            match left_is_done && right_is_done {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
    let mut future = pin!(both());
    let mut context = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {}
}

#[instrument(follows_from = causes, skip_all)]
fn follows_list(causes: &[Scope]) {
    info!("in it");
}

#[instrument(follows_from = cause, skip(cause))]
async fn follows_one(cause: Option<TraceContext>) {
    info!("in it");
}

#[instrument(follows_from = [one, other], fields(n = 1), skip_all)]
fn follows_both(one: &TraceContext, other: &TraceContext) {}

fn causes() {
    let (one, other) = (trace::start(), trace::start());
    let mut ids = BTreeMap::new();
    for (name, guard) in [("one", &one), ("other", &other)] {
        ids.insert(name, guard.traceparent());
    }
    tell(&json!(ids));
    let scopes = [one.scope(), other.scope(), Scope::detached()];
    let (first, second) = (TraceContext::clone(&one), TraceContext::clone(&other));
    drop((one, other));
    follows_list(&scopes);
    poll_once(follows_one(Some(first.clone())));
    poll_once(follows_one(None));
    follows_both(&first, &second);
}

/// A call that records all the time needs no more room for it.
fn many() -> Outcome {
    #[instrument]
    fn counts() {
        for count in 0..300_000_u64 {
            record!(count);
            if count % 10 == 0 {
                info!("counted");
            }
        }
    }
    let before = peak_kib()?;
    counts();
    hestia::flush()?;
    tell(&json!({ "before_kib": before, "after_kib": peak_kib()? }));
    Ok(())
}
