//! Programs with both facades: `log` and `tracing` in one log; what they wrote is checked by `tests/tracing_layer.rs`.

mod levels;
mod processes;
mod records;
mod spans;
mod subscribers;
mod tasks;

use std::error::Error;

use levels::{beside, filtered, levels, span_levels};
use processes::{churn, crash};
#[cfg(unix)]
use processes::{fork, fork_while_locked};
use records::{both, typed};
use spans::{any_order, at_thread_end, nested, recorded, span_events, threads, trace_ids};
use subscribers::{
    bridged, log_tracer, other_subscriber, other_subscriber_in_a_function, own_layer_already,
    own_layer_in_a_function, own_threads, several_layers,
};
use tasks::{opentelemetry, tasks};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let scenario = arguments.next().unwrap_or_default();
    let count = arguments.next().map(|count| count.parse()).transpose()?;
    match scenario.as_str() {
        "both" => both(),
        "typed" => typed(),
        "nested" => nested(),
        "any_order" => any_order(),
        "recorded" => recorded(),
        "threads" => threads(),
        "levels" => levels(),
        "at_thread_end" => at_thread_end(),
        "span_levels" => span_levels(),
        "beside" => beside(),
        "filtered" => filtered(),
        "span_events" => span_events(),
        "trace_ids" => trace_ids(),
        "tasks" => tasks(count.unwrap_or(2_000)),
        "opentelemetry" => opentelemetry(count.unwrap_or(200)),
        "own_threads" => own_threads(),
        "bridged" => bridged(),
        "log_tracer" => log_tracer(),
        "other_subscriber" => other_subscriber(),
        "own_layer_already" => own_layer_already(),
        "own_layer_in_a_function" => own_layer_in_a_function(),
        "other_subscriber_in_a_function" => other_subscriber_in_a_function(),
        "several_layers" => several_layers(),
        "churn" => churn(count.unwrap_or(200_000)),
        "crash" => crash(),
        "start" => start(),
        #[cfg(unix)]
        "fork" => fork(),
        #[cfg(unix)]
        "fork_while_locked" => fork_while_locked(),
        other => Err(format!("no scenario {other:?}").into()),
    }
}

fn start() -> Outcome {
    crash_safe().init()?;
    Ok(())
}

fn crash_safe() -> hestia::Builder {
    builder().text(false).crash_safe("rings").tracing(true)
}

fn builder() -> hestia::Builder {
    hestia::builder().console(false)
}
