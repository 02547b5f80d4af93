#[hestia::main]
extern "C" fn main() {}
