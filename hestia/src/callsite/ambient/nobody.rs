//! Nobody else keeps a trace: the build knows of none.

use crate::trace_context::{TraceContext, TraceIds};

#[inline(always)]
pub(super) const fn ids() -> Option<TraceIds> {
    None
}

pub(super) const fn context() -> Option<TraceContext> {
    None
}
