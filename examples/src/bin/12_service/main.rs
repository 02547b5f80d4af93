//! 12. A real service under load, and the proof that its log is whole.
//!
//! An HTTP server (actix-web, with its own access log) in this process; a load generator in another one, over
//! loopback. Every request that was answered must stand in `app.log` exactly once as the access log saw it and
//! exactly once as the handler saw it, with its id, method, path and status. Exits with 1 when that is not so.
//!
//! `cargo run --release -p hestia-examples --bin 12_service [requests, 20000 unless said]`

mod load;
mod proof;
mod service;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;
use std::{env, thread};

use actix_web::rt;
use hestia::{Console, Level};
use hestia_examples::fresh_directory;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => serve_and_prove(20_000),
        ["load", address, requests] => load::generate(address, requests.parse()?),
        [requests] => serve_and_prove(requests.parse()?),
        _ => Err("usage: 12_service [requests]".into()),
    }
}

fn serve_and_prove(requests: usize) -> Result<ExitCode, Box<dyn Error>> {
    let directory = fresh_directory("12_service")?;
    let hestia = hestia::builder()
        .app("shop")
        .logs_dir(&directory)
        .console(Console::stderr().level(Level::Warn))
        // The proof needs every record, whatever `LOG_LEVEL` says.
        .env(false)
        .init()?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    println!("{requests} requests to http://{address} over {} connections", load::CONNECTIONS);
    let server = service::on(listener)?;
    let handle = server.handle();
    let serving = thread::spawn(|| rt::System::new().block_on(server));
    let answered = load::run_as_a_process(&address.to_string(), requests);
    // Waits for what is still being answered.
    rt::System::new().block_on(handle.stop(true));
    serving.join().map_err(|_| "the server panicked")??;

    println!("\n{}", hestia.flush()?);
    let is_whole = proof::prove(&answered?, &directory.join("app.log"))?;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
