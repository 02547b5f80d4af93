fn main() {
    hestia::hlog!(info, "{");
    hestia::hlog!(info, "} {}", 1);
    hestia::hlog!(info, "{a b}");
    hestia::hlog!(info, "{user.name}");
    hestia::hlog!(info, "{:>>>}", 1);
}
