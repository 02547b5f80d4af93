#[hestia::main(level = "info,hyper=wran,app::=debug,tower=off,tower=warn")]
fn main() {}
