//! OpenTelemetry's current span, as its API has it on this thread. Whoever makes one current is seen: the API itself,
//! `tracing-opentelemetry` for each span of `tracing` that is entered, a propagator for a caller's span.
//!
//! The API keeps it in a local of the thread that panics when it is asked for after its end. So this keeps a local of its
//! own, made after that one, which goes before it.

use std::cell::Cell;
use std::panic::catch_unwind;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};

use crate::callsite::scopes::Reference;
use crate::record::scalar::Out;
use crate::record::{TRACE, append_trace};
use crate::trace_context::{TraceContext, TraceIds};

/// What a record that is written in place says of it.
#[derive(Clone, Copy)]
pub(in crate::callsite) struct Ambient(Option<TraceIds>);

#[inline]
pub(in crate::callsite) fn refer(scope: Reference) -> Ambient {
    Ambient(ids().filter(|_| !scope.has_trace()))
}

impl Ambient {
    #[inline(always)]
    pub(in crate::callsite) fn size(self) -> usize {
        self.0.map_or(0, |_| size_of::<u128>() + size_of::<u64>())
    }

    #[inline(always)]
    pub(in crate::callsite) fn flags(self) -> u32 {
        self.0.map_or(0, |_| TRACE)
    }

    #[inline(always)]
    pub(in crate::callsite) fn write(self, out: &mut impl Out) {
        if let Some(ids) = self.0 {
            append_trace(out, ids);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Not yet, on this thread.
    Never,
    /// It answers.
    Answers,
    /// It does not answer any more: the thread ends.
    Gone,
}

thread_local! {
    /// Without a destructor, so that it outlives all that have one.
    static ASKED: Cell<Asked> = const { Cell::new(Asked::Never) };
    static END: End = const { End };
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        ASKED.set(Asked::Gone);
    }
}

#[inline]
pub(super) fn ids() -> Option<TraceIds> {
    ask(ids_of)
}

pub(super) fn context() -> Option<TraceContext> {
    ask(|span| {
        let TraceIds { trace_id, span_id } = ids_of(span)?;
        let context = TraceContext::of(trace_id, span_id).ok()?;
        let context = context.with_sampled(span.is_sampled());
        let state = span.trace_state().header();
        // Where it is none that the recommendation allows, the trace goes on without it.
        Some(context.clone().with_tracestate(&state).unwrap_or(context))
    })
}

fn ids_of(span: &SpanContext) -> Option<TraceIds> {
    span.is_valid().then(|| TraceIds {
        trace_id: u128::from_be_bytes(span.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(span.span_id().to_bytes()),
    })
}

#[inline]
fn ask<R>(read: impl FnOnce(&SpanContext) -> Option<R>) -> Option<R> {
    match ASKED.get() {
        Asked::Answers => read_current(read),
        Asked::Never if is_there() => read_current(read),
        Asked::Never | Asked::Gone => None,
    }
}

#[inline]
fn read_current<R>(read: impl FnOnce(&SpanContext) -> Option<R>) -> Option<R> {
    Context::map_current(|context| {
        if context.has_active_span() {
            read(context.span().span_context())
        } else {
            None
        }
    })
}

/// The first look on a thread. It may be the last as well, when a thread logs for the first time while it ends: then the
/// panic ends here, and what the panic hook logs finds that there is nobody to ask.
#[cold]
fn is_there() -> bool {
    ASKED.set(Asked::Gone);
    let answers = catch_unwind(|| Context::map_current(|_| ())).is_ok();
    // After the API's own, and so before it at the end.
    if answers && END.try_with(|_| ()).is_ok() {
        ASKED.set(Asked::Answers);
    }
    ASKED.get() == Asked::Answers
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::thread;

    use opentelemetry::trace::{SpanId, TraceFlags, TraceId, TraceState};

    use super::*;

    fn current(trace: u128, span: u64, flags: TraceFlags, state: &str) -> Context {
        Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from_bytes(trace.to_be_bytes()),
            SpanId::from_bytes(span.to_be_bytes()),
            flags,
            true,
            state.parse::<TraceState>().unwrap_or_default(),
        ))
    }

    #[test]
    fn the_current_span_is_found_and_only_while_it_is_current() {
        assert_eq!(ids(), None);
        assert_eq!(context(), None);
        let outer = current(17, 5, TraceFlags::SAMPLED, "vendor=1").attach();
        let expected = |trace_id, span_id| Some(TraceIds { trace_id, span_id });
        assert_eq!(ids(), expected(17, 5));
        let found = context().expect("a context");
        assert!(found.is_sampled());
        assert_eq!(found.tracestate(), Some("vendor=1"));
        {
            let _inner = current(17, 6, TraceFlags::default(), "").attach();
            assert_eq!(ids(), expected(17, 6));
            assert_eq!(context().map(|found| found.is_sampled()), Some(false));
        }
        assert_eq!(ids(), expected(17, 5));
        // One that is none.
        let none = current(0, 0, TraceFlags::default(), "").attach();
        assert_eq!(ids(), None);
        drop((none, outer));
        assert_eq!(ids(), None);
    }

    #[test]
    fn a_thread_that_ends_is_not_asked_any_more() {
        struct AtTheEnd(Mutex<Option<std::sync::mpsc::Sender<bool>>>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                let sender = self.0.lock().ok().and_then(|mut sender| sender.take());
                let answer = catch_unwind(ids).map_or(true, |ids| ids.is_some());
                sender.into_iter().for_each(|sender| {
                    let _ = sender.send(answer);
                });
            }
        }
        thread_local!(static LAST: AtTheEnd = const { AtTheEnd(Mutex::new(None)) });
        // Whichever of the locals is made first.
        for asked_first in [true, false] {
            let (sender, answers) = channel();
            thread::spawn(move || {
                if asked_first {
                    assert_eq!(ids(), None);
                }
                LAST.with(|last| *last.0.lock().expect("no panic") = Some(sender));
                let _context = Context::new().attach();
                if !asked_first {
                    assert_eq!(ids(), None);
                }
            })
            .join()
            .expect("the thread ends well");
            assert_eq!(answers.recv(), Ok(false));
        }
    }
}
