fn main() {
    let user_id = 5;
    hestia::hlog!("ready");
    hestia::hlog!(user_id = 5, "ready");
    hestia::hlog!(target: "db", "ready");
    hestia::hlog!();
    hestia::hlog!(%user_id, "ready");
}
