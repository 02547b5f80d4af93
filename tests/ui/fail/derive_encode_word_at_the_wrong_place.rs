use hestia::Encode;

#[derive(Encode)]
#[hestia(display)]
struct Cart {
    id: u32,
}

#[derive(Encode)]
enum Event {
    #[hestia(skip)]
    A,
}

#[derive(Encode)]
struct Pair(u8, #[hestia(rename = "second")] u8);

fn main() {}
