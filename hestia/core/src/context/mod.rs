//! What surrounds a call: scopes, whose key-values every record in them carries, and traces.
//!
//! What programs call; any thread. A scope is encoded once, when it is made, and belongs to threads, by being entered there
//! (`callsite/scopes.rs`), or to a future, which enters it whenever it is polled ([`task`]). Records refer to it. A trace
//! ([`trace`]) is part of a scope.
//!
//! *Invariant:* what a record carries was current at its call, on its thread; the writer looks nothing up.

pub(crate) mod span;
pub(crate) mod task;
pub mod trace;

use std::fmt;
use std::marker::PhantomData;

use crate::callsite::kept::Kept;
use crate::callsite::scopes;
use crate::record::capture::Entries as KeyValues;
use crate::record::{Encode, Shared, set_field};
use crate::trace_context::TraceContext;

/// Key-values, and perhaps a trace, for every record that is logged in it.
///
/// Made by `scope!`, which enters it as well, or step by step. It lies inside of what is current where it is
/// made, wherever it is entered later: take it to another thread, and what is logged there carries all of it.
///
/// Cheap to clone: the key-values are encoded once, and shared. Where a key comes from several places, the nearest to the
/// call counts: call, inner scope, outer scope, logger, process.
///
/// # Example
/// ```
/// # hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// use hestia::Scope;
///
/// let scope = Scope::new().with("request_id", 17).with("user", "ada");
/// std::thread::spawn(move || {
///     let _entered = scope.attach();
///     log::info!("carries both");
/// })
/// .join()
/// .unwrap();
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone)]
pub struct Scope(pub(crate) Option<Kept>);

impl Scope {
    /// One that adds nothing yet to what is current.
    #[must_use]
    pub fn new() -> Self {
        Scope::current()
    }

    /// What is current on this thread; nothing, outside of any scope.
    #[must_use]
    pub fn current() -> Self {
        Scope(scopes::current())
    }

    /// Outside of everything: for what goes on after the request that started it. (Not outside of a test's capture,
    /// see [`testing`](crate::testing): that is no part of the program.)
    #[must_use]
    pub fn detached() -> Self {
        let captures = scopes::captures();
        Scope((!captures.is_empty()).then(|| {
            Kept::new(Shared {
                captures,
                ..Shared::default()
            })
        }))
    }

    /// The numbers of the captures that it is in.
    fn captures(&self) -> Vec<u8> {
        let shared = self.0.as_ref().map(Kept::shared);
        shared.map_or_else(Vec::new, |shared| shared.captures().to_vec())
    }

    /// A scope inside of this one whose records belong to one more capture.
    pub(crate) fn in_capture(&self, number: u64) -> Self {
        let mut captures = self.captures();
        captures.extend_from_slice(&number.to_ne_bytes());
        self.around(Shared {
            captures,
            ..Shared::default()
        })
    }

    /// The number of the innermost capture that this thread is in.
    pub(crate) fn current_capture() -> Option<u64> {
        let captures = scopes::captures();
        captures.last_chunk().copied().map(u64::from_ne_bytes)
    }

    /// A scope inside of this one, with these encoded key-values and this trace.
    pub(crate) fn inner(&self, fields: Vec<u8>, trace: Option<TraceContext>) -> Self {
        self.around(Shared {
            fields: fields.into(),
            trace,
            ..Shared::default()
        })
    }

    /// This, inside of this scope.
    fn around(&self, inner: Shared) -> Self {
        Scope(Some(Kept::new(Shared {
            outer: self.0.as_ref().map(|outer| outer.shared().clone()),
            ..inner
        })))
    }

    /// The same with one more key-value; a key that is there already gets this value.
    #[must_use]
    pub fn with(self, key: &str, value: impl Encode) -> Self {
        let mut fields = Vec::new();
        set_field(&mut fields, key, &value);
        self.inner(fields, None)
    }

    /// The same with this trace, whose ids every record in it carries.
    #[must_use]
    pub fn with_trace(self, trace: TraceContext) -> Self {
        self.inner(Vec::new(), Some(trace))
    }

    /// The trace that it belongs to.
    #[must_use]
    pub fn trace(&self) -> Option<&TraceContext> {
        self.0.as_ref()?.shared().trace()
    }

    /// Enters it on this thread, in the place of what is current there, until the guard is dropped.
    #[must_use = "the scope is left when the guard is dropped"]
    pub fn attach(&self) -> ScopeGuard {
        ScopeGuard::enter(self.clone())
    }

