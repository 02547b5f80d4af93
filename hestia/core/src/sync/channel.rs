//! Channels of crossbeam's for messages of any type. What travels are boxes of anything, so that a program has the code of a
//! channel once: each type of messages would bring its own, of all kinds of channels there are.
//!
//! *Invariant:* what is received is of the type that is sent, since nobody else has the other end.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use crossbeam_channel as crossbeam;
pub(crate) use crossbeam_channel::{RecvTimeoutError, SendError, TryRecvError};

type Boxed = Box<dyn Any + Send>;

/// A channel without a bound.
pub(crate) fn unbounded<T: Send + 'static>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = crossbeam::unbounded();
    (Sender(sender, PhantomData), Receiver(receiver, PhantomData))
}

pub(crate) struct Sender<T>(crossbeam::Sender<Boxed>, PhantomData<fn(T)>);

pub(crate) struct Receiver<T>(crossbeam::Receiver<Boxed>, PhantomData<fn() -> T>);

impl<T: Send + 'static> Sender<T> {
    /// Fails, and drops the message, when nobody receives any more.
    pub(crate) fn send(&self, message: T) -> Result<(), SendError<()>> {
        self.0
            .send(Box::new(message))
            .map_err(|SendError(_)| SendError(()))
    }

    /// How many are waiting.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Send + 'static> Receiver<T> {
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        self.0.try_recv().map(opened)
    }

    pub(crate) fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.0.recv_deadline(deadline).map(opened)
    }

    /// Waits for each message, until nobody can send any more.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.0.iter().map(opened)
    }
}

fn opened<T: 'static>(boxed: Boxed) -> T {
    *boxed.downcast().expect("only this type is sent")
}

// Not derived, which would ask the same of the messages.

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn messages_come_in_order_and_the_end_is_told() {
        let (sender, receiver) = unbounded();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let other = sender.clone();
        sender.send(String::from("one")).unwrap();
        other.send(String::from("two")).unwrap();
        assert_eq!(sender.len(), 2);
        assert_eq!(receiver.try_recv(), Ok("one".into()));
        let soon = || Instant::now() + Duration::from_millis(5);
        assert_eq!(receiver.recv_deadline(soon()), Ok("two".into()));
        assert_eq!(
            receiver.recv_deadline(soon()),
            Err(RecvTimeoutError::Timeout)
        );
        sender.send(String::from("three")).unwrap();
        drop((sender, other));
        assert_eq!(receiver.iter().collect::<Vec<_>>(), ["three"]);
        assert_eq!(
            receiver.recv_deadline(soon()),
            Err(RecvTimeoutError::Disconnected)
        );
    }

    #[test]
    fn what_nobody_receives_is_dropped() {
        let (sender, receiver) = unbounded();
        let message = Arc::new(());
        sender.send(Arc::clone(&message)).unwrap();
        drop(receiver);
        assert_eq!(Arc::strong_count(&message), 1, "with the receiver");
        assert!(sender.send(Arc::clone(&message)).is_err());
        assert_eq!(Arc::strong_count(&message), 1, "at once");
    }
}
