//! A statement of hestia's macros: a static beside the code, and one call when the statement is on.
//!
//! Callers' threads. The static ([`Callsite`]) holds the facts of the statement and the last verdict of the level
//! check. The call gets the values by reference and puts them into the queue. Where the record is not hestia's to write
//! (another logger is installed, or the statement names one) it is decoded on the spot and handed over as a record of
//! `log`.
//!
//! *Invariant:* the expansion decides nothing; what is generic here only encodes.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use log::{Level, Log};

use super::ambient;
use super::emit::{copies_scope, describe_shared, describe_site, emit, emit_sized, refuse};
use super::forward::forward;
use super::limit::Passed;
use super::local::{Fill, with_memory};
use super::scopes;
use super::{Front, front};
use crate::filter::directives::generation;
use crate::level::Severity;
use crate::queue::Reason;
use crate::record::capture::Part;
use crate::record::redact;
use crate::record::scalar::{Pen, sum};
use crate::record::{Around, Image, Message, Metadata, Shared, Site, StaticHead, StaticSite};
use crate::thread::is_own;

/// The static of one statement.
#[derive(Debug)]
pub struct Callsite {
    site: StaticSite,
    /// The last verdict, with the levels that it belongs to: see [`generation`].
    verdict: AtomicU32,
}

/// The statics of one statement whose level is known at run time: one for each severity.
#[derive(Debug)]
pub struct Callsites([Callsite; 6]);

/// What a statement takes as its level.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no level",
    label = "expected a level",
    note = "a level is `critical`, `error`, `warn`, `info`, `debug`, `trace`, or a `hestia::Level` or `hestia::Severity` known at run time"
)]
pub trait IsLevel {
    #[doc(hidden)]
    fn severity(self) -> Severity;
}

impl IsLevel for Level {
    #[inline]
    fn severity(self) -> Severity {
        Severity::Level(self)
    }
}

impl IsLevel for Severity {
    #[inline]
    fn severity(self) -> Severity {
        self
    }
}

impl Callsites {
    /// `target` is what filters match; module, file and line are the statement's.
    #[must_use]
    pub const fn new(
        target: &'static str,
        message: Message,
        keys: &'static [&'static str],
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        const fn at(level: Level) -> Severity {
            Severity::Level(level)
        }
        Callsites([
            Callsite::new(
                Severity::Critical,
                target,
                message,
                keys,
                module,
                file,
                line,
            ),
            Callsite::new(at(Level::Error), target, message, keys, module, file, line),
            Callsite::new(at(Level::Warn), target, message, keys, module, file, line),
            Callsite::new(at(Level::Info), target, message, keys, module, file, line),
            Callsite::new(at(Level::Debug), target, message, keys, module, file, line),
            Callsite::new(at(Level::Trace), target, message, keys, module, file, line),
        ])
    }

    /// The static for a level.
    #[inline]
    pub fn at(&'static self, level: impl IsLevel) -> &'static Callsite {
        match level.severity() {
            Severity::Critical => &self.0[0],
            Severity::Level(level) => &self.0[level as usize],
        }
    }
}

