//! Said at compile time: settings that the compiler has checked, types that are values of the log, and an error that
//! `main` returns, logged with its sources.
//!
//! Runs itself once more with an order that fails.

use std::env;
use std::error::Error;

use hestia::{Encode, hlog};
use hestia_examples::{again, show};

#[derive(Encode)]
struct Order {
    id: u32,
    state: State,
    #[hestia(skip)]
    card: String,
}

#[derive(Encode)]
enum State {
    Open,
    Paid { total: f64 },
}

#[hestia::main(
    app = "billing",
    level = "info,hyper=warn",
    console = false,
    text(pattern = "{level:<5} {application} | {message} {metadata}"),
    logs_dir = "logs/13_attribute",
    metadata(region = "eu-1")
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut order = Order {
        id: 5,
        state: State::Open,
        card: "4711".to_owned(),
    };
    if env::args().nth(1).is_some() {
        order.card = "no number".to_owned();
        return pay(&mut order);
    }
    pay(&mut order)?;
    let status = again("as-a-child")?.status()?;
    println!("the child ended with {status}");
    hestia::flush()?;
    show("logs/13_attribute/all.log", 2)?;
    let report = hestia::report().map(|report| report.to_string());
    println!("\n{}", report.unwrap_or_default());
    Ok(())
}

fn pay(order: &mut Order) -> Result<(), Box<dyn Error>> {
    let card: u32 = order.card.parse()?;
    order.state = State::Paid { total: 12.5 };
    hlog!(info, order, "paid with a card that ends in {}", card % 100);
    Ok(())
}
