fn main() {
    hestia::hlog!(info, user_id = 5, target: "db", "x");
    hestia::hlog!(info, "x", target: "db");
    hestia::info!(user_id = 5; target: "db", "x");
}
