use hestia::Encode;

#[derive(Encode)]
union Either {
    number: u32,
    bytes: [u8; 4],
}

fn main() {}
