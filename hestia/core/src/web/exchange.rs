//! One request, its answer, and the access record that tells of both.
//!
//! Lives in the future that answers, and then in the answer's body: whichever ends first without handing it on has it dropped, and
//! that logs the record.
//!
//! *Invariant:* one record for each, in the scope of the request, as the last of what it does.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use log::kv::{self, Key, Value, VisitSource};
use serde::{Serialize, Serializer};

use super::request::{REQUEST_ID, RequestHead};
use super::settings::{AccessLog, Header, Settings, ask, level};
use crate::callsite::ambient;
use crate::callsite::statement::may_be_on;
use crate::context::Scope;
use crate::level::Level;
use crate::record::redact::{self, MASK};
use crate::record::set_field;
use crate::trace_context::TraceContext;

/// How much of a path or a query is kept, in bytes.
const LONGEST_PATH: usize = 2 << 10;
/// How much of any other text.
const LONGEST_TEXT: usize = 512;

/// The key under which the scope of a request has its id.
pub(super) const ID_KEY: &str = "request_id";

/// A request that is being handled.
pub(super) struct Exchange {
    settings: Arc<Settings>,
    scope: Scope,
    started: Instant,
    id: String,
    request: Request,
    pub(super) route: Option<String>,
    status: Option<u16>,
    has_body: bool,
    bytes: u64,
    /// That it failed by, or that the answer tells of, and those that led to it.
    pub(super) error: Option<Vec<String>>,
    end: End,
}

/// What is kept of a request.
struct Request {
    method: String,
    path: String,
    query: Option<String>,
    client: Option<IpAddr>,
    user_agent: Option<String>,
    headers: Headers,
    parent_id: Option<u64>,
    is_skipped: bool,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Exchange")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Polls what answers, in the scope of its request. Once it has answered, it is dropped there, and the exchange is handed on; who
/// polls after that, waits for ever.
pub(super) fn poll_answer<F: Future>(
    mut future: Pin<&mut Option<F>>,
    exchange: &mut Option<Box<Exchange>>,
    context: &mut Context<'_>,
) -> Poll<(Box<Exchange>, F::Output)> {
    let (Some(polled), Some(running)) = (future.as_mut().as_pin_mut(), exchange.as_mut()) else {
        return Poll::Pending;
    };
    let answer = ready!(running.run(|| polled.poll(context)));
    running.run(|| future.set(None));
    match exchange.take() {
        Some(exchange) => Poll::Ready((exchange, answer)),
        None => Poll::Pending,
    }
}

/// How it ends, if nothing else happens.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Whole,
    /// Given up before its end.
    Aborted,
    Panicked,
    Failed,
}

impl Exchange {
    pub(super) fn begin(
        log: &AccessLog,
        head: &RequestHead<'_>,
        peer: Option<IpAddr>,
    ) -> Box<Self> {
        let settings = log.settings();
        let (id, trace) = (head.id(settings), trace(settings, head));
        let mut fields = Vec::new();
        set_field(&mut fields, ID_KEY, &id);
        let request = Request::of(settings, head, peer, trace.parent_id());
        let mut scope = Scope::current().inner(fields, Some(trace));
        if let Some(more) = &settings.scope {
            scope = ask(scope.clone(), || more(head, scope));
        }
        Box::new(Exchange {
            settings: Arc::clone(settings),
            scope,
            started: Instant::now(),
            id,
            request,
            route: None,
            status: None,
            has_body: true,
            bytes: 0,
            error: None,
            end: End::Aborted,
        })
    }

