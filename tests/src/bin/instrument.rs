//! Functions of all kinds, instrumented.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use async_trait::async_trait;
use hestia::{Scope, instrument, scope, trace};
use log::info;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let builder = hestia::builder().app("instrument").console(false);
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    builder.init()?;
    match words[..] {
        ["plain"] => plain(),
        ["values"] => values(),
        ["outcomes"] => outcomes(),
        ["ends"] => ends(),
        ["kinds"] => kinds(),
        ["levels"] => levels(),
        ["spans"] => spans(),
        ["tasks", count] => tasks(count.parse()?),
        _ => return Err(format!("there is no scenario {words:?}").into()),
    }
    Ok(())
}

#[instrument]
fn add(left: u64, right: u64) -> u64 {
    info!("inside");
    left + right
}

fn plain() {
    assert_eq!(add(1, 2), 3);
    info!("outside");
}

#[derive(Debug)]
#[allow(dead_code, reason = "printed")]
struct Printable {
    x: u8,
}

struct Nameless;

#[derive(hestia::Encode)]
struct Encoded {
    x: u8,
    token: String,
}

#[instrument(skip(skipped), fields(first = pair.0, given = "changed", %shown, nested.key = 1_u8))]
#[allow(clippy::too_many_arguments, reason = "all kinds of them")]
fn take_all<T>(
    number: i32,
    text: &str,
    owned: String,
    list: &[f32],
    option: Option<&str>,
    printable: &Printable,
    encoded: Encoded,
    nameless: &Nameless,
    generic: T,
    password: &str,
    access_token: String,
    skipped: Nameless,
    given: u8,
    shown: &str,
    pair: (u8, u8),
    Printable { x: renamed }: Printable,
    (left, [right, _]): (u8, [u8; 2]),
    _: u8,
    mut changed: u8,
    r#type: u8,
) -> u8 {
    changed += 1;
    let _ = (
        number, text, owned, list, option, printable, encoded, nameless, generic,
    );
    let _ = (
        password,
        access_token,
        skipped,
        given,
        shown,
        pair,
        renamed,
        left,
        right,
        r#type,
    );
    changed
}

#[instrument(max_length = 20, ret)]
fn long(text: &str, list: Vec<u32>, printed: &[Printable]) -> String {
    let _ = (list, printed);
    format!("{text} {text}")
}

fn letters() -> String {
    "x".repeat(500)
}

#[instrument(max_length = 20, ret(Debug))]
fn long_debug() -> String {
    letters()
}

#[instrument(max_length = 20, ret(Display))]
fn long_display() -> String {
    letters()
}

#[instrument(max_length = 20, ret(serde))]
fn long_serde() -> Vec<String> {
    vec![letters(); 500]
}

/// An error of a long text, with a source of another.
#[derive(Debug)]
struct Long(Option<Box<Long>>);

impl fmt::Display for Long {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.0.is_some() { "o" } else { "i" };
        out.write_str(&letter.repeat(500))
    }
}

impl Error for Long {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

fn long_chain() -> Long {
    Long(Some(Box::new(Long(None))))
}

#[instrument(max_length = 20, err)]
fn long_error() -> Result<(), Long> {
    Err(long_chain())
}

#[instrument(max_length = 20, err)]
async fn long_error_in_a_box() -> Result<(), Box<dyn Error>> {
    Err(long_chain().into())
}

#[instrument(max_length = 20, err)]
fn long_text_for_an_error() -> Result<(), String> {
    Err(letters())
}

#[instrument(max_length = 20, err(Display))]
fn long_error_shown() -> Result<(), Long> {
    Err(long_chain())
}

#[instrument(max_length = 20, err(Debug))]
fn long_error_printed() -> Result<(), String> {
    Err(letters())
}

#[instrument(err)]
fn usual_length() -> Result<(), String> {
    Err("x".repeat(100_000))
}

fn long_results() {
    assert_eq!(long_debug(), long_display());
    assert_eq!(long_serde().len(), 500);
    assert!(long_error().is_err() && long_text_for_an_error().is_err());
    assert!(long_error_shown().is_err() && long_error_printed().is_err());
    assert!(usual_length().is_err());
    assert!(runtime().block_on(long_error_in_a_box()).is_err());
}

#[instrument(skip_all, fields(length = text.len()))]
fn skip_all(text: &str) {
    let _ = text;
}

fn values() {
    let encoded = Encoded {
        x: 1,
        token: "classified".to_owned(),
    };
    let printable = Printable { x: 2 };
    let changed = take_all(
        -5,
        "text",
        "owned".to_owned(),
        &[0.5, 1.5],
        None,
        &printable,
        encoded,
        &Nameless,
        Nameless,
        "classified",
        "classified".to_owned(),
        Nameless,
        9,
        "shown",
        (3, 4),
        Printable { x: 6 },
        (7, [8, 9]),
        10,
        11,
        12,
    );
    assert_eq!(changed, 12);
    let words = "\u{e9}".repeat(30);
    let printed: Vec<_> = (0..10).map(|x| Printable { x }).collect();
    let list = vec![7; 1_000_000];
    assert_eq!(long(&words, list, &printed).chars().count(), 61);
    skip_all("five!");
    long_results();
}

#[derive(Debug)]
struct Failure(Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|source| source as _)
    }
}

