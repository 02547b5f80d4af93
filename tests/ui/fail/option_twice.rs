fn main() {
    hestia::hlog!(info, target: "db", target: "other", "x");
}
