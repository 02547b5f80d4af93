//! Trace contexts: which trace something belongs to, and which step of it, as W3C Trace Context and B3 have it.
//!
//! Pure: headers in, headers out, and new ids. What is current on a thread is the business of `context`.
//!
//! *Invariant:* no id is ever zero, and whatever a header says, what is written is well formed.
//!
//! Sources: W3C *Trace Context Level 2* (read 2026-11-26), with the grammar of `traceparent` and `tracestate`, and its test
//! suite, whose cases are in the tests below; openzipkin/b3-propagation (read 2026-11-26).

mod b3;
#[cfg(test)]
mod tests;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// The ids of the trace a record belongs to (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceIds {
    /// 128 bits, written as 32 lower-case hexadecimal digits.
    pub trace_id: u128,
    /// 64 bits, written as 16 lower-case hexadecimal digits.
    pub span_id: u64,
}

/// A place in a trace: the trace, the span (one step of it), and what travels along from service to service.
///
/// A value; what is current on the thread is what [`trace::start`](crate::trace::start) and its siblings enter.
///
/// # Example
/// ```
/// use hestia::trace::TraceContext;
///
/// let caller = TraceContext::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
/// let own = caller.child();
/// assert_eq!(own.ids().trace_id, caller.ids().trace_id);
/// assert_eq!(own.parent_id(), Some(0x00f0_67aa_0ba9_02b7));
/// assert!(own.traceparent().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
/// # Ok::<(), hestia::trace::TraceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    ids: TraceIds,
    parent_id: Option<u64>,
    flags: u8,
    /// As it is sent: members without blanks around them. Never empty.
    state: Option<Arc<str>>,
}

/// Why a header is no trace context.
///
/// # Example
/// ```
/// use hestia::trace::TraceContext;
///
/// let error = TraceContext::from_traceparent("00-0-0-01").unwrap_err();
/// assert_eq!(error.to_string(), "a traceparent has at least 55 characters");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceError(&'static str);

impl fmt::Display for TraceError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl std::error::Error for TraceError {}

const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
/// The length of a `traceparent` of version 00, in bytes.
const TRACEPARENT_LENGTH: usize = 55;
/// The most members that a `tracestate` may have.
const MOST_MEMBERS: usize = 32;
/// The longest key and the longest value of one, in bytes.
const LONGEST_PART: usize = 256;

