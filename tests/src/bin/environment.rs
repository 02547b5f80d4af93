//! Programs that say something in code, to be run in environments that say something else.

use std::time::Duration;

use hestia::{Builder, Console, Handle, JsonFile, Level, Overflow, Signal, TextFile, TimeZone};
use hestia_tests::figures::{rows, tell};
use log::{LevelFilter, info};
use serde_json::{Value, json};

fn start(builder: Builder) -> Handle {
    match builder.init() {
        Ok(hestia) => hestia,
        Err(error) => panic!("hestia does not start: {error}"),
    }
}

/// Every setting with who said so, and what deserves attention.
fn report(hestia: Handle) -> Value {
    let report = hestia.report();
    json!({ "rows": rows(&report), "notes": report.notes() })
}

fn flush(hestia: Handle) {
    if let Err(error) = hestia.flush_within(Duration::from_secs(60)) {
        panic!("not flushed: {error}");
    }
}

/// A record at each level.
fn say_all(what: &str) {
    for level in Level::iter() {
        log::log!(level, "{what} {level}");
    }
}

fn finish(hestia: Handle) {
    say_all("record");
    flush(hestia);
    let mut facts = report(hestia);
    facts["report"] = hestia.report().to_string().into();
    tell(&facts);
}

fn built() -> Builder {
    hestia::builder()
        .app("code")
        .version("1.2.3")
        .environment("test")
        .level("debug")
        .logs_dir("from-code")
        .internal_logger(false)
        .console(Console::stderr().level(Level::Error))
        .text(TextFile::new("from-code/own.log").level(Level::Warn))
        .json(JsonFile::default().level(Level::Error))
        .metadata("region", "eu-1")
        .metadata("shard", 7)
        .overflow(Overflow::DropBelow(Level::Warn))
        .drain_on(Signal::Terminate)
        .drain_on(Signal::HangUp)
}

/// Both files have the same name, in directories of their own.
fn same_name() {
    let hestia = start(
        hestia::builder()
            .console(false)
            .text("one/x.log")
            .json("two/x.log"),
    );
    finish(hestia);
}

/// Named loggers with files of their own, one of them named as another file is.
fn own_files() {
    let audit = hestia::logger("audit").file("logs/audit.log");
    let hestia = start(hestia::builder().console(false));
    let other = hestia::logger("other").file("other/audit.log");
    let all = hestia::logger("all").file("other/all.log");
    info!(logger: audit, "granted");
    info!(logger: other, "another file's");
    info!(logger: all, "all of it");
    flush(hestia);
    let mut facts = report(hestia);
    facts["report"] = hestia.report().to_string().into();
    tell(&facts);
}

fn changes() {
    let hestia = start(hestia::builder().console(false).level("error"));
    say_all("at the start");
    flush(hestia);
    let mut refused = u32::from(hestia.set_level("debug,quiet=off").is_err());
    log::error!(target: "quiet", "off");
    say_all("changed");
    flush(hestia);
    refused += u32::from(hestia.set_output_level("text", Level::Warn).is_err());
    say_all("text at warn");
    flush(hestia);
    refused += u32::from(hestia.set_level("trace").is_err());
    say_all("all at trace");
    flush(hestia);
    refused += u32::from(hestia.set_output_level("json", LevelFilter::Off).is_err());
    say_all("no JSON");
    flush(hestia);
    let wrong = [
        hestia.set_level("inof").is_err(),
        hestia.set_level("info,x=").is_err(),
        hestia
            .set_output_level("no such output", Level::Warn)
            .is_err(),
    ];
    let mut facts = report(hestia);
    facts["refused"] = refused.into();
    facts["wrong_are_refused"] = wrong.iter().all(|refused| *refused).into();
    tell(&facts);
}

fn foreign_max_level() {
    let hestia = start(hestia::builder().console(false));
    log::set_max_level(LevelFilter::Warn);
    info!("nobody hears this");
    let explanation = hestia.explain("environment", Level::Info);
    flush(hestia);
    let mut facts = report(hestia);
    facts["is_logged"] = explanation.is_logged().into();
    facts["why"] = explanation.to_string().into();
    tell(&facts);
}

/// Numbers that look random and are the same in each run (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.roll(texts.len())]
    }

    fn level(&mut self) -> LevelFilter {
        LevelFilter::iter()
            .nth(self.roll(6))
            .unwrap_or(LevelFilter::Info)
    }

    /// A default level, perhaps, and a few targets, each once.
    fn directives(&mut self) -> String {
        let mut parts = vec![self.level().to_string()];
        if self.roll(4) == 0 {
            parts.clear();
        }
        for target in [
            "app",
            "app::db",
            "app::db::pool",
            "hyper",
            "ünï",
            "my-crate",
        ] {
            if self.roll(2) == 0 {
                parts.push(format!("{target}={}", self.level()));
            }
        }
        parts.join(",")
    }
}

const TARGETS: [&str; 14] = [
    "app",
    "app::db",
    "app::db::pool",
    "app::db::pooling",
    "app::web",
    "apple",
    "hyper",
    "hyper::client",
    "ünï::x",
    "ün",
    "my_crate",
    "my-crate::inner",
    "other",
    "",
];

/// Under many configurations: what is said to be logged, for comparison with what is.
fn explained() {
    let hestia = start(hestia::builder().console(false));
    let mut dice = Dice(42);
    let (mut text, mut json, mut any) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    for _ in 0..120 {
        let directives = dice.directives();
        if let Err(error) = hestia.set_level(directives.as_str()) {
            panic!("{directives}: {error}");
        }
        let output = dice.pick(&["text", "json"]);
        if dice.roll(2) == 0 && hestia.set_output_level(output, dice.level()).is_err() {
            panic!("{output} has a level");
        }
        for _ in 0..50 {
            let target = dice.pick(&TARGETS);
            let level = Level::iter().nth(dice.roll(5)).unwrap_or(Level::Info);
            let why = hestia.explain(target, level);
            text.extend(why.is_logged_to("text").then_some(number));
            json.extend(why.is_logged_to("json").then_some(number));
            any.extend(why.is_logged().then_some(number));
            log::log!(target: target, level, "{number}");
            number += 1;
        }
        flush(hestia);
    }
    tell(&json!({ "text": text, "json": json, "any": any, "asked": number }));
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("bare") => finish(start(hestia::builder())),
        Some("built") => finish(start(built())),
        Some("unread") => finish(start(built().env(false))),
        Some("silent") => finish(start(hestia::builder().console(false).level("debug"))),
        Some("same_name") => same_name(),
        Some("own_files") => own_files(),
        Some("local_time") => finish(start(
            hestia::builder().console(Console::stderr().zone(TimeZone::Local)),
        )),
        Some("changes") => changes(),
        Some("foreign_max_level") => foreign_max_level(),
        Some("explained") => explained(),
        scenario => panic!("no such scenario: {scenario:?}"),
    }
}
