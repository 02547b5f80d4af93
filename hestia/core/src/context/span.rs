//! What `#[hestia::instrument]` expands to: a call of a function as a scope with a span of the trace, and records of its
//! beginning and its end.
//!
//! The thread that calls, or whichever polls the future. *Invariant:* where the span is off, the function runs as if nobody
//! looked.

use std::fmt;
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
use crate::record::{Encode, Encoded, Encoder, Message, encode};
use crate::trace_context::{TraceContext, TraceIds};

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
        self.begin_in(Scope::current(), keys, values)
    }

    /// The same in another scope than the current one.
    #[allow(clippy::needless_pass_by_value, reason = "as for `begin`")]
    pub fn begin_in<Values: Entries>(
        &'static self,
        outer: impl Into<Scope>,
        keys: &[&str],
        values: Values,
    ) -> Span {
        let outer = outer.into();
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

    /// The same, in one of many turns: what is recorded in this one belongs to the call from then on.
    fn turn<R>(&mut self, run: impl FnOnce() -> R) -> R {
        match &mut self.active {
            Some(active) => active.scope.run_mut(run),
            None => run(),
        }
    }

    /// Enters it on this thread; its end is said when what is returned is dropped: that it has completed, unless a panic
    /// is on its way.
    #[inline]
    pub fn enter(self) -> EnteredSpan {
        let end = &self.site.completed;
        self.enter_until(end)
    }

    /// Enters it for a body whose result is seen: until [`EnteredSpan::came_back`], its end is a panic.
    #[inline]
    pub fn enter_for_result(self) -> EnteredSpan {
        let end = &self.site.panicked;
        self.enter_until(end)
    }

    /// Enters it; `end` is said if no panic begins until then.
    #[inline]
    fn enter_until(self, end: &'static Callsite) -> EnteredSpan {
        EnteredSpan {
            end,
            was_panicking: self.active.is_some() && thread::panicking(),
            guard: self.active.as_ref().map(|active| active.scope.attach()),
            span: self,
        }
    }

    /// The call, of which nothing is left to say here.
    fn take(&mut self) -> Span {
        Span {
            site: self.site,
            active: self.active.take(),
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
            has_panicked: false,
            tell: Some(tell),
            future: Some(future),
        }
    }

    /// Follows a future that is made here, in its scope.
    pub fn follow_made<F, Tell>(self, make: impl FnOnce() -> F, tell: Tell) -> SpanFuture<F, Tell>
    where
        F: Future,
        Tell: FnOnce(&mut Span, &F::Output),
    {
        let mut entered = self.enter_for_result();
        let future = make();
        entered.take_recorded();
        let span = entered.span.take();
        drop(entered);
        span.follow(future, tell)
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
        let is_said = self.site.says_completed || !std::ptr::eq(site, &self.site.completed);
        if is_said && site.is_on(site.level()) {
            let elapsed = active.elapsed_ms();
            active.scope.run(|| site.log((Typed(&elapsed), ()), ()));
        }
    }
}

/// A call that runs on this thread.
///
/// `std` says whether a thread unwinds, and not how often: of a call that began while another panic unwound already, it is
/// known only by its result that it did not panic itself.
#[derive(Debug)]
pub struct EnteredSpan {
    span: Span,
    /// What is said at the end, unless a panic has begun since.
    end: &'static Callsite,
    was_panicking: bool,
    guard: Option<ScopeGuard>,
}

impl EnteredSpan {
    /// The body has come back: what it gave is told now, or else that it has completed.
    #[inline]
    pub fn came_back(&mut self) -> &mut Span {
        self.end = &self.span.site.completed;
        self.take_recorded();
        &mut self.span
    }

    /// What was recorded meanwhile belongs to the call.
    fn take_recorded(&mut self) {
        if let Some(active) = &mut self.span.active
            && let Some(now) = self.guard.as_ref().and_then(ScopeGuard::recorded)
        {
            active.scope = now;
        }
    }
}

