#[hestia::main(order = "strcit", overflow = "drop", json(schema = "gelf"), text(zone = "UTC", multiline = "keep"), console(style = "prety", color = "yes", stream = "err"))]
fn main() {}
