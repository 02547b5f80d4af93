fn main() {
    let elapsed = 1.5;
    hestia::hlog!(info, "took", elapsed);
    hestia::hlog!(info, "took {}", 1, elapsed);
    hestia::info!("took {}", 1, ms = elapsed);
}
