//! Statements where hestia is not, or no longer, or not yet at home: forwarded to other loggers, given to named
//! ones, executed on hestia's own threads, after the shutdown, in a forked child.

use hestia_tests::figures::Told;
use hestia_tests::{Finished, Run, messages};
use serde_json::{Value, json};

fn run(scenario: &str) -> Finished {
    Run::new(env!("CARGO_BIN_EXE_statements"), scenario)
        .finish()
        .successful()
}

fn lines(program: &Finished) -> Value {
    Told::by(program).facts["lines"].clone()
}

#[test]
fn another_logger_gets_all_that_the_statement_says() {
    let program = run("forwarding");
    let place = r#"(Some("statements"), true, true)"#;
    assert_eq!(
        lines(&program),
        json!([
            format!(r#"INFO statements {place} ada    5|Some("ada") user_id=5"#),
            format!(
                r#"ERROR own {place} down a={{"b":1.5}} list=[1,2] none=null large=340282366920938463463374607431768211455"#
            ),
            format!(r#"WARN statements {place} constant name="ada""#),
            format!(
                r#"ERROR statements {place} *** err=["{}"] password="***""#,
                std::fmt::Error
            ),
        ])
    );
    assert!(!program.path("logs").exists());
}

#[test]
fn without_any_logger_statements_do_nothing() {
    let program = run("nobody");
    assert_eq!(program.stderr, "");
    assert!(!program.path("logs").exists());
}

#[test]
fn statements_name_loggers_of_every_kind() {
    let program = run("loggers");
    let seen: Vec<_> = program
        .json()
        .into_iter()
        .map(|record| {
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            (
                text("application"),
                text("target"),
                text("message"),
                record["metadata"].clone(),
            )
        })
        .collect();
    let audit = |n: u8| json!({"n": n, "team": "risk"});
    let record = |application: &str, target: &str, n: u8, metadata: Value| {
        (
            application.to_owned(),
            target.to_owned(),
            format!("granted {n}"),
            metadata,
        )
    };
    assert_eq!(
        seen,
        [
            record("audit", "statements", 1, audit(1)),
            record("audit", "own", 2, audit(2)),
            record("shared", "statements", 3, json!({"n": 3})),
            record("shared", "statements", 4, json!({"n": 4})),
            record("audit", "statements", 5, audit(5)),
            record("statements", "statements", 6, json!({"n": 6})),
        ]
    );
    let place = r#"(Some("statements"), true, true)"#;
    assert_eq!(
        lines(&program),
        json!([
            format!("INFO statements {place} given away 7 n=7"),
            format!("INFO own {place} given away 8"),
        ])
    );
}

#[test]
fn what_hestia_s_own_threads_say_goes_to_the_internal_log() {
    let program = run("own_threads");
    assert_eq!(messages(&program.json()), ["from the program"]);
    let internal = program.lines("logs/hestia_internal.log");
    assert!(
        internal.iter().any(|line| line.contains("the sink says x")),
        "{internal:?}"
    );
}

#[test]
fn statements_after_the_shutdown_are_written() {
    let program = run("after_shutdown");
    let records = program.json();
    assert_eq!(messages(&records), ["before 1", "after 2", "after 3"]);
    assert_eq!(records[2]["metadata"], json!({"n": 3}));
}

#[cfg(unix)]
#[test]
fn a_forked_child_executes_statements() {
    let program = run("forked");
    let records = program.json();
    let mut seen = messages(&records);
    seen.sort_unstable();
    assert_eq!(seen, ["after 0", "before 1", "in the child 2"]);
    let child = Told::by(&program).fact("child");
    let by_child = records
        .iter()
        .find(|record| record["metadata"]["who"] == "child")
        .expect("the child logs");
    assert_eq!(by_child["process_id"], child);
}
