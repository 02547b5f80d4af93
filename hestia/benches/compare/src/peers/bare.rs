//! A bare queue in the place of a logger: what hestia cannot be quicker than.

use std::path::Path;

use super::{Need, Output, Peer};
use crate::failure::Result;
use crate::ticks::bare;

/// Ordered: the tick is read after everything before it is done.
pub(crate) struct Bare<const ORDERED: bool>;

impl<const ORDERED: bool> Peer for Bare<ORDERED> {
    const NAME: &'static str = if ORDERED { "bare-ordered" } else { "bare" };
    const TITLE: &'static str = if ORDERED {
        "*bare: ordered tick, copy, publish*"
    } else {
        "*bare: tick, copy, publish*"
    };
    const PACKAGES: &'static [&'static str] = &[];
    const REMARK: Option<&'static str> = Some(
        "no logger: what no queue that stamps its records can do without, with as many bytes as hestia copies for that statement",
    );

    fn unfit(need: Need) -> Option<&'static str> {
        match need {
            Need::Output(Output::Text) | Need::Fields => None,
            _ => Some("no logger"),
        }
    }

    fn set_up(_: Output, _: &Path) -> Result<Self> {
        Ok(Bare)
    }

    #[inline(always)]
    fn arguments(&self, _: u64, _: f64, _: &str) {
        bare::push::<56>(ORDERED);
    }

    #[inline(always)]
    fn constant(&self) {
        bare::push::<32>(ORDERED);
    }

    #[inline(always)]
    fn fields(&self, _: u64, _: f64, _: &str) {
        bare::push::<96>(ORDERED);
    }

    fn off(&self, _: u64) {}

    fn flush(&self, _: &Path) {}

    fn finish(self) {}
}
