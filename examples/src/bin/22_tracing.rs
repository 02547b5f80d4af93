//! A program whose own code says `tracing`, and whose dependencies say `log` or `tracing`: one log, and the fields of
//! spans on every record in them.

use std::error::Error;

use hestia::tracing::SpanEvents;
use hestia_examples::{fresh_directory, records};
use tracing::{Span, field, info, instrument, warn};
use tracing_subscriber::layer::SubscriberExt as _;

/// A dependency that has never heard of `tracing`.
mod warehouse {
    pub(crate) fn take(item: &str) -> Result<u32, std::num::ParseIntError> {
        log::info!(item; "taken from the shelf");
        item.trim_start_matches("item-").parse()
    }
}

#[instrument(skip(items), fields(total = field::Empty))]
fn order(id: u64, items: &[&str]) -> u32 {
    let mut total = 0;
    for item in items {
        match warehouse::take(item) {
            Ok(price) => total += price,
            Err(error) => warn!(error = &error as &(dyn Error + 'static), "no such item"),
        }
    }
    Span::current().record("total", total);
    info!("ordered");
    total
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("22_tracing")?;
    let console = hestia::Console::stdout();
    let builder = hestia::builder().logs_dir(&directory).console(console);
    // With `.tracing(true)` nothing more is needed. A program that wants more of the layer, or has other ones:
    let hestia = builder.level("info").init()?;
    let layer = hestia::tracing::layer()
        .span_list(true)
        .span_events(SpanEvents::CLOSE);
    hestia::tracing::install(tracing_subscriber::registry().with(layer))?;

    // Scopes and spans nest.
    let _request = hestia::scope!(request_id = "r-17");
    order(1, &["item-30", "item-12"]);
    order(2, &["item-x"]);
    tracing::debug!("off by hestia's level: costs a load and a branch");
    hestia.set_level("info,22_tracing=debug")?;
    tracing::debug!(target: "22_tracing", "on by a directive, while running");

    hestia.flush()?;
    println!("\nthe same in app.log:");
    for record in records(directory.join("app.log"))? {
        println!("  {}: {}", record["message"], record["metadata"]);
    }
    Ok(())
}
