//! Requests to others: the headers that pass on whose request it is for.

use super::exchange::ID_KEY;
use super::request::{REQUEST_ID, is_id};
use crate::context::{Scope, trace};
use crate::record::Value;

/// The id of the request that is being handled: the nearest `request_id` of the scopes that this is called in; `None` outside of
/// any. For error pages, and for jobs that the request leaves behind.
///
/// # Example
/// ```
/// let _request = hestia::scope!(request_id = 17);
/// assert_eq!(hestia::web::request_id().as_deref(), Some("17"));
/// ```
#[must_use]
pub fn request_id() -> Option<String> {
    let scope = Scope::current();
    let fields = scope.0.iter().flat_map(|kept| kept.shared().outward());
    let id = fields
        .flat_map(|shared| shared.entries().iter())
        .find(|field| field.key == ID_KEY)?;
    match id.value {
        Value::Str(text) => Some(text.to_owned()),
        Value::U64(number) => Some(number.to_string()),
        Value::I64(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The headers that pass on, to whoever is called from here, whose request it is for: `traceparent` and `tracestate` of the
/// current trace, and `x-request-id`. What there is none of is left out, and so is a request id that [`AccessLog`](super::AccessLog) would not
/// take over.
///
/// The called service's span becomes a child of the current one; where each call is to be a span of its own, enter a
/// [`trace::child`](crate::trace::child) before.
///
/// # Example
/// ```
/// let _trace = hestia::trace::start();
/// let _request = hestia::scope!(request_id = "r-17");
/// // For any client: `for (name, value) in hestia::web::headers() { request = request.header(name, value); }`
/// let headers = hestia::web::headers();
/// assert_eq!(headers[0].0, "traceparent");
/// assert_eq!(headers[1], ("x-request-id", "r-17".to_owned()));
/// ```
#[must_use]
pub fn headers() -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    trace::inject(|name, value| headers.push((name, value.to_owned())));
    if let Some(id) = request_id().filter(|id| is_id(id)) {
        headers.push((REQUEST_ID, id));
    }
    headers
}

/// What [`inject`] puts headers into: `http::HeaderMap` (of reqwest, hyper, tonic; feature `tower`) and actix-web's (of awc;
/// feature `actix`).
pub trait Carrier {
    /// Sets a header, instead of those of this name that there are.
    fn set(&mut self, name: &'static str, value: &str);
}

/// Puts [`headers`] into a request, in the place of those that are there.
///
/// # Example
/// ```
/// # #[cfg(feature = "tower")] {
/// let _trace = hestia::trace::start();
/// let mut request = http::Request::get("http://stock/items/7").body(())?;
/// hestia::web::inject(request.headers_mut());
/// assert_eq!(request.headers()["traceparent"].len(), 55);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inject(headers: &mut impl Carrier) {
    for (name, value) in self::headers() {
        headers.set(name, &value);
    }
}
