//! Services of tower's by themselves: what servers that can fail, or drop what they began, leave in the log.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use hestia::Level;
use hestia::web::AccessLog;
use hestia_tests::objects;
use http::{Request, Response};
use http_body::{Body, Frame};
use serde_json::json;
use tower_layer::Layer;
use tower_service::Service;

type Failure = Box<dyn Error + Send + Sync>;

/// A service made of a function.
struct Does<F>(F);

impl<F, A> Service<Request<()>> for Does<F>
where
    F: FnMut() -> A,
    A: Future<Output = Result<Response<Parts>, Failure>>,
{
    type Response = Response<Parts>;
    type Error = Failure;
    type Future = A;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> A {
        self.0()
    }
}

/// A body of parts, which does not know its end beforehand.
struct Parts(Vec<Frame<Bytes>>);

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop().map(Ok))
    }
}

fn request(path: &str) -> Request<()> {
    Request::get(path).body(()).expect("a request")
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Calls a service once, as far as it goes.
fn call<F, A>(path: &str, service: F) -> Poll<Result<Response<impl Body<Data = Bytes>>, Failure>>
where
    F: FnMut() -> A,
    A: Future<Output = Result<Response<Parts>, Failure>>,
{
    let mut logged = AccessLog::new().layer(Does(service));
    poll_once(pin!(logged.call(request(path))).as_mut())
}

/// Takes so many frames of a body, and drops it.
fn take(response: Poll<Result<Response<impl Body<Data = Bytes>>, Failure>>, frames: usize) {
    let Poll::Ready(Ok(response)) = response else {
        panic!("no answer");
    };
    let mut body = pin!(response.into_body());
    for _ in 0..frames {
        let next = poll_fn(|context| body.as_mut().poll_frame(context));
        assert!(poll_once(pin!(next).as_mut()).is_ready());
    }
}

fn parts(trailers: bool) -> Response<Parts> {
    let mut frames = vec![Frame::data(Bytes::from_static(b"four"))];
    if trailers {
        frames.insert(0, Frame::trailers(http::HeaderMap::new()));
    }
    Response::new(Parts(frames))
}

#[test]
fn services_that_fail_and_servers_that_drop_them_are_told_apart() {
    let directory = tempfile::tempdir().expect("a directory");
    let logs = hestia::builder()
        .logs_dir(directory.path())
        .console(false)
        .level(Level::Info);
    let hestia = logs.env(false).init().expect("hestia is on");

    let failed = call("/fails", async || Err("no stock".into()));
    assert!(matches!(failed, Poll::Ready(Err(_))));
    assert!(call("/dropped", pending).is_pending());
    take(call("/whole", async || Ok(parts(false))), 2);
    take(call("/given_up", async || Ok(parts(false))), 1);
    take(call("/trailers", async || Ok(parts(true))), 2);
    take(call("/never_asked", async || Ok(parts(false))), 0);
    let not_modified = async || {
        let mut response = parts(false);
        *response.status_mut() = http::StatusCode::NOT_MODIFIED;
        Ok(response)
    };
    take(call("/not_modified", not_modified), 0);
    let panicked = std::panic::catch_unwind(|| {
        let _ = call("/panics", || -> std::future::Pending<_> {
            panic!("before the first poll")
        });
    });
    assert!(panicked.is_err());
    let mut unpolled = AccessLog::new().layer(Does(async || Ok(parts(false))));
    drop(unpolled.call(request("/unpolled")));
    let panics = AccessLog::new()
        .skip(|_| panic!("skip"))
        .scope(|_, _| panic!("scope"))
        .client(|_| panic!("client"))
        .route(|_| panic!("route"))
        .level(|_| panic!("level"));
    let mut asks = panics.layer(Does(async || Ok(parts(false))));
    take(poll_once(pin!(asks.call(request("/asks"))).as_mut()), 2);
    // Outside of any server there may be a trace already.
    let trace = hestia::trace::start();
    take(call("/traced", async || Ok(parts(false))), 2);

    hestia.flush().expect("everything is written");
    let records = objects(&directory.path().join("app.log"));
    let access: Vec<_> = records
        .iter()
        .filter(|record| record["target"] == "hestia::access")
        .collect();
    let told: Vec<_> = access
        .iter()
        .map(|record| {
            let of = |key: &str| record["metadata"][key].clone();
            json!([
                of("path"),
                record["level"],
                of("status"),
                of("bytes"),
                of("aborted"),
                of("panicked"),
                of("err")
            ])
        })
        .collect();
    let expected = [
        json!(["/fails", "ERROR", null, 0, null, null, ["no stock"]]),
        json!(["/dropped", "INFO", null, 0, true, null, null]),
        json!(["/whole", "INFO", 200, 4, null, null, null]),
        json!(["/given_up", "INFO", 200, 4, true, null, null]),
        json!(["/trailers", "INFO", 200, 4, null, null, null]),
        json!(["/never_asked", "INFO", 200, 0, true, null, null]),
        json!(["/not_modified", "INFO", 304, 0, null, null, null]),
        json!(["/panics", "ERROR", 500, 0, null, true, null]),
        json!(["/unpolled", "INFO", null, 0, true, null, null]),
        json!(["/asks", "INFO", 200, 4, null, null, null]),
        json!(["/traced", "INFO", 200, 4, null, null, null]),
    ];
    assert_eq!(told, expected);
    let traced = access.last().expect("a record");
    assert_eq!(traced["trace_id"], trace.traceparent()[3..35]);
    assert_eq!(traced["metadata"]["parent_id"], trace.traceparent()[36..52]);
}
