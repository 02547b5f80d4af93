use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use hestia_grammar::Directives;
use log::LevelFilter;
use proptest::prelude::*;

use super::*;
use crate::error::{ErrorKind, SinkError};
use crate::filter::directives::Table;
use crate::layout::Layout;
use crate::queue::Shed;
use crate::record::batch::Batch;
use crate::record::{
    Around, Image, InlineSite, RecordBuf, Shared, Site, Surroundings, Text, append_thread,
};
use crate::sink::Sink;
use crate::stats::OutputCounts;
use crate::writer::layouts::RouteLayout;
use crate::writer::route::{Route, Routes};

const SECOND: i64 = 1_000_000_000;

/// Level, time, thread, message and fields.
struct Short;

impl Layout for Short {
    fn format(&mut self, record: &Record<'_>, line: &mut Vec<u8>) {
        let message = record.message();
        assert_ne!(message, "panics", "as a layout may");
        let level = record.level();
        let seconds = record.timestamp_nanos() / SECOND;
        let thread = record.thread().id;
        let text = format!("{level} {seconds} {thread} {message}");
        line.extend_from_slice(text.as_bytes());
        if let Some(Value::U64(repeated)) = record.field("repeated") {
            line.extend_from_slice(format!(" {{{repeated}}}").as_bytes());
        }
        line.push(b'\n');
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

impl Sink for Kept {
    fn write(&mut self, batch: &mut Batch) -> Result<(), SinkError> {
        if self.1.load(Ordering::Relaxed) {
            return Err(SinkError::new(ErrorKind::Write, "as the test wants it"));
        }
        let lines = batch.lines();
        let lines = lines.map(|(line, _)| String::from_utf8_lossy(line).trim_end().to_owned());
        self.0.lock().unwrap().extend(lines);
        Ok(())
    }
}

/// Outputs of one layout: of all levels, and of warnings and errors.
struct World {
    routes: Routes,
    kept: Kept,
    warnings: Kept,
    counts: [Arc<OutputCounts>; 2],
    dispatched: u64,
    facts: Arc<Facts>,
}

impl World {
    fn new(folding: Folding) -> Self {
        let (kept, warnings) = (Kept::default(), Kept::default());
        let mut routes = Routes::new(folding);
        let counts = [LevelFilter::Trace, LevelFilter::Warn].map(|level| {
            let counts = Arc::new(OutputCounts::default());
            let table = Table::new(&Directives::default(), level, None);
            let sink = if level == LevelFilter::Warn {
                &warnings
            } else {
                &kept
            };
            let route = Route {
                name: level.to_string(),
                table: Arc::new(ArcSwap::from_pointee(table)),
                filter: None,
                layout: RouteLayout {
                    key: Some(Box::new("short")),
                    layout: Box::new(Short),
                    tells_processes_apart: false,
                },
                sink: Box::new(sink.clone()),
                counts: Arc::clone(&counts),
                only_logger: None,
                file: None,
            };
            routes.add(route, 0, Shed::default());
            counts
        });
        World {
            routes,
            kept,
            warnings,
            counts,
            dispatched: 0,
            facts: Arc::new(Facts::detect(Some(false))),
        }
    }

    /// A record of the `log` crate's kind, at this second. Threads with odd numbers share a ring.
    fn log_with(
        &mut self,
        level: Level,
        seconds: i64,
        thread: u64,
        message: &str,
        shared: Option<&Shared>,
    ) {
        let site = InlineSite {
            severity: Severity::Level(level),
            target: "target",
            module: Text::None,
            file: Text::None,
            line: Some(1),
        };
        let mut bytes = Vec::new();
        let around = Around {
            logger: shared,
            ..Around::default()
        };
        let image = Image::begin(&mut bytes, Site::Inline(site), around);
        let mut flags = image.text(|bytes| bytes.extend_from_slice(message.as_bytes()));
        let mut owner = ThreadRef {
            id: thread,
            name: None,
        };
        if thread % 2 == 1 {
            let mut named = Vec::new();
            append_thread(&mut named, owner);
            named.append(&mut bytes);
            (bytes, flags, owner.id) = (named, flags | crate::record::THREAD, 0);
        }
        let surroundings = Surroundings {
            timestamp_nanos: seconds * SECOND,
            uuid: Uuid::from_u128(self.dispatched.into()),
            facts: &self.facts,
            thread: owner,
            process_fields: &[],
        };
        let routes = &mut self.routes;
        RecordBuf::default()
            .decode(flags, &bytes, &surroundings, &mut |record| {
                routes.dispatch(record, flags, &bytes);
            })
            .unwrap();
        self.dispatched += 1;
    }

    fn log(&mut self, level: Level, seconds: i64, thread: u64, message: &str) {
        self.log_with(level, seconds, thread, message, None);
    }

    fn info(&mut self, messages: &[&str]) {
        for message in messages {
            self.log(Level::Info, 1, 2, message);
        }
    }

    /// All lines that are there once everything was told.
    fn lines(&mut self) -> Vec<String> {
        self.routes.tell_repeats();
        self.routes.end_round(true);
        std::mem::take(&mut self.kept.0.lock().unwrap())
    }

    /// Written, filtered, folded, failed, and what of those is missing to all records.
    fn figures(&self, place: usize) -> [u64; 5] {
        let counts = &self.counts[place];
        let [written, filtered, folded, failed] = [
            &counts.written,
            &counts.filtered,
            &counts.folded,
            &counts.failed,
        ]
        .map(|counter| counter.load(Ordering::Relaxed));
        let pending = self.dispatched - written - filtered - folded - failed;
        [written, filtered, folded, failed, pending]
    }
}

#[test]
fn what_comes_again_is_counted_until_something_else_comes() {
    let mut world = World::new(Folding::ButErrors);
    world.info(&["a", "a", "a", "b", "b", "c", "a", ""]);
    world.info(&["", "a"]);
    assert_eq!(
        world.lines(),
        [
            "INFO 1 2 a",
            "INFO 1 2 last message repeated 2 times: a {2}",
            "INFO 1 2 b",
            "INFO 1 2 last message repeated 1 time: b {1}",
            "INFO 1 2 c",
            "INFO 1 2 a",
            "INFO 1 2",
            "INFO 1 2 last message repeated 1 time {1}",
            "INFO 1 2 a",
        ]
    );
    assert_eq!(world.figures(0), [6, 0, 4, 0, 0]);
    assert_eq!(world.figures(1), [0, 10, 0, 0, 0]);
}

#[test]
fn time_and_thread_may_differ_and_the_last_ones_are_told() {
    let mut world = World::new(Folding::ButErrors);
    for (second, thread) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        world.log(Level::Info, second, thread, "a");
    }
    assert_eq!(
        world.lines(),
        [
            "INFO 1 2 a",
            "INFO 4 5 last message repeated 3 times: a {3}"
        ]
    );
    world.log(Level::Debug, 4, 5, "a");
    assert_eq!(
        world.lines(),
        ["DEBUG 4 5 a"],
        "another level is another record"
    );
}

#[test]
fn while_they_keep_coming_it_is_told_now_and_then() {
    let mut world = World::new(Folding::ButErrors);
    for second in 0..26 {
        world.log(Level::Info, second, 2, "a");
    }
    world.routes.end_round(true);
    assert_eq!(
        *world.kept.0.lock().unwrap(),
        [
            "INFO 0 2 a",
            "INFO 11 2 last message repeated 11 times: a {11}",
            "INFO 22 2 last message repeated 11 times: a {11}",
        ]
    );
    assert_eq!(
        world.figures(0),
        [1, 0, 22, 0, 3],
        "the others are to be told"
    );
    assert_eq!(
        world.lines()[3..],
        ["INFO 25 2 last message repeated 3 times: a {3}"]
    );
    assert_eq!(world.figures(0), [1, 0, 25, 0, 0]);
}

#[test]
fn errors_have_their_lines_unless_all_are_asked_for() {
    for (folding, lines) in [
        (Folding::Off, 3),
        (Folding::ButErrors, 3),
        (Folding::All, 2),
    ] {
        let mut world = World::new(folding);
        for _ in 0..3 {
            world.log(Level::Error, 1, 2, "a");
        }
        assert_eq!(world.lines().len(), lines, "{folding:?}");
        assert_eq!(world.warnings.0.lock().unwrap().len(), lines, "{folding:?}");
    }
}

#[test]
fn what_an_output_does_not_get_comes_between_none_of_its_lines() {
    let mut world = World::new(Folding::ButErrors);
    for _ in 0..3 {
        world.log(Level::Warn, 1, 2, "a");
        world.log(Level::Info, 1, 2, "b");
    }
    assert_eq!(world.lines().len(), 6);
    assert_eq!(
        *world.warnings.0.lock().unwrap(),
        [
            "WARN 1 2 a",
            "WARN 1 2 last message repeated 2 times: a {2}"
        ]
    );
}

#[test]
fn what_an_address_stood_for_is_not_compared_once_it_is_gone() {
    let mut world = World::new(Folding::ButErrors);
    let shared = Shared::default();
    for _ in 0..2 {
        world.log_with(Level::Info, 1, 2, "a", Some(&shared));
    }
    world.routes.forget_shared();
    world.log_with(Level::Info, 1, 2, "a", Some(&shared));
    world.info(&["b"]);
    world.routes.forget_shared();
    world.info(&["b"]);
    assert_eq!(
        world.lines(),
        [
            "INFO 1 2 a",
            "INFO 1 2 last message repeated 1 time: a {1}",
            "INFO 1 2 a",
            "INFO 1 2 b",
            "INFO 1 2 last message repeated 1 time: b {1}",
        ]
    );
}

#[test]
fn large_records_are_not_kept_to_be_compared() {
    let mut world = World::new(Folding::ButErrors);
    let large = "x".repeat(LARGEST + 1);
    world.info(&[&large, &large]);
    assert_eq!(world.lines().len(), 2);
}

#[test]
fn what_stood_for_records_and_could_not_be_written_loses_them() {
    let mut world = World::new(Folding::ButErrors);
    world.info(&["a", "a", "a"]);
    world.routes.end_round(true);
    assert_eq!(world.figures(0), [1, 0, 0, 0, 2]);
    world.kept.1.store(true, Ordering::Relaxed);
    world.lines();
    assert_eq!(world.figures(0), [1, 0, 0, 2, 0]);
    world.kept.1.store(false, Ordering::Relaxed);
    world.info(&["a", "a"]);
    assert_eq!(
        world.lines(),
        ["INFO 1 2 a", "INFO 1 2 last message repeated 1 time: a {1}"],
        "what may be lost is said in full"
    );
    assert_eq!(world.figures(0), [2, 0, 1, 2, 0]);
}

#[test]
fn a_layout_that_panics_at_the_line_loses_what_it_stands_for() {
    let mut world = World::new(Folding::ButErrors);
    world.info(&["panics", "panics", "a"]);
    assert_eq!(
        world.lines(),
        [
            "INFO 1 2 last message repeated 1 time: panics {1}",
            "INFO 1 2 a"
        ]
    );
    assert_eq!(world.figures(0), [1, 0, 1, 1, 0]);
}

#[test]
fn once_it_is_stopped_each_record_has_its_line() {
    let mut world = World::new(Folding::All);
    world.info(&["a", "a"]);
    world.routes.stop_folding();
    world.info(&["a", "a"]);
    assert_eq!(
        world.lines(),
        [
            "INFO 1 2 a",
            "INFO 1 2 last message repeated 1 time: a {1}",
            "INFO 1 2 a",
            "INFO 1 2 a"
        ]
    );
}

/// Lines as the records that they stand for.
fn unfolded(lines: &[String]) -> Vec<String> {
    let mut unfolded: Vec<String> = Vec::new();
    for line in lines {
        let message = line.splitn(4, ' ').nth(3).unwrap_or_default();
        match message.strip_prefix("last message repeated ") {
            Some(rest) => {
                let (times, rest) = rest.split_once(' ').unwrap();
                let said = rest.split_once(": ").unwrap().1;
                let said = said.split_once(' ').unwrap().0;
                let times: usize = times.parse().unwrap();
                assert_eq!(unfolded.last().map(String::as_str), Some(said));
                unfolded.extend(vec![said.to_owned(); times]);
            }
            None => unfolded.push(message.to_owned()),
        }
    }
    unfolded
}

#[derive(Clone, Debug)]
enum Step {
    Log(Level, &'static str, u64),
    Tell,
    EndRound,
    Break(bool),
    Forget,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let level = prop_oneof![Just(Level::Info), Just(Level::Warn), Just(Level::Error)];
    let message = prop_oneof![Just("a"), Just("b")];
    let step = prop_oneof![
        20 => (level, message, 1_u64..4).prop_map(|(level, message, thread)| Step::Log(level, message, thread)),
        2 => Just(Step::Tell),
        2 => Just(Step::EndRound),
        1 => any::<bool>().prop_map(Step::Break),
        1 => Just(Step::Forget),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    /// The books balance after each step; at the end nothing is pending; and lines tell all records, in their order.
    #[test]
    fn nothing_is_lost_and_nothing_is_made_up(steps in steps(), all in any::<bool>()) {
        let mut world = World::new(if all { Folding::All } else { Folding::ButErrors });
        let mut logged: Vec<String> = Vec::new();
        let mut has_failed = false;
        for (second, step) in (0_i64..).zip(&steps) {
            match step {
                Step::Log(level, message, thread) => {
                    logged.push((*message).to_owned());
                    world.log(*level, second, *thread, message);
                }
                Step::Tell => world.routes.tell_repeats(),
                Step::EndRound => world.routes.end_round(true),
                Step::Break(broken) => {
                    has_failed |= broken;
                    world.kept.1.store(*broken, Ordering::Relaxed);
                }
                Step::Forget => world.routes.forget_shared(),
            }
            for place in 0..2 {
                let [written, filtered, folded, failed, _] = world.figures(place);
                prop_assert!(written + filtered + folded + failed <= world.dispatched);
            }
        }
        let lines = world.lines();
        for place in 0..2 {
            prop_assert_eq!(world.figures(place)[4], 0);
        }
        let [written, _, folded, failed, _] = world.figures(0);
        if !has_failed {
            prop_assert_eq!(failed, 0);
            prop_assert_eq!(written + folded, logged.len() as u64);
            prop_assert_eq!(unfolded(&lines), logged);
        }
        let notices = world.counts[0].notices.load(Ordering::Relaxed);
        prop_assert_eq!(written + notices, lines.len() as u64);
    }
}
