#[hestia::main(level = "inof")]
fn main() {}
