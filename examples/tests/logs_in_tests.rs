//! Logs in tests, as a program's own tests have them. Each test has its own records, shown when it fails, and only then.

use std::io;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use hestia::testing::{Capture, Matcher, current, matching};
use hestia::{Level, hlog, scope};

/// What is tested: charges an order, and has a word to say about it.
fn charge(order: u64, amount: f64) -> io::Result<()> {
    let _scope = scope!(order);
    log::debug!(amount; "charging");
    if amount > 1000.0 {
        hlog!(error, amount, limit = 1000.0, "refused");
        return Err(io::Error::other("beyond the limit"));
    }
    log::info!("charged");
    Ok(())
}

/// Matchers can be kept, and narrowed.
fn of_order(order: u64) -> Matcher {
    matching().target("logs_in_tests").field("order", order)
}

#[hestia::test]
fn a_charge_is_told(capture: &Capture) -> io::Result<()> {
    charge(5, 12.5)?;
    capture.assert_in_order(["charging", "charged"].map(|message| of_order(5).message(message)));
    capture.assert_not_logged(matching().at_least(Level::Warn));
    Ok(())
}

/// Fails by itself when an error is logged that no line here speaks of.
#[hestia::test(deny_errors)]
fn a_refusal_is_an_error() {
    assert!(charge(6, 2000.0).is_err());
    let refused = current().assert_logged(of_order(6).level(Level::Error).field("limit", 1000.0));
    assert_eq!(refused.message(), "refused");
}

/// Threads take the scope over; so do tasks, by `in_current_scope()`.
#[hestia::test(level = "info")]
fn charges_on_other_threads_are_told(capture: &Capture) {
    let threads = [7, 8].map(|order| {
        let scope = capture.scope();
        thread::spawn(move || scope.run(|| charge(order, 1.0)))
    });
    for thread in threads {
        assert!(thread.join().is_ok_and(|charged| charged.is_ok()));
    }
    capture.assert_count(matching().message("charged"), 2);
    capture.assert_not_logged(matching().message("charging"));
}

#[hestia::test]
fn times_are_those_that_the_test_sets(capture: &Capture) -> io::Result<()> {
    capture.set_time(UNIX_EPOCH + Duration::from_secs(86_400));
    charge(9, 1.0)?;
    let charged = capture.assert_logged(of_order(9).message("charged"));
    assert!(
        charged
            .to_string()
            .starts_with("1970-01-02T00:00:00.000Z INFO ")
    );
    Ok(())
}
