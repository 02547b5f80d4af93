#[hestia::main(level = info)]
fn main() {}
