//! The one error of this program: a sentence that names what failed, on what, and why.

use std::fmt;

/// What failed, on what, and why.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Failure(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Says on what something failed.
pub(crate) trait Naming<T> {
    /// `cannot` is what was to be done, as in "cannot open logs/all.log".
    fn or_cannot(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Naming<T> for std::result::Result<T, E> {
    fn or_cannot(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure(format!("cannot {what}: {error}")))
    }
}
