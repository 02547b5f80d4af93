fn main() {
    hestia::hlog!("info".to_string(), "x");
    hestia::hlog!(5, "x");
    let level = "info";
    hestia::hlog!(level, "x");
    hestia::hlog!(hestia::LevelFilter::Info, "x");
}
