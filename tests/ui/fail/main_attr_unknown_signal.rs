#[hestia::main(drain_on = ["SIGTERM", "quit"])]
fn main() {}
