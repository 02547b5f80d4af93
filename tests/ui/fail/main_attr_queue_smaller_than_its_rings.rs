#[hestia::main(queue_bytes = 1000)]
fn main() {}
