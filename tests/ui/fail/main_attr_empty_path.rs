#[hestia::main(text = "", json(path = ""))]
fn main() {}
