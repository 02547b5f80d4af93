#[hestia::main(app = 5, panics = "no", env = 0, ring_bytes = true, metadata = "eu-1", sink = "stderr", text = 5, level = ["info"], drain_on = 15, crate = "hestia", on_error = "print")]
fn main() {}
