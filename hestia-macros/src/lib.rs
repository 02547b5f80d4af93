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
mod hlog;
mod main_attr;
mod paths;
mod settings;

use hlog::Grammar;
use proc_macro::TokenStream;

/// Turns hestia on before `main` runs, and logs the error that it returns.
///
/// Without arguments: the coloured console on stderr, `logs/all.log` as text and `logs/app.log` as JSON, at level
/// `info`, with name and version of the package as application and version. What the environment says wins, as
/// with the builder. `hestia::report()` says `attribute` where the attribute spoke.
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
/// | `overflow` | `"block"`, `"drop_newest"` or `(drop_below = "warn")` | `"block"` |
/// | `block_limit`, `exit_limit` | a span of time: `"250ms"`, `"1m30s"` | `"5s"` each |
/// | `order` | `"strict"` or `"relaxed"` | `"strict"` |
/// | `ring_bytes` | bytes, `4096` or `"4KiB"` to `"64MiB"` | `"256KiB"` |
/// | `queue_bytes` | bytes, or a size | `"64MiB"` |
/// | `grace` | a span of time, at most `"1s"` | `"5us"` |
/// | `linger` | a span of time | `"1s"` |
/// | `panics` | `true` or `false` | `true` |
/// | `drain_on` | `"terminate"`, `"interrupt"`, `"hang_up"`, or an array of them | none |
/// | `reopen_on_hang_up` | `true` or `false` | `false` |
/// | `crash_safe` | `true`, `false` or the path* of a directory | `false` |
/// | `drain_on_crash` | `true` or `false` | `false` |
/// | `internal_logger` | `true` or `false` | `false` |
/// | `tracing` | `true` or `false`; with the feature `tracing` | `false` |
/// | `on_error` | a function* | none |
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
///
/// Type parameters have to be able to do what the fields that name them need: `Encode`, or what the field's attribute
/// says. Those of skipped fields need nothing.
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
#[proc_macro_derive(Encode, attributes(hestia))]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    encode::encode(item.into()).into()
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
