#[hestia::main(level = "info", app = "a", level = "debug", text(path = "a", path = "b"))]
fn main() {}
