#[hestia::main]
async fn main() {}
