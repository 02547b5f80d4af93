//! What `#[hestia::instrument]` expands to: a call of a function as a scope with a span of the trace, and records of its
//! beginning and its end.
//!
//! The thread that calls, or whichever polls the future. *Invariant:* where the span is off, the function runs as if nobody
//! looked.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::{Scope, ScopeGuard};
use crate::callsite::ambient;
use crate::callsite::statement::Callsite;
use crate::level::{Level, Severity};
use crate::record::capture::{Entries, Part, Printed, Typed};
use crate::record::{Message, encode};

/// The static of one instrumented function.
#[derive(Debug)]
pub struct SpanSite {
    name: &'static str,
    started: Callsite,
    /// The same, of a span that has a parent.
    started_inside: Callsite,
    completed: Callsite,
    failed: Callsite,
    /// The same, where the span is off and nobody has looked at the clock.
    failed_off: Callsite,
    panicked: Callsite,
    cancelled: Callsite,
    says_started: bool,
    says_completed: bool,
}

/// The key of how long a call took, in milliseconds.
const ELAPSED: &str = "elapsed_ms";
/// The key of the error that a call returned.
const ERROR: &str = "err";
/// The key of the span that a span is a step of, in 16 hexadecimal digits.
const PARENT: &str = "parent_span_id";

impl SpanSite {
    /// `messages` are those of the five records; `levels` those of the span, of its completion, and of a failure; `says`,
    /// which of beginning and end are said at all; `keys`, those of the completion.
    #[must_use]
    #[allow(
        clippy::too_many_arguments,
        reason = "written by the expansion, once for each function"
    )]
    pub const fn new(
        name: &'static str,
        messages: [&'static str; 5],
        levels: [Level; 3],
        says: [bool; 2],
        keys: &'static [&'static str],
        target: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        let [started, completed, failed, panicked, cancelled] = messages;
        let [level, completed_level, failed_level] = levels;
        macro_rules! site {
            ($level:expr, $message:expr, $keys:expr) => {
                Callsite::new(
                    Severity::Level($level),
                    target,
                    Message::Constant($message),
                    $keys,
                    module,
                    file,
                    line,
                )
            };
        }
        SpanSite {
            name,
            started: site!(level, started, &[]),
            started_inside: site!(level, started, &[PARENT]),
            completed: site!(completed_level, completed, keys),
            failed: site!(failed_level, failed, &[ELAPSED, ERROR]),
            failed_off: site!(failed_level, failed, &[ERROR]),
            panicked: site!(Level::Error, panicked, &[ELAPSED]),
            cancelled: site!(level, cancelled, &[ELAPSED]),
            says_started: says[0],
            says_completed: says[1],
        }
    }

    /// Whether anybody wants this span. `level` is the static's own.
    #[inline(always)]
    pub fn is_on(&'static self, level: Level) -> bool {
        self.started.is_on(level)
    }

    /// Begins a call: in a span of its own of the current trace, with these key-values.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "behind a `&` the compiler does not find the value that cannot be logged"
    )]
    pub fn begin<Values: Entries>(&'static self, keys: &[&str], values: Values) -> Span {
        let outer = Scope::current();
        let mut fields = Vec::new();
        encode::fields(&mut fields).entry("span", self.name);
        values.append_entries(keys, &mut fields);
        let trace = ambient::step(outer.trace());
        let parent = trace.parent_id();
        let span = Span {
            site: self,
            active: Some(Active {
                scope: outer.inner(fields, Some(trace)),
                started: Instant::now(),
            }),
        };
        if self.says_started {
            span.run(|| self.say_started(parent));
        }
        span
    }

    fn say_started(&'static self, parent: Option<u64>) {
        match parent {
            Some(parent) => {
                let site = &self.started_inside;
                site.log((Printed(format_args!("{parent:016x}")), ()), ());
            }
            None => self.started.log_constant(),
        }
    }

    /// A call of which nothing is said but an error, if that is asked for.
    #[must_use]
    #[inline]
    pub fn off(&'static self) -> Span {
        Span {
            site: self,
            active: None,
        }
    }
}

/// One call of an instrumented function.
#[derive(Debug)]
pub struct Span {
    site: &'static SpanSite,
    /// `None` where it is off, and once its end has been said.
    active: Option<Active>,
}

#[derive(Debug)]
struct Active {
    scope: Scope,
    started: Instant,
}

