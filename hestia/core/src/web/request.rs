//! What a request's head says: its line, its headers, its ids, and who the client is.
//!
//! *Invariant:* nothing that a client sent is taken for an id or an address before it looks like one.

use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::{Builder, Uuid};

use super::settings::Settings;
use crate::trace_context::TraceContext;

/// Where the request's id travels.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// The longest request id that is taken over, in bytes.
const LONGEST_ID: usize = 128;

/// A request's first line and headers, as [`AccessLog`](super::AccessLog)'s settings see them.
///
/// # Example
/// ```
/// use hestia::web::{AccessLog, RequestHead};
///
/// fn is_probe(request: &RequestHead<'_>) -> bool {
///     request.path() == "/health" || request.header("user-agent").is_some_and(|agent| agent.starts_with("kube-probe/"))
/// }
/// let log = AccessLog::new().skip(is_probe);
/// # let _ = log;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> RequestHead<'a> {
    /// `GET`, `POST`, …
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path, as it was sent: percent-encoded, without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// What stands behind the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// The first value of a header, whose name is written in any letter case; `None` where it is no text, too.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
        let named = self
            .headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// A step of the caller's trace, where it is one and may be taken over.
    pub(super) fn trace(&self, settings: &Settings) -> Option<TraceContext> {
        settings
            .accept_ids
            .then(|| TraceContext::after(self.headers.iter().copied()))?
    }

    /// The caller's id of the request, where it is one and may be taken over; otherwise a new one.
    pub(super) fn id(&self, settings: &Settings) -> String {
        let mut given = self.values(REQUEST_ID);
        match (given.next(), given.next()) {
            (Some(id), None) if settings.accept_ids && is_id(id) => id.to_owned(),
            _ => new_id().to_string(),
        }
    }

    /// Who the client is, where the peer is known, or a header says so.
    pub(super) fn client(&self, settings: &Settings, peer: Option<IpAddr>) -> Option<IpAddr> {
        let said = settings.client_header.as_ref().and_then(|(name, proxies)| {
            let entry = self
                .values(name)
                .flat_map(|value| value.split(','))
                .rev()
                .nth(proxies.checked_sub(1)?)?;
            if name == "forwarded" {
                address(forwarded_for(entry)?)
            } else {
                address(entry)
            }
        });
        said.or(peer)
    }
}

/// Whether a text can be a request's id: nothing in it that a header, a shell, a query or a page takes for something else.
pub(super) fn is_id(text: &str) -> bool {
    let may_be_in = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.~:/+=@".contains(&letter);
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(may_be_in)
}

/// Version 7: ids of later milliseconds are greater.
fn new_id() -> Uuid {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let random = Uuid::new_v4().into_bytes();
    let mut bits = [0; 10];
    // Between them stand version and variant.
    bits[..6].copy_from_slice(&random[..6]);
    bits[6..].copy_from_slice(&random[12..]);
    Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
}

/// The `for` of one element of a `Forwarded` header (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// An address as proxies write it: alone, with a port, an IPv6 one in brackets or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let address = alone.parse().ok();
    address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::AccessLog;

    fn client(header: (&str, usize), lines: &[&str]) -> Option<String> {
        let headers: Vec<_> = lines
            .iter()
            .map(|line| (header.0, line.as_bytes()))
            .collect();
        let head = RequestHead {
            method: "GET",
            path: "/",
            query: None,
            headers: &headers,
        };
        let log = AccessLog::new().client_header(header.0, header.1);
        let peer = IpAddr::from([10, 0, 0, 1]);
        head.client(log.settings(), Some(peer))
            .map(|client| client.to_string())
    }

    #[test]
    fn the_client_is_who_ones_own_proxies_say_it_is() {
        let peer = "10.0.0.1";
        for (header, lines, expected) in [
            (("x-forwarded-for", 1), &["192.0.2.1"][..], "192.0.2.1"),
            (("x-forwarded-for", 1), &["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (
                ("X-Forwarded-For", 1),
                &["6.6.6.6", "192.0.2.1"],
                "192.0.2.1",
            ),
            (
                ("x-forwarded-for", 2),
                &["6.6.6.6,192.0.2.1, 10.0.0.7"],
                "192.0.2.1",
            ),
            (("x-forwarded-for", 2), &["192.0.2.1"], peer),
            (("x-forwarded-for", 0), &["192.0.2.1"], peer),
            (("x-forwarded-for", 1), &[], peer),
            (("x-forwarded-for", 1), &["192.0.2.1, unknown"], peer),
            (("x-forwarded-for", 1), &["192.0.2.1\u{202e}"], peer),
            (("x-forwarded-for", 1), &["192.0.2.1:8080"], "192.0.2.1"),
            (("x-forwarded-for", 1), &["2001:db8::7"], "2001:db8::7"),
            (("x-real-ip", 1), &["[2001:db8::7]"], "2001:db8::7"),
            (
                ("forwarded", 1),
                &["for=6.6.6.6, for=192.0.2.1;proto=https"],
                "192.0.2.1",
            ),
            (
                ("forwarded", 1),
                &["proto=http; For=\"[2001:db8::7]:4711\""],
                "2001:db8::7",
            ),
            (("forwarded", 1), &["for=_hidden"], peer),
            (("forwarded", 1), &["by=192.0.2.1"], peer),
            (("forwarded", usize::MAX), &["for=192.0.2.1"], peer),
        ] {
            assert_eq!(
                client(header, lines).as_deref(),
                Some(expected),
                "{header:?} {lines:?}"
            );
        }
    }

    #[test]
    fn ids_are_of_version_7_and_ascend_by_their_milliseconds() {
        let before = new_id();
        assert_eq!(before.get_version_num(), 7);
        assert_eq!(before.get_variant(), uuid::Variant::RFC4122);
        assert!(is_id(&before.to_string()));
        let after = loop {
            let after = new_id();
            if after.as_bytes()[..6] != before.as_bytes()[..6] {
                break after;
            }
        };
        assert!(after > before);
        assert_ne!(new_id(), new_id());
    }
}
