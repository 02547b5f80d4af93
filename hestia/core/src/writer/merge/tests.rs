//! The round rule, with a clock that ticks once for each thing that happens.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::queue::ring::Room;
use crate::queue::{Bounds, Producer, Queue, Readers};
use crate::thread::Thread;

/// Some threads, and the writer's end of their rings.
fn threads(count: u64) -> (Vec<Producer>, Readers) {
    let queue = Arc::new(Queue::new(Bounds::default(), None));
    let producer = |id| queue.new_producer(&Thread { id, name: None });
    let producers = (0..count).map(|id| producer(id).unwrap()).collect();
    let mut readers = Readers::new(queue);
    readers.look();
    (producers, readers)
}

fn commit(producer: &mut Producer, stamp: u64) {
    assert_eq!(producer.room_for(0, || ()), Room::Yes);
    producer.reserve(0, || stamp).commit(0);
}

/// What one round without a grace window takes: stamps, and the threads they come from.
fn run(merge: &mut Merge, readers: &mut Readers, now: u64) -> Vec<(u64, u64)> {
    run_with_grace(merge, readers, Horizon { now, grace: 0 })
}

fn run_with_grace(merge: &mut Merge, readers: &mut Readers, horizon: Horizon) -> Vec<(u64, u64)> {
    let mut taken = Vec::new();
    let count = merge.run(readers.rings(), horizon, |frame| {
        taken.push((frame.ticks, frame.thread().unwrap().id));
    });
    assert_eq!(count, taken.len() as u64);
    taken
}

#[test]
fn frames_of_all_rings_come_in_the_order_of_their_stamps() {
    let (mut threads, mut readers) = threads(3);
    for (thread, stamps) in [[1, 6, 7], [2, 5, 9], [3, 4, 8]].iter().enumerate() {
        for stamp in stamps {
            commit(&mut threads[thread], *stamp);
        }
    }
    readers.look();
    let mut merge = Merge::default();
    let taken = run(&mut merge, &mut readers, 10);
    assert!(taken.iter().map(|(stamp, _)| *stamp).eq(1..=9));
    assert_eq!(readers.end_round(), 0);
}

#[test]
fn of_equal_stamps_the_ring_that_was_made_first_has_its_turn() {
    let (mut threads, mut readers) = threads(3);
    for thread in [2, 0, 1, 0, 2] {
        commit(&mut threads[thread], 5);
    }
    readers.look();
    let taken = run(&mut Merge::default(), &mut readers, 6);
    let order: Vec<u64> = taken.iter().map(|(_, thread)| *thread).collect();
    assert_eq!(order, [0, 0, 1, 2, 2]);
}

#[test]
fn what_is_younger_than_the_horizon_waits_with_all_that_is_behind_it() {
    let (mut threads, mut readers) = threads(2);
    for stamp in [10, 20, 15] {
        commit(&mut threads[0], stamp);
    }
    commit(&mut threads[1], 18);
    readers.look();
    let mut merge = Merge::default();
    assert_eq!(run(&mut merge, &mut readers, 20), [(10, 0), (18, 1)]);
    assert_eq!(run(&mut merge, &mut readers, 20), []);
    assert!(readers.end_round() > 0);
    // The second frame's clock was read a little early: it still comes after the first of its thread.
    assert_eq!(run(&mut merge, &mut readers, 21), [(20, 0), (15, 0)]);
}

/// A coarse clock: while the writer looks, one thread logs and another one follows, all in one tick. Once
/// the second line stood first.
#[test]
fn what_is_as_old_as_the_tick_waits_for_what_it_may_follow_from() {
    let (mut threads, mut readers) = threads(2);
    let mut merge = Merge::default();
    readers.rings()[0].look();
    commit(&mut threads[0], 5);
    commit(&mut threads[1], 5);
    readers.rings()[1].look();
    assert_eq!(run(&mut merge, &mut readers, 5), []);
    readers.look();
    assert_eq!(run(&mut merge, &mut readers, 6), [(5, 0), (5, 1)]);
}

