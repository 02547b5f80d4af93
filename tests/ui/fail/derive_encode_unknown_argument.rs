use hestia::Encode;

#[derive(Encode)]
#[hestia(crat = hestia)]
struct Cart {
    #[hestia(dispaly)]
    id: u32,
    #[hestia(flatten)]
    rest: u32,
}

#[derive(Encode)]
enum Event {
    #[hestia(renme = "a")]
    A,
}

fn main() {}
