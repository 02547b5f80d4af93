//! What the two services of these tests share: both do the same, one with axum, one with actix-web.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use hestia::web::AccessLog;
use log::info;
use tokio::sync::{Barrier, Semaphore};

/// How many requests of `/together` wait for each other.
pub const TOGETHER: usize = 1_000;

/// The size of the chunks of `/stream`, in bytes, and how many there are.
pub const CHUNK: usize = 1_000;
/// See [`CHUNK`].
pub const CHUNKS: u32 = 10;

/// Where the tests find out where a service listens.
pub const ADDRESS: &str = "address";

/// What a service does, or its test.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Those who wait in `/wait`.
static WAITING: Semaphore = Semaphore::const_new(0);
/// Opened when the service is told to end.
static GATE: Semaphore = Semaphore::const_new(0);
static ALL_TOGETHER: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(TOGETHER));

/// What a service was started with.
#[derive(Clone, Debug)]
pub struct Service {
    /// The service to call.
    pub back: String,
    client: reqwest::Client,
}

impl Service {
    /// Turns hestia on. Arguments: the service's name, `inside` or `edge`, the address of the service to call.
    ///
    /// # Errors
    /// When an argument is missing, or hestia cannot be turned on.
    pub fn start() -> Result<(Self, AccessLog), Box<dyn Error>> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [name, place, back] = &arguments[..] else {
            return Err("expected: a name, `inside` or `edge`, an address".into());
        };
        hestia::builder().app(name).console(false).init()?;
        let service = Service {
            back: back.clone(),
            client: reqwest::Client::new(),
        };
        Ok((service, access_log(place == "edge")))
    }

    /// Calls the other service, and passes on whose request it is for.
    ///
    /// # Errors
    /// When it is not reached.
    pub async fn call(&self) -> Result<String, reqwest::Error> {
        info!("calling");
        let url = format!("http://{}/hello", self.back);
        let mut request = self.client.get(url).build()?;
        hestia::web::inject(request.headers_mut());
        self.client.execute(request).await?.text().await
    }
}

fn access_log(is_edge: bool) -> AccessLog {
    let log = AccessLog::new()
        .header("X-Tenant")
        .header("Authorization")
        .client_header("x-forwarded-for", 1)
        .skip(|request| request.path().starts_with("/skipped"))
        .scope(|request, scope| match request.header("x-tenant") {
            Some(tenant) => scope.with("tenant", tenant),
            None => scope,
        });
    if is_edge {
        log.accept_ids(false)
            .query(true)
            .trace_header("traceresponse")
            .target("edge")
            .level(|_| hestia::Level::Warn)
    } else {
        log
    }
}

/// Tells the test where the service listens.
///
/// # Errors
/// When the file cannot be written.
pub fn listens(address: SocketAddr) -> Outcome {
    // Whole, or not there at all.
    fs::write("address.part", address.to_string())?;
    fs::rename("address.part", ADDRESS)?;
    Ok(())
}

/// Waits until all others are here, too, so that all are in their handlers at the same time.
pub async fn together(number: u64) {
    info!(said = number; "came");
    hestia::record!(recorded = number);
    ALL_TOGETHER.wait().await;
    info!(said = number; "all are here");
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(number % 7)).await;
        info!(said = number; "slept");
    }
}

/// What a task does that `/together` spawns.
pub async fn errand(number: u64) {
    tokio::task::yield_now().await;
    info!(said = number; "ran an errand");
}

/// Waits until the service is told to end.
pub async fn wait() {
    info!("waiting");
    WAITING.add_permits(1);
    let _open = GATE.acquire().await;
}

/// Waits until one more waits.
pub async fn somebody_waits() {
    if let Ok(one) = WAITING.acquire().await {
        one.forget();
    }
}

/// Lets all go who wait.
pub fn open_gate() {
    GATE.add_permits(Semaphore::MAX_PERMITS / 2);
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// After [`CHUNKS`].
    Whole,
    /// Never.
    Never,
    /// In an error, after two chunks.
    Broken,
    /// In a panic, after two chunks.
    Panics,
}

/// A body's chunks, each of which is logged.
#[derive(Debug)]
pub struct Chunks {
    ending: Ending,
    sent: u32,
}

impl Chunks {
    /// One of [`Ending`].
    #[must_use]
    pub fn new(ending: Ending) -> Self {
        Chunks { ending, sent: 0 }
    }

    /// The next chunk.
    ///
    /// # Errors
    /// When it is a broken one.
    ///
    /// # Panics
    /// When it is one that panics.
    pub fn next_chunk(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        match self.ending {
            Ending::Whole if self.sent == CHUNKS => return None,
            Ending::Broken if self.sent == 2 => {
                return Some(Err(std::io::Error::other("the source ran dry")));
            }
            Ending::Panics if self.sent == 2 => panic!("no chunk"),
            _ => {}
        }
        self.sent += 1;
        if self.ending != Ending::Never {
            info!(chunk = self.sent; "chunk");
        }
        Some(Ok(Bytes::from_static(&[b'x'; CHUNK])))
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        hestia::record!(recorded = self.sent);
        info!(chunks = self.sent; "body dropped");
    }
}
