#[hestia::main(text(pattern = "{time} {mesage}"))]
fn main() {}
