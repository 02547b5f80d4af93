use hestia::Encode;

#[derive(Encode)]
#[hestia(crate = ::hestia, crate = ::hestia)]
struct Cart {
    #[hestia(display, display)]
    id: u32,
    #[hestia(rename = "a")]
    #[hestia(rename = "b")]
    other: u32,
}

fn main() {}
