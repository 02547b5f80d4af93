fn main() {
    hestia::hlog!(info "ready");
}
