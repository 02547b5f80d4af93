//! The trace that is current: starting one, going on with a caller's, passing it on.

use std::fmt;
use std::ops::Deref;

use super::{Scope, ScopeGuard};
use crate::callsite::ambient;

pub use crate::trace_context::{TraceContext, TraceError, TraceIds};

/// Starts a trace: every record carries its ids, until the guard is dropped.
///
/// # Example
/// ```
/// let trace = hestia::trace::start();
/// log::info!("carries trace id and span id");
/// // For whoever is called from here:
/// let header = trace.traceparent();
/// assert_eq!(header.len(), 55);
/// ```
pub fn start() -> TraceGuard {
    TraceContext::new().enter()
}

/// A new span of the current trace, with the current span as its parent; starts a trace where there is none.
///
/// # Example
/// ```
/// let request = hestia::trace::start();
/// let query = hestia::trace::child();
/// assert_eq!(query.parent_id(), Some(request.ids().span_id));
/// ```
pub fn child() -> TraceGuard {
    ambient::step(Scope::current().trace()).enter()
}

/// Goes on with a caller's trace, in a new span whose parent is the caller's.
///
/// # Errors
/// When the header is none; [`start`] is the way out then, as the recommendation has it.
///
/// # Example
/// ```
/// # let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let trace = hestia::trace::from_traceparent(header)?;
/// log::info!("carries the caller's trace id");
/// assert_eq!(trace.parent_id(), Some(0x00f0_67aa_0ba9_02b7));
/// # Ok::<(), hestia::trace::TraceError>(())
/// ```
pub fn from_traceparent(header: &str) -> Result<TraceGuard, TraceError> {
    Ok(TraceContext::from_traceparent(header)?.child().enter())
}

/// Goes on with the trace that a request's headers speak of, in a new span; starts one where they speak of none, which is
/// not sampled where they say that (`b3: 0`). See [`TraceContext::from_headers`] for what is understood.
///
/// # Example
/// ```
/// # let headers = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
/// let trace = hestia::trace::from_headers(headers);
/// assert_eq!(trace.ids().trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
/// ```
pub fn from_headers<Name: AsRef<str>, Value: AsRef<[u8]>>(
    headers: impl IntoIterator<Item = (Name, Value)>,
) -> TraceGuard {
    TraceContext::after(headers).map_or_else(start, TraceContext::enter)
}

/// The trace that is current on this thread. With the feature `opentelemetry` that is, outside of any trace of hestia's, the
/// one of OpenTelemetry's current span, so that [`child`] and [`inject`] go on with it.
///
/// # Example
/// ```
/// assert!(hestia::trace::current().is_none());
/// let trace = hestia::trace::start();
/// assert_eq!(hestia::trace::current().as_ref(), Some(&*trace));
/// ```
#[must_use]
pub fn current() -> Option<TraceContext> {
    let own = Scope::current().trace().cloned();
    own.or_else(ambient::context)
}

/// The headers that pass the current trace on: `traceparent`, and `tracestate` where there is one; none where there is no
/// trace.
///
/// # Example
/// ```
/// let _trace = hestia::trace::start();
/// let mut request: Vec<(String, String)> = Vec::new();
/// hestia::trace::inject(|name, value| request.push((name.into(), value.into())));
/// assert_eq!(request[0].0, "traceparent");
/// ```
pub fn inject(set: impl FnMut(&'static str, &str)) {
    if let Some(trace) = current() {
        trace.inject(set);
    }
}

impl TraceContext {
    /// Makes it the current one on this thread, inside of what is current, until the guard is dropped.
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let trace = TraceContext::new().with_sampled(false).enter();
    /// assert!(trace.traceparent().ends_with("-02"));
    /// ```
    pub fn enter(self) -> TraceGuard {
        TraceGuard {
            guard: Scope::current().with_trace(self.clone()).attach(),
            trace: self,
        }
    }
}

/// Leaves its trace when it is dropped; made by [`start`] and its siblings. It leads to the [`TraceContext`].
///
/// As a [`ScopeGuard`], it belongs to its thread; a future takes it over by [`InScope`](crate::InScope).
///
/// # Example
/// ```
/// use hestia::InScope;
///
/// # fn spawn(_: impl Future<Output = ()> + Send) {}
/// spawn(async { log::info!("carries the trace") }.in_scope(hestia::trace::start()));
/// ```
#[must_use = "the trace is left when the guard is dropped"]
pub struct TraceGuard {
    guard: ScopeGuard,
    trace: TraceContext,
}

impl TraceGuard {
    /// The scope that carries the trace, to be entered elsewhere as well.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.guard.scope()
    }
}

impl Deref for TraceGuard {
    type Target = TraceContext;

    fn deref(&self) -> &TraceContext {
        &self.trace
    }
}

impl fmt::Debug for TraceGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("TraceGuard").field(&self.trace).finish()
    }
}

/// The scope, which is left.
impl From<TraceGuard> for Scope {
    fn from(guard: TraceGuard) -> Self {
        guard.scope()
    }
}
