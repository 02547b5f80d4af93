#[hestia::main(drain_on = "hang_up", reopen_on_hang_up = true)]
fn main() {}