impl Callsite {
    /// `target` is what filters match; module, file and line are the statement's; `keys` are those of the values that it
    /// logs.
    #[must_use]
    pub const fn new(
        severity: Severity,
        target: &'static str,
        message: Message,
        keys: &'static [&'static str],
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Callsite {
            site: StaticSite::new(
                Metadata::new(severity, target).at(Some(module), Some(file), Some(line)),
                message,
                keys,
            ),
            verdict: AtomicU32::new(0),
        }
    }

    /// The level that filters compare.
    #[inline]
    #[must_use]
    pub const fn level(&self) -> Level {
        self.site.metadata.level()
    }

    /// Whether anybody wants this statement's records. `level` is the static's own, said by the expansion
    /// so that the compiler sees a constant.
    #[inline(always)]
    pub fn is_on(&'static self, level: Level) -> bool {
        may_be_on(level) && self.passes()
    }

    #[inline]
    fn passes(&'static self) -> bool {
        // Acquire: pairs with `ask`, so that what it has noted is there for `log`.
        self.verdict.load(Ordering::Acquire) == generation() || self.ask()
    }

    #[cold]
    fn ask(&'static self) -> bool {
        // Before the levels are looked at: when they change meanwhile, the verdict is outdated at once.
        let generation = generation();
        if self.verdict.load(Ordering::Relaxed) == generation - 1 {
            return false;
        }
        let Some(front) = front() else {
            return log::logger().enabled(&self.log_metadata(self.site.metadata.target()));
        };
        describe_site(front, &self.site);
        let passes = front.gate.allows(self.level(), self.site.metadata.target());
        let is_formatted_here =
            front.is_mapped && (self.site.message.is_printed() || redact::looks_at_call());
        self.site
            .note(redact::verdict(&self.site), is_formatted_here);
        self.verdict
            .store(generation - u32::from(!passes), Ordering::Release);
        passes
    }

    fn log_metadata<'a>(&self, target: &'a str) -> log::Metadata<'a> {
        log::Metadata::builder()
            .level(self.level())
            .target(target)
            .build()
    }

    /// As [`Callsite::is_on`], for a statement that names its target or its logger at run time.
    #[inline]
    pub fn is_on_via(&'static self, level: Level, via: &Via<'_>) -> bool {
        may_be_on(level) && self.passes_via(via)
    }

    fn passes_via(&'static self, via: &Via<'_>) -> bool {
        let target = via.target.unwrap_or(self.site.metadata.target());
        match (&via.logger, front()) {
            (Some(Destination::Foreign(logger)), _) => logger.enabled(&self.log_metadata(target)),
            (_, Some(front)) => front.gate.allows(self.level(), target),
            (_, None) => log::logger().enabled(&self.log_metadata(target)),
        }
    }

    /// Logs a record, when the statement is on: the values of the keys, and the arguments of the message.
    ///
    /// Compiled once for each list of types. Where nothing but hestia's own code is needed to write it, the record is
    /// written straight into the ring, in room of its size.
    #[inline(never)]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "behind a `&` the compiler does not find the value that cannot be logged"
    )]
    pub fn log<Values: Part, Arguments: Part>(&'static self, values: Values, arguments: Arguments) {
        if let Some(values_size) = values.size()
            && let Some(arguments_size) = arguments.size()
            && let Some(front) = front()
        {
            // Where it is beyond all measure it finds no room.
            let parts_size = sum(values_size, arguments_size);
            // Before all the rest: the processor reads its counter once all that came before is done, and does what comes now
            // meanwhile.
            let stamp = front.ticks.now();
            if !is_own()
                && !self.site.needs_memory()
                && let Some(scope) = scopes::refer_in(front)
                && write(
                    front, stamp, &self.site, scope, parts_size, &values, &arguments,
                )
            {
                return;
            }
        }
        self.log_in_memory(None, &mut |bytes| {
            values.append(bytes);
            arguments.append(bytes);
        });
    }

    /// As [`Callsite::log`], for a statement that names its target or its logger at run time.
    #[inline(never)]
    #[allow(clippy::needless_pass_by_value, reason = "as for `log`")]
    pub fn log_via<Values: Part, Arguments: Part>(
        &'static self,
        via: &Via<'_>,
        values: Values,
        arguments: Arguments,
    ) {
        self.log_in_memory(Some(via), &mut |bytes| {
            values.append(bytes);
            arguments.append(bytes);
        });
    }

    /// Logs a record that has no values, and whose message is a constant.
    pub fn log_constant(&'static self) {
        self.log((), ());
    }

    /// Makes the record in memory of the thread, where code of the user's may run, and sends it.
    #[inline(never)]
    fn log_in_memory(&'static self, via: Option<&Via<'_>>, append: &mut dyn FnMut(&mut Vec<u8>)) {
        let logger = via.and_then(|via| via.logger.as_ref());
        let is_foreign = matches!(logger, Some(Destination::Foreign(_)));
        let front = front().filter(|_| !is_foreign && !is_own());
        let shared = match logger {
            Some(Destination::Named(logger)) => Some(logger.shared()),
            _ => None,
        };
        if let Some(front) = front {
            describe_site(front, &self.site);
            if let Some(shared) = shared {
                shared.mark_used();
                describe_shared(front, shared);
            }
        }
        let is_mapped = front.is_some_and(|front| front.is_mapped);
        let site = match via.and_then(|via| via.target) {
            Some(target) => Site::StaticWithTarget(&self.site, target),
            None => Site::Static(&self.site),
        };
        let scope = scopes::hold();
        let around = Around {
            scope: scope.shared(),
            logger: shared,
            trace: ambient::ids(scope.shared()),
            copies_scope: front.is_some_and(|front| copies_scope(front, scope.shared())),
        };
        let append = |bytes: &mut Vec<u8>| {
            let from = bytes.len();
            append(bytes);
            redact::values(&self.site, bytes, from);
        };
        let made = with_memory(|bytes| {
            let mut image = Image::begin(bytes, site, around);
            image.suppressed(via.map_or(0, |via| via.suppressed));
            let flags = if is_mapped {
                image.values_for_others(&self.site, append)
            } else {
                image.values(append)
            };
            match front {
                Some(front) => emit(front, self.level(), flags, bytes),
                None => hand_over(logger, flags, bytes),
            }
        });
        if made.is_none()
            && let Some(front) = front
        {
            refuse(front, self.level(), Reason::TooDeep);
        }
    }
}

/// Writes a record of a static straight into the thread's ring, stamped so, with so many bytes of values and arguments; nothing
/// has happened on this thread since the scope was looked at. `false`, and nothing is done, where that cannot be right now.
#[inline(always)]
pub(super) fn write<Values: Part, Arguments: Part>(
    front: &'static Front,
    stamp: u64,
    site: &'static StaticSite,
    scope: scopes::Reference,
    parts_size: usize,
    values: &Values,
    arguments: &Arguments,
) -> bool {
    let trace = ambient::refer(scope);
    let head_size = StaticHead::SIZE + scopes::Reference::SIZE + trace.size();
    let flags = scopes::Reference::FLAGS | trace.flags();
    let record = Whole {
        site,
        scope,
        trace,
        values,
        arguments,
    };
    emit_sized(front, stamp, sum(head_size, parts_size), flags, record)
}

