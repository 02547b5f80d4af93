//! HTTP requests: whose request a record belongs to, and one record for each request.
//!
//! [`AccessLog`] is middleware, for whatever is made of tower's services (axum, tonic, hyper: feature `tower`) and for actix-web
//! (feature `actix`). For each request it
//!
//! * goes on with the caller's trace, or starts one (see [`TraceContext::from_headers`](crate::trace::TraceContext::from_headers) for what is
//!   understood), and takes the caller's `X-Request-ID`, or makes an id;
//! * gives both to everything that is logged while the request is handled, its answer's body included, by whatever crate: a
//!   [`Scope`](crate::Scope), which follows the request over awaits and threads, and which tasks that it spawns
//!   [take over](crate::InScope::in_current_scope);
//! * answers with the `X-Request-ID`;
//! * logs an access record when the answer has been handed to the server to its last byte, or nobody wants it any more.
//!
//! [`headers`] and [`inject`] pass both ids on to the services that are called meanwhile, so that one trace id leads through all
//! their logs.
//!
//! # The access record
//!
//! Target `hestia::access`, message `GET /orders/17 200 3.2ms`, and these key-values, of which those are absent that there is
//! nothing to say about:
//!
//! | key | what |
//! |---|---|
//! | `method`, `path` | as the client sent them; the path without query, which may hold secrets: see [`AccessLog::query`] |
//! | `route` | the pattern that the path matched, such as `/orders/{id}`: see [`AccessLog::route`] (feature `tower`); actix-web has it by itself |
//! | `query` | only if asked for |
//! | `status` | of the answer; 500 where a panic left none. Absent where the client was gone before there was an answer, and where the service failed without one |
//! | `duration_ms` | from the request's head to the answer's last byte, in milliseconds |
//! | `bytes` | of the answer's body, as handed to the server |
//! | `client` | the client's address: see [`AccessLog::client_header`], and [`AccessLog::client`] (feature `tower`) |
//! | `user_agent` | the header |
//! | `headers` | an object of those that were [asked for](AccessLog::header) |
//! | `parent_id` | the span of the caller that this request is a step of |
//! | `aborted` | `true` where the answer, or the rest of it, was given up before its end: most often since the client is gone |
//! | `panicked` | `true` where the handler, or what makes the body, panicked; the panic has a record of its own, in the same scope |
//! | `err` | the error of the service, the handler or the body, as an array of texts |
//! | `request_id` | as every record of the request |
//! | whatever was recorded (`record!`) | what handlers, and what they call, knew only while they ran: `hestia::record!(customer = 17)` |
//!
//! Trace and span ids stand where they stand in every record. The names are the same in all layouts and schemas. Paths are kept to
//! 2 KiB, other texts to 512 bytes, and what is longer is looked through for [patterns](crate::Redaction::patterns) before it is cut; hidden characters are escaped as everywhere.
//!
//! The level is `error` where the status is 500 or more, the handler panicked, or service or body failed; otherwise `info`, 4xx included:
//! they are the client's mistakes, and on a public address mostly a scanner's. [`AccessLog::level`] changes that, [`AccessLog::skip`] leaves
//! records out; `LOG_LEVEL=info,hestia::access=off` as well.
//!
//! # Example
//! With axum, where the layer knows the route, and the address if the server is told to note it:
//!
//! ```ignore
//! use axum::extract::{ConnectInfo, MatchedPath};
//! use hestia::web::AccessLog;
//!
//! let log = AccessLog::new()
//!     .client(|extensions| extensions.get().map(|info: &ConnectInfo<SocketAddr>| info.0))
//!     .route(|extensions| extensions.get().map(|path: &MatchedPath| path.as_str()))
//!     .skip(|request| request.path() == "/health");
//! let app = Router::new().route("/orders/{id}", get(order)).layer(log);
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! ```
//!
//! With actix-web:
//!
//! ```no_run
//! # #[cfg(feature = "actix")]
//! # async fn run() -> std::io::Result<()> {
//! use actix_web::{App, HttpServer, web};
//! use hestia::web::AccessLog;
//!
//! async fn order(id: web::Path<u64>) -> String {
//!     log::info!(order = *id; "looked up"); // carries request_id, trace_id, span_id
//!     format!("order {id}\n")
//! }
//!
//! let log = AccessLog::new().skip(|request| request.path() == "/health");
//! HttpServer::new(move || App::new().wrap(log.clone()).route("/orders/{id}", web::get().to(order)))
//!     .bind("127.0.0.1:8080")?
//!     .run()
//!     .await
//! # }
//! ```
//!
//! The outermost middleware sees all of a request: what is around it logs outside of the scope. With axum, `Router::layer` is inside of
//! routing, so that the route is known; requests that no route matches are logged too.
//!
//! Whoever calls: threads of the runtime. *Invariant:* exactly one access record for a request, and no request fails by being logged.

#[cfg(feature = "actix")]
pub mod actix;
mod exchange;
mod outgoing;
mod request;
mod settings;
#[cfg(feature = "tower")]
pub mod tower;

pub use outgoing::{Carrier, headers, inject, request_id};
pub use request::RequestHead;
pub use settings::AccessLog;
