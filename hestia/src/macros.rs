//! The statements as users write them. Each passes on the path of this crate, so that they work wherever
//! hestia is called something else.

/// Logs a record: level, key-values, message.
///
/// # Grammar
/// ```text
/// hlog!( level, { option: … , } { key-value , } [ "message" { , argument } ] )
/// ```
///
/// | part | written | what it is |
/// |---|---|---|
/// | level | `error` `warn` `info` `debug` `trace` | the level |
/// | | `critical` | level `error`, severity `CRITICAL` |
/// | | any expression | a [`Level`](crate::Level) or a [`Severity`](crate::Severity), known at run time |
/// | option | `target: "db"` | what filters match, instead of the module's path |
/// | | `logger: audit` | a [`Logger`](crate::Logger), or any other `log::Log` |
/// | | `every: 5s` | at most one record in this time; or a [`Duration`](std::time::Duration) |
/// | | `first: 10` | the first ten executions, then none; beside `every:`, the first ten of each period; a `u32` |
/// | | `sample: 0.01` | each execution with this probability; an `f64` |
/// | | `by: user_id` | `every:` and `first:` hold for each value of this by itself; anything that is [`Hash`](std::hash::Hash) |
/// | key-value | `user_id = 5` | a value with its type (see [`Encode`](crate::Encode)) |
/// | | `user_id` | the variable of this name |
/// | | `id = %id`, `id:% = id`, `%id` | what the value's `Display` prints |
/// | | `id = ?id`, `id:? = id`, `?id` | what its `Debug` prints |
/// | | `cart:serde = &cart` | what its `Serialize` says, numbers, arrays and objects as such |
/// | | `body:bytes = &body` | bytes, as base64 in text and JSON |
/// | | `err = &e`, `cause:err = &e` | an error: its message and those of its sources, as an array |
/// | | `req.method = "GET"` | an entry of the object `req` |
/// | | `"content-type" = …` | a key that is no identifier |
/// | message | `"{name} took {:.1} ms"` | a format string as in [`std::format!`] |
/// | | `concat!("a", "b")` | a macro that makes one; formatted at the call |
/// | argument | `elapsed` | a positional argument of the string |
/// | | `name = value` | a named argument if the string names it, otherwise a key-value |
///
/// A message may be absent where there is a key-value. `{user}` in the string is the variable `user`, never
/// an earlier key. A placeholder or a key that names a secret (`password`, `access_token`, `X-Api-Key`, …) is
/// written as `***`, and no code of yours runs for it; see [`Redaction`](crate::Redaction) for more of them, and for
/// exceptions. What a macro in the message's place says has no names.
///
/// # How often it logs
/// A statement in a busy place can say how often is enough:
///
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// # let (user, left, request) = ("ada", 5, 7);
/// # use hestia::hlog;
/// hlog!(warn, every: 5s, left, "the pool runs dry");
/// hlog!(warn, every: 1m, first: 3, by: user, user, "password refused");
/// hlog!(debug, sample: 0.01, request, "answered");
/// # Ok::<(), hestia::InitError>(())
/// ```
///
/// What is left out evaluates none of the values, and takes some ten nanoseconds. The next record of the statement (with `by:`, of the
/// statement and key) has the key-value `suppressed`: how many executions were left out since the one before it; it is
/// absent when there were none. [`stats()`](crate::stats) has the sum over all statements. After the last record nothing
/// more is said.
///
/// * Of all threads together one logs in a period, which begins with its record. `sample:` decides first, then `first:` and
///   `every:`. That a statement says so counts for errors, too, whether its level is said in the source or known at run time only.
/// * What belongs to the statement is in the program once: a generic function, whatever its types, has one limit. An
///   execution that is off, by its level or target, uses up nothing.
/// * Some thousand keys are remembered by a statement (32 in each of 32 groups that they are spread over); then a new one takes the place of one
///   that has not come for long, which begins anew when it comes again. Its number is said by the next record of another key.
/// * Periods of half a second and more are exact to some milliseconds.
/// * What is said at run time may be anything: no period limits nothing, a probability of 1 and more is always.
/// * A key-value may still have one of these names: `every = 5`, `first:serde = x`. An option whose value is a variable that is called as a
///   modifier is (`err`, `debug`, …) stands in parentheses: `by: (err)`.
///
/// Whole outputs have [`Builder::fold_duplicates`](crate::Builder::fold_duplicates) and [`Sample`](crate::Sample).
///
/// # What it costs
/// Nothing is evaluated when the statement is off. When it is on, each argument is evaluated once, from left
/// to right. Numbers, text, times, addresses, and options, lists and references of those are copied, and
/// formatted by the writer's thread with the real `std::fmt`; everything else is formatted at the call. A
/// width or a precision is at most 65,535. The compiler's limits for levels are those of the `log` crate
/// (its features `max_level_…`).
///
/// While another logger is installed in the `log` crate instead of hestia, it gets the record, with its
/// key-values.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// use hestia::hlog;
///
/// let (user_id, path, elapsed) = (5, String::from("/orders"), 12.5);
/// hlog!(info, "ready");
/// hlog!(info, user_id, elapsed_ms = elapsed, "{path} served");
/// hlog!(warn, target: "db", elapsed_ms = elapsed, "slow query");
/// hlog!(info, req.method = "GET", req.path = path, "{} took {:.1} ms", path, elapsed);
/// if let Err(err) = "x".parse::<i32>() {
///     hlog!(error, err, "no number");
/// }
/// hlog!(critical, "down");
/// let level = hestia::Level::Debug;
/// hlog!(level, user_id = 5);
/// # Ok::<(), hestia::InitError>(())
/// ```
#[macro_export]
macro_rules! hlog {
    ($($statement:tt)*) => {
        $crate::__private::hlog!($crate; $($statement)*)
    };
}

