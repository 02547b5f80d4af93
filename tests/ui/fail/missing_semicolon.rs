fn main() {
    hestia::info!(user_id = 5, "logged in");
    hestia::info!(user_id = 5; other = 6, "logged in");
    hestia::info!("logged in"; user_id = 5);
}
