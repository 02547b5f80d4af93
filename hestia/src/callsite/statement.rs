//! A statement of hestia's macros: a static beside the code, and one call when the statement is on.
//!
//! Callers' threads. The static ([`Callsite`]) holds the facts of the statement and the last verdict of the
//! level check. The call encodes fields and arguments into the thread's buffer, as `facade` does for records
//! of the `log` crate, and everything after that is the same for both. Where the record is not hestia's to
//! write (another logger is installed, or the statement names one) it is decoded on the spot and handed over
//! as a record of `log`.
//!
//! *Invariant:* the expansion decides nothing; what is generic here only encodes.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use log::{Level, Log};

use super::draft::Draft;
use super::forward::forward;
use super::{Front, front};
use crate::filter::directives::generation;
use crate::level::Severity;
use crate::record::buffer::Buffer;
use crate::record::capture::{Capture, Captured, Printer, message_printed};
use crate::record::decode::{DecodeMessage, message_static, message_text};
use crate::record::encode::{self, PANICKED};
use crate::record::{
    Encode, Encoded, Encoder, Image, MapEncoder, Metadata, Open, Shared, Site, Text,
};
use crate::thread::is_own;

/// The static of one statement.
#[derive(Debug)]
pub struct Callsite {
    metadata: Metadata<'static>,
    /// The whole message where it is a constant, otherwise its template.
    message: &'static str,
    /// The generation of the levels that the verdict belongs to, and in the lowest bit the verdict.
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
        message: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        const fn at(level: Level) -> Severity {
            Severity::Level(level)
        }
        Callsites([
            Callsite::new(Severity::Critical, target, message, module, file, line),
            Callsite::new(at(Level::Error), target, message, module, file, line),
            Callsite::new(at(Level::Warn), target, message, module, file, line),
            Callsite::new(at(Level::Info), target, message, module, file, line),
            Callsite::new(at(Level::Debug), target, message, module, file, line),
            Callsite::new(at(Level::Trace), target, message, module, file, line),
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
    /// `message` is the whole message where it is a constant, otherwise its template.
    #[must_use]
    pub const fn new(
        severity: Severity,
        target: &'static str,
        message: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Callsite {
            metadata: Metadata::new(severity, target).at(Some(module), Some(file), Some(line)),
            message,
            verdict: AtomicU32::new(0),
        }
    }

    /// The level that filters compare.
    #[inline]
    #[must_use]
    pub const fn level(&self) -> Level {
        self.metadata.level()
    }

    /// Whether anybody wants this statement's records. `level` is the static's own, said by the expansion
    /// so that the compiler sees a constant.
    #[inline(always)]
    pub fn is_on(&'static self, level: Level) -> bool {
        may_be_on(level) && self.passes()
    }

    #[inline]
    fn passes(&'static self) -> bool {
        let verdict = self.verdict.load(Ordering::Relaxed);
        if verdict >> 1 == generation() {
            return verdict & 1 == 1;
        }
        self.ask()
    }

    #[cold]
    fn ask(&'static self) -> bool {
        // Before the levels are looked at: when they change meanwhile, the verdict is outdated at once.
        let generation = generation();
        let Some(front) = front() else {
            return log::logger().enabled(&self.log_metadata(self.metadata.target()));
        };
        let passes = front.gate.allows(self.level(), self.metadata.target());
        self.verdict
            .store((generation << 1) | u32::from(passes), Ordering::Relaxed);
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
        let target = via.target.unwrap_or(self.metadata.target());
        match (&via.logger, front()) {
            (Some(Destination::Foreign(logger)), _) => logger.enabled(&self.log_metadata(target)),
            (_, Some(front)) => front.gate.allows(self.level(), target),
            (_, None) => log::logger().enabled(&self.log_metadata(target)),
        }
    }

    /// Begins a record.
    #[inline(never)]
    pub fn begin(&'static self) -> Statement<'static> {
        let mut draft = Draft::default();
        let front = begin(None, &mut draft);
        let site = Site::Static(&self.metadata);
        let open = Image::begin(&mut draft, site, message_static, None, None).open();
        Statement {
            callsite: self,
            front,
            logger: None,
            draft,
            open,
        }
    }

    /// As [`Callsite::begin`], for a statement that names its target or its logger at run time.
    pub fn begin_via<'v>(&'static self, via: &'v Via<'v>) -> Statement<'v> {
        let logger = via.logger.as_ref();
        // A logger may open its file first, before any part of the ring is lent.
        let shared = match logger {
            Some(Destination::Named(logger)) => Some(logger.shared()),
            _ => None,
        };
        let mut draft = Draft::default();
        let front = begin(logger, &mut draft);
        let site = match via.target {
            None => Site::Static(&self.metadata),
            Some(target) => Site::Inline {
                severity: self.metadata.severity(),
                target,
                module: constant(self.metadata.module()),
                file: constant(self.metadata.file()),
                line: self.metadata.line(),
            },
        };
        let open = Image::begin(&mut draft, site, message_static, shared, None).open();
        Statement {
            callsite: self,
            front,
            logger,
            draft,
            open,
        }
    }
}

/// A statement's record in the making: first its key-values, then its message, which sends it.
///
/// Only [`Statement::message`] is compiled anew for each statement, and does next to nothing; the rest is shared by all
/// statements, or by those with values of the same types.
#[derive(Debug)]
pub struct Statement<'v> {
    callsite: &'static Callsite,
    /// None where the record is not hestia's to write.
    front: Option<&'static Front>,
    logger: Option<&'v Destination<'v>>,
    draft: Draft,
    open: Open,
}

