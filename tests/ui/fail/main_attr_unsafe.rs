#[hestia::main]
unsafe fn main() {}
