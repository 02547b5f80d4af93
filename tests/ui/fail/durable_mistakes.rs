fn main() {
    let _ = hestia::durable!("paid");
    let _ = hestia::durable!(info, user_id = 5, within: std::time::Duration::ZERO, "paid");
    let _ = hestia::durable!(info, witin: std::time::Duration::ZERO, "paid");
    let _ = hestia::durable!(info, within: 5, "paid");
    let _: Result<hestia::Receipt, hestia::FlushError> = hestia::durable!(info);
    hestia::hlog!(info, within: std::time::Duration::ZERO, "paid");
    hestia::durable!(info, "paid");
}
