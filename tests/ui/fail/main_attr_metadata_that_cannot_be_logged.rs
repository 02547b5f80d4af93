struct Unknown;

#[hestia::main(metadata(when = Unknown))]
fn main() {}
