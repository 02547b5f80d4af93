#[hestia::main]
fn start() {}

fn main() {}