impl TraceContext {
    /// A new trace and its first span, with random ids, marked as sampled.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        let [high, low, span_id] = random_ids();
        TraceContext {
            ids: TraceIds {
                trace_id: u128::from(high) << 64 | u128::from(low),
                span_id,
            },
            parent_id: None,
            flags: SAMPLED | RANDOM,
            state: None,
        }
    }

    /// Another service's trace and span, without flags.
    ///
    /// # Errors
    /// When one of them is zero, which stands for none.
    pub fn of(trace_id: u128, span_id: u64) -> Result<Self, TraceError> {
        if trace_id == 0 {
            return Err(TraceError("the trace id is zero"));
        }
        if span_id == 0 {
            return Err(TraceError("the span id is zero"));
        }
        Ok(TraceContext {
            ids: TraceIds { trace_id, span_id },
            parent_id: None,
            flags: 0,
            state: None,
        })
    }

    /// What a `traceparent` header says; blanks around it do not count.
    ///
    /// # Errors
    /// When it is not what the recommendation allows. A trace is to be started anew then.
    pub fn from_traceparent(header: &str) -> Result<Self, TraceError> {
        let header = header.trim_matches([' ', '\t']).as_bytes();
        let Some((known, rest)) = header.split_first_chunk::<TRACEPARENT_LENGTH>() else {
            return Err(TraceError("a traceparent has at least 55 characters"));
        };
        let dashes = [known[2], known[35], known[52]];
        if dashes != [b'-'; 3] {
            return Err(TraceError("a traceparent has its dashes elsewhere"));
        }
        let version = hex(&known[..2]).ok_or(TraceError("the version is not hexadecimal"))?;
        if version == 0xff {
            return Err(TraceError("version ff is none"));
        }
        if version == 0 && !rest.is_empty() {
            return Err(TraceError("a traceparent of version 00 has 55 characters"));
        }
        if rest.first().is_some_and(|next| *next != b'-') {
            return Err(TraceError("the flags have two digits"));
        }
        let digits = |range: std::ops::Range<usize>, wrong| hex(&known[range]).ok_or(wrong);
        let trace_id = digits(
            3..35,
            TraceError("the trace id is not in lower-case hexadecimal"),
        )?;
        let span_id = digits(
            36..52,
            TraceError("the parent id is not in lower-case hexadecimal"),
        )?;
        let flags = digits(
            53..55,
            TraceError("the flags are not in lower-case hexadecimal"),
        )?;
        #[allow(clippy::cast_possible_truncation, reason = "16 and 2 digits")]
        let (span_id, flags) = (span_id as u64, flags as u8);
        let mut context = TraceContext::of(trace_id, span_id)?;
        // What other flags mean, nobody knows yet.
        context.flags = flags & (SAMPLED | RANDOM);
        Ok(context)
    }

    /// The same with what a `tracestate` header says; several of them are to be joined by commas.
    ///
    /// # Errors
    /// When it is not what the recommendation allows. The trace goes on without it then.
    pub fn with_tracestate(mut self, header: &str) -> Result<Self, TraceError> {
        let members: Vec<&str> = header
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']))
            .filter(|member| !member.is_empty())
            .collect();
        if members.len() > MOST_MEMBERS {
            return Err(TraceError("a tracestate has at most 32 members"));
        }
        for member in &members {
            let (key, value) = member.split_once('=').ok_or(TraceError(
                "a member of a tracestate is a key, `=` and a value",
            ))?;
            check_member(key, value)?;
        }
        self.state = Some(members.join(",").into()).filter(|state: &Arc<str>| !state.is_empty());
        Ok(self)
    }

    /// The same with this member of the `tracestate` in front, instead of the one that it may have had with this key. Where
    /// there are 32 others, the last of them goes.
    ///
    /// # Errors
    /// When the recommendation does not allow such a key (`a-z`, `0-9`, `_-*/@`, at most 256) or such a value (printable ASCII
    /// but `,` and `=`, not blank at its end, at most 256).
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let context = TraceContext::new().with_tracestate("congo=1,rojo=2")?.with_member("rojo", "3")?;
    /// assert_eq!(context.tracestate(), Some("rojo=3,congo=1"));
    /// assert_eq!(context.member("congo"), Some("1"));
    /// # Ok::<(), hestia::trace::TraceError>(())
    /// ```
    pub fn with_member(mut self, key: &str, value: &str) -> Result<Self, TraceError> {
        check_member(key, value)?;
        let mut state = format!("{key}={value}");
        let others = self.members().filter(|(known, _)| *known != key);
        for (key, value) in others.take(MOST_MEMBERS - 1) {
            state.extend([",", key, "=", value]);
        }
        self.state = Some(state.into());
        Ok(self)
    }

    /// What headers say: `traceparent` and `tracestate` where they are valid, otherwise B3, in one header or in several.
    /// Names in any letter case. `None` where they say nothing valid: a trace is to be started then.
    ///
    /// B3 may say whether to sample without saying of which trace; there is no trace to go on with then, either. (Where one is
    /// started for a request whose caller wants no sampling, as [`trace::from_headers`](crate::trace::from_headers) and the
    /// web frameworks' middleware do, it is not sampled.) B3's debug flag is passed on as sampled.
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let headers = [("X-B3-TraceId", "80f198ee56343ba864fe8b2a57d3eff7"), ("X-B3-SpanId", "e457b5a2e4d86bd1")];
    /// let caller = TraceContext::from_headers(headers);
    /// assert!(caller.is_some_and(|caller| caller.ids().span_id == 0xe457_b5a2_e4d8_6bd1));
    /// ```
    pub fn from_headers<Name: AsRef<str>, Value: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = (Name, Value)>,
    ) -> Option<Self> {
        TraceContext::read(headers).0
    }

    /// A new span for a request with these headers: of the caller's trace; of a new one that is not sampled, where all that
    /// the caller says is that; `None` where there is nothing to go on with.
    pub(crate) fn after<Name: AsRef<str>, Value: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = (Name, Value)>,
    ) -> Option<Self> {
        let (caller, b3) = TraceContext::read(headers);
        match caller {
            Some(caller) => Some(caller.child()),
            None => b3
                .denies_sampling()
                .then(|| TraceContext::new().with_sampled(false)),
        }
    }

    fn read<Name: AsRef<str>, Value: AsRef<[u8]>>(
        headers: impl IntoIterator<Item = (Name, Value)>,
    ) -> (Option<Self>, b3::Headers) {
        let mut parents = Vec::new();
        let mut states = Vec::new();
        let mut b3 = b3::Headers::default();
        for (name, value) in headers {
            let (name, value) = (name.as_ref(), value.as_ref());
            // What is no text is none of these.
            let Ok(value) = std::str::from_utf8(value) else {
                continue;
            };
            if name.eq_ignore_ascii_case("traceparent") {
                parents.push(value.to_owned());
            } else if name.eq_ignore_ascii_case("tracestate") {
                states.push(value.to_owned());
            } else {
                b3.take(name, value);
            }
        }
        // Two of them contradict each other.
        if let [parent] = &parents[..]
            && let Ok(context) = TraceContext::from_traceparent(parent)
        {
            let with_state = context.clone().with_tracestate(&states.join(","));
            return (Some(with_state.unwrap_or(context)), b3);
        }
        (b3.context(), b3)
    }

    /// A new span of the same trace, whose parent this one is.
    #[must_use]
    pub fn child(&self) -> Self {
        let [span_id] = random_ids();
        TraceContext {
            ids: TraceIds {
                trace_id: self.ids.trace_id,
                span_id,
            },
            parent_id: Some(self.ids.span_id),
            flags: self.flags,
            state: self.state.clone(),
        }
    }

    /// The same, marked as sampled or not: whether those who come after are asked to keep what they have of this trace. Records
    /// are written either way.
    #[must_use]
    pub fn with_sampled(mut self, sampled: bool) -> Self {
        self.flags = if sampled {
            self.flags | SAMPLED
        } else {
            self.flags & !SAMPLED
        };
        self
    }

    /// Trace and span, as records carry them.
    #[must_use]
    pub fn ids(&self) -> TraceIds {
        self.ids
    }

    /// The span that this one is a step of, where that is known.
    #[must_use]
    pub fn parent_id(&self) -> Option<u64> {
        self.parent_id
    }

    /// Whether the trace is marked as sampled.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The `traceparent` header for whoever is called from here.
    #[must_use]
    pub fn traceparent(&self) -> String {
        self.to_string()
    }

    /// The `tracestate` header for whoever is called from here, where there is one.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The value of one member of the `tracestate`.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&str> {
        self.members()
            .find_map(|(known, value)| (known == key).then_some(value))
    }

    fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        let members = self.state.as_deref().unwrap_or_default().split(',');
        members.filter_map(|member| member.split_once('='))
    }

    /// The headers for whoever is called from here: `traceparent`, and `tracestate` where there is one.
    ///
    /// # Example
    /// ```
    /// use hestia::trace::TraceContext;
    ///
    /// let mut headers = Vec::new();
    /// TraceContext::new().inject(|name, value| headers.push((name, value.to_owned())));
    /// assert_eq!(headers[0].0, "traceparent");
    /// ```
    pub fn inject(&self, mut set: impl FnMut(&'static str, &str)) {
        set("traceparent", &self.traceparent());
        if let Some(state) = self.tracestate() {
            set("tracestate", state);
        }
    }
}

