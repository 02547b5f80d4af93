//! Programs whose records are in scopes and traces: on one thread, on several, in tasks.

use std::cell::{Cell, RefCell};
use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::mem;
use std::pin::Pin;
use std::process;
use std::task::{Context, Waker};
use std::thread;

use hestia::trace::{self, TraceContext};
use hestia::{Builder, InScope, Scope, ScopeGuard, hlog, scope};
use hestia_tests::figures::tell;
use hestia_tests::records::StopsTheWriter;
use log::info;
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["nested"] => nested(),
        ["shadowed"] => shadowed(),
        ["any_order"] => any_order(),
        ["threads"] => threads(),
        ["left_while_logging"] => left_while_logging(),
        ["at_thread_end"] => at_thread_end(),
        ["traces"] => traces(),
        ["tasks", count] => tasks(count.parse()?),
        ["guards_in_tasks"] => guards_in_tasks(),
        ["encoded_once"] => encoded_once(),
        ["polled_by_hand"] => polled_by_hand(),
        ["churn", count] => churn(count.parse()?),
        ["elsewhere"] => elsewhere(),
        ["crash"] => crash(),
        ["start"] => start(),
        _ => Err(format!("there is no scenario {words:?}").into()),
    }
}

fn builder() -> Builder {
    hestia::builder().app("context").console(false)
}

fn nested() -> Outcome {
    builder().init()?;
    info!("outside");
    let request = scope!(request_id = 17, user.name = "ada", user.id = 5_u8);
    info!("in one");
    {
        let _query = scope!(query = %"orders", attempt = 2, ratio = 0.5);
        info!("in two");
        info!(own = true; "in two, with its own");
        hlog!(info, own = true, "hlog in two");
        hlog!(info, target: "elsewhere", "hlog in two, elsewhere");
        hlog!(info, answer = ?Some(42), "{} arguments in two", 2);
        hestia::info!("info in two");
    }
    info!("in one again");
    drop(request);
    info!("outside again");
    Ok(())
}

fn shadowed() -> Outcome {
    builder()
        .metadata("key", "process")
        .metadata("process", 1)
        .init()?;
    let audit = hestia::logger("audit")
        .metadata("key", "logger")
        .metadata("logger", 1);
    info!(logger: audit, "logger over process");
    let _outer = scope!(key = "outer", outer = 1);
    info!(logger: audit, "scope over logger");
    let _inner = scope!(key = "inner", inner = 1);
    info!(logger: audit, "inner over outer");
    hlog!(info, logger: audit, key = "call", "call over inner");
    info!(logger: audit, key = "call"; "log's call over inner");
    hlog!(info, key = "call", "without a logger");
    Ok(())
}

/// Guards are dropped in any order, or never.
fn any_order() -> Outcome {
    builder().init()?;
    let (a, b, c) = (scope!(a = 1), scope!(b = 2), scope!(c = 3));
    info!("a b c");
    drop(b);
    info!("a b c: what is inside stays inside");
    drop(c);
    info!("a");
    drop(a);
    info!("none");
    let scope = Scope::new().with("run", 1);
    let kept = scope.run(|| {
        let kept = scope!(kept = 1);
        info!("run kept");
        kept
    });
    info!("none: what is entered in a run ends with it");
    drop(kept);
    let outer = scope!(outer = 1);
    scope.run(move || {
        info!("run: a scope has its own surroundings");
        drop(outer);
        info!("run: still");
    });
    info!("none: the outer one was left inside");
    mem::forget(scope!(forgotten = 1));
    info!("forgotten");
    Scope::detached().run(|| info!("none: detached"));
    info!("forgotten");
    Ok(())
}

/// A value that counts how often it is looked at.
struct Counted<'c>(&'c Cell<u64>);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.set(self.0.get() + 1);
        write!(out, "looked at {} times", self.0.get())
    }
}

fn encoded_once() -> Outcome {
    builder().init()?;
    let count = Cell::new(0);
    let _scope = scope!(value = %Counted(&count));
    for _ in 0..50 {
        info!("in it");
        hlog!(info, "in it");
    }
    assert_eq!(count.get(), 1);
    Ok(())
}

