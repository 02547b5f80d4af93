#[hestia::main(level = " ")]
fn main() {}