    /// Runs something in it, on this thread. Scopes that are entered meanwhile, and not left, are left at the end.
    ///
    /// # Example
    /// ```
    /// let answer = hestia::Scope::new().with("step", 2).run(|| {
    ///     log::info!("carries the step");
    ///     42
    /// });
    /// assert_eq!(answer, 42);
    /// ```
    pub fn run<R>(&self, run: impl FnOnce() -> R) -> R {
        scopes::within(self.0.as_ref(), run)
    }

    /// The same, for what belongs to one owner: what is recorded (`record!`) meanwhile is the scope's from then on.
    pub(crate) fn run_mut<R>(&mut self, run: impl FnOnce() -> R) -> R {
        scopes::within_mut(&mut self.0, run)
    }
}

impl Default for Scope {
    fn default() -> Self {
        Scope::new()
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = || self.0.iter().flat_map(|kept| kept.shared().outward());
        let fields = shared().flat_map(|shared| shared.entries().iter());
        out.debug_struct("Scope")
            .field(
                "fields",
                &DebugMap(fields.map(|field| (field.key, field.value)).collect()),
            )
            .field("trace", &self.trace().map(TraceContext::traceparent))
            .finish()
    }
}

struct DebugMap<'a>(Vec<(&'a str, crate::record::Value<'a>)>);

impl fmt::Debug for DebugMap<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.0.iter().copied()).finish()
    }
}

/// Leaves its scope when it is dropped; made by `scope!` and [`Scope::attach`].
///
/// It belongs to its thread, and cannot be sent to another one. Do not hold one across an `.await`: the thread goes on with
/// other tasks then, in this scope. Give the scope to the future instead ([`InScope`](crate::InScope)). (A future that holds a guard is not
/// `Send`, so that runtimes with several threads refuse it.)
///
/// # Example
/// ```
/// let guard = hestia::scope!(request_id = 17);
/// let scope = guard.scope();
/// drop(guard);
/// scope.run(|| log::info!("carries the request's id"));
/// ```
///
/// The compiler refuses to send it:
/// ```compile_fail,E0277
/// let guard = hestia::scope!(request_id = 17);
/// std::thread::spawn(move || drop(guard));
/// ```
#[must_use = "the scope is left when the guard is dropped"]
pub struct ScopeGuard {
    scope: Scope,
    /// Of the entry; `None` for a thread that ends.
    number: Option<u64>,
    /// Of one thread.
    _not_send: PhantomData<*const ()>,
}

impl ScopeGuard {
    fn enter(scope: Scope) -> Self {
        ScopeGuard {
            number: scopes::enter(scope.0.clone()),
            scope,
            _not_send: PhantomData,
        }
    }

    /// The scope, to be entered elsewhere as well, with what was recorded (`record!`) in it so far.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self.recorded() {
            Some(scope) => scope,
            None => self.scope.clone(),
        }
    }

    /// What has become of the scope, if something was recorded in it.
    fn recorded(&self) -> Option<Scope> {
        let now = scopes::recorded(self.number?, self.scope.0.as_ref()?);
        now.map(|kept| Scope(Some(kept)))
    }

    /// The trace that the scope belongs to.
    #[must_use]
    pub fn trace(&self) -> Option<&TraceContext> {
        self.scope.trace()
    }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            scopes::leave(number);
        }
    }
}

impl fmt::Debug for ScopeGuard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("ScopeGuard").field(&self.scope).finish()
    }
}

/// The scope, which is left: so that what `scope!` makes can be given to a future.
impl From<&Scope> for Scope {
    /// The same one.
    fn from(scope: &Scope) -> Scope {
        scope.clone()
    }
}

impl From<ScopeGuard> for Scope {
    fn from(guard: ScopeGuard) -> Self {
        guard.scope()
    }
}

/// The keys of a `scope!` or a `record!`.
#[derive(Debug)]
pub struct ScopeKeys(pub &'static [&'static str]);

impl ScopeKeys {
    /// What `scope!` expands to: key-values, inside of what is current.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "behind a `&` the compiler does not find the value that cannot be logged"
    )]
    pub fn enter<Values: KeyValues>(&self, values: Values) -> ScopeGuard {
        let mut fields = Vec::new();
        values.append_entries(self.0, &mut fields);
        ScopeGuard::enter(Scope::current().inner(fields, None))
    }

    /// What `record!` expands to: key-values of what is under way.
    #[allow(clippy::needless_pass_by_value, reason = "as for `enter`")]
    pub fn record<Values: KeyValues>(&self, values: Values) {
        if scopes::is_in_one() {
            let mut fields = Vec::new();
            values.append_entries(self.0, &mut fields);
            scopes::record(&fields);
        }
    }
}
