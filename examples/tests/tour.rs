//! Every example runs, ends well, shows its point, and is short enough to be read at once.

use std::fs;
use std::path::Path;

use hestia_tests::Run;

/// Runs an example in an empty directory, and checks that it ends well and says all of this.
fn check(program: &str, arguments: &[&str], claims: &[&str]) {
    let run = arguments
        .iter()
        .fold(Run::program(program), |run, argument| run.arg(argument));
    let finished = run.finish().successful();
    let said = finished.stdout + &finished.stderr;
    assert!(!said.contains("in order: false"), "{program}:\n{said}");
    for claim in claims {
        assert!(
            said.contains(claim),
            "{program} does not say {claim:?}:\n{said}"
        );
    }
}

macro_rules! tour {
    ($($test:ident: $program:literal $($argument:literal)* => [$($claim:expr),+ $(,)?];)+) => {$(
        #[test]
        fn $test() {
            check(env!(concat!("CARGO_BIN_EXE_", $program)), &[$($argument),*], &[$($claim),+]);
        }
    )+};
}

tour! {
    quickstart_proves_that_everything_is_in_every_output: "01_quickstart" => [
        "console: 4 written",
        "text: 4 written",
        "json: 4 written",
        "| slow query {elapsed_ms=12.5 user_id=5}",
        "| 2 items checked out {user_id=5 paid=true",
        r#""metadata":{"user_id":5,"paid":true,"cart":{"items":["tea","cup"],"total":18.9}}"#,
        " payments/",
    ];
    levels_are_explained_and_changed: "02_levels" => [
        "console: STOPS",
        "text: passes (by the directive shop::db=debug)",
        "| 3 rows, at the start",
        "| connected, after the change",
        "level is warn,hyper=trace, changed while running",
    ];
    key_values_keep_their_types: "03_key_values" => [
        r#""typed": {"name":"Ada Lovelace","paid":true,"ratio":0.1,"user_id":5}"#,
        r#"{"home":{"city":"Zürich","geo":[47.37,8.54]},"tags":["new","vip"]}"#,
        r#"{"err":["the order's number makes no sense","invalid digit found in string"]}"#,
    ];
    named_loggers_have_a_file_of_their_own: "04_named_loggers" => [
        "| role granted {user_id=5 team=risk region=eu-1}",
        "| role revoked {user_id=5 team=legal region=eu-1}",
        "INFO  shop ",
        "INFO  audit ",
    ];
    outputs_get_what_they_asked_for: "05_outputs" => [
        "pager: 1 written (34 bytes), 2 filtered",
        r#"the pager got: ERROR: "the bank does not answer""#,
    ];
    layouts_shape_lines: "06_layouts" => [
        "| signed in (user 5)",
        r"| first line\nsecond line",
        r#""hestia":{"metadata":{"user":{"id":5,"name":"Ada"}}}"#,
        "did you mean `message`?",
    ];
    overflow_obeys_the_policy_and_is_told: "07_overflow" => [
        "2000 accepted, shed: none",
        "DropNewest: ",
        "DropBelow(Warn): ",
        "(the queue had no room) {lost=",
        "lost_warn=0",
    ];
    requests_are_followed_over_threads_awaits_and_services: "20_requests" => [
        "charge completed elapsed_ms=",
        r#""4bf92f3577b34da6a3ce929d0e0e4736" "packing": {"service":"warehouse"}"#,
        r#""a task of its own, for the same request": {"request_id":17}"#,
        r#""charge failed": {"amount":"12.5O","bank":"Fidelity","elapsed_ms":"#,
        r#""err":["invalid float literal"],"order":4712,"password":"***","request_id":17,"span":"charge"}"#,
        r#"null "outside of the request": null"#,
    ];
    endings_lose_nothing: "08_endings" => [
        "| about to end by return",
        "| about to end by exit",
        "| thread 'main' panicked at ",
        "| about to end by signal",
        "| after shutdown: written before this call returns",
    ];
    threads_keep_their_order: "09_threads" => [
        "50000 records accepted, 0 shed",
        "two threads in turn: all their records, in order: true",
    ];
    environment_has_the_last_word: "11_environment" => [
        "LOG_LEVEL=\"info,sohp::db=debug,hyper=wran\"",
        "did you mean `warn`?; the rest of it is used",
        "environment (LOG_LEVEL)",
        "no record's target has matched `sohp::db",
    ];
    attribute_turns_on_and_logs_what_main_returns: "13_attribute" => [
        r#"{order={"id":5,"state":{"Paid":{"total":12.5}}} region=eu-1}"#,
        r#"| main returned an error {err=["invalid digit found in string"] region=eu-1}"#,
        "the child ended with exit status: 1",
        "metadata           region=eu-1                               attribute",
    ];
    statements_take_typed_values_and_format_later: "14_statements" => [
        r#""Ada ordered, 12.3ms in all": {"order":{"id":4711,"items":["tea","cup"]},"user_id":5}"#,
        r#""nested keys": {"request":{"method":"POST","path":"/orders"}}"#,
        r#""order refused": {"err":["invalid digit found in string"],"input":"47x"}"#,
        "CRITICAL 14_statements: down",
        "and a secret: ***",
        r#""": {"granted":true,"team":"risk","user_id":5}"#,
    ];
    rotation_keeps_the_newest_archives: "15_rotation" => [
        ".log.gz\n",
        "all.log\napp.20",
        "the newest is all.",
        "at 16 KiB or every day, numbered, keep 3, gzip, link newest",
        "app.log, schema hestia, rotate by hand, for 30d",
    ];
    axum_services_share_a_trace: "18_axum" => [
        r#"request Some("01"#,
        "| asking the stock {item=tea request_id=01",
        "| GET /orders/tea 200 ",
        r#"method=GET path=/orders/tea route="/orders/{item}" status=200 "#,
        "| counted {item=tea request_id=01",
        "| GET /items/tea 200 ",
        "one trace through both logs: true",
    ];
    actix_services_share_a_trace: "19_actix" => [
        r#"request Some("01"#,
        "| asking the stock {item=tea request_id=01",
        "| GET /orders/tea 200 ",
        r#"method=GET path=/orders/tea route="/orders/{item}" status=200 "#,
        "| counted {item=tea request_id=01",
        "| GET /items/tea 200 ",
        "one trace through both logs: true",
    ];
    volume_is_what_was_asked_for: "21_volume" => [
        "evaluated 1 of 1000",
        "the pool runs dry",
        "suppressed=16",
        "last message repeated 41 times: connection refused",
        "1031 executions left out by their statements",
        "text: 34 written",
        "41 folded",
        "requests in the sample: {8, ",
    ];
    tracing_and_log_are_one_log: "22_tracing" => [
        r#""taken from the shelf": {"id":1,"item":"item-30","request_id":"r-17","span":"order","spans":["order"]}"#,
        r#""ordered": {"id":1,"request_id":"r-17","span":"order","spans":["order"],"total":42}"#,
        r#""no such item": {"error":["invalid digit found in string"],"id":2,"#,
        "22_tracing: close elapsed_ms=",
        "on by a directive, while running request_id=r-17",
    ];
    secrets_are_never_shown: "23_secrets" => [
        r#""a secret: ***": {"access_token":"***","page_token":3}"#,
        r#""a record of the log crate": {"X-Api-Key":"***","user_ssn":"***"}"#,
        r#""a structure": {"customer":{"home":{"bank":"HSBC","iban":"***"},"password":"***"}}"#,
        r#": Login { user: "ada", password: ***, pin: *** } "#,
        r#"{"login":{"password":"***","pin":"***","user":"ada"}}"#,
        "paid with ***, by ***",
        "cannot reach postgres://app:***@db/shop",
    ];
    service_logs_every_request_once: "12_service" "600" => [
        "600 of 600 requests answered in ",
        "answered 600",
        "logged 600 by the access log: missing 0, duplicated 0, different 0",
        "logged 600 by the handlers: missing 0, duplicated 0, different 0",
    ];
}

