fn main() {
    hestia::hlog!(info);
    hestia::hlog!(info, target: "db");
    hestia::info!();
    hestia::info!(target: "db");
}
