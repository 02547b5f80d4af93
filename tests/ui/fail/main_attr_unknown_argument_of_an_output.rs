#[hestia::main(console = (colour = "never"), text(patern = "{message}"), json(style = "json"))]
fn main() {}
