#[hestia::main(app = "billing" level = "info", env = flase)]
fn main() {}