impl Statement<'_> {
    /// Takes the key-values. To be called once at most.
    #[inline]
    pub fn fields(&mut self) -> Fields<'_> {
        self.open.fields(&mut self.draft);
        Fields(encode::fields(&mut self.draft))
    }

    /// The message is the callsite's own constant.
    pub fn constant(&mut self) {
        let message = self.callsite.message;
        self.end(message_static, |bytes| {
            encode::append_static_str(bytes, message);
        });
    }

    /// The message is formatted at the call.
    pub fn formatted(&mut self, message: fmt::Arguments<'_>) {
        self.end(message_text, |bytes| {
            if bytes.leave() {
                encode::append_guarded(bytes, message);
            }
        });
    }

    /// The message is printed from its arguments later.
    #[inline]
    pub fn message<C, P>(&mut self, arguments: C, _: P)
    where
        C: Capture,
        P: for<'d> Fn(&mut Printer<'_>, C::Decoded<'d>) + Copy + 'static,
    {
        self.captured(&arguments, message_printed::<C, P>);
    }

    /// (Once per list of types, not per statement.)
    #[inline(never)]
    fn captured<C: Capture>(&mut self, arguments: &C, read_message: DecodeMessage) {
        self.end(read_message, |bytes| {
            arguments.capture(&mut Captured(bytes));
        });
    }

    #[inline(always)]
    fn end(&mut self, read_message: DecodeMessage, message: impl FnOnce(&mut Buffer)) {
        self.open.close(&mut self.draft, read_message);
        message(&mut self.draft);
        let flags = self.open.flags();
        match self.front {
            Some(front) => self.draft.send(front, self.callsite.level(), flags),
            None => hand_over(self.logger, flags, &self.draft),
        }
    }
}

fn constant(text: Option<&'static str>) -> Text<'static> {
    text.map_or(Text::None, Text::Static)
}

/// Whether any statement of this level may be on: what `log` was compiled for, and what is wanted now.
#[inline(always)]
#[must_use]
pub fn may_be_on(level: Level) -> bool {
    level <= log::STATIC_MAX_LEVEL && level <= log::max_level()
}

/// A target or a logger that is known at run time.
#[derive(Debug, Default)]
pub struct Via<'a> {
    target: Option<&'a str>,
    logger: Option<Destination<'a>>,
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
}

