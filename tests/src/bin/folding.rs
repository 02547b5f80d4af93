//! A program whose records say the same again and again, and which asks for one line for all of them.

use std::time::Duration;

use hestia::{Builder, Console, Folding, Rotation, Style, hlog};
use hestia_tests::figures::tell_to;
use serde_json::json;

fn builder() -> Builder {
    hestia::builder()
        .env(false)
        .console(Console::stdout().style(Style::Compact))
        .fold_duplicates(true)
}

fn init(builder: Builder) {
    builder.init().expect("hestia starts");
}

fn flush() {
    hestia::flush_within(Duration::from_secs(60)).expect("all outputs work");
}

fn repeat(times: usize) {
    for _ in 0..times {
        hlog!(warn, host = "db-1", port = 5432, "connection {}", "refused");
    }
}

/// Statements of all kinds, told at a flush and by what comes after them.
fn outputs() {
    init(builder());
    repeat(3);
    flush();
    repeat(2);
    for _ in 0..4 {
        log::info!("from the log crate");
    }
    for name in ["ada", "ada", "bob"] {
        log::info!(name; "hello {name}");
    }
    for _ in 0..2 {
        log::error!("an error");
    }
    repeat(1);
}

/// Errors, too; nothing is said about the end.
fn all() {
    init(builder().fold_duplicates(Folding::All));
    for _ in 0..5 {
        hlog!(critical, "down");
    }
}

/// One file after the other while records repeat.
fn rotated() {
    init(builder().console(false));
    repeat(3);
    hestia::rotate().expect("the files are rotated");
    repeat(4);
}

/// Files that are full after a few lines.
fn full() {
    init(builder().console(false).rotate(Rotation::size(1024)));
    for round in 0..100 {
        repeat(1 + round % 3);
        hlog!(info, round, "in between");
    }
    repeat(2);
}

/// The same from many threads.
fn threads() {
    init(builder().console(false));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    log::info!("from any thread");
                }
            });
        }
    });
}

/// Nobody asks, nothing else comes, and the program goes on until its standard input ends.
fn silent() {
    init(builder().console(false).linger(Duration::ZERO));
    repeat(6);
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn shut_down() {
    init(builder().console(false));
    repeat(3);
    hestia::shutdown().expect("all outputs work");
    repeat(3);
}

/// Loggers that are made and given up again, which may lie at one address.
fn loggers() {
    init(builder().console(false));
    for number in 0..200 {
        let logger = hestia::logger(format!("logger {number}"));
        log::info!(logger: logger, "same");
        log::info!(logger: logger, "same");
    }
}

/// Others are counted apart, and what statements leave out by themselves is said.
fn limited() {
    init(builder().console(false));
    for round in 0..40_u32 {
        // Each passes after one that does not.
        let first = if round % 2 == 0 { 0 } else { u32::MAX };
        hlog!(info, first: first, "limited");
    }
}

fn main() {
    let scenario = std::env::args().nth(1).unwrap_or_default();
    match scenario.as_str() {
        "outputs" => return outputs(),
        "all" => return all(),
        "rotated" => rotated(),
        "full" => full(),
        "threads" => threads(),
        "silent" => silent(),
        "shut_down" => shut_down(),
        "loggers" => loggers(),
        "limited" => limited(),
        "refused" => {
            let refused = builder().crash_safe(true).init();
            let error = refused.map(drop).map_err(|error| error.to_string());
            let told = json!({ "error": error.err(), "running": hestia::stats().is_some() });
            return tell_to(&mut std::io::stdout(), &told);
        }
        other => unreachable!("no scenario {other}"),
    }
    flush();
    tell_to(&mut std::io::stdout(), &json!({}));
}
