fn main() {
    hestia::hlog!(info, cart:sedre = 5, "x");
    hestia::hlog!(info, cart:json = 5, "x");
    hestia::hlog!(info, cart: 5, "x");
}
