//! From one thread to another: values in order, without a bound.
//!
//! For what is sent now and then: requests to the writer and their answers, batches to the console's worker. Those of
//! libraries are made for more, and a program carries all they can do for each type of value once more: together they weighed
//! 100 KiB.
//!
//! *Invariant:* the lock is held for moments, and never while a value is dropped.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::lock;

/// Both ends of a new channel.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            values: VecDeque::new(),
            senders: 1,
            is_received: true,
        }),
        changed: Condvar::new(),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// There is a value more, or no sender any more.
    changed: Condvar,
}

struct State<T> {
    values: VecDeque<T>,
    senders: usize,
    is_received: bool,
}

/// The end that values are put in at. Each clone is another sender.
pub(crate) struct Sender<T>(Arc<Shared<T>>);

impl<T> Sender<T> {
    /// Never waits. Gives the value back when nobody will receive it.
    pub(crate) fn send(&self, value: T) -> Result<(), T> {
        let mut state = lock(&self.0.state);
        if !state.is_received {
            return Err(value);
        }
        state.values.push_back(value);
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }

    /// How many values have not been received yet.
    pub(crate) fn len(&self) -> usize {
        lock(&self.0.state).values.len()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        lock(&self.0.state).senders += 1;
        Sender(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        lock(&self.0.state).senders -= 1;
        self.0.changed.notify_one();
    }
}

/// The end that values come out at.
pub(crate) struct Receiver<T>(Arc<Shared<T>>);

/// Why no value came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The time is over.
    Late,
    /// There is no sender any more.
    Ended,
}

impl<T> Receiver<T> {
    /// A value, if one is there and nobody is about to put in another: for whoever waits for nobody and looks again.
    pub(crate) fn try_recv(&self) -> Option<T> {
        self.0.state.try_lock().ok()?.values.pop_front()
    }

    /// The next value, as soon as there is one; `None` once there are no senders any more.
    pub(crate) fn recv(&self) -> Option<T> {
        self.wait(None).ok()
    }

    /// The same, until a deadline.
    pub(crate) fn recv_deadline(&self, deadline: Instant) -> Result<T, Missing> {
        self.wait(Some(deadline))
    }

    fn wait(&self, deadline: Option<Instant>) -> Result<T, Missing> {
        let mut state = lock(&self.0.state);
        loop {
            if let Some(value) = state.values.pop_front() {
                return Ok(value);
            }
            if state.senders == 0 {
                return Err(Missing::Ended);
            }
            let changed = &self.0.changed;
            state = match deadline.map(|deadline| deadline.checked_duration_since(Instant::now())) {
                None => changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(None) => return Err(Missing::Late),
                Some(Some(left)) => {
                    let waited = changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl<T> Drop for Receiver<T> {
    /// What is on its way is dropped here, and not when the last sender is gone.
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.is_received = false;
        let values = std::mem::take(&mut state.values);
        drop(state);
        drop(values);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sender")
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Receiver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn values_come_in_order_and_the_end_after_them() {
        let (sender, receiver) = channel();
        let other = sender.clone();
        assert_eq!(receiver.try_recv(), None);
        assert_eq!(
            (sender.send(1), other.send(2), sender.len()),
            (Ok(()), Ok(()), 2)
        );
        drop(sender);
        assert_eq!(receiver.recv(), Some(1));
        assert_eq!(receiver.try_recv(), Some(2));
        let past = Instant::now();
        assert_eq!(receiver.recv_deadline(past), Err(Missing::Late));
        drop(other);
        assert_eq!(receiver.recv_deadline(past), Err(Missing::Ended));
        assert_eq!(receiver.recv(), None);
    }

    #[test]
    fn what_nobody_receives_comes_back_and_what_lay_there_is_dropped() {
        let (sender, receiver) = channel();
        let there = Arc::new(());
        assert_eq!(sender.send(Arc::clone(&there)), Ok(()));
        drop(receiver);
        assert_eq!(Arc::strong_count(&there), 1);
        assert_eq!(sender.send(Arc::clone(&there)), Err(there));
    }

    #[test]
    fn a_value_that_sends_while_it_is_dropped_does_no_harm() {
        struct Sends(Sender<Option<Sends>>);
        impl Drop for Sends {
            fn drop(&mut self) {
                assert!(self.0.send(None).is_err());
            }
        }
        let (sender, receiver) = channel();
        assert!(sender.send(Some(Sends(sender.clone()))).is_ok());
        drop(receiver);
    }

    #[test]
    fn whoever_waits_gets_each_value_of_many_threads_once() {
        let (sender, receiver) = channel();
        let senders: Vec<_> = (0..4_u64)
            .map(|thread| {
                let sender = sender.clone();
                thread::spawn(move || (0..1000).all(|one| sender.send(thread * 1000 + one).is_ok()))
            })
            .collect();
        drop(sender);
        let mut last = [None; 4];
        let mut count = 0;
        let long = Instant::now() + Duration::from_secs(60);
        while let Ok(value) = receiver.recv_deadline(long) {
            let of = &mut last[usize::try_from(value / 1000).unwrap()];
            assert!(*of < Some(value), "{of:?} before {value}");
            *of = Some(value);
            count += 1;
        }
        assert_eq!(count, 4000);
        for sender in senders {
            assert!(sender.join().unwrap());
        }
    }
}
