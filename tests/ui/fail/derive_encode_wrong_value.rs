use hestia::Encode;

#[derive(Encode)]
#[hestia(crate = "hestia")]
struct Cart {
    #[hestia(rename)]
    a: u32,
    #[hestia(rename = 5)]
    b: u32,
    #[hestia(rename = "")]
    c: u32,
    #[hestia(skip = true)]
    d: u32,
    #[hestia(display())]
    e: u32,
}

fn main() {}
