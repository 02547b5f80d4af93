fn main() {
    let user = "ada";
    hestia::hlog!(info, user_id = 5, name = "x", user_id = 6, "twice");
    hestia::hlog!(info, user, "twice, {}", 1, user = 6);
    hestia::hlog!(info, req.path = 5, req.path = 6);
    hestia::hlog!(info, "req.path" = 5, "req.path" = 6);
}