impl Active {
    fn elapsed_ms(&self) -> f64 {
        millis(self.started.elapsed())
    }
}

/// To the microsecond.
#[allow(clippy::cast_precision_loss, reason = "285 years are exact")]
fn millis(span: Duration) -> f64 {
    span.as_micros() as f64 / 1000.0
}

impl Span {
    /// Runs something in its scope.
    pub fn run<R>(&self, run: impl FnOnce() -> R) -> R {
        match &self.active {
            Some(active) => active.scope.run(run),
            None => run(),
        }
    }

    /// Enters it on this thread; its end is said when what is returned is dropped.
    #[inline]
    pub fn enter(self) -> EnteredSpan {
        EnteredSpan {
            _guard: self.active.as_ref().map(|active| active.scope.attach()),
            span: self,
        }
    }

    /// Follows a future: in its scope whenever it is polled; `tell` says what there is to say of the result.
    pub fn follow<F, Tell>(self, future: F, tell: Tell) -> SpanFuture<F, Tell>
    where
        F: Future,
        Tell: FnOnce(&mut Span, &F::Output),
    {
        SpanFuture {
            span: self,
            tell: Some(tell),
            future: Some(future),
        }
    }

    /// The call has returned this.
    pub fn returned(&mut self, value: impl Part) {
        let Some(active) = self.active.take() else {
            return;
        };
        let site = &self.site.completed;
        if self.site.says_completed && site.is_on(site.level()) {
            let elapsed = active.elapsed_ms();
            active
                .scope
                .run(|| site.log((Typed(&elapsed), (value, ())), ()));
        }
    }

    /// The call has returned an error.
    pub fn failed(&mut self, error: impl Part) {
        match self.active.take() {
            Some(active) => {
                let site = &self.site.failed;
                if site.is_on(site.level()) {
                    let elapsed = active.elapsed_ms();
                    let log = || site.log((Typed(&elapsed), (error, ())), ());
                    active.scope.run(log);
                }
            }
            None => {
                let site = &self.site.failed_off;
                if site.is_on(site.level()) {
                    site.log((error, ()), ());
                }
            }
        }
    }

    /// The call has come to its end, if that has not been said yet.
    #[inline]
    fn end(&mut self, site: &'static Callsite) {
        if let Some(active) = self.active.take() {
            self.say_end(&active, site);
        }
    }

    #[inline(never)]
    fn say_end(&self, active: &Active, site: &'static Callsite) {
        let site = if thread::panicking() {
            &self.site.panicked
        } else {
            site
        };
        let is_said = self.site.says_completed || !std::ptr::eq(site, &self.site.completed);
        if is_said && site.is_on(site.level()) {
            let elapsed = active.elapsed_ms();
            active.scope.run(|| site.log((Typed(&elapsed), ()), ()));
        }
    }
}

/// A call that runs on this thread.
#[derive(Debug)]
pub struct EnteredSpan {
    span: Span,
    _guard: Option<ScopeGuard>,
}

impl Deref for EnteredSpan {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl DerefMut for EnteredSpan {
    fn deref_mut(&mut self) -> &mut Span {
        &mut self.span
    }
}

impl Drop for EnteredSpan {
    #[inline]
    fn drop(&mut self) {
        self.span.end(&self.span.site.completed);
    }
}

pin_project! {
    /// A call that is a future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct SpanFuture<F, Tell> {
        span: Span,
        tell: Option<Tell>,
        // Taken out in its scope, when it is dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F, Tell> PinnedDrop for SpanFuture<F, Tell> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.span.run(|| this.future.set(None));
            this.span.end(&this.span.site.cancelled);
        }
    }
}

impl<F, Tell> Future for SpanFuture<F, Tell>
where
    F: Future,
    Tell: FnOnce(&mut Span, &F::Output),
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this
            .future
            .as_pin_mut()
            .expect("only dropping takes the future");
        let result = std::task::ready!(this.span.run(|| future.poll(context)));
        if let Some(tell) = this.tell.take() {
            tell(this.span, &result);
        }
        this.span.end(&this.span.site.completed);
        Poll::Ready(result)
    }
}

impl<F, Tell> fmt::Debug for SpanFuture<F, Tell> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SpanFuture")
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

/// Calls a function's body. (What the compiler takes for a closure that may be called again cannot return what it owns.)
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// For functions that return a boxed future.
pub fn boxed<F>(future: F) -> Pin<Box<F>> {
    Box::pin(future)
}
