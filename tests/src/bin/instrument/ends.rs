//! Ends that are no return: panics, futures that are given up; and those of others.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;

use async_trait::async_trait;
use hestia::instrument;
use log::info;

use super::{Account, BoxFuture, Failure, fail, poll_once, runtime};

#[instrument(ret)]
fn panics(number: u8) -> u8 {
    assert!(number > 100, "too few");
    number
}

static WAITING: AtomicBool = AtomicBool::new(false);

#[instrument]
async fn waits(id: u8) {
    info!("waiting");
    WAITING.store(true, Ordering::Release);
    tokio::task::yield_now().await;
    std::future::pending::<()>().await;
}

#[instrument(started = false, completed = false)]
fn silent(id: u8) {
    info!("inside");
    let _ = id;
}

#[instrument]
fn early(number: u8) {
    if number > 1 {
        info!("early");
        return;
    }
    info!("late");
}

pub(super) fn ends() {
    assert!(catch_unwind(|| panics(1)).is_err());
    let runtime = runtime();
    runtime.block_on(async {
        let task = tokio::spawn(waits(1));
        while !WAITING.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        while !task.is_finished() {
            task.abort();
            tokio::task::yield_now().await;
        }
    });
    silent(7);
    early(1);
    early(2);
    caught_panics();
    while_another_panics();
}

#[instrument]
fn panics_as_future(id: u8) -> impl Future<Output = u8> {
    async move {
        tokio::task::yield_now().await;
        assert!(id > 100, "too few");
        id
    }
}

#[instrument(ret)]
fn panics_in_a_box(id: u8) -> BoxFuture<'static, u8> {
    Box::pin(panics_as_future(id))
}

#[instrument]
async fn panics_awaited(id: u8) -> u8 {
    tokio::task::yield_now().await;
    assert!(id > 100, "too few");
    id
}

#[async_trait]
trait Panics {
    #[instrument(ret)]
    async fn panics_in_a_trait(&self) -> u8 {
        tokio::task::yield_now().await;
        panics(1)
    }
}

impl Panics for Account {}

#[instrument]
#[allow(unreachable_code, reason = "it has to have a type")]
fn panics_before_there_is_a_future() -> impl Future<Output = u8> {
    panic!("too early");
    async { 1 }
}

/// Panics in its first poll, and is ready in its second.
struct Second(bool);

impl Future for Second {
    type Output = u8;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
        assert!(std::mem::replace(&mut self.0, true), "not yet");
        Poll::Ready(2)
    }
}

#[instrument(ret)]
fn panics_once() -> impl Future<Output = u8> {
    Second(false)
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[instrument]
async fn panics_when_dropped() {
    let _panics = PanicsWhenDropped;
    std::future::pending::<()>().await;
}

/// Polls until it panics; that is caught, and the future dropped only later.
fn panics_when_polled<F: Future>(future: F) {
    let mut future = Box::pin(future);
    assert!(poll_once(future.as_mut()).is_ok_and(|polled| polled.is_pending()));
    assert!(poll_once(future.as_mut()).is_err());
    info!("caught");
}

fn caught_panics() {
    panics_when_polled(panics_as_future(1));
    panics_when_polled(panics_in_a_box(2));
    panics_when_polled(panics_awaited(3));
    panics_when_polled(Account { number: 4 }.panics_in_a_trait());
    assert!(catch_unwind(|| drop(panics_before_there_is_a_future())).is_err());
    let mut future = pin!(panics_once());
    assert!(poll_once(future.as_mut()).is_err());
    assert!(matches!(poll_once(future.as_mut()), Ok(Poll::Ready(2))));
    let mut future = Box::pin(panics_when_dropped());
    assert!(poll_once(future.as_mut()).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(future))).is_err());
}

#[instrument]
fn cleans_up(works: bool) {
    info!("inside");
    let _ = works;
}

#[instrument(ret)]
fn cleans_up_and_says(works: bool) -> u8 {
    assert!(works, "not cleaned up");
    1
}

#[instrument(err)]
fn fails_to_clean_up() -> Result<(), Failure> {
    Err(fail())
}

#[instrument]
async fn cleans_up_awaited(id: u8) -> u8 {
    id
}

#[instrument]
fn tries_to_clean_up() {
    assert!(catch_unwind(|| cleans_up_and_says(false)).is_err());
}

struct CleansUp;

impl Drop for CleansUp {
    fn drop(&mut self) {
        assert!(thread::panicking());
        cleans_up(true);
        cleans_up_and_says(true);
        assert!(fails_to_clean_up().is_err());
        assert!(poll_once(pin!(cleans_up_awaited(1))).is_ok());
        tries_to_clean_up();
    }
}

#[instrument]
async fn given_up(id: u8) {
    std::future::pending::<()>().await;
}

#[instrument]
async fn panics_beside(id: u8) {
    let mut beside = Box::pin(given_up(id));
    assert!(poll_once(beside.as_mut()).is_ok());
    panic!("too few");
}

fn while_another_panics() {
    let panicked = catch_unwind(|| {
        let _cleans_up = CleansUp;
        panic!("another");
    });
    assert!(panicked.is_err());
    let panicked = catch_unwind(|| {
        let mut future = Box::pin(given_up(1));
        assert!(poll_once(future.as_mut()).is_ok());
        panic!("another");
    });
    assert!(panicked.is_err());
    assert!(poll_once(pin!(panics_beside(2))).is_err());
}
