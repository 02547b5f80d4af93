//! Kinds of functions: methods, of traits too, futures, in boxes and not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use hestia::instrument;
use log::info;

use super::shapes::shapes;
use super::{Account, Failure, fail, runtime};

trait Named {
    fn name(&self) -> String;
}

impl Named for Account {
    #[instrument(ret, fields(number = self.number))]
    fn name(&self) -> String {
        "account".to_owned()
    }
}

impl Account {
    #[instrument(name = "open account", target = "bank")]
    fn open(number: u64) -> Self {
        Self { number }
    }

    #[instrument(ret)]
    fn add(&mut self, amount: u64) -> &mut Self {
        self.number += amount;
        self
    }

    #[instrument(ret)]
    fn close(self) -> u64 {
        self.number
    }

    #[instrument(ret)]
    async fn balance(&self, factor: u64) -> u64 {
        tokio::task::yield_now().await;
        info!("inside");
        self.number * factor
    }
}

#[async_trait]
trait Store {
    async fn load(&self, key: &str) -> Result<u64, Failure>;

    #[instrument]
    async fn provided(&self, key: u8) -> u8 {
        info!("inside");
        key
    }
}

#[async_trait]
impl Store for Account {
    #[instrument(ret, err)]
    async fn load(&self, key: &str) -> Result<u64, Failure> {
        tokio::task::yield_now().await;
        info!("inside");
        if key == "none" {
            return Err(fail());
        }
        Ok(self.number)
    }
}

#[instrument(ret)]
fn future(number: u8) -> impl Future<Output = u8> + Send {
    info!("made");
    async move {
        tokio::task::yield_now().await;
        info!("inside");
        number
    }
}

#[instrument(ret, err)]
fn boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = Result<&'a str, Failure>> + Send + 'a>> {
    Box::pin(async move {
        info!("inside");
        Ok(text)
    })
}

#[instrument(ret)]
async fn generic<T: fmt::Debug + Send, const N: usize>(list: [T; N]) -> usize
where
    [T; N]: Clone,
{
    list.clone().len()
}

#[instrument(ret)]
async fn opaque(count: u8) -> impl Iterator<Item = u8> {
    (0..count).rev()
}

#[instrument]
unsafe fn reads(pointer: *const u8) -> u8 {
    // SAFETY: the caller's promise.
    unsafe { *pointer }
}

pub(super) fn kinds() {
    let mut account = Account::open(5);
    account.add(1).add(2);
    assert_eq!(account.name(), "account");
    runtime().block_on(async {
        assert_eq!(account.balance(2).await, 16);
        assert_eq!(account.load("some").await.ok(), Some(8));
        assert!(account.load("none").await.is_err());
        assert_eq!(account.provided(3).await, 3);
        let made = future(4);
        info!("between");
        assert_eq!(tokio::spawn(made).await.ok(), Some(4));
        assert_eq!(boxed("text").await.ok(), Some("text"));
        assert_eq!(generic([1, 2, 3]).await, 3);
        assert_eq!(opaque(3).await.count(), 3);
        shapes().await;
    });
    assert_eq!(account.close(), 8);
    // SAFETY: a reference.
    assert_eq!(unsafe { reads(&6) }, 6);
}
