#[hestia::main]
const fn main() {}
