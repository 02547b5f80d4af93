//! The owner of what records refer to by address: a named logger's part, or a scope.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::front;
use crate::record::Shared;

/// Keeps a [`Shared`]. Once a record refers to it, dropping this hands it to the queue, which keeps it until the writer has
/// seen all of those.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Option<Arc<Shared>>);

impl Kept {
    pub(crate) fn new(shared: Shared) -> Self {
        Kept(Some(Arc::new(shared)))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        self.0.as_ref().expect("only dropping takes it away")
    }

    /// Not to be given up by way of the queue: somebody who will be, lives longer.
    pub(super) fn into_arc(mut self) -> Option<Arc<Shared>> {
        self.0.take()
    }
}

impl From<Arc<Shared>> for Kept {
    fn from(shared: Arc<Shared>) -> Self {
        Kept(Some(shared))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        // Relaxed: whoever has logged with this very owner has handed it on since, if it was on another thread.
        if shared.is_used.load(Ordering::Relaxed)
            && let Some(front) = front()
        {
            front.queue.retire(shared);
        }
    }
}
