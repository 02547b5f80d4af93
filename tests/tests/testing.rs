//! Logs in tests, as the test harness shows them: the tests in [`subjects`] are run by this binary once more, in parallel,
//! and what the harness says about each is read back.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::sync::{Barrier, LazyLock};
use std::thread;

use hestia::testing::{Capture, capture, matching};
use hestia::{Level, hlog};
use hestia_tests::{Run, messages};
use log::info;

/// What becomes of the subjects, all of which are ignored unless they are asked for, and pass unless this process is
/// the one to look at.
mod subjects {
    use std::env;
    use std::process::ExitCode;
    use std::sync::Barrier;
    use std::thread;
    use std::time::{Duration, UNIX_EPOCH};

    use hestia::testing::{Capture, current, matching};
    use hestia::{InScope, Level, hlog, scope};
    use log::{debug, error, info, warn};

    pub(super) const VARIABLE: &str = "HESTIA_TEST_SUBJECTS";

    fn are_looked_at() -> bool {
        env::var_os(VARIABLE).is_some()
    }

    fn fail() {
        assert!(!are_looked_at(), "on purpose");
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn fails() {
        info!(user_id = 5; "first of fails");
        hlog!(warn, took = 12.5, "second of fails\non two lines");
        fail();
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn passes() {
        info!("first of passes");
        current().assert_logged(matching().message("first of passes"));
    }

    /// These run at the same time, and go on step by step together.
    static TOGETHER: Barrier = Barrier::new(3);

    fn together(name: &'static str, capture: &Capture) {
        let step = || {
            if are_looked_at() {
                TOGETHER.wait();
            }
        };
        for round in 0..50 {
            step();
            info!(round; "of {name}");
            let scope = capture.scope();
            let spawned = thread::Builder::new().name(format!("spawned by {name}"));
            let spawned = spawned.spawn(move || {
                let _entered = scope.attach();
                let _own = scope!(spawned = true);
                debug!(round; "of {name}");
            });
            // One that took nothing over is in no capture.
            let nobody = thread::spawn(|| info!("of nobody"));
            nobody.join().expect("it does not panic");
            let spawned = spawned.expect("a thread");
            spawned.join().expect("it does not panic");
            step();
        }
        capture.assert_count(matching().message(format!("of {name}")), 100);
        assert_eq!(capture.records().len(), 100);
        fail();
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn together_a(capture: &Capture) {
        together("a", capture);
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn together_b(capture: Capture) {
        together("b", &capture);
        drop(capture);
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn together_c(capture: &Capture) {
        together("c", capture);
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn returns_err() -> Result<(), String> {
        info!("first of returns_err");
        match are_looked_at() {
            true => Err("on purpose".to_owned()),
            false => Ok(()),
        }
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn returns_ok() -> Result<(), Box<dyn std::error::Error>> {
        info!("first of returns_ok");
        "5".parse::<u8>()?;
        Ok(())
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn returns_exit_code() -> ExitCode {
        info!("first of returns_exit_code");
        ExitCode::from(u8::from(are_looked_at()))
    }

    #[hestia::test(deny_errors)]
    #[ignore = "run by the tests below"]
    fn denies() {
        error!(order = 17; "expected by an assertion");
        error!("expected by nobody");
        current().assert_logged(matching().level(Level::Error).field("order", 17));
        if !are_looked_at() {
            current().expect_error(matching().message("expected by nobody"));
        }
    }

    #[hestia::test(deny_errors = true, level = "warn")]
    #[ignore = "run by the tests below"]
    fn denies_nothing(capture: &Capture) {
        capture.expect_error(matching().message_contains("refused"));
        info!("not captured");
        warn!("captured");
        error!("connection refused");
        hlog!(critical, order = 5, "down");
        capture.assert_count(matching().level(Level::Error).no_field("order"), 1);
        capture.assert_logged(matching().severity(hestia::Severity::Critical));
        capture.assert_count(matching(), 3);
    }

    #[hestia::test(deny_errors)]
    #[ignore = "run by the tests below"]
    fn denies_panics_of_threads() {
        if are_looked_at() {
            let scope = current().scope();
            let panics = move || scope.run(|| panic!("of a thread"));
            thread::Builder::new()
                .name("panics".into())
                .spawn(panics)
                .unwrap()
                .join()
                .unwrap_err();
        }
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn misses_an_error() {
        info!("no error");
        if are_looked_at() {
            current().expect_error(matching().message("an error"));
        }
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    #[should_panic]
    fn panics_as_it_should() {
        info!("first of panics_as_it_should");
        panic!("on purpose");
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    #[should_panic(expected = "something else")]
    fn panics_for_another_reason() {
        info!("first of panics_for_another_reason");
        assert!(are_looked_at(), "something else");
        panic!("on purpose");
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    #[should_panic]
    fn does_not_panic_though_it_should() {
        info!("first of does_not_panic_though_it_should");
        assert!(are_looked_at());
    }

    #[hestia::test(print = "always")]
    #[ignore = "run by the tests below"]
    fn prints_always() {
        info!("first of prints_always");
    }

    #[hestia::test(print = "never")]
    #[ignore = "run by the tests below"]
    fn prints_never() {
        info!("first of prints_never");
        fail();
    }

    async fn across_awaits(name: &str) {
        info!("first of {name}");
        let in_scope = async {
            tokio::task::yield_now().await;
            info!("from a task");
        };
        let task = tokio::spawn(in_scope.in_current_scope());
        task.await.expect("it does not panic");
        tokio::task::yield_now().await;
        info!("last of {name}");
        let last = format!("last of {name}");
        let first = format!("first of {name}");
        current().assert_in_order(
            [first, "from a task".to_owned(), last].map(|message| matching().message(message)),
        );
    }

    // (The runtime's own details, which it may log at `trace`, are no business of these.)
    #[hestia::test(level = "debug")]
    #[tokio::test]
    #[ignore = "run by the tests below"]
    async fn tokio_below(capture: &Capture) {
        across_awaits("tokio_below").await;
        // A task on the test's own thread.
        tokio::spawn(async { info!("without a scope") })
            .await
            .unwrap();
        capture.assert_logged(matching().message("without a scope"));
        fail();
    }

    #[tokio::test]
    #[hestia::test(level = "debug")]
    #[ignore = "run by the tests below"]
    async fn tokio_above() {
        across_awaits("tokio_above").await;
        fail();
    }

    #[hestia::test(level = "debug")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "run by the tests below"]
    async fn tokio_threads() -> Result<(), &'static str> {
        across_awaits("tokio_threads").await;
        match are_looked_at() {
            true => Err("on purpose"),
            false => Ok(()),
        }
    }

    #[hestia::test]
    #[ignore = "run by the tests below"]
    fn sets_the_time(capture: &Capture) {
        capture.set_time(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        info!("then");
        capture.advance(Duration::from_millis(1500));
        info!("later");
        fail();
    }
}

/// What the harness has said.
struct Told {
    /// Test and outcome.
    outcomes: BTreeMap<String, String>,
    /// Test and what it has printed.
    printed: BTreeMap<String, Vec<String>>,
}

/// What it says about all of them.
fn told() -> &'static Told {
    static TOLD: LazyLock<Told> = LazyLock::new(|| run_subjects(&["subjects::"]));
    &TOLD
}

fn run_subjects(arguments: &[&str]) -> Told {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args(["--ignored", "--test-threads=8"]);
    // What is said about colours, backtraces and the like would change what is said here.
    let names = env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| name.to_string_lossy().starts_with("RUST_")) {
        command.env_remove(name);
    }
    command.args(arguments).env(subjects::VARIABLE, "1");
    let output = command.output().expect("it runs");
    Told::read(&String::from_utf8(output.stdout).expect("text"))
}

impl Told {
    fn read(text: &str) -> Self {
        let mut told = Told {
            outcomes: BTreeMap::new(),
            printed: BTreeMap::new(),
        };
        let mut of: Option<&mut Vec<String>> = None;
        for line in text.lines() {
            let outcome = line.strip_prefix("test subjects::");
            if let Some((name, outcome)) = outcome.and_then(|line| line.split_once(" ... ")) {
                let name = name.trim_end_matches(" - should panic").to_owned();
                told.outcomes.insert(name, outcome.to_owned());
            } else if let Some(name) = line.strip_prefix("---- subjects::") {
                let name = name.trim_end_matches(" stdout ----").to_owned();
                of = Some(told.printed.entry(name).or_default());
            } else if line == "failures:" || line == "successes:" {
                of = None;
            } else if let Some(printed) = &mut of {
                printed.push(line.to_owned());
            }
        }
        assert!(!told.outcomes.is_empty(), "{text}");
        told
    }

    /// The lines of records in what a test has printed.
    fn records(&self, name: &str) -> Vec<&str> {
        let lines = self.printed.get(name).into_iter().flatten();
        let is_record = |line: &&String| {
            let time = line.split(' ').next().unwrap_or_default();
            time.len() == 24 && time.ends_with('Z') && time.contains('T')
        };
        lines.filter(is_record).map(String::as_str).collect()
    }

    fn messages(&self, name: &str) -> Vec<&str> {
        let records = self.records(name);
        let messages = records
            .into_iter()
            .filter_map(|line| Some(line.split_once(" | ")?.1));
        messages.collect()
    }

    fn failed(&self) -> Vec<&str> {
        let outcomes = self.outcomes.iter();
        let failed = outcomes.filter(|(_, outcome)| outcome.as_str() == "FAILED");
        failed.map(|(name, _)| name.as_str()).collect()
    }
}

#[test]
fn the_harness_shows_each_test_that_fails_with_its_own_records() {
    let told = told();
    assert_eq!(
        told.failed(),
        [
            "denies",
            "denies_panics_of_threads",
            "does_not_panic_though_it_should",
            "fails",
            "misses_an_error",
            "panics_for_another_reason",
            "prints_never",
            "returns_err",
            "returns_exit_code",
            "sets_the_time",
            "together_a",
            "together_b",
            "together_c",
            "tokio_above",
            "tokio_below",
            "tokio_threads",
        ]
    );
    // Those that pass have printed nothing that anybody sees.
    for name in told.printed.keys() {
        assert_eq!(told.outcomes[name], "FAILED", "{name}");
    }
    let fails = told.records("fails");
    let place = " INFO  testing::subjects tests/tests/testing.rs:";
    assert!(fails[0][24..].starts_with(place), "{fails:?}");
    // The panic is told by the harness, and not once more.
    assert_eq!(
        told.messages("fails"),
        ["first of fails {user_id=5}", "second of fails"]
    );
    let second_line = "      on two lines {took=12.5}".to_owned();
    let printed = &told.printed["fails"];
    assert!(printed.contains(&second_line), "{printed:?}");
    for name in [
        "returns_err",
        "returns_exit_code",
        "panics_for_another_reason",
        "does_not_panic_though_it_should",
    ] {
        assert_eq!(told.messages(name), [format!("first of {name}")]);
    }
    assert_eq!(told.messages("prints_never"), [""; 0]);
}

#[test]
fn tests_that_run_at_the_same_time_show_their_own_records_only() {
    let told = told();
    for name in ["a", "b", "c"] {
        let test = format!("together_{name}");
        let messages = told.messages(&test);
        assert_eq!(messages.len(), 100, "{test}");
        for (place, message) in messages.into_iter().enumerate() {
            let round = place / 2;
            if place % 2 == 0 {
                assert_eq!(message, format!("of {name} {{round={round}}}"));
            } else {
                let spawned =
                    format!("of {name} {{round={round} spawned=true}} (thread spawned by {name}/");
                assert!(message.starts_with(&spawned), "{message}");
            }
        }
    }
}

#[test]
fn an_error_that_nobody_expected_fails_its_test() {
    let told = told();
    let printed = &told.printed["denies"];
    let said = "an error was logged that was not expected";
    let place = printed.iter().position(|line| line == said).unwrap();
    assert_eq!(printed[place + 1], "there is this one:");
    assert!(printed[place + 2].ends_with(" | expected by nobody"));
    assert_eq!(
        told.messages("denies"),
        ["expected by an assertion {order=17}", "expected by nobody"]
    );
    let panics = told.messages("denies_panics_of_threads");
    assert_eq!(panics.len(), 1, "{panics:?}");
    assert!(panics[0].starts_with("thread 'panics' panicked at tests/"));
    assert!(panics[0].contains(": of a thread (thread panics/"));
}

#[test]
fn an_error_that_was_foretold_and_has_not_come_fails_its_test() {
    let told = told();
    assert_eq!(told.messages("misses_an_error"), ["no error"]);
    let missing = r#"an error was expected and not logged, with message "an error""#;
    let printed = &told.printed["misses_an_error"];
    assert!(printed.contains(&missing.to_owned()), "{printed:?}");
}

#[test]
fn asynchronous_tests_show_the_records_of_their_tasks() {
    let told = told();
    for name in ["tokio_above", "tokio_below", "tokio_threads"] {
        let messages = told.messages(name);
        assert_eq!(messages[0], format!("first of {name}"));
        assert!(messages[1].starts_with("from a task"), "{messages:?}");
        assert_eq!(messages[2], format!("last of {name}"));
    }
    assert_eq!(told.messages("tokio_below")[3], "without a scope");
    // On a thread of the runtime's.
    let of_worker = told.messages("tokio_threads")[1];
    assert!(of_worker.starts_with("from a task (thread "), "{of_worker}");
}

#[test]
fn a_test_has_its_own_time() {
    let records = told().records("sets_the_time");
    let times: Vec<_> = records.iter().map(|line| &line[..24]).collect();
    assert_eq!(
        times,
        ["2001-09-09T01:46:40.000Z", "2001-09-09T01:46:41.500Z"]
    );
    // The others have had the real one.
    let others = told()
        .printed
        .keys()
        .filter(|name| *name != "sets_the_time");
    for record in others.flat_map(|name| told().records(name)) {
        assert!(!record.starts_with("2001"), "{record}");
    }
}

#[test]
fn tests_that_pass_print_when_they_are_told_to() {
    let told = run_subjects(&["--show-output", "subjects::p", "subjects::returns_ok"]);
    assert_eq!(told.failed(), ["panics_for_another_reason", "prints_never"]);
    assert_eq!(told.messages("prints_always"), ["first of prints_always"]);
    for name in ["passes", "returns_ok", "panics_as_it_should"] {
        assert_eq!(told.outcomes[name], "ok");
        assert_eq!(told.records(name), [""; 0]);
    }
}

/// Of a thousand captures that are there at the same time, each has what was logged in it, by three threads, and nothing
/// of the others.
#[test]
fn a_thousand_captures_see_their_own_records_only() {
    const CAPTURES: usize = 1000;
    let all_are_there = Barrier::new(CAPTURES);
    let one = &|number: usize| {
        let capture = capture();
        all_are_there.wait();
        for step in 0..10 {
            hlog!(info, number, step, "of the test");
            info!(number, step; "of the test");
        }
        let scopes = [capture.scope(), capture.scope()];
        thread::scope(|threads| {
            for scope in scopes {
                threads.spawn(move || scope.run(|| info!(number; "of a thread")));
            }
        });
        let all = matching().field("number", number);
        capture.assert_count(all.clone().message("of the test"), 20);
        capture.assert_count(all.message("of a thread"), 2);
        assert_eq!(capture.take().len(), 22);
    };
    thread::scope(|threads| {
        for number in 0..CAPTURES {
            let small = thread::Builder::new().stack_size(128 << 10);
            small.spawn_scoped(threads, move || one(number)).unwrap();
        }
    });
}

#[test]
fn what_is_asserted_in_vain_is_told_with_what_was_logged_instead() {
    let guard = capture();
    // For other threads, too.
    let capture: &Capture = &guard;
    info!(target: "app::web", "ready");
    hlog!(warn, target: "app::db", user_id = 6_u64, "slow query");
    hlog!(warn, target: "app::db", user_id = "5", "slow queries");
    let slow = matching()
        .level(Level::Warn)
        .target("app::db")
        .message("slow query")
        .field("user_id", 5);
    let said = panic_of(|| {
        capture.assert_logged(&slow);
    });
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[0],
        r#"no record was logged with level WARN, target app::db, message "slow query", user_id = 5"#
    );
    assert_eq!(lines[1], "there are 3 others, the nearest first:");
    assert!(lines[2].ends_with("| slow query {user_id=6}"), "{said}");
    assert_eq!(lines[3], "    has user_id = 6");
    assert!(lines[4].ends_with("| slow queries {user_id=5}"), "{said}");
    assert_eq!(lines[5], r#"    has message "slow queries", user_id = "5""#);
    assert!(lines[6].ends_with("| ready"), "{said}");
    assert_eq!(
        lines[7],
        r#"    has level INFO, target app::web, message "ready", no user_id"#
    );

    let said = panic_of(|| capture.assert_not_logged(matching().target("app::db")));
    assert!(
        said.starts_with(
            "nothing should have been logged with target app::db\nthere are these 2:\n"
        )
    );
    let said = panic_of(|| capture.assert_count(matching().target("app"), 2));
    assert!(said.starts_with("2 records should have been logged with target app, not 3\n"));
    let said = panic_of(|| {
        capture.assert_in_order(["slow query", "ready"].map(|message| matching().message(message)));
    });
    let expected = r#"no record was logged with message "ready", which is number 2 of the order, after this one:"#;
    assert!(said.starts_with(expected), "{said}");
    capture.clear();
    let said = panic_of(|| {
        capture.assert_logged(slow);
    });
    assert!(said.ends_with("\nnothing was logged at all"), "{said}");
}

/// What a panic says. It is no record of the capture that this thread is in, since it is another thread's.
fn panic_of(panics: impl FnOnce() + Send) -> String {
    let result = thread::scope(|threads| threads.spawn(panics).join());
    let payload = result.expect_err("it should panic");
    *payload.downcast::<String>().expect("a message")
}

fn run(scenario: &str) -> Run {
    Run::new(env!("CARGO_BIN_EXE_capturing"), scenario)
}

#[test]
fn captures_beside_the_outputs_of_a_program_change_nothing_for_these() {
    let finished = run("beside").finish().successful();
    let records = finished.json();
    let expected = ["before", "in the capture", "a warning of hyper", "after"];
    assert_eq!(messages(&records), expected);
}

#[test]
fn captures_come_and_go_without_a_trace() {
    let _ = run("churn").arg("10000").finish().successful();
}

#[test]
fn captures_are_part_of_one_another_and_nothing_is_detached_from_them() {
    let _ = run("nested").finish().successful();
}

#[test]
fn records_that_another_process_could_read_are_captured_as_well() {
    let _ = run("crash_safe").finish().successful();
}

#[test]
fn after_a_shutdown_and_in_a_forked_child_there_are_captures_too() {
    let _ = run("after_shutdown").finish().successful();
    if cfg!(unix) {
        let _ = run("forked").finish().successful();
    }
}

#[test]
fn where_another_logger_is_installed_it_is_said() {
    let _ = run("other_logger").finish().successful();
}
