//! A real service under load, and the proof that its log is whole.
//!
//! An HTTP server (actix-web, with its own access log) in this process; a load generator in another one, over
//! loopback. Every request that was answered must stand in `app.log` exactly once as the access log saw it and
//! exactly once as the handler saw it, with its id, method, path and status. Fails when that is not so.
//!
//! `cargo run --release -p hestia-examples --bin 12_service [requests, 20000 unless said]`

mod client;
mod load;
mod orders;
mod proof;
mod request;
mod service;

use std::env;
use std::error::Error;

use hestia::{Console, Level};
use hestia_examples::fresh_directory;

use service::Service;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => serve_and_prove(20_000),
        [requests] => serve_and_prove(number(requests)?),
        [mode, address, requests] if mode == "load" => load::generate(address, number(requests)?),
        _ => Err("usage: 12_service [requests]".into()),
    }
}

fn number(requests: &str) -> Result<usize, String> {
    let number = requests.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{requests}` is no number of requests, such as 20000"))
}

fn serve_and_prove(requests: usize) -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("12_service")?;
    let hestia = hestia::builder()
        .app("shop")
        .logs_dir(&directory)
        .console(Console::stderr().level(Level::Warn))
        // The proof needs every record, whatever `LOG_LEVEL` says.
        .env(false)
        .init()?;

    let service = Service::start()?;
    let answered = load::run(&service.address.to_string(), requests);
    service.stop()?;

    println!("\n{}", hestia.flush()?);
    proof::prove(&answered?, &directory.join("app.log"))
}