/// A record whose size is known.
struct Whole<'r, Values, Arguments> {
    site: &'static StaticSite,
    scope: scopes::Reference,
    trace: ambient::Ambient,
    values: &'r Values,
    arguments: &'r Arguments,
}

impl<Values: Part, Arguments: Part> Fill for Whole<'_, Values, Arguments> {
    #[inline(always)]
    fn fill(self, pen: &mut Pen<'_>) {
        StaticHead(self.site).write(pen);
        self.scope.write(pen);
        self.trace.write(pen);
        self.values.write(pen);
        self.arguments.write(pen);
    }
}

/// Whether any statement of this level may be on: what `log` was compiled for, and what is wanted now.
#[inline(always)]
#[must_use]
pub fn may_be_on(level: Level) -> bool {
    level <= log::STATIC_MAX_LEVEL && level <= log::max_level()
}

/// A target or a logger that is known at run time, and how many executions were left out before this one.
#[derive(Debug, Default)]
pub struct Via<'a> {
    target: Option<&'a str>,
    logger: Option<Destination<'a>>,
    suppressed: u64,
}

impl<'a> Via<'a> {
    /// Neither, yet.
    #[must_use]
    pub fn new() -> Self {
        Via::default()
    }

    /// Another target.
    #[must_use]
    pub fn target<T: AsRef<str> + ?Sized>(self, target: &'a T) -> Self {
        Via {
            target: Some(target.as_ref()),
            ..self
        }
    }

    /// A logger.
    #[must_use]
    pub fn logger(self, logger: Destination<'a>) -> Self {
        Via {
            logger: Some(logger),
            ..self
        }
    }

    /// It is this execution's turn.
    #[must_use]
    pub fn passed(self, passed: Passed) -> Self {
        Via {
            suppressed: passed.suppressed,
            ..self
        }
    }
}

/// Hands a record over that is not hestia's to write.
#[cold]
#[inline(never)]
fn hand_over(logger: Option<&Destination<'_>>, flags: u32, bytes: &[u8]) {
    match (logger, front()) {
        (Some(Destination::Foreign(logger)), _) => {
            forward(flags, bytes, &|record| logger.log(record));
        }
        (_, Some(front)) => forward(flags, bytes, &front.hooks.own),
        (_, None) => forward(flags, bytes, &|record| log::logger().log(record)),
    }
}

/// A named logger of hestia's, as statements see it. (Shared between threads, as [`Log`] is, so that a future may
/// wait for an argument while it holds one.)
pub trait Named: Send + Sync {
    #[doc(hidden)]
    fn shared(&self) -> &Shared;
}

/// The logger that a statement names.
pub enum Destination<'a> {
    /// One of hestia's.
    Named(&'a dyn Named),
    /// Any other implementation of [`log::Log`].
    Foreign(&'a dyn Log),
}

impl fmt::Debug for Destination<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Destination::Named(_) => "Named",
            Destination::Foreign(_) => "Foreign",
        })
    }
}

impl<T: Named + ?Sized> Named for &T {
    fn shared(&self) -> &Shared {
        (**self).shared()
    }
}

impl<T: Named + ?Sized> Named for Box<T> {
    fn shared(&self) -> &Shared {
        (**self).shared()
    }
}

impl<T: Named + ?Sized> Named for std::sync::Arc<T> {
    fn shared(&self) -> &Shared {
        (**self).shared()
    }
}

/// The logger of a statement, for the choice between hestia's and others (see
/// [`Argument`](crate::record::capture::Argument)).
#[derive(Debug)]
pub struct LoggerArgument<'a, T>(pub &'a T);

/// The choice of a logger of hestia's.
pub trait NamedLogger<'a> {
    #[doc(hidden)]
    fn destination(&self) -> Destination<'a>;
}

impl<'a, T: Named> NamedLogger<'a> for &LoggerArgument<'a, T> {
    fn destination(&self) -> Destination<'a> {
        Destination::Named(self.0)
    }
}

/// The choice of any other logger, made for whatever is not hestia's: so that what is no logger is named.
pub trait ForeignLogger<'a> {
    #[doc(hidden)]
    type Type;

    #[doc(hidden)]
    fn destination(&self) -> Destination<'a>
    where
        Self::Type: IsLogger;
}

impl<'a, T> ForeignLogger<'a> for LoggerArgument<'a, T> {
    type Type = T;

    fn destination(&self) -> Destination<'a>
    where
        T: IsLogger,
    {
        Destination::Foreign(self.0.as_log())
    }
}

/// What a statement takes as its logger.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no logger",
    label = "expected a logger",
    note = "`logger:` takes a `hestia::Logger`, made by `hestia::logger(\"…\")`, or any `log::Log`; a name alone is a `target:`"
)]
pub trait IsLogger {
    #[doc(hidden)]
    fn as_log(&self) -> &dyn Log;
}

#[diagnostic::do_not_recommend]
impl<T: Log> IsLogger for T {
    fn as_log(&self) -> &dyn Log {
        self
    }
}
