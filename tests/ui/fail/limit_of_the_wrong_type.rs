use hestia::hlog;

struct User;

fn main() {
    let (period, number, share) = (5, 10_u64, 1);
    hlog!(info, every: period, "slow");
    hlog!(info, first: number, "slow");
    hlog!(info, sample: share, "slow");
    hlog!(info, first: 1, by: User, "slow");
    hlog!(info, first: 1, by: 0.5, "slow");
}
