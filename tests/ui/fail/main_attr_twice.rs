#[hestia::main]
#[hestia::main(level = "info")]
fn main() {}
