//! Two actix-web services in two processes, a shop that asks the stock: one request, one trace through both logs.

use std::error::Error;
use std::net::TcpListener;
use std::thread;

use actix_web::web::{Data, Path, get};
use actix_web::{App, HttpServer, rt};
use hestia::web::AccessLog;
use hestia_examples::{Peer, order_tea};

fn main() -> Result<(), Box<dyn Error>> {
    let Some(stock) = Peer::start_or_be("19_actix", "shop", "stock")? else {
        return serve("nobody", Peer::told_to_end);
    };
    serve(stock.address(), order_tea)?;
    stock.stop()
}

async fn count(item: Path<String>) -> &'static str {
    log::info!(item = item.as_str(); "counted");
    "7"
}

async fn order(stock: Data<String>, item: Path<String>) -> String {
    log::info!(item = item.as_str(); "asking the stock");
    let url = format!("http://{}/items/{item}", **stock);
    let mut request = reqwest::Client::new().get(url);
    for (name, value) in hestia::web::headers() {
        request = request.header(name, value);
    }
    let answer = async { request.send().await?.text().await };
    let answer = answer.await;
    answer.unwrap_or_else(|error| format!("not known: {error}"))
}

/// Serves until that function, on another thread, returns.
fn serve(stock: &str, until: fn(&str)) -> Result<(), Box<dyn Error>> {
    let (stock, log) = (Data::new(stock.to_owned()), AccessLog::new());
    let app = move || {
        let app = App::new().wrap(log.clone()).app_data(stock.clone());
        app.route("/orders/{item}", get().to(order))
            .route("/items/{item}", get().to(count))
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    rt::System::new().block_on(async {
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.listen(listener)?.run();
        let handle = server.handle();
        thread::spawn(move || {
            until(&address);
            drop(handle.stop(true));
        });
        Ok(server.await?)
    })
}
