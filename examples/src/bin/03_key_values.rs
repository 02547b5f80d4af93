//! Key-values of the `log` crate: numbers stay numbers, serde values keep their structure, errors bring
//! their causes, and JSON shows all of it.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;

use hestia::Console;
use hestia_examples::{fresh_directory, records};
use serde::Serialize;

#[derive(Serialize)]
struct Address {
    city: &'static str,
    geo: (f64, f64),
}

#[derive(Debug)]
struct BadOrder(ParseIntError);

impl fmt::Display for BadOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the order's number makes no sense")
    }
}

impl Error for BadOrder {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = fresh_directory("03_key_values")?;
    let hestia = hestia::builder()
        .logs_dir(&directory)
        .console(Console::stdout())
        .init()?;

    let user_id = 5;
    log::info!(user_id, ratio = 0.1, paid = true, name = "Ada Lovelace"; "typed");
    log::info!(ip:% = std::net::Ipv4Addr::LOCALHOST, span:? = 1..3; "by Display and by Debug");
    let home = Address {
        city: "Zürich",
        geo: (47.37, 8.54),
    };
    log::info!(home:serde, tags:serde = ["new", "vip"]; "with a structure");
    if let Err(error) = "47x".parse::<u32>().map_err(BadOrder) {
        log::error!(err:err = error; "order refused");
    }

    hestia.flush()?;
    println!("\nthe same key-values in app.log:");
    for record in records(directory.join("app.log"))? {
        println!("  {}: {}", record["message"], record["metadata"]);
    }
    Ok(())
}
