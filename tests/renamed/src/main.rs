//! A program of the oldest edition, in which hestia is called something else.

#[derive(journal::Encode)]
#[hestia(crate = journal)]
enum Order {
    Paid {
        id: u32,
        #[hestia(debug)]
        r#async: bool,
    },
}

#[journal::main(
    crate = journal,
    app = "old",
    level = "info,hyper=warn",
    metadata(order = Order::Paid { id: 5, r#async: true }),
    exit_limit = "2s",
    console = false
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    log::info!("ready");
    Err("over".into())
}
