fn main() {
    hestia::hlog!(info, target = "db", "slow");
    hestia::hlog!(info, "slow", logger = 5);
}
