use hestia::Encode;

#[derive(Encode)]
struct Cart {
    #[hestia]
    a: u32,
    #[hestia = "skip"]
    b: u32,
}

fn main() {}
