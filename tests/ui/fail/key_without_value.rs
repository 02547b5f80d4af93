fn main() {
    hestia::hlog!(info, "content-type", "x {}", 1);
    hestia::hlog!(info, req.path, "x");
    hestia::hlog!(info, user_id =, "x");
    hestia::hlog!(info, user_id = );
}
