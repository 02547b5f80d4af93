//! Standard streams that are closed, or that nobody reads.

use super::endings::burst;
use super::{Case, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::logger::{Setup, USUAL};

pub(super) const CASES: &[Case] = &[
    Case {
        setup: Setup {
            console: true,
            ..USUAL
        },
        memory_kib: Some(128 * 1024),
        ..Case::new(
            "stopped_reader",
            "console into a stopped program",
            Promise::NothingLost,
            |stage| {
                burst(stage);
                stage.tell_unflushed();
                Ok(())
            },
        )
    },
    Case {
        before: close_streams,
        ..Case::new(
            "closed_streams",
            "standard streams closed at the start",
            Promise::NothingLost,
            print_into_nothing,
        )
    },
];

fn close_streams() -> Outcome {
    for stream in 0..3 {
        // SAFETY: nothing in this program holds on to the number.
        unsafe { libc::close(stream) };
    }
    Ok(())
}

/// What a program prints by itself must not reach a log file that has the stream's number.
fn print_into_nothing(stage: &'static Stage) -> Outcome {
    for _ in 0..100 {
        for stream in 1..3 {
            let text = b"printed\n";
            // SAFETY: the text is as long as it says; whether the number is open does not matter.
            unsafe { libc::write(stream, text.as_ptr().cast(), text.len()) };
        }
        stage.burst(0..4, 10);
    }
    Ok(())
}
