#[hestia::main(redact = "card")]
fn main() {}
