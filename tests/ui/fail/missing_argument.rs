fn main() {
    hestia::hlog!(info, "{} took {}", 1);
    hestia::hlog!(info, "{1}", 1);
    hestia::hlog!(info, "{} took {}", 1, ms = 5);
}
