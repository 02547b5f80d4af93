use hestia::Encode;

#[derive(Encode)]
struct Cart {
    #[hestia(display, debug)]
    id: u32,
    #[hestia(skip, bytes)]
    body: Vec<u8>,
}

fn main() {}
