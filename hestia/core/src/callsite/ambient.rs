//! The ids of a trace that somebody else keeps: OpenTelemetry's current span, with the feature `opentelemetry`.
//!
//! Callers' threads: asked at each call that is in no trace of hestia's own. Without the feature there is nobody to ask,
//! and nothing of this is left once it is compiled.
//!
//! *Invariant:* what is asked never logs, never panics, and runs before any ring space is reserved.

#[cfg(not(feature = "opentelemetry"))]
mod nobody;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;

#[cfg(not(feature = "opentelemetry"))]
use nobody as source;
#[cfg(feature = "opentelemetry")]
use opentelemetry as source;

pub(super) use source::{Ambient, refer};

use crate::record::Shared;
use crate::trace_context::{TraceContext, TraceIds};

/// The ids for a record in this scope; none where the scope belongs to a trace already.
pub(super) fn ids(scope: Option<&Shared>) -> Option<TraceIds> {
    let ids = source::ids()?;
    let has_own = scope.is_some_and(|scope| scope.trace().is_some());
    (!has_own).then_some(ids)
}

/// A new span: of this trace, of the one that somebody else keeps where there is none, or of a new one.
pub(crate) fn step(current: Option<&TraceContext>) -> TraceContext {
    match current {
        Some(parent) => parent.child(),
        None => context().map_or_else(TraceContext::new, |parent| parent.child()),
    }
}

/// All of it, with the sampling flag and the `tracestate`: to go on with.
pub(crate) fn context() -> Option<TraceContext> {
    source::context()
}
