fn main() {
    hestia::hlog!(info, target: 5, "x");
    hestia::hlog!(info, logger: "audit", "x");
}