#[test]
fn a_clock_that_stands_still_or_starts_anew_keeps_nothing_back_for_longer_than_a_round() {
    let (mut threads, mut readers) = threads(3);
    let mut merge = Merge::default();
    commit(&mut threads[0], 7);
    commit(&mut threads[1], 1_000_000);
    readers.look();
    assert_eq!(run(&mut merge, &mut readers, 7), []);
    // These are new: they may well be younger than the tick.
    commit(&mut threads[0], 7);
    commit(&mut threads[2], 9);
    readers.look();
    assert_eq!(
        run(&mut merge, &mut readers, 7),
        [(7, 0), (1_000_000, 1)],
        "seen before the tick was taken"
    );
    // A look again in the same round, as for a flush, does not make them older.
    readers.mark();
    assert_eq!(run(&mut merge, &mut readers, 7), []);
    readers.look();
    let horizon = Horizon { now: 7, grace: 5 };
    assert_eq!(
        run_with_grace(&mut merge, &mut readers, horizon),
        [(7, 0), (9, 2)]
    );
    assert_eq!(readers.end_round(), 0);
}

#[test]
fn a_clock_that_stops_within_the_grace_window_of_a_record_keeps_nothing_back() {
    let (mut threads, mut readers) = threads(1);
    let mut merge = Merge::default();
    commit(&mut threads[0], 6);
    let horizon = Horizon::after(6, 7, 5);
    readers.look();
    assert_eq!(run_with_grace(&mut merge, &mut readers, horizon), []);
    readers.look_or_walk();
    let horizon = Horizon::after(7, 7, 5);
    assert_eq!(run_with_grace(&mut merge, &mut readers, horizon), [(6, 0)]);
}

/// Both threads log while one of the rings is walked through, one after the other, and the clock stands still. Once the second
/// line stood first.
#[test]
fn what_a_walk_has_found_waits_for_what_it_may_follow_from() {
    let (mut threads, mut readers) = threads(2);
    let mut merge = Merge::default();
    commit(&mut threads[1], 3);
    commit(&mut threads[1], 8);
    readers.look();
    let horizon = |now| Horizon { now, grace: 5 };
    assert_eq!(
        run_with_grace(&mut merge, &mut readers, horizon(10)),
        [(3, 1)]
    );
    readers.look_or_walk();
    let mut taken = Vec::new();
    merge.run(readers.rings(), horizon(20), |frame| {
        taken.push(frame.ticks);
        commit(&mut threads[0], 20);
        commit(&mut threads[1], 20);
    });
    assert_eq!(taken, [8]);
    readers.look_or_walk();
    assert_eq!(run(&mut merge, &mut readers, 20), []);
    readers.look_or_walk();
    assert_eq!(run(&mut merge, &mut readers, 20), [(20, 0), (20, 1)]);
}

#[test]
fn what_was_committed_after_the_look_comes_in_the_next_round() {
    let (mut threads, mut readers) = threads(2);
    commit(&mut threads[0], 7);
    readers.look();
    // Stamped before the other, and committed after the writer had looked.
    commit(&mut threads[1], 3);
    let mut merge = Merge::default();
    assert_eq!(run(&mut merge, &mut readers, 9), [(7, 0)]);
    readers.look();
    assert_eq!(
        run(&mut merge, &mut readers, 9),
        [(3, 1)],
        "late, with its true stamp"
    );
}

#[test]
fn a_grace_window_puts_a_late_commit_in_its_place() {
    let (mut threads, mut readers) = threads(2);
    let mut merge = Merge::default();
    commit(&mut threads[0], 7);
    readers.look();
    let horizon = |now| Horizon { now, grace: 5 };
    assert_eq!(run_with_grace(&mut merge, &mut readers, horizon(9)), []);
    commit(&mut threads[1], 3);
    readers.look();
    assert_eq!(
        run_with_grace(&mut merge, &mut readers, horizon(13)),
        [(3, 1), (7, 0)]
    );
}

