fn main() {
    let message = String::from("ready");
    hestia::hlog!(info, message.as_str());
    hestia::hlog!(info, &message);
    hestia::hlog!(info, user_id = 5, format!("{message}"));
    hestia::info!(&message);
    hestia::hlog!(info, 5);
}
