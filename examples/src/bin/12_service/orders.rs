//! What the server does: looks orders up, and takes new ones.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::request::ID_HEADER;

#[derive(Deserialize, Serialize)]
pub(crate) struct Order {
    item: String,
    count: u32,
}

/// Every tenth order is unknown.
pub(crate) async fn look_up(request: HttpRequest, number: web::Path<u64>) -> HttpResponse {
    let is_known = !number.is_multiple_of(10);
    let status = if is_known {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    log::info!(
        target: "orders",
        request_id = id(&request), method = request.method().as_str(), path = request.path(),
        status = status.as_u16(), order = *number;
        "order looked up"
    );
    HttpResponse::build(status).body(format!("order {number}\n"))
}

pub(crate) async fn take(request: HttpRequest, order: web::Json<Order>) -> HttpResponse {
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
    let header = request.headers().get(ID_HEADER);
    header.and_then(|id| id.to_str().ok()).unwrap_or("-")
}
