#[hestia::main(
    rotate = (size = "10MBB", every = "daily", keep = "5", compress = "gz", names = "dates", on = "sundy", link = "a/b"),
    text = (rotate = "day"),
    json = (rotate = (sise = "10MB", at = "25:00")),
)]
fn main() {}
