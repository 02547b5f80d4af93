//! What the attribute says, and who says otherwise.

use std::sync::Mutex;

use hestia::{Batch, Sink, SinkError};
use hestia_tests::figures::{rows, tell};
use serde_json::json;

/// Tells every setting with who said it.
fn tell_report() {
    let report = hestia::report().expect("hestia runs");
    hestia::flush().expect("everything is written");
    tell(&json!({ "rows": rows(&report) }));
}

pub(crate) mod bare {
    #[hestia::main]
    pub(crate) fn main() {
        log::info!(user_id = 5; "ready");
        log::debug!("below the level");
        super::tell_report();
    }
}

pub(crate) mod said {
    use super::Discard;

    const REGION: &str = "eu-1";

    #[hestia::main(
        app = "billing",
        version = concat!("1.2", ".3"),
        environment = "staging",
        level = "warn,hyper=debug,main_attribute::settings=info",
        console = (stream = "stdout", level = "error", style = "compact", color = "always"),
        text = false,
        json(path = "own/billing.json", level = "info", schema = "ecs", rotate = false, sync = "errors"),
        rotate = (
            size = "10MB", every = "week", on = "sunday", at = "03:30", zone = "local", on_start = true, names = "numbers",
            keep = 5, max_age = "30d", max_total_bytes = "1GiB", compress = "gzip", link = "newest",
        ),
        sink = hestia::Output::new("discard", Discard),
        metadata(region = REGION, shard = 7, "team-id" = Some(1.5)),
        logs_dir = "elsewhere",
        overflow(drop_below = "warn"),
        block_limit = "250ms",
        order = "relaxed",
        ring_bytes = 65_536,
        queue_bytes = "16MiB",
        grace = "10us",
        linger = "0",
        exit_limit = "1m30s",
        panics = false,
        drain_on = ["terminate", "interrupt"],
        reopen_on_hang_up = true,
        sync = "5s",
        internal_logger = true,
    )]
    pub(crate) fn main() {
        log::info!("ready");
        super::tell_report();
    }
}

pub(crate) mod files {
    #[hestia::main(
        console = false,
        text(pattern = "{level}|{message}|{metadata.user_id}", level = "warn", filter = super::has_user),
        json(level = "debug"),
        level = "info,main_attribute=trace",
    )]
    pub(crate) fn main() {
        for level in hestia::Level::iter() {
            log::log!(level, user_id = 5; "{level} of somebody");
            log::log!(level, "{level} of nobody");
        }
    }
}

fn has_user(record: &hestia::Record<'_>) -> bool {
    record.field("user_id").is_some()
}

pub(crate) mod overruled {
    #[hestia::main(
        app = "billing",
        level = "error",
        logs_dir = "from-code",
        console(level = "error")
    )]
    pub(crate) fn main() {
        log::debug!("ready");
        super::tell_report();
    }
}

pub(crate) mod deaf {
    #[hestia::main(app = "billing", level = "error", env = false)]
    pub(crate) fn main() {
        super::tell_report();
    }
}

/// Takes every line, and tells nobody.
struct Discard;

impl Sink for Discard {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }
}

/// Remembers what it was told.
struct Other(Mutex<Vec<String>>);

impl log::Log for Other {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let err = record.key_values().get("err".into());
        let line = format!("{} {} {err:?}", record.target(), record.args());
        self.0.lock().expect("nobody panics").push(line);
    }

    fn flush(&self) {}
}

static OTHER: Other = Other(Mutex::new(Vec::new()));

/// Somebody else's logger is there already.
pub(crate) fn after_another_logger() {
    log::set_logger(&OTHER).expect("the first one");
    log::set_max_level(log::LevelFilter::Info);
    let failed = crate::errors::boxed::main().is_err();
    let lines = OTHER.0.lock().expect("nobody panics").clone();
    tell(&json!({ "failed": failed, "lines": lines }));
}

/// hestia runs already.
pub(crate) fn after_a_builder() {
    let builder = hestia::builder().app("first").console(false);
    builder.init().expect("nothing is in the way");
    bare::main();
}
