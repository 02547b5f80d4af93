//! Other people's hands: what log rotators and users do to files that are open. What was logged before is theirs; what
//! is logged more than a second later belongs into a file at the path.

use std::fs::{self, File};
use std::io;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::{Case, Promise};
use crate::Outcome;
use crate::child::Stage;
use crate::hestia::JSON;
use crate::logger::TEXT;

pub(super) const CASES: &[Case] = &[
    Case::new("renamed", "file renamed", Promise::NothingLost, |stage| {
        meanwhile(stage, |path| fs::rename(path, format!("{path}.1")))
    }),
    Case::new("unlinked", "file deleted", Promise::NothingLost, |stage| {
        meanwhile(stage, |path| fs::remove_file(path))
    }),
    Case::new(
        "copytruncate",
        "file copied and truncated",
        Promise::NothingLost,
        |stage| {
            meanwhile(stage, |path| {
                fs::copy(path, format!("{path}.1"))?;
                File::options().write(true).open(path)?.set_len(0)
            })
        },
    ),
    Case::new(
        "directory_removed",
        "directory removed",
        Promise::NothingLost,
        |stage| {
            meanwhile(stage, |_| match fs::remove_dir_all("logs") {
                // The first file's turn has removed the others, too.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result,
            })
        },
    ),
];

/// Does that to each file once it has something in it, lets more than a second pass, and logs on.
fn meanwhile(stage: &'static Stage, happens: impl Fn(&str) -> io::Result<()>) -> Outcome {
    for number in 0..1_000 {
        stage.say(&format_args!("before {number}"));
    }
    stage.logger.flush();
    for path in [TEXT.path, JSON.path] {
        if fs::exists(path)? {
            happens(path)?;
        }
    }
    thread::sleep(Duration::from_millis(1_200));
    let recovery = stage.recovery(0, TEXT.path, 0);
    stage.burst(0..4, 1_000);
    stage.tell(json!({ "recovery_millis": recovery.map(|time| time.as_millis() as u64) }));
    Ok(())
}
