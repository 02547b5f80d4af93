#[hestia::main(text = "logs/a.log", json(path = "logs/a.log"))]
fn main() {}
