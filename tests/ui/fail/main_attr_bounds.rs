#[hestia::main(ring_bytes = "1KB", grace = "2s")]
fn main() {}
