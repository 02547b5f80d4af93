#[hestia::main]
struct Main;

fn main() {}
