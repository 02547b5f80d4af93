#[hestia::main(metadata(region, team = "a", team = "b"))]
fn main() {}
