//! The service, with actix-web.

use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServerHandle, Service as _, ServiceRequest};
use actix_web::error::ErrorForbidden;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{App, HttpResponse, HttpServer, rt, web};
use bytes::Bytes;
use hestia::InScope;
use hestia_tests_web::{Chunks, Ending, Outcome, Service};
use log::info;

type Stop = Arc<OnceLock<ServerHandle>>;

fn main() -> Outcome {
    let (service, log) = Service::start()?;
    let stop = Stop::default();
    let told = Arc::clone(&stop);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(service.clone()))
            .app_data(web::Data::new(Arc::clone(&told)))
            // Answers with an error of its own, before any handler.
            .wrap_fn(|request: ServiceRequest, service| {
                let is_forbidden = request.path() == "/forbidden";
                let answer = (!is_forbidden).then(|| service.call(request));
                async move {
                    match answer {
                        Some(answer) => answer.await,
                        None => Err(ErrorForbidden("nobody may")),
                    }
                }
            })
            .wrap(log.clone())
            .configure(routes)
    });
    rt::System::new().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let server = server.workers(2).disable_signals().listen(listener)?.run();
        let _ = stop.set(server.handle());
        hestia_tests_web::listens(address)?;
        server.await?;
        Ok(())
    })
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/hello", web::to(hello))
        .route("/call", web::get().to(call))
        .route("/together/{number}", web::get().to(together))
        .route("/status/{status}", web::get().to(status))
        .route("/skipped/{status}", web::get().to(status))
        .route("/panic", web::get().to(panics))
        .route(
            "/headers",
            web::get().to(async || format!("{:?}", injected())),
        )
        .route(
            "/wait",
            web::get().to(async || {
                hestia_tests_web::wait().await;
                HttpResponse::Ok().finish()
            }),
        )
        .route(
            "/somebody_waits",
            web::get().to(async || {
                hestia_tests_web::somebody_waits().await;
                HttpResponse::Ok().finish()
            }),
        )
        .route("/stream", web::get().to(async || body(Ending::Whole)))
        .route("/sized", web::get().to(async || sized()))
        .route("/endless", web::get().to(async || body(Ending::Never)))
        .route("/broken", web::get().to(async || body(Ending::Broken)))
        .route("/panics_late", web::get().to(async || body(Ending::Panics)))
        .route("/stop", web::get().to(stop));
}

async fn hello() -> &'static str {
    info!("hello");
    "hello"
}

async fn call(service: web::Data<Service>) -> HttpResponse {
    match service.call().await {
        Ok(text) => HttpResponse::Ok().body(text),
        Err(error) => HttpResponse::BadGateway().body(error.to_string()),
    }
}

async fn together(number: web::Path<u64>) -> String {
    let errand = rt::spawn(hestia_tests_web::errand(*number).in_current_scope());
    hestia_tests_web::together(*number).await;
    let _ = errand.await;
    number.to_string()
}

async fn status(status: web::Path<u16>) -> HttpResponse {
    info!("answering");
    HttpResponse::new(StatusCode::from_u16(*status).unwrap_or(StatusCode::IM_A_TEAPOT))
}

async fn panics() -> HttpResponse {
    panic!("in the handler")
}

fn injected() -> HeaderMap {
    let mut headers = HeaderMap::new();
    hestia::web::inject(&mut headers);
    headers
}

async fn stop(stop: web::Data<Stop>) -> HttpResponse {
    if let Some(server) = stop.get() {
        // Not waited for: it waits for this answer.
        drop(server.stop(true));
    }
    hestia_tests_web::open_gate();
    HttpResponse::Ok().finish()
}

fn body(ending: Ending) -> HttpResponse<Streamed> {
    HttpResponse::with_body(
        StatusCode::OK,
        Streamed(Chunks::new(ending), BodySize::Stream),
    )
}

fn sized() -> HttpResponse<Streamed> {
    let length = u64::from(hestia_tests_web::CHUNKS) * hestia_tests_web::CHUNK as u64;
    let body = Streamed(Chunks::new(Ending::Whole), BodySize::Sized(length));
    HttpResponse::with_body(StatusCode::OK, body)
}

struct Streamed(Chunks, BodySize);

impl MessageBody for Streamed {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        self.1
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(self.0.next_chunk())
    }
}
