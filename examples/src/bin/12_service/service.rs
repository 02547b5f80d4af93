//! The server: a small shop that looks orders up and takes new ones.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::Logger;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde::{Deserialize, Serialize};

/// The header in which a client names its request.
pub(crate) const REQUEST_ID: &str = "x-request-id";

#[derive(Deserialize, Serialize)]
struct Order {
    item: String,
    count: u32,
}

/// A server on this socket, to be awaited.
pub(crate) fn on(listener: TcpListener) -> io::Result<Server> {
    let server = HttpServer::new(|| {
        App::new()
            .wrap(Logger::new("%{x-request-id}i %r %s %b %D").log_target("access"))
            .route("/orders/{number}", web::get().to(look_up))
            .route("/orders", web::post().to(take))
    });
    Ok(server.workers(2).disable_signals().listen(listener)?.run())
}

/// Every tenth order is unknown.
async fn look_up(request: HttpRequest, number: web::Path<u64>) -> HttpResponse {
    let is_known = *number % 10 != 0;
    let status = if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let level = if is_known { log::Level::Info } else { log::Level::Info };
    log::log!(
        target: "orders", level,
        request_id = id(&request), method = request.method().as_str(), path = request.path(),
        status = status.as_u16(), order = *number;
        "order looked up"
    );
    HttpResponse::build(status).body(format!("order {number}\n"))
}

async fn take(request: HttpRequest, order: web::Json<Order>) -> HttpResponse {
    let status = StatusCode::CREATED;
    let order = order.into_inner();
    log::info!(
        target: "orders",
        request_id = id(&request), method = request.method().as_str(), path = request.path(),
        status = status.as_u16(), order:serde;
        "order taken"
    );
    HttpResponse::build(status).json(order)
}

fn id(request: &HttpRequest) -> &str {
    let header = request.headers().get(REQUEST_ID);
    header.and_then(|id| id.to_str().ok()).unwrap_or("-")
}
