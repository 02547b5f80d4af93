//! The macros of hestia. Use them through the `hestia` crate, which re-exports and documents them.
//!
//! Each entry point goes the same way: *parse* makes a small tree of the tokens and judges nothing,
//! *check* judges the tree and collects every mistake, *expand* makes tokens of the tree and decides
//! nothing. What macros and the running program both understand (levels, directives, sizes) is read by
//! `hestia-grammar`.
//!
//! *Invariant:* names of the user's crate are never relied upon: expansions go through the path of hestia's
//! crate and its `__private` door alone.

mod arguments;
mod encode;
mod error;
mod format;
mod function;
mod hlog;
mod instrument;
mod main_attr;
mod paths;
mod redact;
mod settings;
mod test_attr;

use hlog::Grammar;
use proc_macro::TokenStream;

/// Turns hestia on before `main` runs, and logs the error that it returns.
///
/// Without arguments: the coloured console on stderr, `logs/all.log` as text and `logs/app.log` as JSON, at level
/// `info`, with name and version of the package as application and version. What the operator's file and the environment say
/// wins, as with the builder. `hestia::report()` says `attribute` where the attribute spoke.
///
/// ```no_run
/// #[hestia::main]
/// fn main() {
///     log::info!("ready");
/// }
/// ```
///
/// # Arguments
/// Each has the name of the builder's method, and its default. What is written as a literal is checked by the
/// compiler: an unknown key, a level that is none, a size that does not parse, a key given twice are errors that
/// point at the word.
///
/// | argument | takes | default |
/// |---|---|---|
/// | `app` | text* | name of the package |
/// | `version` | text* | version of the package |
/// | `environment` | text* | `"local"` |
/// | `level` | a level, or directives by target: `"info,hyper=warn,billing::db=debug"` | `"info"` |
/// | `console` | `"stderr"`, `"stdout"`, `true`, `false`, or `(…)` | `"stderr"` |
/// | – `stream` | `"stderr"` or `"stdout"` | `"stderr"` |
/// | – `level` | a level: `"off"`, `"error"`, `"warn"`, `"info"`, `"debug"`, `"trace"` | that of all outputs |
/// | – `style` | `"pretty"`, `"compact"` or `"json"` | `"pretty"` |
/// | – `color` | `"auto"`, `"always"` or `"never"` | `"auto"` |
/// | – `zone` | `"utc"` or `"local"` | `"utc"` |
/// | – `filter` | a filter* | none |
/// | `text` | a path*, `true`, `false`, or `(…)` | `"logs/all.log"` |
/// | – `path` | a path* | `all.log` in `logs_dir` |
/// | – `level`, `filter` | as for the console | |
/// | – `pattern` | a pattern: `"{time} {level:<5} {message} {metadata}"` | columns |
/// | – `zone` | `"utc"` or `"local"` | `"utc"` |
/// | – `multiline` | `"escape"` or `"indent"` | `"escape"` |
/// | `json` | a path*, `true`, `false`, or `(…)` | `"logs/app.log"` |
/// | – `path` | a path* | `app.log` in `logs_dir` |
/// | – `level`, `filter` | as for the console | |
/// | – `schema` | `"hestia"` or `"ecs"` | `"hestia"` |
/// | `rotate` | when files are rotated: `true` (every day), `false` (never), a rotation*, or `(…)`; also in `text` and `json`, for that file alone | by hand |
/// | – `size` | bytes, at least `1024`, or a size: `"10MB"` | none |
/// | – `every` | `"minute"`, `"hour"`, `"day"`, `"week"`, `"month"`, or a span of time: `"6h"` | none |
/// | – `at`, `on` | when days, weeks and months begin: `"03:30"`; on which day weeks do: `"sunday"` | `"00:00"`, `"monday"` |
/// | – `zone` | `"utc"` or `"local"` | `"utc"` |
/// | – `on_start` | `true` or `false` | `false` |
/// | – `names` | how archives are called: `"times"` or `"numbers"` | `"times"` |
/// | – `keep` | how many archives are kept | all |
/// | – `max_age`, `max_total_bytes` | how long, `"30d"`; how many bytes together with the live file, `"1GB"` | no limit |
/// | – `compress` | `"gzip"` or `"zstd"`, with hestia's feature of that name | not |
/// | – `link` | the name of a link to the newest archive: `"app.newest.log"` | none |
/// | `sync` | when files are brought to the disk: `"never"`, `"errors"`, `"batches"`, or a span of time: `"5s"`; also in `text` and `json` | `"never"` |
/// | `sink` | a sink or an output*, or an array of them | none |
/// | `logs_dir` | a path* | `"logs"` |
/// | `metadata(key = value, …)` | values* that every record carries; a key that is no identifier stands in quotes | none |
/// | `redact` | what must not be in the log: `true`, `false`, a redaction*, or `(…)` | `true` |
/// | – `keys`, `except` | keys that name secrets, or do not: `["ssn"]` | none |
/// | – `paths` | places of secrets: `["user.card.number"]` | none |
/// | – `patterns` | patterns in text: `["bearer", "jwt", "aws_key", "card", "email", "url_password"]` | none |
/// | – `expressions` | regular expressions, with hestia's feature `regex` | none |
/// | – `list` | whether hestia's own list of keys counts: `true` or `false` | `true` |
/// | `overflow` | `"block"`, `"drop_newest"` or `(drop_below = "warn")` | `"block"` |
/// | `block_limit`, `exit_limit` | a span of time: `"250ms"`, `"1m30s"` | `"5s"` each |
/// | `order` | `"strict"` or `"relaxed"` | `"strict"` |
/// | `ring_bytes` | bytes, `4096` or `"4KiB"` to `"64MiB"` | `"256KiB"` |
/// | `queue_bytes` | bytes, or a size | `"64MiB"` |
/// | `grace` | a span of time, at most `"1s"` | `"5us"` |
/// | `linger` | a span of time | `"1s"` |
/// | `fold_duplicates` | `true`, `false` or `"all"`: errors, too | `false` |
/// | `panics` | `true` or `false` | `true` |
/// | `drain_on` | `"terminate"`, `"interrupt"`, `"hang_up"`, or an array of them | none |
/// | `reopen_on_hang_up` | `true` or `false` | `false` |
/// | `level_signals` | `true` or `false`: SIGUSR1 logs one level more, SIGUSR2 one less | `false` |
/// | `crash_safe` | `true`, `false` or the path* of a directory | `false` |
/// | `drain_on_crash` | `true` or `false` | `false` |
/// | `internal_logger` | `true` or `false` | `false` |
/// | `tracing` | `true` or `false`; with the feature `tracing` | `false` |
/// | `on_error` | a function* | none |
/// | `config` | the path* of a file that says the same keys, as TOML; with hestia's feature `config` | none |
/// | `watch` | whether that is followed while the program runs: `true` or `false` | `true` |
/// | `env` | `true` or `false` | `true` |
/// | `crate` | the path of hestia, when it has another name | `::hestia` |
///
/// \* any expression, whose type the compiler checks. `key(…)` and `key = (…)` are the same.
///
/// ```no_run
/// #[hestia::main(
///     app = "billing",
///     level = "info,hyper=warn,billing::db=debug",
///     console = (stream = "stderr", level = "warn", style = "compact"),
///     text(pattern = "{time} {level:<5} {target} {message} {metadata}", zone = "local"),
///     json = (path = "logs/billing.json", schema = "ecs"),
///     metadata(region = "eu-1", build = option_env!("BUILD").unwrap_or("local")),
///     rotate = (size = "10MB", every = "day", keep = 30),
///     overflow = (drop_below = "warn"),
///     exit_limit = "2s",
/// )]
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     log::info!("ready");
///     Ok(())
/// }
/// ```
///
/// # What `main` returns
/// An `Err` is logged at level `error`, with the message `main returned an error`, the path of the module as target,
/// and the key `err`: an array with the error's text and those of its sources. The error may be any that `main`
/// may return: an `Error`, what leads to one (`Box<dyn Error>`, `anyhow::Error`, `eyre::Report`), or what can only be
/// shown by `Display` or `Debug`. Of a type behind `impl Termination` nothing is known, so nothing is logged.
///
/// The record is written first; then the error goes to the standard library, which prints `Error: …` on stderr and
/// sets the exit status, as it does without hestia. That line is kept beside the record on the console because it
/// says something else (the `Debug` of the error, which for some types is a whole report with a backtrace), and
/// because it is there when the console is off, filtered or hung. Any other type is passed on, and a panic becomes a
/// record by the hook that hestia sets.
///
/// What the standard library prints does not go through hestia, so that secrets in the error which `patterns` hide in the log
/// stand on stderr all the same. Where that may be, `main` logs the error itself and returns an `ExitCode`:
///
/// ```no_run
/// # fn run() -> Result<(), Box<dyn std::error::Error>> { Ok(()) }
/// use std::process::ExitCode;
///
/// #[hestia::main(redact = (patterns = ["url_password"]))]
/// fn main() -> ExitCode {
///     match run() {
///         Ok(()) => ExitCode::SUCCESS,
///         Err(error) => {
///             log::error!(err:err = *error; "failed");
///             ExitCode::FAILURE
///         }
///     }
/// }
/// ```
///
/// # `async`
/// The attribute of a runtime may stand before or after this one. When it stands after it, hestia is turned on
/// before the runtime starts, and logs the error after it has ended.
///
/// ```no_run
/// #[hestia::main(app = "billing")]
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     log::info!("ready");
///     Ok(())
/// }
/// ```
///
/// # Errors
/// None at run time: when hestia cannot be turned on, for example because the `log` crate has another logger
/// already, one line on stderr says why, and the program goes on.
///
/// # Without it
/// The same, written out, with a choice about failure:
///
/// ```no_run
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     hestia::builder()
///         .app(env!("CARGO_PKG_NAME"))
///         .version(env!("CARGO_PKG_VERSION"))
///         .level("info")
///         .init()?;
///     log::info!("ready");
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    main_attr::main(arguments.into(), &item.into()).into()
}