#[test]
fn a_round_ends_though_the_rings_fill_again() {
    let (mut threads, mut readers) = threads(2);
    commit(&mut threads[0], 1);
    commit(&mut threads[1], 2);
    readers.look();
    let mut next = 3;
    let horizon = Horizon {
        now: u64::MAX,
        grace: 0,
    };
    let taken = Merge::default().run(readers.rings(), horizon, |_| {
        for thread in &mut threads {
            commit(thread, next);
            next += 1;
        }
    });
    assert_eq!(taken, 2);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A thread reads the clock, or commits what it has read it for.
    Go(usize),
    /// The writer takes its horizon, looks at one ring more, or, when it has looked at all, merges.
    Writer,
}

fn steps() -> impl Strategy<Value = (usize, Vec<Step>)> {
    (1..5_usize).prop_flat_map(|threads| {
        let step = prop_oneof![
            2 => (0..threads).prop_map(Step::Go),
            1 => Just(Step::Writer),
        ];
        (Just(threads), prop::collection::vec(step, 0..300))
    })
}

/// A record's stamp, and when it was drawn and committed. No two have the same.
#[derive(Clone, Copy, Debug)]
struct Times {
    stamp: u64,
    stamped: u64,
    committed: u64,
}

/// Threads and a writer, one step at a time.
struct World {
    /// With the stamp that each has drawn, and when.
    threads: Vec<(Producer, Option<(u64, u64)>)>,
    readers: Readers,
    merge: Merge,
    clock: u64,
    /// How many steps the clock that stamps are drawn from takes at a time.
    granule: u64,
    /// The last stamp.
    latest: u64,
    grace: u64,
    /// Whether rings are walked through where that may be.
    walks: bool,
    /// The present round: its horizon, and how many rings were looked at.
    round: Option<(Horizon, usize)>,
    committed: Vec<Times>,
    written: Vec<u64>,
}

impl World {
    fn new(count: usize, grace: u64, granule: u64, walks: bool) -> Self {
        let (producers, readers) = threads(count as u64);
        World {
            threads: producers
                .into_iter()
                .map(|producer| (producer, None))
                .collect(),
            readers,
            merge: Merge::default(),
            clock: grace,
            granule,
            latest: 0,
            grace,
            walks,
            round: None,
            committed: Vec::new(),
            written: Vec::new(),
        }
    }

    fn apply(&mut self, step: Step) {
        self.clock += 1;
        match step {
            Step::Go(thread) => self.go(thread),
            Step::Writer => self.write(),
        }
    }

    /// As `clock::ordered` does it.
    fn draw(&mut self) -> u64 {
        let coarse = self.clock / self.granule * self.granule;
        self.latest = coarse.max(self.latest + 1);
        self.latest
    }

    fn go(&mut self, thread: usize) {
        let Some((stamp, stamped)) = self.threads[thread].1.take() else {
            self.threads[thread].1 = Some((self.draw(), self.clock));
            return;
        };
        commit(&mut self.threads[thread].0, stamp);
        self.committed.push(Times {
            stamp,
            stamped,
            committed: self.clock,
        });
    }

    fn write(&mut self) {
        let (horizon, looked) = self.round.unwrap_or_else(|| {
            let (now, grace) = (self.draw(), self.grace);
            (Horizon { now, grace }, 0)
        });
        if let Some(reader) = self.readers.rings().get_mut(looked) {
            if self.walks {
                reader.look_or_walk();
            } else {
                reader.look();
            }
            self.round = Some((horizon, looked + 1));
            return;
        }
        self.round = None;
        let taken = run_with_grace(&mut self.merge, &mut self.readers, horizon);
        assert!(taken.is_sorted(), "by stamp, and of equal ones by ring");
        let is_older = |stamp| stamp + horizon.grace < horizon.now;
        assert!(taken.iter().all(|(stamp, _)| is_older(*stamp)));
        for reader in self.readers.rings() {
            let next = reader.peek().map(|frame| frame.ticks);
            assert!(!next.is_some_and(is_older), "left behind");
        }
        self.written.extend(taken.iter().map(|(stamp, _)| *stamp));
    }

