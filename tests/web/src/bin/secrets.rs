//! Requests with secrets in them, and what the program has said about these; `tests/secrets.rs` looks at the log.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hestia::web::AccessLog;
use hestia::{Redaction, SecretPattern};
use hestia_tests_web::Outcome;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

/// Answers at once.
struct Answers;

impl Service<Request<()>> for Answers {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(String::new())))
    }
}

fn main() -> Outcome {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    let redaction = match scenario.as_str() {
        "cut" => Redaction::default().patterns(SecretPattern::ALL),
        "listed" => Redaction::default(),
        "excepted" => Redaction::default().except("XCsrfToken"),
        "not_listed" => Redaction::default().list(false).key("TenantName"),
        "off" => Redaction::from(false),
        "by_path" => Redaction::default().path("headers.x-other"),
        other => return Err(format!("no scenario {other:?}").into()),
    };
    let builder = hestia::builder().console(false).text(false);
    builder.redact(redaction).init()?;
    if scenario == "cut" { cut() } else { headers() }
}

/// Answers one request.
fn serve(log: &AccessLog, request: Request<()>) {
    let mut service = log.layer(Answers);
    let answer = pin!(service.call(request));
    let answer = answer.poll(&mut Context::from_waker(Waker::noop()));
    assert!(answer.is_ready(), "the service answers at once");
}

/// Texts that are cut at each place within a secret. It begins so many bytes before the end of what is kept.
fn cut() -> Outcome {
    let log = AccessLog::new().query(true).header("X-Note");
    let secrets = [
        "https://app:GEHEIMGEHEIM@db.example/",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJHRUhFSU0ifQ.R0VIRUlNR0VIRUlN",
        "4111111111111111",
    ];
    for secret in secrets {
        for before in 0..=secret.len() + 2 {
            let text = |kept: usize| format!("{} {secret} ", "x".repeat(kept - 1 - before));
            let in_url = |kept| text(kept).replace(' ', "&");
            let request = Request::get(format!("/{}?{}", in_url(2_047), in_url(2_048)))
                .header("user-agent", text(512))
                .header("x-note", text(512));
            serve(&log, request.body(())?);
        }
    }
    // Not cut, and so looked through by the writer alone; and cut where nothing is found.
    let whole = Request::get("/whole").header("user-agent", "to https://app:GEHEIM@db");
    serve(&log, whole.body(())?);
    let long = Request::get("/long").header("user-agent", "y".repeat(600));
    serve(&log, long.body(())?);
    Ok(())
}

/// Headers whose names have words that lower case does not have.
fn headers() -> Outcome {
    let log = AccessLog::new()
        .header("X-CSRFToken")
        .header("X-AuthToken")
        .header("X-TenantName")
        .header("x-other");
    let request = Request::get("/")
        .header("X-CSRFToken", "csrf")
        .header("X-AuthToken", "auth")
        .header("X-TenantName", "tenant")
        .header("X-Other", "other");
    serve(&log, request.body(())?);
    Ok(())
}