/// A test whose records are captured: shown when it fails, there to be asserted on, and no other test's.
///
/// It stands in the place of `#[test]`, and takes `#[ignore]` and `#[should_panic]` beside it, as that does. The test has a
/// capture (see `hestia::testing`) from its first statement to its last; what its thread logs is in it, and what other
/// threads and tasks log that take over its scope. It is passed to the function when that has a parameter for it, and is
/// `hestia::testing::current()` in any case.
///
/// ```
/// use hestia::Level;
/// use hestia::testing::{Capture, matching};
///
/// #[hestia::test]
/// fn slow_queries_are_told(capture: &Capture) {
///     log::warn!(user_id = 5; "slow query");
///     capture.assert_logged(matching().level(Level::Warn).field("user_id", 5));
/// }
/// ```
///
/// When the test fails, by a panic or by returning an `Err`, its own thread prints its records, so that the test harness shows them
/// with this test, and with no other:
///
/// ```text
/// ---- slow_queries_are_told stdout ----
/// thread 'slow_queries_are_told' panicked at src/db.rs:17:13: …
/// 2026-03-06T20:40:23.286Z WARN  billing::db src/db.rs:17 | slow query {user_id=6}
/// ```
///
/// # Arguments
/// | argument | takes | default |
/// |---|---|---|
/// | `level` | the level that is captured: `"trace"`, `"debug"`, `"info"`, `"warn"`, `"error"`, `"off"` | `"trace"` |
/// | `deny_errors` | alone, or `true` or `false`: whether a record of level `error` fails the test, unless an assertion was about it, or `capture.expect_error(…)` has foretold it | `false` |
/// | `print` | when records are shown: `"failure"`, `"always"`, `"never"` | `"failure"` |
/// | `crate` | the path of hestia, when it has another name | `::hestia` |
///
/// ```
/// use hestia::testing::{current, matching};
///
/// #[hestia::test(deny_errors, level = "info")]
/// fn refusals_are_errors() -> Result<(), std::num::ParseIntError> {
///     current().expect_error(matching().message_contains("refused"));
///     log::error!("connection refused");
///     "5".parse::<u8>()?;
///     Ok(())
/// }
/// ```
///
/// # `async`
/// The attribute of a runtime may stand before or after this one; tokio's wants functions without parameters, so stands after
/// it where there is one. (Of other runtimes, some do not notice that the function is a test already: put theirs after this one.)
///
/// ```
/// use hestia::InScope;
/// use hestia::testing::{Capture, matching};
///
/// #[hestia::test]
/// #[tokio::test(flavor = "multi_thread")]
/// async fn workers_log(capture: &Capture) {
///     let worker = async { log::info!("done") }.in_current_scope();
///     tokio::spawn(worker).await.unwrap();
///     capture.assert_logged(matching().message("done"));
/// }
/// ```
///
/// A test that should panic shows its records when it does not, and, where a message is `expected`, whenever it panics: the harness
/// drops what a test prints that passes.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test_attr::test(arguments.into(), &item.into()).into()
}

