//! The server: started on a thread of its own, stopped when everything was answered.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::middleware::Logger;
use actix_web::{App, HttpServer, rt, web};

use crate::orders;

/// A running server.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

impl Service {
    /// Starts a server on loopback, at a port that the operating system chooses.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(|| {
            // actix-web's own access log: request id, first line of the request, status, bytes, milliseconds.
            let access = Logger::new("%{x-request-id}i %r %s %b %D").log_target("access");
            App::new()
                .wrap(access)
                .route("/orders/{number}", web::get().to(orders::look_up))
                .route("/orders", web::post().to(orders::take))
        });
        let server = server.workers(2).disable_signals().listen(listener)?.run();
        Ok(Service {
            address,
            handle: server.handle(),
            thread: thread::spawn(|| rt::System::new().block_on(server)),
        })
    }

    /// Takes no more requests, and returns when those there are have been answered.
    pub(crate) fn stop(self) -> io::Result<()> {
        rt::System::new().block_on(self.handle.stop(true));
        let ended = self.thread.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("the server panicked")))
    }
}
