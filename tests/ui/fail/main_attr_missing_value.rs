#[hestia::main(app =, level, console(level))]
fn main() {}
