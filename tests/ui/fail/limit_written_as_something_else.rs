use hestia::hlog;

fn main() {
    hlog!(info, every = 5s, "slow");
    hestia::info!(every = 500ms; "slow");
    hlog!(info, "slow", every = 1.5h);
    hlog!(info, "slow", every: 5s);
    hestia::info!("slow", first: 10);
    hlog!(info, evry: 5s, "slow");
    hlog!(info, smaple: 0.5, "slow");
}