/// One future, polled now here and now there: no runtime is needed for its scope, and none is in the way.
fn polled_by_hand() -> Outcome {
    builder().init()?;
    let steps = async {
        for step in 0..6 {
            info!(step; "a step");
            tokio::task::yield_now().await;
        }
    };
    type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
    let mut future: Task = Box::pin(steps.in_scope(Scope::new().with("request_id", 17)));
    let poll = |future: &mut Task| {
        let outcome = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        info!("outside");
        outcome
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    for _ in 0..2 {
        assert!(poll(&mut future).is_pending());
        thread::scope(|threads| {
            threads.spawn(|| assert!(poll(&mut future).is_pending()));
        });
        runtime.block_on(async { assert!(poll(&mut future).is_pending()) });
    }
    assert!(poll(&mut future).is_ready());
    Ok(())
}

fn threads() -> Outcome {
    builder().init()?;
    let guard = scope!(request_id = 17);
    let scope = guard.scope();
    thread::scope(|threads| {
        threads.spawn(|| info!("none"));
        for number in 0..4_u64 {
            let scope = &scope;
            threads.spawn(move || {
                for _ in 0..200 {
                    let _entered = scope.attach();
                    let _own = scope!(thread_number = number);
                    info!("both {number}");
                }
                info!("none");
            });
        }
    });
    drop(guard);
    info!("none");
    // The last owner goes on another thread than the one that logged.
    let scope = Scope::new().with("moved", 1);
    scope.run(|| info!("moved"));
    thread::spawn(move || drop(scope)).join().expect("no panic");
    Ok(())
}

/// Leaves a scope, gives it up and makes others in its place, while the record that is in it is made.
struct Leaves<'g>(&'g RefCell<Option<ScopeGuard>>);

impl fmt::Display for Leaves<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        drop(self.0.borrow_mut().take());
        let _ = hestia::flush();
        for number in 0..100 {
            let _other = scope!(other = number);
            info!("other");
            let _ = hestia::flush();
        }
        out.write_str("left")
    }
}

fn left_while_logging() -> Outcome {
    builder().init()?;
    for round in 0..10_u32 {
        let guard = RefCell::new(Some(scope!(round, text = "x".repeat(100))));
        info!("{}", Leaves(&guard));
    }
    Ok(())
}

fn at_thread_end() -> Outcome {
    struct Last(Option<ScopeGuard>);
    impl Drop for Last {
        fn drop(&mut self) {
            info!("at the thread's end");
            let _late = scope!(late = 1);
            info!("at the thread's end, in a scope");
            drop(self.0.take());
            info!("at the very end");
        }
    }
    thread_local! {
        static LAST: RefCell<Last> = const { RefCell::new(Last(None)) };
    }
    builder().init()?;
    for _ in 0..20 {
        let ends = thread::spawn(|| {
            LAST.with(|last| last.borrow_mut().0 = Some(scope!(kept_to_the_end = 1)));
            info!("before its end");
        });
        ends.join().expect("no panic");
    }
    Ok(())
}

fn traces() -> Outcome {
    builder().init()?;
    info!("no trace");
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = trace::from_traceparent(header)?;
    info!(span = format!("{:016x}", request.ids().span_id); "request");
    let scope = scope!(request_id = 17);
    let query = trace::child();
    assert_eq!(query.parent_id(), Some(request.ids().span_id));
    hlog!(
        info,
        span = format!("{:016x}", query.ids().span_id),
        "query"
    );
    hlog!(info, "{}", Some(1).map_or(0, |one| one + 1));
    drop(query);
    hlog!(info, "request again");
    drop((scope, request));
    let started = trace::start();
    let mut headers = Vec::new();
    trace::inject(|name, value| headers.push((name, value.to_owned())));
    assert_eq!(
        TraceContext::from_headers(headers).map(|read| read.ids()),
        Some(started.ids())
    );
    info!(trace = format!("{:032x}", started.ids().trace_id); "started");
    Ok(())
}

/// Each task logs what its scope says, in between it lets others run, on whichever thread.
async fn work(task: u64, parent: Option<u64>) {
    let mut random = task.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for step in 0..4_u64 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        for _ in 0..random % 4 {
            tokio::task::yield_now().await;
        }
        if step % 2 == 0 {
            info!(said = task, step, parent; "step");
        } else {
            let _inner = scope!(step);
            hlog!(info, said = task, parent, "step");
        }
    }
}

