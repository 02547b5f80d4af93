//! Shapes of signatures, and what the attribute takes as constants.

use std::error::Error;
use std::future::Future;
use std::panic::catch_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;

use hestia::instrument;
use log::info;

use super::{Account, BoxFuture, poll_once};

/// The name that the crate `futures` has for it.
type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[instrument(ret)]
fn boxed_by_name(number: &u8) -> BoxFuture<'_, u8> {
    Box::pin(async move {
        info!("inside");
        *number
    })
}

#[instrument(ret)]
fn locally_boxed_by_name(number: u8) -> LocalBoxFuture<'static, u8> {
    Box::pin(async move {
        info!("inside");
        number
    })
}

/// Two futures of different types.
#[instrument(ret)]
fn either_boxed(is_first: bool) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    if is_first {
        return Box::pin(async { 1 });
    }
    Box::pin(async {
        tokio::task::yield_now().await;
        2
    })
}

trait Loads {
    async fn loads(&self) -> u64;

    fn loads_as_future(&self) -> impl Future<Output = u64> + Send;

    #[instrument(ret)]
    async fn loads_by_default(&self) -> u64
    where
        Self: Sized,
    {
        self.loads().await
    }
}

impl Loads for Account {
    #[instrument(ret)]
    async fn loads(&self) -> u64 {
        info!("inside");
        self.number
    }

    #[instrument(ret)]
    fn loads_as_future(&self) -> impl Future<Output = u64> + Send {
        async {
            info!("inside");
            self.number
        }
    }
}

impl Account {
    #[instrument(ret)]
    fn pinned(mut self: Pin<&mut Self>, amount: u64) -> u64 {
        self.number += amount;
        self.number
    }

    #[instrument(ret)]
    fn shared(self: Arc<Self>) -> u64 {
        self.number
    }

    #[instrument(ret)]
    async fn shared_awaited(self: Arc<Self>) -> u64 {
        self.number
    }

    #[instrument(ret)]
    async fn changes(&mut self, amount: u64) -> &mut u64 {
        tokio::task::yield_now().await;
        self.number += amount;
        &mut self.number
    }

    #[instrument(ret)]
    fn asks(&self, number: Option<u64>) -> Option<u64> {
        Some(self.number + number?)
    }

    #[instrument(err)]
    async fn parses(&self, text: &str) -> Result<u8, Box<dyn Error + Send + Sync>> {
        Ok(text.parse()?)
    }
}

#[instrument(ret)]
fn applies(apply: impl Fn(u8) -> u8, number: u8) -> u8 {
    apply(number)
}

#[instrument(ret)]
fn adder(left: u8) -> impl Fn(u8) -> u8 {
    move |right| left + right
}

#[instrument(ret)]
extern "C" fn foreign(number: u8) -> u8 {
    number
}

#[instrument]
fn never() -> ! {
    panic!("never");
}

#[instrument(ret)]
fn never_and_says() -> ! {
    never()
}

#[instrument(started = false)]
async fn never_awaited(waits: bool) -> ! {
    if waits {
        tokio::task::yield_now().await;
    }
    never()
}

const LEVEL: hestia::Level = hestia::Level::Warn;
const NAME: &str = "constant \u{e9}";

mod constants {
    pub(crate) const TARGET: &str = "constants";
}

#[instrument(level = LEVEL, name = NAME, target = constants::TARGET, ret(level = hestia::Level::Error))]
fn of_constants() -> u8 {
    1
}

#[instrument(level = hestia::Level::Trace, name = concat!("never ", "said"))]
fn off_by_constant() {}

/// The shapes that a signature can have.
pub(super) async fn shapes() {
    assert_eq!(boxed_by_name(&11).await, 11);
    assert_eq!(locally_boxed_by_name(12).await, 12);
    assert_eq!(either_boxed(true).await + either_boxed(false).await, 3);
    let mut account = Account { number: 20 };
    assert_eq!(account.loads().await, 20);
    assert_eq!(account.loads_as_future().await, 20);
    assert_eq!(account.loads_by_default().await, 20);
    assert_eq!(*account.changes(1).await, 21);
    assert_eq!(Pin::new(&mut account).pinned(1), 22);
    assert_eq!(account.asks(None), None);
    assert!(account.parses("none").await.is_err());
    let account = Arc::new(account);
    assert_eq!(Arc::clone(&account).shared_awaited().await, 22);
    assert_eq!(account.shared(), 22);
    assert_eq!(applies(adder(1), 2), 3);
    assert_eq!(foreign(7), 7);
    assert!(catch_unwind(|| never_and_says()).is_err());
    assert!(poll_once(pin!(never_awaited(false))).is_err());
    assert_eq!(of_constants(), 1);
    off_by_constant();
}
