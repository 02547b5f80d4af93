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

use super::scopes::Reference;
use crate::record::scalar::Out;
use crate::record::{Shared, TRACE, append_trace};
use crate::trace_context::{TraceContext, TraceIds};

/// The ids for a record in this scope; none where the scope belongs to a trace already.
pub(super) fn ids(scope: Option<&Shared>) -> Option<TraceIds> {
    let ids = source::ids()?;
    let has_own = scope.is_some_and(|scope| scope.trace().is_some());
    (!has_own).then_some(ids)
}

/// All of it, with the sampling flag and the `tracestate`: to go on with.
pub(crate) fn context() -> Option<TraceContext> {
    source::context()
}

/// What a record that is written in place says of it.
#[derive(Clone, Copy)]
pub(super) struct Ambient(Option<TraceIds>);

#[inline(always)]
pub(super) fn refer(scope: Reference) -> Ambient {
    Ambient(source::ids().filter(|_| !scope.has_trace()))
}

impl Ambient {
    #[inline(always)]
    pub(super) fn size(self) -> usize {
        self.0.map_or(0, |_| size_of::<u128>() + size_of::<u64>())
    }

    #[inline(always)]
    pub(super) fn flags(self) -> u32 {
        self.0.map_or(0, |_| TRACE)
    }

    #[inline(always)]
    pub(super) fn write(self, out: &mut impl Out) {
        if let Some(ids) = self.0 {
            append_trace(out, ids);
        }
    }
}
