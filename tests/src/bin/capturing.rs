//! Programs that capture what they log, beside outputs of their own or without.

use std::env;
use std::error::Error;
use std::panic::catch_unwind;
use std::thread;

use hestia::testing::{Capture, capture, capture_at, current, matching};
use hestia::{InScope, Level, LevelFilter, Scope, hlog, scope};
use log::{info, log_enabled, trace, warn};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["beside"] => beside(),
        ["churn", count] => churn(count.parse()?),
        ["nested"] => nested(),
        ["crash_safe"] => crash_safe(),
        ["after_shutdown"] => after_shutdown(),
        ["forked"] => forked(),
        ["other_logger"] => other_logger(),
        _ => Err(format!("there is no scenario {words:?}").into()),
    }
}

fn messages(capture: &Capture) -> Vec<String> {
    let records = capture.records();
    let messages = records.iter().map(|record| record.message().to_owned());
    messages.collect()
}

/// Levels and directives of the program's outputs stay as they are, and do not reach the capture.
fn beside() -> Outcome {
    let hestia = hestia::builder()
        .level("info,hyper=warn,silent=off")
        .console(false)
        .init()?;
    info!("before");
    // What is noted about directives changes with what they meet.
    let report = || {
        let report = hestia.report().to_string();
        let lines = report.lines().filter(|line| !line.starts_with("note: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut expected_report = report();
    {
        let all = capture();
        let grave = capture_at(Level::Error);
        assert!(log_enabled!(target: "hyper", Level::Trace));
        info!("in the capture");
        info!(target: "hyper", "a detail of hyper");
        warn!(target: "hyper", "a warning of hyper");
        trace!(target: "silent", "from the silent");
        hlog!(trace, target: "silent", "from the silent");
        let expected = [
            "in the capture",
            "a detail of hyper",
            "a warning of hyper",
            "from the silent",
            "from the silent",
        ];
        assert_eq!(messages(&all), expected);
        assert_eq!(messages(&grave), [""; 0]);
        let why = hestia.explain("silent", Level::Trace);
        assert!(why.is_logged_to("captures"), "{why}");
        assert!(
            why.to_string()
                .contains("captures ask for trace, whatever directives say"),
            "{why}"
        );
        // Whoever changes the levels meanwhile changes nothing for it.
        hestia.set_level("off")?;
        info!("while all else is off");
        hestia.set_level("info,hyper=warn,silent=off")?;
        all.assert_logged(matching().message("while all else is off"));
    }
    assert_eq!(log::max_level(), LevelFilter::Info);
    assert!(!log_enabled!(target: "hyper", Level::Info));
    info!("after");
    hestia.flush()?;
    // It was said once more, and the output stays, and is off.
    let level = expected_report
        .iter_mut()
        .find(|line| line.starts_with("level "));
    let level = level.expect("the levels are reported");
    *level = level.replace("builder", "changed while running");
    expected_report.push("output captures: working, levels off,silent=off,hyper=off".to_owned());
    assert_eq!(report(), expected_report);
    Ok(())
}

/// Each has its own, and nothing stays of them.
fn churn(count: u64) -> Outcome {
    assert_eq!(log::max_level(), LevelFilter::Off);
    let one = |number: u64| {
        let capture = capture();
        hlog!(info, number, "in a capture");
        let scope = capture.scope();
        let _inside = scope!(inside = true);
        info!(number; "in a scope in a capture");
        capture.assert_count(matching().field("number", number), 2);
        assert_eq!(capture.take().len(), 2);
        drop(scope);
    };
    (0..count / 10).for_each(one);
    let memory = resident_kib();
    (count / 10..count).for_each(one);
    let grown = resident_kib().saturating_sub(memory);
    // A hundred bytes for each would be a megabyte.
    assert!(grown < 512, "grown by {grown} KiB");
    let stats = hestia::stats().ok_or("hestia runs")?;
    assert_eq!(stats.outputs.len(), 1);
    assert_eq!(stats.outputs[0].written, 2 * count);
    assert_eq!(log::max_level(), LevelFilter::Off);
    Ok(())
}

/// What the process takes of the memory; nothing where the system does not say.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn nested() -> Outcome {
    let outer = capture();
    info!("outside");
    let scope = scope!(request_id = 17);
    {
        let inner = capture();
        info!("inside");
        inner.assert_logged(matching().field("request_id", 17));
        assert_eq!(messages(&current()), ["inside"]);
        Scope::detached().run(|| info!("detached"));
        let detached = inner.assert_logged(matching().message("detached"));
        assert_eq!(detached.fields().count(), 0);
        inner
            .scope()
            .run(|| assert_eq!(messages(&current()), ["inside", "detached"]));
        // Not there yet when the capture ends; whatever comes, both have it.
        info!("last inside");
        let kept = Capture::clone(&inner);
        drop(inner);
        assert_eq!(messages(&kept), ["inside", "detached", "last inside"]);
        kept.scope()
            .run(|| info!("in the scope of one that has ended"));
    }
    drop(scope);
    let task = async { info!("in a task") }.in_current_scope();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.map(|runtime| runtime.block_on(task))
    })
    .join()
    .map_err(|_| "the thread panicked")??;
    let expected = [
        "outside",
        "inside",
        "detached",
        "last inside",
        "in the scope of one that has ended",
        "in a task",
    ];
    assert_eq!(messages(&outer), expected);
    drop(outer);
    assert!(catch_unwind(current).is_err());
    Ok(())
}

/// Records carry copies of their scopes there.
fn crash_safe() -> Outcome {
    hestia::builder()
        .console(false)
        .crash_safe("rings")
        .init()?;
    let _process = scope!(request_id = 17);
    let outer = capture();
    let inner = capture();
    hlog!(info, user_id = 5, "from hestia");
    info!(user_id = 5; "from log");
    let audit = hestia::logger("audit").metadata("team", "risk");
    info!(logger: audit, "from a logger");
    for capture in [&outer, &inner] {
        capture.assert_count(matching().field("request_id", 17), 3);
        capture.assert_count(matching().field("user_id", 5), 2);
        capture.assert_logged(matching().application("audit").field("team", "risk"));
    }
    hestia::flush()?;
    Ok(())
}

fn after_shutdown() -> Outcome {
    let before = capture();
    info!("before");
    hestia::shutdown()?;
    info!("after");
    assert_eq!(messages(&before), ["before", "after"]);
    let after = capture();
    info!("after that");
    assert_eq!(messages(&after), ["after that"]);
    Ok(())
}

#[cfg(unix)]
fn forked() -> Outcome {
    let before = capture();
    info!("before");
    before.assert_count(matching(), 1);
    let child = hestia_tests::forks::in_child(|| {
        info!("in the child");
        let own = capture();
        info!("captured in the child");
        assert_eq!(messages(&own), ["captured in the child"]);
        Ok(())
    })?;
    child.finish()?;
    info!("after");
    assert_eq!(messages(&before), ["before", "after"]);
    Ok(())
}

#[cfg(not(unix))]
fn forked() -> Outcome {
    Ok(())
}

fn other_logger() -> Outcome {
    struct Other;
    impl log::Log for Other {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }
        fn log(&self, _: &log::Record<'_>) {}
        fn flush(&self) {}
    }
    log::set_logger(&Other)?;
    let panic = catch_unwind(|| drop(capture()))
        .err()
        .ok_or("there is another logger")?;
    let said = panic.downcast_ref::<String>().ok_or("it says something")?;
    let expected = "cannot capture what is logged: the `log` crate has another logger already";
    assert!(said.starts_with(expected), "{said}");
    Ok(())
}