impl Drop for EnteredSpan {
    #[inline]
    fn drop(&mut self) {
        if self.span.active.is_none() {
            return;
        }
        self.take_recorded();
        let has_panicked = !self.was_panicking && thread::panicking();
        let end = if has_panicked {
            &self.span.site.panicked
        } else {
            self.end
        };
        self.span.end(end);
    }
}

pin_project! {
    /// A call that is a future.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct SpanFuture<F, Tell> {
        span: Span,
        // The last poll has not come back. (Whoever caught the panic may have done so long before the future is dropped.)
        has_panicked: bool,
        tell: Option<Tell>,
        // Taken out in its scope, when it is dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F, Tell> PinnedDrop for SpanFuture<F, Tell> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let site = this.span.site;
            let end = if *this.has_panicked {
                &site.panicked
            } else {
                &site.cancelled
            };
            let _entered = this.span.take().enter_until(end);
            this.future.set(None);
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
        *this.has_panicked = true;
        let polled = this.span.turn(|| future.poll(context));
        *this.has_panicked = false;
        let result = std::task::ready!(polled);
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

/// What a call follows from without being a step of it, as one of its key-values: the ids of trace and span of each.
#[derive(Debug)]
pub struct FollowsFrom(Vec<TraceIds>);

impl FollowsFrom {
    /// Those of them that are in a trace.
    pub fn of(causes: &(impl Causes + ?Sized)) -> Self {
        let mut ids = Vec::new();
        causes.append(&mut ids);
        FollowsFrom(ids)
    }
}

impl Encode for FollowsFrom {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        struct Cause<'a>(&'a TraceIds);
        impl Encode for Cause<'_> {
            fn encode(&self, encoder: Encoder<'_>) -> Encoded {
                let TraceIds { trace_id, span_id } = self.0;
                encoder.put_map(|map| {
                    map.entry("trace_id", &format!("{trace_id:032x}"));
                    map.entry("span_id", &format!("{span_id:016x}"));
                })
            }
        }
        encoder.put_seq(|list| {
            for ids in &self.0 {
                list.push(&Cause(ids));
            }
        })
    }
}

/// What a call may follow from.
#[diagnostic::on_unimplemented(
    message = "a call cannot follow from `{Self}`",
    label = "neither a scope nor a trace, nor a list of these",
    note = "say it by a `hestia::Scope` or a `hestia::trace::TraceContext`, an `Option` of one, or an array, a slice or a `Vec` of them"
)]
pub trait Causes {
    /// Appends the ids of all that are in a trace.
    fn append(&self, ids: &mut Vec<TraceIds>);
}

impl Causes for TraceContext {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        ids.push(self.ids());
    }
}

impl Causes for Scope {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        ids.extend(self.trace().map(TraceContext::ids));
    }
}

impl<C: Causes + ?Sized> Causes for &C {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        (**self).append(ids);
    }
}

impl<C: Causes> Causes for Option<C> {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        self.iter().for_each(|cause| cause.append(ids));
    }
}

impl<C: Causes> Causes for [C] {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        self.iter().for_each(|cause| cause.append(ids));
    }
}

impl<C: Causes, const N: usize> Causes for [C; N] {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        self.as_slice().append(ids);
    }
}

impl<C: Causes> Causes for Vec<C> {
    fn append(&self, ids: &mut Vec<TraceIds>) {
        self.as_slice().append(ids);
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

/// The message of a function whose name is a constant of the program's: `N` is the length of both.
#[must_use]
pub const fn joined<const N: usize>(name: &str, what: &str) -> [u8; N] {
    let (name, what) = (name.as_bytes(), what.as_bytes());
    let mut joined = [0; N];
    let mut at = 0;
    while at < N {
        joined[at] = if at < name.len() {
            name[at]
        } else {
            what[at - name.len()]
        };
        at += 1;
    }
    joined
}

/// What was joined, when the program is compiled.
///
/// # Panics
/// Never: two texts are one.
#[must_use]
pub const fn text(joined: &[u8]) -> &str {
    match std::str::from_utf8(joined) {
        Ok(text) => text,
        Err(_) => panic!("two texts are one"),
    }
}
