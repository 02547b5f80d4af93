#[hestia::main(exit_limit = "5", block_limit = "5 secs", linger = 5)]
fn main() {}
