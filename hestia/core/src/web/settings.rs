//! What is said about the access log: the same for all frameworks.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::request::RequestHead;
use crate::context::Scope;
use crate::level::Level;

/// The target of access records.
const TARGET: &str = "hestia::access";

type OfHead<R> = Arc<dyn Fn(&RequestHead<'_>) -> R + Send + Sync>;
type OfScope = Arc<dyn Fn(&RequestHead<'_>, Scope) -> Scope + Send + Sync>;
type OfStatus = Arc<dyn Fn(u16) -> Level + Send + Sync>;

/// Middleware that gives requests their ids and their scope, and logs an access record for each: a layer of tower's, and a
/// transform of actix-web's. See [the module](crate::web) for what it does.
///
/// Cheap to clone; all clones are the same. A function given to it that panics has said nothing.
///
/// # Example
/// ```
/// use hestia::Level;
/// use hestia::web::AccessLog;
///
/// let log = AccessLog::new()
///     .level(|status| match status {
///         500.. => Level::Error,
///         400.. => Level::Warn,
///         _ => Level::Info,
///     })
///     .header("x-tenant")
///     .skip(|request| request.path() == "/health");
/// # let _ = log;
/// ```
#[derive(Clone)]
#[must_use = "it logs nothing until a service is wrapped in it"]
pub struct AccessLog(Arc<Settings>);

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) target: String,
    pub(super) level: OfStatus,
    pub(super) skip: Option<OfHead<bool>>,
    pub(super) scope: Option<OfScope>,
    pub(super) query: bool,
    pub(super) headers: Vec<Header>,
    /// The header that says who the client is, and how many proxies of one's own add to it.
    pub(super) client_header: Option<(String, usize)>,
    pub(super) accept_ids: bool,
    pub(super) trace_header: Option<String>,
    #[cfg(feature = "tower")]
    pub(super) extensions: super::tower::FromExtensions,
}

/// A header that is logged. Cheap to clone.
#[derive(Clone)]
pub(super) struct Header {
    /// In lower case.
    pub(super) name: Arc<str>,
    /// As the program spelled it: in lower case, `X-CSRFToken` has other words.
    pub(super) said: Arc<str>,
}

impl fmt::Debug for Header {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(out)
    }
}

pub(super) fn level(status: u16) -> Level {
    if status >= 500 {
        Level::Error
    } else {
        Level::Info
    }
}

/// Asks a function of the program's. When it panics, that has a record, as every panic has, and `otherwise` is its answer: no request
/// fails by being logged.
pub(super) fn ask<R>(otherwise: R, function: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(function)).unwrap_or(otherwise)
}

impl AccessLog {
    /// One with everything as it is unless said.
    pub fn new() -> Self {
        AccessLog(Arc::new(Settings {
            target: TARGET.to_owned(),
            level: Arc::new(level),
            skip: None,
            scope: None,
            query: false,
            headers: Vec::new(),
            client_header: None,
            accept_ids: true,
            trace_header: None,
            #[cfg(feature = "tower")]
            extensions: super::tower::FromExtensions::default(),
        }))
    }

    pub(super) fn settings(&self) -> &Arc<Settings> {
        &self.0
    }

    pub(super) fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// What filters match access records by. Unless said: `hestia::access`.
    pub fn target(self, target: impl Into<String>) -> Self {
        self.set(|settings| settings.target = target.into())
    }

    /// The level of a request's access record, by the status of its answer: 500 for a panic. Unless said, `error` from 500 on, and
    /// `info` below. A service that failed is logged as an `error` in any case; a request that was given up before there was an answer, as `info`.
    pub fn level(self, level: impl Fn(u16) -> Level + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.level = Arc::new(level))
    }

    /// Requests without an access record: health checks, for one. Those that fail have one all the same: a status of 500 or more,
    /// a panic, a service that failed. What is logged while they are handled carries their ids in any case.
    pub fn skip(self, skip: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.skip = Some(Arc::new(skip)))
    }

    /// Adds to what everything carries that is logged while the request is handled, beside request id and trace.
    ///
    /// # Example
    /// ```
    /// let log = hestia::web::AccessLog::new().scope(|request, scope| match request.header("x-tenant") {
    ///     Some(tenant) => scope.with("tenant", tenant).with("path", request.path()),
    ///     None => scope,
    /// });
    /// # let _ = log;
    /// ```
    pub fn scope(
        self,
        scope: impl Fn(&RequestHead<'_>, Scope) -> Scope + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.scope = Some(Arc::new(scope)))
    }

    /// Whether the query is logged, as `query`. Unless said, it is not: tokens and names are passed in it.
    pub fn query(self, query: bool) -> Self {
        self.set(|settings| settings.query = query)
    }

    /// Logs a header of the request as well, among `headers`, under its name in lower case; its first value where it has several.
    /// Of those whose names [redaction](crate::Builder::redact) hides (`Authorization`, `Cookie`, those whose last words are `token`, `secret`,
    /// `password`, `api-key`, …, and what the program has added or excepted) only that they were there: `***`. Words are told by the
    /// spelling that is given here: `X-CSRFToken` ends with `token`, `x-csrftoken` does not.
    pub fn header(self, name: impl AsRef<str>) -> Self {
        let said = name.as_ref();
        let header = Header {
            name: said.to_ascii_lowercase().into(),
            said: said.into(),
        };
        self.set(|settings| settings.headers.push(header))
    }

    /// Takes the client's address from this header, which proxies of one's own set: `x-forwarded-for`, `forwarded` (RFC 7239), or
    /// another one that holds an address, such as `x-real-ip`. Unless said, `client` is whoever is connected: the proxy, where there
    /// is one.
    ///
    /// `proxies` is how many of one's own add to the header, 1 for most. What stands before their entries anybody may have made
    /// up, so the entry is counted from the end. Where there are fewer, or it is no address, `client` is whoever is
    /// connected; with 0 always.
    pub fn client_header(self, name: impl AsRef<str>, proxies: usize) -> Self {
        let name = name.as_ref().to_ascii_lowercase();
        self.set(|settings| settings.client_header = Some((name, proxies)))
    }

    /// Whether the caller's request id and trace are taken over. Unless said, they are; where callers are strangers, `false` keeps them
    /// from choosing ids that other requests have.
    ///
    /// A request id is taken over if it is one: at most 128 letters, digits and `-_.~:/+=@`. Otherwise, and where the header stands
    /// there twice, the request gets a new one, a UUID of version 7.
    pub fn accept_ids(self, accept: bool) -> Self {
        self.set(|settings| settings.accept_ids = accept)
    }

    /// Answers with trace and span, as `traceparent` has them, in a header of this name: `traceresponse`, as a draft of the W3C's has it, or
    /// `traceparent`. Unless said, the answer has the request id only. A name that is none for a header is left out.
    pub fn trace_header(self, name: impl Into<String>) -> Self {
        self.set(|settings| settings.trace_header = Some(name.into()))
    }
}

impl Default for AccessLog {
    fn default() -> Self {
        AccessLog::new()
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AccessLog")
            .field("target", &self.0.target)
            .field("query", &self.0.query)
            .field("headers", &self.0.headers)
            .field("client_header", &self.0.client_header)
            .field("accept_ids", &self.0.accept_ids)
            .field("trace_header", &self.0.trace_header)
            .finish_non_exhaustive()
    }
}