fn fail() -> Failure {
    Failure(Some(Box::new(Failure(None))))
}

#[instrument(ret, err)]
fn either(works: bool) -> Result<u8, Failure> {
    if !works {
        Err(fail())?;
    }
    Ok(5)
}

#[instrument(err(Display, level = "warn"))]
fn shown_error() -> Result<(), Box<dyn Error>> {
    Err("shown".into())
}

#[instrument(err(Debug))]
fn printed_error() -> Result<Infallible, Failure> {
    return Err(fail());
}

#[instrument(ret(Debug, level = "warn"))]
fn printed(x: u8) -> Printable {
    Printable { x }
}

#[instrument(ret(serde))]
fn serialized() -> std::collections::BTreeMap<&'static str, u8> {
    [("one", 1)].into()
}

#[instrument(ret)]
fn borrowed<'t>(text: &'t str, other: &str) -> &'t str {
    let _ = other;
    &text[1..]
}

#[instrument(ret)]
fn elided(text: &str) -> Option<&str> {
    text.split(' ').nth(1)
}

#[instrument(ret)]
fn iterates(count: u8) -> impl Iterator<Item = u8> {
    (0..count).map(|number| number * 2)
}

#[instrument(level = "debug", err)]
fn off(works: bool) -> Result<(), Failure> {
    info!("inside");
    if works { Ok(()) } else { Err(fail()) }
}

fn outcomes() {
    assert!(either(true).is_ok() && either(false).is_err());
    assert!(shown_error().is_err() && printed_error().is_err());
    assert_eq!(printed(3).x, 3);
    assert_eq!(serialized().len(), 1);
    assert_eq!(borrowed("text", ""), "ext");
    assert_eq!(elided("a b c"), Some("b"));
    assert_eq!(iterates(3).sum::<u8>(), 6);
    assert!(off(true).is_ok() && off(false).is_err());
}

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

fn ends() {
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

/// Polls once, as whoever catches panics around a poll does.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> thread::Result<Poll<F::Output>> {
    let mut context = Context::from_waker(Waker::noop());
    catch_unwind(AssertUnwindSafe(|| future.poll(&mut context)))
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

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(4).enable_time();
    builder.build().expect("a runtime")
}

struct Account {
    number: u64,
}

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

/// The names that the crate `futures` has for them.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
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
async fn shapes() {
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

fn kinds() {
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

#[instrument(level = "warn")]
fn warns() {}

#[instrument(level = "trace")]
fn traces() {}

static EVALUATED: AtomicU32 = AtomicU32::new(0);

#[instrument(level = "debug", fields(evaluated = EVALUATED.fetch_add(1, Ordering::Relaxed)))]
fn evaluates() {}

fn levels() {
    warns();
    traces();
    evaluates();
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 0);
    hestia::set_level("trace").expect("a level");
    warns();
    traces();
    evaluates();
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 1);
}

#[instrument]
fn inner(depth: u32) {
    info!("deepest");
    if depth > 1 {
        inner(depth - 1);
    }
}

fn spans() {
    let trace = trace::start();
    info!(span_of = format!("{:016x}", trace.ids().span_id); "request");
    inner(3);
    let request = trace.scope();
    drop(trace);
    inner(1);
    elsewhere(&request, 1);
    let _scope = scope!(request_id = 17);
    let _other = trace::start();
    elsewhere(&request, 2);
    runtime().block_on(elsewhere_later(request));
    alone();
}

#[instrument(parent = request, skip(request), completed = false)]
fn elsewhere(request: &Scope, number: u8) {
    info!("in elsewhere {number}");
}

#[instrument(parent = request.clone(), skip_all, completed = false)]
async fn elsewhere_later(request: Scope) {
    tokio::task::yield_now().await;
    info!("in elsewhere, later");
    drop(request);
}

#[instrument(parent = Scope::detached(), completed = false)]
fn alone() {
    info!("in none");
}

#[instrument]
async fn step(task: u64, part: u64) {
    for _ in 0..(task + part) % 3 {
        tokio::task::yield_now().await;
    }
    info!(said = task; "in part {part}");
}

#[instrument]
async fn task(task: u64) {
    info!(said = task; "in task");
    tokio::join!(step(task, 1), step(task, 2));
    thread::yield_now();
    info!(said = task; "in task");
}

fn tasks(count: u64) {
    runtime().block_on(async {
        let mut running = tokio::task::JoinSet::new();
        for number in 0..count {
            running.spawn(task(number));
        }
        while let Some(done) = running.join_next().await {
            done.expect("no panic");
        }
    });
}
