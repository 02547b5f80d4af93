fn main() {
    hestia::hlog!(info, traget: "db", "x");
    hestia::info!(tagret: "db", "x");
}