/// Makes a type loggable as the value it is, without formatting it at the call: implements the trait `Encode`.
///
/// | type | value |
/// |---|---|
/// | struct with named fields | object |
/// | tuple struct | array |
/// | struct with one field that has no name | that field |
/// | unit struct | its name, as text |
/// | variant without fields | its name, as text |
/// | variant with fields | an object with the variant's name as its key, and the fields as in a struct |
///
/// This is the shape that serde gives them in JSON, except for unit structs, which are null there.
///
/// | attribute | on | what |
/// |---|---|---|
/// | `#[hestia(skip)]` | field | is left out |
/// | `#[hestia(rename = "user-id")]` | named field, variant | has this name |
/// | `#[hestia(display)]` | field | is what its `Display` prints |
/// | `#[hestia(debug)]` | field | is what its `Debug` prints |
/// | `#[hestia(serde)]` | field | is what its `Serialize` says |
/// | `#[hestia(bytes)]` | field | is its bytes (`AsRef<[u8]>`): base64 in text and JSON |
/// | `#[hestia(crate = path)]` | type | where hestia is, when it has another name |
/// | `#[redact]` | field, variant, type | is `"***"`, the value or all of them: as [`derive(Redact)`](macro@Redact) has it |
/// | `#[redact(skip)]` | field of a type or variant that is so marked | is shown all the same |
///
/// Type parameters have to be able to do what the fields that name them need: `Encode`, or what the field's attribute
/// says. Those of skipped and hidden fields need nothing.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// use std::net::IpAddr;
///
/// #[derive(hestia::Encode)]
/// struct Order {
///     id: u64,
///     total: f64,
///     state: State,
///     #[hestia(rename = "client", display)]
///     from: IpAddr,
///     #[hestia(skip)]
///     card: String,
/// }
///
/// #[derive(hestia::Encode)]
/// enum State {
///     Open,
///     Paid { by: String },
/// }
///
/// let order = Order {
///     id: 5,
///     total: 12.5,
///     state: State::Paid { by: "Ada".to_owned() },
///     from: [127, 0, 0, 1].into(),
///     card: "4711".to_owned(),
/// };
/// // {"order":{"id":5,"total":12.5,"state":{"Paid":{"by":"Ada"}},"client":"127.0.0.1"}}
/// hestia::hlog!(info, order = &order, "paid");
/// # let _ = (State::Open, order.card);
/// # Ok::<(), hestia::InitError>(())
/// ```
#[proc_macro_derive(Encode, attributes(hestia, redact))]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    encode::encode(item.into()).into()
}