/// Begins the record; returns the logger that takes it, if it is hestia's to write.
#[inline(always)]
fn begin(logger: Option<&Destination<'_>>, draft: &mut Draft) -> Option<&'static Front> {
    match front() {
        Some(front) if !is_own() && !matches!(logger, Some(Destination::Foreign(_))) => {
            draft.begin_in_ring(front);
            Some(front)
        }
        _ => {
            draft.begin_in_memory();
            None
        }
    }
}

/// Hands a record over that is not hestia's to write.
#[cold]
#[inline(never)]
fn hand_over(logger: Option<&Destination<'_>>, flags: u32, bytes: &Buffer) {
    if bytes.is_refused() {
        return;
    }
    match (logger, front()) {
        (Some(Destination::Foreign(logger)), _) => {
            forward(flags, bytes, |record| logger.log(record));
        }
        (_, Some(front)) => forward(flags, bytes, front.hooks.own),
        (_, None) => forward(flags, bytes, |record| log::logger().log(record)),
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

/// Takes the key-values of a statement.
#[derive(Debug)]
pub struct Fields<'b>(MapEncoder<'b>);

impl Fields<'_> {
    /// A value with its type.
    #[inline(always)]
    pub fn value<T: Encode + ?Sized>(&mut self, key: &str, value: &T) {
        if T::IS_PLAIN {
            self.0.entry_plain(key, value);
        } else {
            self.guarded(key, |encoder| value.encode(encoder));
        }
    }

    /// A value as `format_args!` prints it.
    pub fn formatted(&mut self, key: &str, value: fmt::Arguments<'_>) {
        self.guarded(key, |encoder| encoder.put_display(value));
    }

    /// A value as serde sees it.
    pub fn serde<T: serde::Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        self.guarded(key, |encoder| encoder.put_serde(value));
    }

    /// Bytes that are no text.
    pub fn bytes<T: AsRef<[u8]> + ?Sized>(&mut self, key: &str, value: &T) {
        self.guarded(key, |encoder| encoder.put_bytes(value.as_ref()));
    }

    /// An error: its message and those of its sources.
    fn error(&mut self, key: &str, error: &(dyn std::error::Error + '_)) {
        self.guarded(key, |encoder| encoder.put_error(error));
    }

    /// An object.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Fields<'_>)) {
        self.0.entry_with(key, |encoder| {
            encoder.put_map(|map| fill(&mut Fields(map.reborrow())))
        });
    }

    /// Runs code of the user's: a panic costs the value, not the record. An entry is written whole or not
    /// at all, so there is nothing half-done to see.
    #[inline(never)]
    pub(super) fn guarded(&mut self, key: &str, write: impl FnOnce(Encoder<'_>) -> Encoded) {
        if !self.0.leave_ring() {
            return;
        }
        let write = std::panic::AssertUnwindSafe(|| self.0.entry_with(key, write));
        if std::panic::catch_unwind(write).is_err() {
            self.0.entry(key, PANICKED);
        }
    }
}

impl<'b> Fields<'b> {
    pub(super) fn new(map: MapEncoder<'b>) -> Self {
        Fields(map)
    }
}

/// The value of a key that asks for an error, for the choice between an error, what leads to one (a box, an
/// `anyhow::Error`), and anything else that can be shown.
#[derive(Debug)]
pub struct ErrorArgument<'a, T: ?Sized>(pub &'a T);

/// The choice of an error.
pub trait IsError {
    #[doc(hidden)]
    fn put(&self, fields: &mut Fields<'_>, key: &str);
}

impl<T: std::error::Error + ?Sized> IsError for &&&ErrorArgument<'_, T> {
    fn put(&self, fields: &mut Fields<'_>, key: &str) {
        fields.error(key, &self.0);
    }
}

/// The choice of what dereferences to an error.
pub trait LeadsToError {
    #[doc(hidden)]
    fn put(&self, fields: &mut Fields<'_>, key: &str);
}

impl<T: Deref<Target: std::error::Error> + ?Sized> LeadsToError for &&ErrorArgument<'_, T> {
    fn put(&self, fields: &mut Fields<'_>, key: &str) {
        fields.error(key, &&**self.0);
    }
}

/// The choice of a reference to what dereferences to an error.
pub trait RefersToError {
    #[doc(hidden)]
    fn put(&self, fields: &mut Fields<'_>, key: &str);
}

impl<T> RefersToError for &ErrorArgument<'_, T>
where
    T: Deref<Target: Deref<Target: std::error::Error>> + ?Sized,
{
    fn put(&self, fields: &mut Fields<'_>, key: &str) {
        fields.error(key, &&***self.0);
    }
}

/// The choice of text, made for whatever leads to no error: so that what cannot be shown is named.
pub trait IsShown {
    #[doc(hidden)]
    type Type: ?Sized;

    #[doc(hidden)]
    fn put(&self, fields: &mut Fields<'_>, key: &str)
    where
        Self::Type: ErrorText;
}

impl<T: ?Sized> IsShown for ErrorArgument<'_, T> {
    type Type = T;

    fn put(&self, fields: &mut Fields<'_>, key: &str)
    where
        T: ErrorText,
    {
        fields.guarded(key, |encoder| self.0.encode(encoder));
    }
}

/// What a statement takes as an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error",
    label = "expected an error, or something to display",
    note = "an error is a `std::error::Error`, a box of one, what dereferences to one, or any `Display`",
    note = "for a value that is none of these write `key = ?value`, or give it another key"
)]
pub trait ErrorText {
    #[doc(hidden)]
    fn encode(&self, encoder: Encoder<'_>) -> Encoded;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display + ?Sized> ErrorText for T {
    fn encode(&self, encoder: Encoder<'_>) -> Encoded {
        encoder.put_display(self)
    }
}
