fn main() {
    let elapsed = 1;
    hestia::hlog!(info, "took", ms = 1, elapsed);
    hestia::hlog!(info, "took {}", elapsed user_id = 5);
}