/// Puts what a function does into the log, and the function into what is logged inside.
///
/// A call is a scope ([`hestia::scope!`](https://docs.rs/hestia/latest/hestia/macro.scope.html)) with a span of the current trace (a new one where there is none), which every record inside
/// carries: name and parameters of the function, and the ids of trace and span. The call itself is said by records of its own:
///
/// | record | when | level | key-values of its own |
/// |---|---|---|---|
/// | `charge started` | before the body | `level` | `parent_span_id`, where there is a parent |
/// | `charge completed` | after it | `level`, or that of `ret` | `elapsed_ms`, with `ret` also `return` |
/// | `charge failed` | after it, with `err`, when it returned an `Err` | `error`, or that of `err` | `elapsed_ms`, `err` |
/// | `charge panicked` | while it unwinds, and of a future, when the one whose poll panicked is dropped; the panic is a record as well | `error` | `elapsed_ms` |
/// | `charge cancelled` | when a future is dropped before its end | `level` | `elapsed_ms` |
///
/// Functions, methods, `async fn`, functions that return `impl Future` or a pinned and boxed `dyn Future` (as those in
/// `#[async_trait]`, in either order), generic ones. A future carries its scope over awaits and threads. The attribute sees
/// names only: `Pin<Box<dyn Future<…>>>`, `BoxFuture` and `LocalBoxFuture` are known for futures, while another alias of a
/// boxed future is taken for a plain value, whose call ends when the future has been made; write the type out there.
///
/// A panic is that of the call itself, whoever catches it: a function that a destructor calls while another panic unwinds has
/// completed when it returns, and a future that is dropped meanwhile is cancelled. One thing cannot be told, since the standard
/// library says whether a thread unwinds, and not how often: a function without `ret` and `err` that begins while another
/// panic unwinds, and panics itself, is said to have completed.
///
/// ```
/// # #[derive(Debug)] struct Order { id: u64 }
/// # #[derive(Debug)] struct Receipt;
/// #[hestia::instrument(level = "debug", skip(password), fields(order = order.id), ret, err)]
/// async fn charge(order: &Order, password: &str) -> Result<Receipt, std::io::Error> {
///     log::info!("carries span, order, trace_id and span_id");
///     # let _ = password;
///     Ok(Receipt)
/// }
/// # let _ = charge;
/// ```
///
/// # Arguments
///
/// | argument | what | default |
/// |---|---|---|
/// | `level = "debug"` | the level of the span: where it is off, nothing is said, evaluated or carried, but a failure; a [`Level`](https://docs.rs/hestia/latest/hestia/enum.Level.html) that is a constant, too: `level = Level::Debug` | `"info"` |
/// | `target = "billing"` | what filters match; any constant `&'static str` | the module's path |
/// | `name = "charge"` | what the call is called; any constant `&'static str` | the function's name |
/// | `parent = scope` | the scope that the call is in: its key-values, and its trace, of which the call is a step; a [`Scope`](https://docs.rs/hestia/latest/hestia/struct.Scope.html) or what turns into one, of the parameters for instance. `Scope::detached()` is outside of everything | what is current |
/// | `follows_from = causes` | what led to this call without being its parent (the messages of a batch, the request that queued a job): a `Scope`, a [`TraceContext`](https://docs.rs/hestia/latest/hestia/trace/struct.TraceContext.html), an `Option`, an array, a slice or a `Vec` of these; their ids are the key-value `follows_from`, a list of `trace_id` and `span_id` | none |
/// | `skip(a, b)`, `skip_all` | parameters that are left out; `self` always is | none |
/// | `fields(order = order.id, …)` | more key-values, written as in `hlog!`; one with a parameter's name takes its place | none |
/// | `ret` | the result is said; `ret(Debug)`, `ret(Display)`, `ret(serde)`, `ret(level = "trace")` | no |
/// | `err` | an error is said, with its sources; `err(Debug)`, `err(Display)`, `err(level = "warn")` | no |
/// | `max_length = 300` | so many bytes of a parameter, a result or an error (of each text in its chain) are kept, however it is taken; what is longer ends in `…`. What stands in `fields(…)` is kept whole | `1000` |
/// | `started = false`, `completed = false` | the record is left out | `true` |
/// | `crate = path` | the path of hestia, when it has another name | `::hestia` |
///
/// Parameters and results are logged with their types where they can be ([`Encode`](https://docs.rs/hestia/latest/hestia/trait.Encode.html)), as `Debug` prints them
/// otherwise, or else as the name of their type. Those whose names say that they are secret (`password`, `access_token`) are written
/// as `***`, as everywhere.
///
/// # For those who come from `tracing::instrument`
/// The arguments have the same names, and these differences:
///
/// - `parent` is a scope, `follows_from` scopes or traces: hestia has no ids of spans that mean something in one process only.
/// - Beginning and end are records, unless `started = false, completed = false` is said; `ret` and `err` are key-values of the
///   last one, and no events of their own.
/// - `self` is never among the parameters; say what you need of it, `fields(id = self.id)`.
/// - Parameters and results keep their types where they can, instead of what `Debug` prints, and need no `Debug`.
/// - What is known only later need not be declared as `Empty`: [`record!`](https://docs.rs/hestia/latest/hestia/macro.record.html) adds any key to the call that
///   runs, in the place of `Span::current().record(…)`.
/// - `level` takes no number, and `ret` is said at the level of the span, `err` at `error`.
/// - A span that is off says an error all the same, with `err`.
///
/// # Errors of the compiler
/// An unknown argument, a parameter that does not exist, a level that is none: each at its word. So is a level, a name or a
/// target that is no constant, or has the wrong type. A `const fn` cannot be instrumented.
#[proc_macro_attribute]
pub fn instrument(arguments: TokenStream, item: TokenStream) -> TokenStream {
    instrument::instrument(arguments.into(), &item.into()).into()
}

