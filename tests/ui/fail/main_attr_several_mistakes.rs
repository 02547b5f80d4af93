#[hestia::main(levle = "info", exit_limit = "soon", json(schema = "ecz"))]
async fn start(x: u8) {}

fn main() {}
