#[hestia::main(overflow(drop_below = "off"))]
fn main() {}
