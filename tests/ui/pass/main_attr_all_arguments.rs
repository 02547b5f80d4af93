// Each argument, in each form that it takes.
use hestia::{Batch, Record, Sink, SinkError};

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &mut Batch) -> Result<(), SinkError> {
        Ok(())
    }
}

const ENVIRONMENT: &str = "test";

fn directory() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("hestia-ui-{}", std::process::id()))
}

mod usual {
    #[hestia::main]
    pub fn main() {}
}

mod switches {
    #[hestia::main(console = true, text = true, json = true, redact = false, logs_dir = "elsewhere")]
    pub fn main() {}
}

mod shorthands {
    #[hestia::main(console = "stdout", text = "logs/a.log", json = "logs/b.log", overflow = "block", order = "strict", drain_on = "terminate")]
    pub fn main() {}
}

mod rotations {
    #[hestia::main(console = false, rotate = false, text(rotate = true), json(rotate = hestia::Rotation::size(1_000_000).keep(3)))]
    pub fn main() {}
}

mod syncs {
    #[hestia::main(console = false, sync = "500ms", text(sync = "never"), json(sync = "batches"))]
    pub fn main() {}
}

mod configured {
    #[hestia::main(config = directory().join("hestia.toml"), watch = false, level_signals = false)]
    pub fn main() {}

    fn directory() -> std::path::PathBuf {
        super::directory()
    }
}

mod redactions {
    #[hestia::main(console = false, redact = hestia::Redaction::default().key("ssn"))]
    pub fn main() {}
}

mod empty_groups {
    #[hestia::main(console(), text(), json = (), metadata())]
    pub fn main() {}
}

#[hestia::main(
    app = "billing",
    version = env!("CARGO_PKG_VERSION"),
    environment = ENVIRONMENT,
    level = "info, hyper=warn, billing::db=debug",
    console = (
        stream = "stderr",
        level = "off",
        style = "compact",
        color = "never",
        zone = "local",
        filter = |record: &Record<'_>| record.field("user_id").is_some(),
    ),
    text(
        path = directory().join("all.log"),
        level = "debug",
        pattern = "{time:%H:%M:%S} {level:<5} {message} {metadata}",
        zone = "local",
        multiline = "indent",
        rotate = (size = "10MB", every = "day", at = "03:30", keep = 5),
        filter = |record: &Record<'_>| record.field("user_id").is_some(),
    ),
    json = (
        path = directory().join("app.log"),
        level = "warn",
        schema = "ecs",
        rotate(every = "6h", zone = "utc", max_age = "30d", max_total_bytes = "1GB", compress = "zstd"),
        filter = |record: &Record<'_>| record.field("user_id").is_some(),
    ),
    rotate = (every = "week", on = "sunday", at = "0:00", names = "times", on_start = true, compress = "gzip", link = "newest"),
    sink = [hestia::Output::new("nowhere", Nowhere), Nowhere],
    logs_dir = directory(),
    metadata(region = "eu-1", "shard-id" = 7, ratio = 0.5, paid = true, offset = -1, host = std::process::id()),
    redact = (
        keys = ["ssn"],
        except = ["page_token"],
        paths = ["user.card.number", "users.*.iban"],
        patterns = ["bearer", "jwt", "aws_key", "card", "email", "url_password"],
        expressions = ["session=([a-z]+)"],
        list = true,
    ),
    overflow = (drop_below = "warn"),
    block_limit = "250ms",
    order = "relaxed",
    ring_bytes = 65_536,
    queue_bytes = "16 MiB",
    grace = "5us",
    linger = "0",
    exit_limit = "1m30s",
    panics = false,
    drain_on = ["terminate", "interrupt", "hang_up"],
    sync = "errors",
    drain_on_crash = false,
    reopen_on_hang_up = false,
    crash_safe = false,
    internal_logger = false,
    on_error = |incident| eprintln!("{incident}"),
    env = false,
    crate = ::hestia,
)]
fn main() {
    let report = hestia::report().expect("hestia runs");
    for setting in ["app", "level", "metadata", "drain_on", "sink nowhere"] {
        assert_eq!(report.row(setting).map(|row| row.origin), Some(hestia::Origin::Attribute));
    }
    let _ = (usual::main, switches::main, shorthands::main, rotations::main, configured::main, empty_groups::main);
}