    /// Everything that was begun is committed, and written.
    fn finish(&mut self) {
        for thread in 0..self.threads.len() {
            if self.threads[thread].1.is_some() {
                self.apply(Step::Go(thread));
            }
        }
        for _ in 0..3 * (self.threads.len() as u64 + 1) + self.grace + 2 * self.granule {
            self.apply(Step::Writer);
        }
        while self.round.is_some() {
            self.apply(Step::Writer);
        }
    }

    /// Where in the output each record stands, by its stamp; each stands there once.
    fn places(&self) -> HashMap<u64, usize> {
        let stamps = self.written.iter().copied();
        let places: HashMap<u64, usize> = stamps.zip(0..).collect();
        assert_eq!(places.len(), self.written.len());
        assert_eq!(self.committed.len(), self.written.len());
        places
    }
}

proptest! {
    /// If one call returned before another began, its line stands first, whichever threads they ran on, however
    /// long a thread was held up between its stamp and its commit, wherever the writer was, and however coarse
    /// the clock is.
    #[test]
    fn no_line_stands_before_what_it_may_have_been_caused_by(
        (threads, steps) in steps(),
        grace in 0..20_u64,
        granule in 1..20_u64,
        walks in any::<bool>(),
    ) {
        let mut world = World::new(threads, grace, granule, walks);
        for step in steps {
            world.apply(step);
        }
        world.finish();
        let places = world.places();
        for earlier in &world.committed {
            for later in &world.committed {
                if earlier.committed < later.stamped {
                    prop_assert!(
                        places[&earlier.stamp] < places[&later.stamp],
                        "{later:?} before {earlier:?} in {:?}", world.written
                    );
                }
            }
        }
    }

    /// Where no thread is held up for longer than the grace window, the whole output is in the order of stamps.
    #[test]
    fn with_enough_grace_the_output_is_sorted((threads, steps) in steps(), walks in any::<bool>()) {
        let mut world = World::new(threads, 0, 1, walks);
        for step in &steps {
            world.apply(*step);
        }
        world.finish();
        let held_up = world.committed.iter().map(|times| times.committed - times.stamp).max();
        let mut patient = World::new(threads, held_up.unwrap_or(0), 1, walks);
        for step in &steps {
            patient.apply(*step);
        }
        patient.finish();
        prop_assert!(patient.written.is_sorted(), "{:?}", patient.written);
        prop_assert_eq!(patient.places().len(), patient.committed.len());
    }

    /// Also where the clock ran backwards within a thread, nothing of it is lost or exchanged.
    #[test]
    fn each_rings_order_is_kept_whatever_the_stamps(
        stamps in prop::collection::vec((0..3_usize, 0..50_u64), 0..100),
        horizons in prop::collection::vec(0..60_u64, 0..5),
    ) {
        let (mut producers, mut readers) = threads(3);
        let mut sent = [const { Vec::new() }; 3];
        let mut written = [const { Vec::new() }; 3];
        for (thread, stamp) in stamps {
            commit(&mut producers[thread], stamp);
            sent[thread].push(stamp);
        }
        readers.look();
        let mut merge = Merge::default();
        for horizon in horizons.into_iter().chain([u64::MAX]) {
            for (stamp, thread) in run(&mut merge, &mut readers, horizon) {
                prop_assert!(stamp < horizon);
                written[thread as usize].push(stamp);
            }
        }
        prop_assert_eq!(written, sent);
    }
}
