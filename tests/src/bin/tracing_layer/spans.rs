//! Spans: in each other, beside scopes, on several threads, in any order.

use std::cell::Cell;
use std::sync::Barrier;
use std::thread;

use hestia::hlog;
use hestia::tracing::{SpanEvents, install, layer};
use tracing::Span;
use tracing_subscriber::layer::SubscriberExt as _;

use super::{Outcome, builder};

pub(super) fn nested() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().span_list(true)))?;
    log::info!("outside");
    let outer = tracing::info_span!("outer", key = "outer", outer = 1).entered();
    log::info!("in outer");
    {
        let inner = tracing::info_span!("inner", key = "inner", inner = 2);
        let _entered = inner.enter();
        tracing::info!("in inner");
        tracing::info!(key = "call", "in inner, with its own");
        hlog!(info, key = "hlog", "in inner, by hlog");
        tracing::info!(parent: &*outer, "in outer, by its parent");
        tracing::info!(parent: None, "in none");
        let off = tracing::trace_span!("off", off = 1);
        off.in_scope(|| {
            tracing::info!("in inner, past a span that is off");
            let below = tracing::info_span!("below");
            below.in_scope(|| tracing::info!("below, in inner"));
        });
        let root = tracing::info_span!(parent: None, "root", root = 1);
        root.in_scope(|| log::info!("in root"));
        let sibling = tracing::info_span!(parent: &*outer, "sibling", sibling = 1);
        sibling.follows_from(&inner);
        sibling.in_scope(|| log::info!("in sibling"));
    }
    {
        // Scopes of hestia's and spans, in turn.
        let _scope = hestia::scope!(scope = 1);
        let span = tracing::info_span!("in_scope", key = "in_scope").entered();
        log::info!("in a span in a scope");
        let scope = hestia::scope!(key = "scope", deeper = 1);
        tracing::info!("in a scope in a span");
        drop(span);
        tracing::info!("the scope outlives the span");
        drop(scope);
        let detached = hestia::Scope::detached().with("detached", 1);
        detached.run(|| {
            let span = tracing::info_span!("in_detached");
            span.in_scope(|| tracing::info!("in a span in a detached scope"));
        });
    }
    Span::none().in_scope(|| log::info!("in outer again"));
    drop(outer);
    log::info!("outside again");
    // A span that a scope has left for it.
    let span = hestia::Scope::new().with("left", 1).run(|| {
        let entered = tracing::info_span!("leaks", leaked = 1).entered();
        tracing::info!("in what leaks");
        entered
    });
    tracing::info!("after the scope");
    let inside = tracing::info_span!("inside");
    inside.in_scope(|| tracing::info!("inside of what leaked"));
    drop(span);
    // One that nobody leaves, and which is gone.
    let forgotten = tracing::info_span!("forgotten", forgotten = 1);
    std::mem::forget(forgotten.enter());
    tracing::info!("in what is forgotten");
    drop(forgotten);
    tracing::info!("at the end");
    Ok(())
}

pub(super) fn any_order() -> Outcome {
    builder().tracing(true).init()?;
    let one = tracing::info_span!("one", one = 1);
    let two = tracing::info_span!("two", two = 1);
    let first = one.clone().entered();
    let second = two.clone().entered();
    log::info!("two: both entered");
    drop(first);
    log::info!("two: one left");
    let again = one.clone().entered();
    log::info!("one: entered again");
    let thrice = one.clone().entered();
    log::info!("one: and again");
    drop(again);
    log::info!("one: left once");
    drop(second);
    log::info!("one: two left");
    drop(thrice);
    log::info!("none: all left");
    Ok(())
}

pub(super) fn recorded() -> Outcome {
    builder().tracing(true).init()?;
    let span = tracing::info_span!("work", early = 1, late = tracing::field::Empty);
    span.in_scope(|| {
        tracing::info!("before");
        span.record("late", 5);
        tracing::info!("after");
        span.record("late", "six").record("early", 2);
        log::info!("again");
        let child = tracing::info_span!("child");
        let _child = child.enter();
        span.record("late", 7);
        tracing::info!("in a child that was there before");
        tracing::info!(parent: &span, "in the span itself");
        // Not a field of it: `tracing` does nothing.
        span.record("unknown", 1);
    });
    for number in 0..1_000 {
        span.record("late", number);
    }
    span.in_scope(|| tracing::info!("often"));
    Ok(())
}

pub(super) fn threads() -> Outcome {
    builder().tracing(true).init()?;
    let span = tracing::info_span!("shared", late = tracing::field::Empty);
    let all_in = Barrier::new(4);
    let recorded = Barrier::new(4);
    thread::scope(|scope| {
        for number in 0..4 {
            let (span, all_in, recorded) = (&span, &all_in, &recorded);
            scope.spawn(move || {
                let own = tracing::info_span!("own", number);
                for round in 0..100 {
                    let _shared = span.enter();
                    let _own = own.enter();
                    tracing::info!(number, round, "in own");
                    log::info!("{number} {round}");
                }
                let _shared = span.enter();
                all_in.wait();
                if number == 0 {
                    span.record("late", 1);
                }
                recorded.wait();
                tracing::info!(of_recorder = number == 0, "on the thread");
                drop(_shared);
                let _again = span.enter();
                tracing::info!("entered again");
            });
        }
    });
    Ok(())
}

/// Events and spans when the thread's locals go, whichever of them go first.
pub(super) fn at_thread_end() -> Outcome {
    struct AtTheEnd(Cell<Option<tracing::span::EnteredSpan>>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            tracing::info!("an event");
            log::info!("a record");
            drop(self.0.take());
            tracing::info!("after the span");
        }
    }
    thread_local!(static LAST: AtTheEnd = const { AtTheEnd(Cell::new(None)) });
    builder().tracing(true).init()?;
    for number in 0..20 {
        let run = move || {
            if number % 2 == 0 {
                LAST.with(|_| ());
            }
            let span = tracing::info_span!("kept", number).entered();
            tracing::info!("before");
            LAST.with(|last| last.0.set(Some(span)));
        };
        thread::spawn(run).join().expect("no panic");
    }
    Ok(())
}

pub(super) fn span_events() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().span_events(SpanEvents::FULL)))?;
    let span = tracing::info_span!("work", id = 1);
    span.in_scope(|| tracing::info!("inside"));
    let second = span.clone();
    thread::spawn(move || second.in_scope(|| ()))
        .join()
        .expect("no panic");
    drop(span);
    tracing::debug_span!("off").in_scope(|| ());
    Ok(())
}

pub(super) fn trace_ids() -> Outcome {
    builder().init()?;
    install(tracing_subscriber::registry().with(layer().trace_ids(true)))?;
    log::info!("outside");
    for _ in 0..2 {
        let _root = tracing::info_span!("root").entered();
        log::info!("in root");
        let _child = tracing::info_span!("child").entered();
        tracing::info!("in child");
    }
    let _trace =
        hestia::trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
    let _span = tracing::info_span!("request").entered();
    tracing::info!("in a caller's trace");
    let mut headers = Vec::new();
    hestia::trace::inject(|name, value| headers.push(format!("{name}: {value}")));
    tracing::info!(header = headers.join("\n"), "passed on");
    Ok(())
}