#[cfg(unix)]
#[test]
fn configuration_comes_from_a_file_that_is_followed() {
    let claims = [
        "| at the start {region=eu-1}",
        "| after the edit {region=eu-2}",
        "hestia.toml:3: json: unknown key `schmea`; did you mean `schema`?",
        "| after the signal {order=5 region=eu-2}",
        r#""metadata":{"order":5,"region":"eu-2"}"#,
        "  file (line 2)",
    ];
    check(env!("CARGO_BIN_EXE_17_configuration"), &[], &claims);
}

#[cfg(unix)]
#[test]
fn a_forked_child_logs_for_itself() {
    let claims = [
        "| before the fork",
        "| in the parent {child=",
        "| in the child",
    ];
    check(env!("CARGO_BIN_EXE_10_fork"), &[], &claims);
}

#[cfg(unix)]
#[test]
fn endings_keep_their_status() {
    let claims = [
        "ended by exit: exit status: 3",
        "ended by signal: signal: 15",
    ];
    check(env!("CARGO_BIN_EXE_08_endings"), &[], &claims);
}

#[test]
fn every_example_has_fewer_than_60_lines() {
    let mut count = 0;
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the examples can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).expect("a source file");
            let lines = source.lines().count();
            assert!(lines < 60, "{} has {lines} lines", path.display());
            count += 1;
        }
    }
    assert!(count >= 13, "only {count} examples");
}