    /// Runs a part of it in its scope. When that panics, it has ended by that.
    pub(super) fn run<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let end = std::mem::replace(&mut self.end, End::Panicked);
        let result = self.scope.run_mut(run);
        self.end = end;
        result
    }

    /// The answer's head is there: what is to be added to it, as names and values.
    pub(super) fn answered(&mut self, status: u16, mut add: impl FnMut(&str, &str)) {
        self.status = Some(status);
        // RFC 9110, section 6.4.1.
        self.has_body = self.request.method != "HEAD" && !matches!(status, 100..=199 | 204 | 304);
        add(REQUEST_ID, &self.id);
        if let Some(name) = &self.settings.trace_header
            && let Some(trace) = self.scope.trace()
        {
            add(name, &trace.traceparent());
        }
    }

    /// Whether the answer has a body that anybody sees.
    pub(super) fn has_body(&self) -> bool {
        self.has_body
    }

    /// So many more bytes of the body.
    pub(super) fn count(&mut self, bytes: usize) {
        // Some servers ask for one that they do not send.
        if self.has_body {
            self.bytes += bytes as u64;
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whatever comes now, it was answered to the end.
    pub(super) fn is_whole(&mut self) {
        self.end = End::Whole;
    }

    /// It has failed for good.
    pub(super) fn failed(&mut self, error: Vec<String>) {
        self.error = Some(error);
        self.end = End::Failed;
    }

    fn level(&self) -> Level {
        match self.shown_status() {
            _ if self.end.is_failure() => Level::Error,
            Some(status) => ask(level(status), || (self.settings.level)(status)),
            None => Level::Info,
        }
    }

    /// That of the answer. A panic leaves none, and counts as what it would have been.
    fn shown_status(&self) -> Option<u16> {
        self.status.or((self.end == End::Panicked).then_some(500))
    }

    /// Whether somebody should look at it, skipped or not.
    fn is_trouble(&self) -> bool {
        self.end.is_failure() || self.status.is_some_and(|status| status >= 500)
    }
}

impl End {
    fn is_failure(self) -> bool {
        matches!(self, End::Panicked | End::Failed)
    }
}

/// Logs it.
impl Drop for Exchange {
    fn drop(&mut self) {
        if self.request.is_skipped && !self.is_trouble() {
            return;
        }
        let level = self.level();
        if !may_be_on(level) {
            return;
        }
        let known = Known {
            exchange: self,
            elapsed: self.started.elapsed(),
            parent_id: self.request.parent_id.map(|span| format!("{span:016x}")),
        };
        self.scope.run(|| {
            log::logger().log(
                &log::Record::builder()
                    .level(level)
                    .target(&self.settings.target)
                    .key_values(&known)
                    .args(format_args!("{known}"))
                    .build(),
            );
        });
    }
}

impl Request {
    fn of(
        settings: &Settings,
        head: &RequestHead<'_>,
        peer: Option<IpAddr>,
        parent_id: Option<u64>,
    ) -> Self {
        let asked_for = settings.headers.iter();
        let headers = asked_for.filter_map(|header| {
            let value = head.header(&header.name)?;
            Some((header.clone(), bounded(value, LONGEST_TEXT)))
        });
        let query = head.query().filter(|_| settings.query);
        Request {
            method: bounded(head.method(), LONGEST_TEXT),
            path: bounded(head.path(), LONGEST_PATH),
            query: query.map(|query| bounded(query, LONGEST_PATH)),
            client: head.client(settings, peer),
            user_agent: head
                .header("user-agent")
                .map(|agent| bounded(agent, LONGEST_TEXT)),
            headers: Headers(headers.collect()),
            parent_id,
            is_skipped: settings
                .skip
                .as_ref()
                .is_some_and(|skip| ask(false, || skip(head))),
        }
    }
}

/// A step of the caller's trace, of the one that is current here, or of a new one.
fn trace(settings: &Settings, head: &RequestHead<'_>) -> TraceContext {
    head.trace(settings)
        .unwrap_or_else(|| ambient::step(Scope::current().trace()))
}

/// As much of a text as is kept. What is cut is looked through for patterns before: the first half of a secret is none that they know.
fn bounded(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    match redact::hide(text) {
        Some(hidden) => cut(&hidden, bytes),
        None => cut(text, bytes),
    }
}

fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// Headers of the request, in the order they were asked for.
struct Headers(Vec<(Header, String)>);

/// As the record is made. What is hidden by its name's words, the spelling that the program gave decides; by what stands in the record, a path
/// such as `headers.x-tenant`, the record's own redaction does.
impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(Header { name, said }, value)| {
            let is_hidden = redact::hides(said);
            (&**name, if is_hidden { MASK } else { value })
        }))
    }
}

/// What its record says.
struct Known<'e> {
    exchange: &'e Exchange,
    elapsed: Duration,
    parent_id: Option<String>,
}

/// As the record's message.
impl fmt::Display for Known<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known {
            exchange, elapsed, ..
        } = self;
        let Request { method, path, .. } = &exchange.request;
        write!(out, "{method} {path}")?;
        if let Some(status) = exchange.shown_status() {
            write!(out, " {status}")?;
        }
        match exchange.end {
            End::Whole => {}
            End::Aborted => out.write_str(" aborted")?,
            End::Panicked => out.write_str(" panicked")?,
            End::Failed => out.write_str(" failed")?,
        }
        write!(out, " {elapsed:.1?}")
    }
}

/// As the record's key-values.
impl kv::Source for Known<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        let Known {
            exchange,
            elapsed,
            parent_id,
        } = self;
        let request = &exchange.request;
        let client = request.client.as_ref();
        // To the microsecond.
        #[allow(
            clippy::cast_precision_loss,
            reason = "285 years of microseconds are exact"
        )]
        let millis = elapsed.as_micros() as f64 / 1e3;
        let mut say = |key: &'static str, value: Option<Value<'kvs>>| match value {
            Some(value) => visitor.visit_pair(Key::from_str(key), value),
            None => Ok(()),
        };
        say("method", Some(request.method.as_str().into()))?;
        say("path", Some(request.path.as_str().into()))?;
        say("route", exchange.route.as_deref().map(Value::from))?;
        say("query", request.query.as_deref().map(Value::from))?;
        say("status", exchange.shown_status().map(Value::from))?;
        say("duration_ms", Some(millis.into()))?;
        say("bytes", Some(exchange.bytes.into()))?;
        say("client", client.map(Value::from_display))?;
        say("user_agent", request.user_agent.as_deref().map(Value::from))?;
        let headers = &request.headers;
        say(
            "headers",
            (!headers.0.is_empty()).then(|| Value::from_serde(headers)),
        )?;
        say("parent_id", parent_id.as_deref().map(Value::from))?;
        say(
            "aborted",
            (exchange.end == End::Aborted).then_some(true.into()),
        )?;
        say(
            "panicked",
            (exchange.end == End::Panicked).then_some(true.into()),
        )?;
        say("err", exchange.error.as_ref().map(Value::from_serde))
    }
}
