//! A request, as each of those who saw it tells: client, access log, handler.

use std::fmt;

use serde_json::Value;

/// The header in which a client names its request.
pub(crate) const ID_HEADER: &str = "x-request-id";

#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u64,
}

impl Request {
    /// From `r7 GET /orders/7 200`, as it is printed, or with the protocol between and more behind, as access logs have it.
    pub(crate) fn from_words(line: &str) -> Option<Self> {
        let mut words = line.split(' ').filter(|word| !word.starts_with("HTTP/"));
        let mut word = || words.next().map(str::to_owned);
        Some(Request {
            id: word()?,
            method: word()?,
            path: word()?,
            status: word()?.parse().ok()?,
        })
    }

    /// From the key-values that the handler logged.
    pub(crate) fn from_fields(fields: &Value) -> Option<Self> {
        let text = |key: &str| fields[key].as_str().map(str::to_owned);
        Some(Request {
            id: text("request_id")?,
            method: text("method")?,
            path: text("path")?,
            status: fields["status"].as_u64()?,
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request {
            id,
            method,
            path,
            status,
        } = self;
        write!(out, "{id} {method} {path} {status}")
    }
}
