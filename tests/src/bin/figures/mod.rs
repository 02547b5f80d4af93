//! What a program tells its test: facts of its own and hestia's figures, as one line of JSON on standard
//! output.

use std::io::Write;

use hestia::{Level, OutputStats, Stats};
use serde_json::{Map, Value, json};

/// Tells the facts, and hestia's figures at this moment.
pub(crate) fn tell(facts: &Value) {
    let stats = hestia::stats().map_or(Value::Null, |stats| of(&stats));
    let line = json!({ "facts": facts, "stats": stats });
    // Some scenarios run without a standard output.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn of(stats: &Stats) -> Value {
    let shed: Map<String, Value> = Level::iter()
        .map(|level| (level.as_str().to_lowercase(), stats.shed.of(level).into()))
        .collect();
    let outputs: Map<String, Value> = stats
        .outputs
        .iter()
        .map(|output| (output.name.clone(), of_output(output)))
        .collect();
    json!({
        "sent": stats.sent(),
        "accepted": stats.accepted,
        "shed": shed,
        "errors": stats.errors,
        "queue_bytes": stats.queue_bytes,
        "outputs": outputs,
    })
}

fn of_output(output: &OutputStats) -> Value {
    json!({
        "written": output.written,
        "filtered": output.filtered,
        "failed": output.failed,
        "pending": output.pending,
        "notices": output.notices,
        "bytes": output.bytes,
        "errors": output.errors,
        "working": output.working,
    })
}