/// As a `traceparent` header.
impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TraceIds { trace_id, span_id } = self.ids;
        write!(out, "00-{trace_id:032x}-{span_id:016x}-{:02x}", self.flags)
    }
}

/// At most 32 lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

fn check_member(key: &str, value: &str) -> Result<(), TraceError> {
    let starts = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let goes_on = |letter: u8| starts(letter) || b"_-*/@".contains(&letter);
    let key = key.as_bytes();
    if !key.first().is_some_and(|letter| starts(*letter))
        || !key.iter().all(|letter| goes_on(*letter))
        || key.len() > LONGEST_PART
    {
        return Err(TraceError(
            "a key of a tracestate consists of `a-z`, `0-9` and `_-*/@`",
        ));
    }
    let value = value.as_bytes();
    let shows = |letter: u8| (b' '..=b'~').contains(&letter) && !b",=".contains(&letter);
    if !value.iter().all(|letter| shows(*letter))
        || value.last().is_none_or(|letter| *letter == b' ')
        || value.len() > LONGEST_PART
    {
        return Err(TraceError(
            "a value of a tracestate is printable ASCII without `,` and `=`",
        ));
    }
    Ok(())
}

/// Random, and not zero: a keyed hash of the process's number, whose keys the system has drawn for this thread and which the
/// standard library changes each time. (So a forked child's ids are others than its parent's, though it has the same keys.)
fn random_ids<const N: usize>() -> [u64; N] {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    [(); N].map(|()| {
        loop {
            hasher.write_u8(0);
            match hasher.finish() {
                0 => {}
                id => return id,
            }
        }
    })
}
