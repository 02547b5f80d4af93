use hestia::Encode;

#[derive(Encode)]
struct Id(#[hestia(skip)] u32);

fn main() {}
