//! The service, with axum.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use hestia::InScope;
use hestia_tests_web::{Chunks, Ending, Outcome, Service};
use http_body::Frame;
use log::info;
use tokio::net::TcpListener;
use tokio::sync::Notify;

fn main() -> Outcome {
    let (service, log) = Service::start()?;
    let log = log
        .client(|extensions| {
            extensions
                .get()
                .map(|info: &ConnectInfo<SocketAddr>| info.0)
        })
        .route(|extensions| extensions.get().map(|path: &MatchedPath| path.as_str()));
    let stop = Arc::new(Notify::new());
    let told = Arc::clone(&stop);
    let app = Router::new()
        .route("/hello", any(hello))
        .route(
            "/call",
            get(
                async |State(service): State<Service>| match service.call().await {
                    Ok(text) => (StatusCode::OK, text),
                    Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
                },
            ),
        )
        .route("/together/{number}", get(together))
        .route("/status/{status}", get(status))
        .route("/skipped/{status}", get(status))
        .route(
            "/panic",
            get(async || -> &'static str { panic!("in the handler") }),
        )
        .route("/headers", get(async || format!("{:?}", injected())))
        .route("/wait", get(async || hestia_tests_web::wait().await))
        .route(
            "/somebody_waits",
            get(async || hestia_tests_web::somebody_waits().await),
        )
        .route("/stream", get(async || body(Ending::Whole)))
        .route("/sized", get(async || sized()))
        .route("/endless", get(async || body(Ending::Never)))
        .route("/broken", get(async || body(Ending::Broken)))
        .route("/panics_late", get(async || body(Ending::Panics)))
        .route(
            "/stop",
            get(async move || {
                told.notify_one();
                hestia_tests_web::open_gate();
            }),
        )
        .with_state(service)
        .layer(log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        hestia_tests_web::listens(listener.local_addr()?)?;
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app)
            .with_graceful_shutdown(async move { stop.notified().await })
            .await?;
        Ok(())
    })
}

async fn hello() -> &'static str {
    info!("hello");
    "hello"
}

async fn together(Path(number): Path<u64>) -> String {
    let errand = tokio::spawn(hestia_tests_web::errand(number).in_current_scope());
    hestia_tests_web::together(number).await;
    let _ = errand.await;
    number.to_string()
}

async fn status(Path(status): Path<u16>) -> StatusCode {
    info!("answering");
    StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT)
}

fn injected() -> HeaderMap {
    let mut headers = HeaderMap::new();
    hestia::web::inject(&mut headers);
    headers
}

fn body(ending: Ending) -> Body {
    Body::new(Streamed(Chunks::new(ending)))
}

/// A stream of known length, which servers need not read to its end.
fn sized() -> Response {
    let length = u64::from(hestia_tests_web::CHUNKS) * hestia_tests_web::CHUNK as u64;
    let response = Response::builder().header("content-length", length);
    response.body(body(Ending::Whole)).unwrap_or_default()
}

struct Streamed(Chunks);

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.next_chunk().map(|chunk| chunk.map(Frame::data)))
    }
}
