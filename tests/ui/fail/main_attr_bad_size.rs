#[hestia::main(ring_bytes = "10 MBB", queue_bytes = "64M")]
fn main() {}