/// Implements `Debug` so that it shows `***` in the place of what is marked `#[redact]`; in the place of
/// `#[derive(Debug)]`.
///
/// | attribute | on | what |
/// |---|---|---|
/// | `#[redact]` | field | is hidden |
/// | `#[redact]` | variant, type | all of its fields are hidden |
/// | `#[redact(skip)]` | field of what is marked as a whole | is shown |
///
/// Whatever prints the `Debug` shows no more: `key = ?value` and `"{value:?}"` of a log, `dbg!`, the message of a failed
/// `unwrap`. Names of fields and variants are shown. A hidden field needs no `Debug`, nor do type parameters that only
/// hidden fields have. [`derive(Encode)`](macro@Encode) goes by the same marks, so that the value is hidden in the log
/// with its types, too. What serde writes is not changed; a field of type [`Redact`](../hestia/struct.Redact.html) is hidden
/// there as well.
///
/// # Example
/// ```
/// #[derive(hestia::Redact)]
/// struct Login {
///     user: String,
///     #[redact]
///     password: String,
/// }
///
/// #[derive(hestia::Redact)]
/// #[redact]
/// enum Payment {
///     Cash,
///     Card { number: String, #[redact(skip)] month: u8 },
/// }
///
/// let login = Login { user: "ada".to_owned(), password: "geheim".to_owned() };
/// assert_eq!(format!("{login:?}"), r#"Login { user: "ada", password: *** }"#);
/// let card = Payment::Card { number: "4111".to_owned(), month: 7 };
/// assert_eq!(format!("{card:?} {:?}", Payment::Cash), "Card { number: ***, month: 7 } Cash");
/// ```
#[proc_macro_derive(Redact, attributes(redact))]
pub fn derive_redact(item: TokenStream) -> TokenStream {
    redact::redact(item.into()).into()
}

/// What `hestia::hlog!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn hlog(tokens: TokenStream) -> TokenStream {
    hlog::statement(tokens.into(), Grammar::Hlog).into()
}

/// What `hestia::scope!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn scope(tokens: TokenStream) -> TokenStream {
    hlog::scope(tokens.into()).into()
}

/// What `hestia::record!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn record(tokens: TokenStream) -> TokenStream {
    hlog::record(tokens.into()).into()
}

/// What `hestia::durable!` expands to.
#[doc(hidden)]
#[proc_macro]
pub fn durable(tokens: TokenStream) -> TokenStream {
    hlog::statement(tokens.into(), Grammar::Durable).into()
}

/// What `hestia::info!` and its like expand to.
#[doc(hidden)]
#[proc_macro]
pub fn drop_in(tokens: TokenStream) -> TokenStream {
    hlog::statement(tokens.into(), Grammar::DropIn).into()
}
