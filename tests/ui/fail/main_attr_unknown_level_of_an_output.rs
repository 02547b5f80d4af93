#[hestia::main(console(level = "verbose"), json(level = "debug,hyper=warn"))]
fn main() {}
