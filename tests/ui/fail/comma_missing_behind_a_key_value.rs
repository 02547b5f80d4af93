fn main() {
    let id = 5;
    hestia::hlog!(info, %id "ready");
    hestia::info!(%id "ready");
}
