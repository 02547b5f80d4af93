//! How lines look: a compact console, text by a pattern, JSON as the Elastic Common Schema has it.

use std::error::Error;

use hestia::{Console, JsonFile, Schema, Style, TextFile, TextLayout};
use hestia_examples::{fresh_directory, show};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("06_layouts")?;
    let pattern =
        "{time:%H:%M:%S%.3f} [{level:^7}] {target:>15.15} | {message} (user {metadata.user.id})";
    let hestia = hestia::builder()
        .app("shop")
        .version(env!("CARGO_PKG_VERSION"))
        .console(Console::stdout().style(Style::Compact))
        .text(TextFile::new(directory.join("pattern.log")).layout(TextLayout::pattern(pattern)?))
        .json(JsonFile::new(directory.join("ecs.log")).schema(Schema::Ecs))
        .init()?;

    let user = serde_json::json!({ "id": 5, "name": "Ada" });
    log::info!(user:serde; "signed in");
    log::warn!(target: "a::target::that::is::too::long", user:serde; "slow");
    // One record is one line, whatever is in it.
    log::error!("first line\nsecond line");

    hestia.flush()?;
    show(directory.join("pattern.log"), 3)?;
    show(directory.join("ecs.log"), 3)?;

    // A mistake in a pattern says where it is, and what was probably meant.
    if let Err(error) = TextLayout::pattern("{time} {mesage}") {
        println!("\na pattern with a mistake: {error}");
    }
    Ok(())
}