/// Logs a record, and returns when it is on the disk: for the few records that must not be lost, whatever happens to the
/// machine.
///
/// The grammar is that of [`hlog!`](crate::hlog) without the options that leave out executions, and with one more, `within: limit`, a
/// [`Duration`](std::time::Duration): how long it waits at most. Unless said, that is the limit of [`flush`](crate::flush())
/// ([`Builder::exit_limit`](crate::Builder::exit_limit), 5 s).
///
/// It returns a [`Receipt`](crate::Receipt) once every file of hestia's has what was logged before this call and with it,
/// written and synced (`fdatasync`, and the directory for a new file), whatever [`Durability`](crate::Durability) says
/// otherwise; an output of the program's own, once its [`Sink::sync`](crate::Sink::sync) has returned. The console is not
/// waited for. A file whose level or filter keeps the record out does not have it, and where there is no file, there is
/// nothing to wait for.
///
/// Statements that several threads execute at the same time share one `fdatasync` for each file. Each waits for at least
/// one: 50 µs to 20 ms, depending on the disk. The program's other threads do not wait for it.
///
/// A statement that is switched off logs nothing and returns at once; [`Receipt::report`](crate::Receipt::report) says so.
///
/// # Errors
/// A [`FlushError`](crate::FlushError) that names the first output in trouble, and the cause. The record may be in the files
/// all the same, and on the disk.
///
/// | [`ErrorKind`](crate::ErrorKind) | |
/// |---|---|
/// | `Write`, `OpenFile` | a file could not be written to, and lost records while this one was on its way |
/// | `SyncFile` | the disk refused what it was given, now or since the file was begun; see [`Durability`](crate::Durability) for the way out |
/// | `Shed` | the queue did not take the record; see [`Overflow`](crate::Overflow) |
/// | `TimedOut` | it took longer than the limit |
/// | `NotRunning` | hestia has not been turned on, so nothing is on any disk |
/// | `OwnThread` | executed by a sink, filter or layout, which would wait for itself |
///
/// # Example
/// ```
/// # let directory = tempfile::tempdir()?;
/// # hestia::builder().logs_dir(directory.path()).console(false).env(false).init()?;
/// use std::time::Duration;
///
/// hestia::durable!(info, user_id = 5, amount = 12.5, "paid")?;
/// let receipt = hestia::durable!(info, within: Duration::from_secs(30), user_id = 5, "shipped")?;
/// assert!(receipt.report().is_some_and(|report| report.stats().accepted == 2));
///
/// // At level `info` this one is off.
/// assert!(hestia::durable!(debug, "details")?.report().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! durable {
    ($($statement:tt)*) => {
        $crate::__private::durable!($crate; $($statement)*)
    };
}

