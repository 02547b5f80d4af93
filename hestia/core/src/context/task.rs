//! Scopes of futures: entered whenever the future is polled, on whichever thread, and while it is dropped.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Scope;

/// Gives a scope to a future: what it logs carries the scope, over awaits and on whichever thread it is polled. No runtime
/// is needed for that, and none is in the way. (What somebody else keeps about the task goes by their own means: OpenTelemetry's
/// context by its `with_context`.)
///
/// # Example
/// ```
/// use hestia::InScope;
///
/// # fn spawn(_: impl Future<Output = ()> + Send) {}
/// # async fn answer() {}
/// spawn(async {
///     answer().await;
///     log::info!("carries the request's id");
/// }.in_scope(hestia::scope!(request_id = 17)));
/// ```
pub trait InScope: Future + Sized {
    /// This future in a scope: a [`Scope`], or what `scope!` makes.
    fn in_scope(self, scope: impl Into<Scope>) -> Scoped<Self> {
        Scoped {
            scope: scope.into(),
            future: Some(self),
        }
    }

    /// This future in what is current where this is called: for tasks that are spawned to do part of the work.
    fn in_current_scope(self) -> Scoped<Self> {
        self.in_scope(Scope::current())
    }
}

impl<F: Future> InScope for F {}

pin_project! {
    /// A future in a scope; made by [`InScope`].
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Scoped<F> {
        scope: Scope,
        // Taken out in its scope, when it is dropped.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.scope.run_mut(|| this.future.set(None));
        }
    }
}

impl<F> Scoped<F> {
    /// The scope of the future.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this
            .future
            .as_pin_mut()
            .expect("only dropping takes the future");
        this.scope.run_mut(|| future.poll(context))
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Scoped")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
