fn main() {
    hestia::hlog!(info, cart:? = ?5, "x");
    hestia::hlog!(info, cart:serde = %5, "x");
}
