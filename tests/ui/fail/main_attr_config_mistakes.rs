// What names the file of settings is a path; the rest are switches.
#[hestia::main(config = "", watch = "no", level_signals = 1)]
fn main() {}

mod kind {
    #[hestia::main(config = 5, confg = "hestia.toml", wathc = false)]
    pub fn main() {}
}
