//! Two axum services in two processes, a shop that asks the stock: one request, one trace through both logs.

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Path, State};
use axum::{Router, http::HeaderMap, routing::get};
use hestia::web::AccessLog;
use hestia_examples::{Peer, order_tea};
use tokio::{net::TcpListener, task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Some(stock) = Peer::start_or_be("18_axum", "shop", "stock")? else {
        let app = Router::new().route("/items/{item}", get(count));
        return serve(app, Peer::told_to_end).await;
    };
    let app = Router::new().route("/orders/{item}", get(order));
    let app = app.with_state(stock.address().to_owned());
    serve(app, order_tea).await?;
    stock.stop()
}

async fn count(Path(item): Path<String>) -> &'static str {
    log::info!(item; "counted");
    "7"
}

async fn order(State(stock): State<String>, Path(item): Path<String>) -> String {
    log::info!(item; "asking the stock");
    let mut headers = HeaderMap::new();
    hestia::web::inject(&mut headers);
    let request = reqwest::Client::new().get(format!("http://{stock}/items/{item}"));
    let answer = async { request.headers(headers).send().await?.text().await };
    let answer = answer.await;
    answer.unwrap_or_else(|error| format!("not known: {error}"))
}

/// Serves until that function, on another thread, returns.
async fn serve(app: Router, until: fn(&str)) -> Result<(), Box<dyn Error>> {
    let client = |info: &ConnectInfo<SocketAddr>| info.0;
    let log = AccessLog::new()
        .client(move |extensions| extensions.get().map(client))
        .route(|extensions| extensions.get().map(MatchedPath::as_str));
    let app = app.layer(log);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let until = task::spawn_blocking(move || until(&address));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app);
    let server = server.with_graceful_shutdown(async { drop(until.await) });
    Ok(server.await?)
}
