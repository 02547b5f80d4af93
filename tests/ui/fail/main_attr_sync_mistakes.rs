#[hestia::main(sync = "always", drain_on_crash = "yes")]
fn main() {}

mod files {
    #[hestia::main(text = (sync = "0s"), json = (sync = "eror"))]
    pub fn main() {}
}

mod unit {
    #[hestia::main(sync = "5 parsecs")]
    pub fn main() {}
}

mod kind {
    #[hestia::main(sync = true)]
    pub fn main() {}
}
