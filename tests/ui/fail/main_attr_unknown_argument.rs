#[hestia::main(levle = "info", database = "x")]
fn main() {}
