use hestia::{durable, hlog};
use std::time::Duration;

fn main() {
    let user = 5;
    hlog!(info, every: 0s, "slow");
    hlog!(info, every: -5s, "slow");
    hlog!(info, every: 5, "slow");
    hlog!(info, every: 5sec, "slow");
    hlog!(info, every: "5s", "slow");
    hlog!(info, first: 0, "slow");
    hlog!(info, first: -1, "slow");
    hlog!(info, first: 1.5, "slow");
    hlog!(info, first: 5_000_000_000, "slow");
    hlog!(info, sample: 0, "slow");
    hlog!(info, sample: 1.5, "slow");
    hlog!(info, sample: -0.1, "slow");
    hlog!(info, sample: 1%, "slow");
    hlog!(info, by: user, "slow");
    hlog!(info, sample: 0.5, by: user, "slow");
    hlog!(info, every: 5s, suppressed = 3, "slow");
    hlog!(info, every: 0s, first: 0, sample: 2, "all of them");
    hlog!(info, every: 5s, every: 6s, "slow");
    let _ = durable!(info, every: 5s, sample: 0.1, "paid");
    let _ = Duration::ZERO;
}
