fn main() {
    hestia::hlog!(info, user_id = 5; "ready");
}