/// Enters a scope: what is logged on this thread carries its key-values, `log`'s own statements and those of other crates
/// included, until the guard is dropped.
///
/// The key-values are written as in [`hlog!`](crate::hlog), and encoded once, here. What is logged costs some nanoseconds more for
/// being in a scope, however many key-values it has. Where a key comes from several places, the nearest to the call counts:
/// call, inner scope, outer scope, logger, process.
///
/// It returns a [`ScopeGuard`](crate::ScopeGuard), which belongs to this thread. A future takes the scope over by
/// [`InScope`](crate::InScope), another thread by [`Scope::attach`](crate::Scope::attach).
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// let (request_id, user) = (17, "ada");
/// let _request = hestia::scope!(request_id, user.name = user);
/// log::info!("carries both");
/// {
///     let _query = hestia::scope!(query = "orders", attempt = 2);
///     log::debug!("carries all four");
/// }
/// # Ok::<(), hestia::InitError>(())
/// ```
#[macro_export]
macro_rules! scope {
    ($($fields:tt)*) => {
        $crate::__private::scope!($crate; $($fields)*)
    };
}

/// Adds key-values to what is under way: from here on, every record in it carries them, its last one included.
///
/// What is under way is the innermost call of a function with [`instrument`](macro@crate::instrument), request with an
/// access record (`hestia::web`), or other scope with a span of its own ([`trace`](mod@crate::trace)) that this thread is in; where there is none, the
/// innermost [`scope!`](crate::scope!). It may have been begun by a function further out; a scope inside of it, and what is
/// logged there, carries the new key-values, too. Outside of everything there is nothing to add to, and a call that is off is
/// not there: then it is the one around it.
///
/// The key-values are written as in [`hlog!`](crate::hlog). A key that is there already gets the new value, for the records
/// that come. A scope that was taken to another thread or task before stays there what it was. (Of spans of the crate `tracing` that are no trace of hestia's this
/// lasts until they are left; their own way is `Span::record`.)
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// #[hestia::instrument]
/// fn import(file: &str) -> usize {
///     let rows = 12;
///     hestia::record!(rows);
///     log::info!("carries span, file and rows, and so does `import completed`");
///     rows
/// }
/// assert_eq!(import("orders.csv"), 12);
/// # Ok::<(), hestia::InitError>(())
/// ```
#[macro_export]
macro_rules! record {
    ($($fields:tt)*) => {
        $crate::__private::record!($crate; $($fields)*)
    };
}

/// One macro for each level, in the grammar of the `log` crate.
macro_rules! drop_in {
    ($dollar:tt $($name:ident $article:literal $example:literal,)+) => {$(
        #[doc = concat!("Logs ", $article, " record of level `", stringify!($name), "`, in the place of `log::", stringify!($name), "!`.")]
        ///
        /// The grammar is that of the `log` crate's macro: options, key-values before a `;`, message,
        /// arguments. The message is formatted by the writer's thread, as [`hlog!`](crate::hlog) explains, where
        /// `log`'s own macro has to format it at the call. All options and all forms of a key-value of `hlog!` may be used, and the message may be absent
        /// where there is one.
        ///
        /// # Example
        /// ```
        /// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
        /// let name = "world";
        #[doc = concat!("hestia::", stringify!($name), "!(\"hello {name}\");")]
        #[doc = concat!("hestia::", stringify!($name), "!(user_id = 5; \"hello {}\", name);")]
        #[doc = concat!("hestia::", stringify!($name), "!(target: \"", $example, "\", elapsed_ms:? = Some(2.5); \"done\");")]
        /// # Ok::<(), hestia::InitError>(())
        /// ```
        #[macro_export]
        macro_rules! $name {
            ($dollar($dollar statement:tt)*) => {
                $dollar crate::__private::drop_in!($dollar crate; $name; $dollar($dollar statement)*)
            };
        }
    )+};
}

drop_in! {$
    error "a" "db",
    warn "a" "db",
    info "a" "db",
    debug "a" "db",
    trace "a" "db",
}
