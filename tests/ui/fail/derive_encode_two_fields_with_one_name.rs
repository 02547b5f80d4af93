use hestia::Encode;

#[derive(Encode)]
struct Cart {
    id: u32,
    #[hestia(rename = "id")]
    number: u32,
}

#[derive(Encode)]
enum Event {
    A,
    #[hestia(rename = "A")]
    B,
}

fn main() {}
