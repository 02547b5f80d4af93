fn main() {
    hestia::hlog!(info, "" = "db", "slow");
    hestia::hlog!(info, = 5, "slow");
    hestia::hlog!(info, a. = 5, "slow");
}
