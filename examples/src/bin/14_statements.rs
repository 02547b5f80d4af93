//! hestia's own statements: typed key-values and messages that the writer's thread formats.

use std::error::Error;
use std::time::Duration;

use hestia::{Encode, Level, hlog};
use hestia_examples::{fresh_directory, records};

#[derive(Encode)]
struct Order {
    id: u64,
    items: Vec<&'static str>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("14_statements")?;
    let console = hestia::Console::stdout();
    let builder = hestia::builder().logs_dir(&directory).console(console);
    let hestia = builder.level("debug").init()?;

    let order = Order {
        id: 4711,
        items: vec!["tea", "cup"],
    };
    let (user_id, name, elapsed) = (5, "Ada", Duration::from_micros(12_345));
    hlog!(
        info,
        user_id,
        order = order,
        "{name} ordered, {:.1?} in all",
        elapsed
    );
    hlog!(
        info,
        request.method = "POST",
        request.path = "/orders",
        "nested keys"
    );
    hlog!(warn, target: "db", elapsed, "slow query");
    if let Err(err) = "47x".parse::<u32>() {
        hlog!(error, err, input = %"47x", "order refused");
    }
    hlog!(critical, "down: level ERROR, severity CRITICAL");

    let (level, password) = (Level::Debug, "hunter2");
    hlog!(level, "a level known at run time, and a secret: {password}");
    // In the place of `log::info!`, with its grammar.
    hestia::info!(user_id = 5; "hello {name}");
    let audit = hestia::logger("audit").metadata("team", "risk");
    hlog!(info, logger: audit, user_id, granted = true);

    hestia.flush()?;
    println!("\nthe same in app.log:");
    for record in records(directory.join("app.log"))? {
        println!("  {}: {}", record["message"], record["metadata"]);
    }
    Ok(())
}
