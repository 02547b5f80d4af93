//! Nobody else keeps a trace: the build knows of none.

use crate::callsite::scopes::Reference;
use crate::record::scalar::Out;
use crate::trace_context::{TraceContext, TraceIds};

/// What a record says of it: nothing. (Not a `None`, which the compiler makes room for.)
#[derive(Clone, Copy)]
pub(in crate::callsite) struct Ambient;

#[inline(always)]
pub(in crate::callsite) fn refer(_: Reference) -> Ambient {
    Ambient
}

#[allow(clippy::unused_self, reason = "as where there is somebody")]
impl Ambient {
    #[inline(always)]
    pub(in crate::callsite) fn size(self) -> usize {
        0
    }

    #[inline(always)]
    pub(in crate::callsite) fn flags(self) -> u32 {
        0
    }

    #[inline(always)]
    pub(in crate::callsite) fn write(self, _: &mut impl Out) {}
}

#[inline(always)]
pub(super) const fn ids() -> Option<TraceIds> {
    None
}

pub(super) const fn context() -> Option<TraceContext> {
    None
}