fn tasks(count: u64) -> Outcome {
    builder().init()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for task in 0..count {
            let scope = scope!(task, text = format!("task {task}"));
            let trace = trace::start();
            let all = trace.scope();
            drop((scope, trace));
            running.spawn(
                async move {
                    work(task, None).await;
                    // One that is spawned to do part of the work.
                    let part = work(task, Some(task)).in_current_scope();
                    tokio::spawn(part).await.expect("no panic");
                }
                .in_scope(all),
            );
        }
        while let Some(done) = running.join_next().await {
            done.expect("no panic");
        }
    });
    // What is dropped unfinished is dropped in its scope.
    struct Dropped;
    impl Drop for Dropped {
        fn drop(&mut self) {
            info!("dropped");
        }
    }
    let dropped = Dropped;
    let unfinished = async move {
        let _dropped = dropped;
        std::future::pending::<()>().await;
    };
    drop(unfinished.in_scope(Scope::new().with("unfinished", 1)));
    Ok(())
}

/// What must not be done, on a runtime of one thread that allows it: it may carry too little, never another task's.
fn guards_in_tasks() -> Outcome {
    builder().init()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let tasks: Vec<_> = (0..50_u64)
            .map(|task| {
                tokio::task::spawn_local(
                    async move {
                        for _ in 0..4 {
                            let _guard = scope!(inner = task);
                            tokio::task::yield_now().await;
                            info!(said = task; "step");
                        }
                    }
                    .in_scope(scope!(task)),
                )
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    info!("none");
    Ok(())
}

/// The most memory that the process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.unwrap_or(0)
}

/// Opens and closes scopes, some of which nothing is logged in, and while nothing is logged at all.
fn churn(count: u64) -> Outcome {
    builder().init()?;
    let text = "x".repeat(200);
    let round = |logs: u64| {
        for number in 0..count {
            let _scope = scope!(number, text);
            if logs != 0 && number % logs == 0 {
                info!("in it");
            }
        }
    };
    round(10);
    let before = peak_kib();
    round(10);
    round(0);
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| round(100));
        }
    });
    tell(&json!({ "grown_kib": peak_kib().saturating_sub(before) }));
    Ok(())
}

/// While another logger is installed, it gets the key-values of scopes too.
fn elsewhere() -> Outcome {
    struct Prints;
    impl log::Log for Prints {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &log::Record<'_>) {
            let keys: std::collections::BTreeMap<_, _> = Keys::of(record);
            tell(&json!({ "message": record.args().to_string(), "keys": keys }));
        }
        fn flush(&self) {}
    }
    struct Keys(std::collections::BTreeMap<String, String>);
    impl Keys {
        fn of(record: &log::Record<'_>) -> std::collections::BTreeMap<String, String> {
            let mut keys = Keys(Default::default());
            let _ = record.key_values().visit(&mut keys);
            keys.0
        }
    }
    impl<'kvs> log::kv::VisitSource<'kvs> for Keys {
        fn visit_pair(
            &mut self,
            key: log::kv::Key<'kvs>,
            value: log::kv::Value<'kvs>,
        ) -> Result<(), log::kv::Error> {
            self.0.insert(key.to_string(), value.to_string());
            Ok(())
        }
    }
    log::set_boxed_logger(Box::new(Prints))?;
    log::set_max_level(log::LevelFilter::Trace);
    let _scope = scope!(request_id = 17);
    hlog!(info, own = 1, "hlog");
    Ok(())
}

fn crash_safe() -> Builder {
    builder().text(false).crash_safe("rings")
}

fn start() -> Outcome {
    crash_safe().init()?;
    Ok(())
}

/// What was in a scope is so after the process was killed, too.
fn crash() -> Outcome {
    crash_safe()
        .json(hestia::JsonFile::new("logs/app.log").filter(StopsTheWriter))
        .init()?;
    // What the records say of it means nothing to whoever recovers them.
    let _capture = hestia::testing::capture();
    let _trace = TraceContext::of(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 7)?.enter();
    let _outer = scope!(key = "outer", outer = 1);
    let _scope = scope!(key = "inner", list = [1, 2, 3].as_slice());
    info!("log's");
    hlog!(info, own = 1, "hlog's");
    hlog!(info, "of {} arguments", 1);
    process::abort();
}
