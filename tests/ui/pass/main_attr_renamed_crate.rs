// hestia is reached by another name.
mod facade {
    pub mod inner {
        pub use ::hestia as journal;
    }
}

mod hestia {}

#[derive(facade::inner::journal::Encode)]
#[hestia(crate = crate::facade::inner::journal)]
struct Cart {
    items: u32,
}

#[facade::inner::journal::main(console = false, text = false, json = false, env = false, crate = facade::inner::journal, metadata(cart = Cart { items: 3 }))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}
