//! B3, the headers of Zipkin: `b3: {trace id}-{span id}-{sampling}-{parent}`, or one header for each of these.
//!
//! Source: openzipkin/b3-propagation, README.md (read 2026-11-26).

use std::fmt::Write as _;

use super::{SAMPLED, TraceContext, TraceIds, hex};

const TRACE: &str = "X-B3-TraceId";
const SPAN: &str = "X-B3-SpanId";
const PARENT: &str = "X-B3-ParentSpanId";
const SAMPLING: &str = "X-B3-Sampled";
const FLAGS: &str = "X-B3-Flags";

/// What was said in any of them.
#[derive(Debug, Default)]
pub(super) struct Headers {
    single: Option<String>,
    trace: Option<String>,
    span: Option<String>,
    parent: Option<String>,
    sampling: Option<String>,
    flags: Option<String>,
}

impl Headers {
    pub(super) fn take(&mut self, name: &str, value: &str) {
        let Some(place) = [
            ("b3", &mut self.single),
            (TRACE, &mut self.trace),
            (SPAN, &mut self.span),
            (PARENT, &mut self.parent),
            (SAMPLING, &mut self.sampling),
            (FLAGS, &mut self.flags),
        ]
        .into_iter()
        .find_map(|(known, place)| known.eq_ignore_ascii_case(name).then_some(place)) else {
            return;
        };
        *place = Some(value.trim_matches([' ', '\t']).to_owned());
    }

    /// Whether they say that the caller samples nothing.
    pub(super) fn denies_sampling(&self) -> bool {
        match self.single.as_deref() {
            Some(said) => said == "0",
            None => {
                self.flags.as_deref() != Some("1")
                    && matches!(self.sampling.as_deref(), Some("0" | "false"))
            }
        }
    }

    pub(super) fn context(&self) -> Option<TraceContext> {
        self.single.as_deref().and_then(of_single).or_else(|| {
            // The debug flag implies that it is sampled.
            let sampling = match self.flags.as_deref() {
                Some("1") => Some("d"),
                _ => self.sampling.as_deref(),
            };
            context(
                self.trace.as_deref()?,
                self.span.as_deref()?,
                sampling,
                self.parent.as_deref(),
            )
        })
    }
}

fn of_single(header: &str) -> Option<TraceContext> {
    let mut parts = header.split('-');
    let (trace, span) = (parts.next()?, parts.next()?);
    let (sampling, parent) = (parts.next(), parts.next());
    match parts.next() {
        None => context(trace, span, sampling, parent),
        Some(_) => None,
    }
}

fn context(
    trace: &str,
    span: &str,
    sampling: Option<&str>,
    parent: Option<&str>,
) -> Option<TraceContext> {
    // 64 bits are the lower half of 128.
    let trace = if trace.len() == 16 {
        id(trace, 16)
    } else {
        id(trace, 32)
    }?;
    #[allow(clippy::cast_possible_truncation, reason = "16 digits")]
    let span_of = |text| id(text, 16).map(|id| id as u64);
    let mut context = TraceContext::of(trace, span_of(span)?).ok()?;
    context.flags = match sampling {
        // Whoever says nothing leaves it to those who come after, and hestia keeps all.
        None | Some("1" | "d" | "true") => SAMPLED,
        Some("0" | "false") => 0,
        Some(_) => return None,
    };
    context.parent_id = match parent {
        Some(parent) => Some(span_of(parent)?),
        None => None,
    };
    Some(context)
}

/// In B3, unlike in W3C's headers, capitals are read, too.
fn id(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    hex(text.to_ascii_lowercase().as_bytes())
}

impl TraceContext {
    /// The single `b3` header for whoever is called from here: trace, span, sampling, and the parent where it is known.
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let context = TraceContext::of(0x80f1_98ee_5634_3ba8_64fe_8b2a_57d3_eff7, 0xe457_b5a2_e4d8_6bd1)?;
    /// assert_eq!(context.b3(), "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0");
    /// # Ok::<(), hestia::trace::TraceError>(())
    /// ```
    #[must_use]
    pub fn b3(&self) -> String {
        let TraceIds { trace_id, span_id } = self.ids;
        let mut header = format!("{trace_id:032x}-{span_id:016x}-{}", self.b3_sampling());
        if let Some(parent) = self.parent_id {
            // Writing to a string does not fail.
            let _ = write!(header, "-{parent:016x}");
        }
        header
    }

    fn b3_sampling(&self) -> &'static str {
        if self.is_sampled() { "1" } else { "0" }
    }

    /// The same in several headers (`X-B3-TraceId`, …), for services that read only those.
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let mut names = Vec::new();
    /// TraceContext::new().inject_b3(|name, _| names.push(name));
    /// assert_eq!(names, ["X-B3-TraceId", "X-B3-SpanId", "X-B3-Sampled"]);
    /// ```
    pub fn inject_b3(&self, mut set: impl FnMut(&'static str, &str)) {
        let TraceIds { trace_id, span_id } = self.ids;
        set(TRACE, &format!("{trace_id:032x}"));
        set(SPAN, &format!("{span_id:016x}"));
        if let Some(parent) = self.parent_id {
            set(PARENT, &format!("{parent:016x}"));
        }
        set(SAMPLING, self.b3_sampling());
    }
}
