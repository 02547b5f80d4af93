//! Named loggers: an application name, key-values and, when asked for, a text file of their own.
//!
//! Any thread. *Invariant:* what records refer to is given up only through the queue, which keeps it
//! until the writer has seen all of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use log::{Log, Metadata, Record};

use super::own_file;
use super::pipeline::{self, Pipeline};
use crate::callsite::kept::Kept;
use crate::callsite::statement::Named;
use crate::callsite::{facade, front};
use crate::record::{Encode, Shared, set_field};
use crate::thread::is_own;

/// A logger with an application name of its own; made by [`crate::logger`].
///
/// It is cheap to clone and can be made at any time, before hestia is turned on too. Its records go to
/// all outputs, as others do.
///
/// # Example
/// ```
/// hestia::builder().console(false).text(false).json(false).env(false).init()?;
/// let audit = hestia::logger("audit").metadata("team", "risk");
/// log::info!(logger: audit, user_id = 5; "granted");
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone)]
pub struct Logger {
    kept: Kept,
    file: Option<PathBuf>,
    /// The pipeline in which the own file has been opened.
    opened_in: Arc<AtomicPtr<Pipeline>>,
}

impl Logger {
    pub(super) fn new(application: String) -> Self {
        Logger::with(
            Shared {
                application: Some(application),
                ..Shared::default()
            },
            None,
        )
    }

    fn with(shared: Shared, file: Option<PathBuf>) -> Self {
        Logger {
            kept: Kept::new(shared),
            file,
            opened_in: Arc::default(),
        }
    }

    /// The same logger with one more key-value, which each of its records carries. A key that is there
    /// already gets the new value. Secrets are hidden (see [`Redaction`](crate::Redaction)).
    #[must_use]
    pub fn metadata(self, key: &str, value: impl Encode) -> Self {
        let mut fields = self.kept.shared().fields.said().to_vec();
        set_field(&mut fields, key, &value);
        let shared = Shared {
            fields: fields.into(),
            ..self.copy()
        };
        Logger::with(shared, self.file)
    }

    /// The same logger with a text file of its own, which gets its records beside all other outputs. The
    /// file is opened at once, or by `init` when that comes later; when that fails, it is reported, and the
    /// other outputs go on. As an output it has the path, as it is said here, for a name.
    ///
    /// Where the environment says `LOGS_DIR`, the file goes there, under its own name. Should another file
    /// have that name there, it keeps the directories said here: `b/audit.log` becomes
    /// `$LOGS_DIR/b/audit.log`.
    #[must_use]
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let mut shared = self.copy();
        shared.logger = Some(own_file::number(&path));
        let logger = Logger::with(shared, Some(path));
        // Before the first statement, so that the level check knows of it.
        logger.open_file();
        logger
    }

    /// A new one each time: records that are still in the queue refer to the old one.
    fn copy(&self) -> Shared {
        let shared = self.kept.shared();
        Shared {
            logger: shared.logger,
            application: shared.application.clone(),
            fields: shared.fields.said().to_vec().into(),
            ..Shared::default()
        }
    }

    /// Opens the own file in the running pipeline, once. Not on hestia's own threads: the error hook may be
    /// running because a file cannot be opened, under the lock that this would take.
    fn open_file(&self) {
        if is_own() {
            return;
        }
        let (Some(path), Some(pipeline)) = (&self.file, pipeline::running()) else {
            return;
        };
        let pipeline_address = std::ptr::from_ref(pipeline).cast_mut();
        if self.opened_in.load(Ordering::Acquire) != pipeline_address {
            pipeline.add_own_file(path);
            self.opened_in.store(pipeline_address, Ordering::Release);
        }
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.kept.shared();
        out.debug_struct("Logger")
            .field("application", &shared.application)
            .field("metadata", &shared.fields)
            .field("file", &self.file)
            .finish()
    }
}

impl Named for Logger {
    fn shared(&self) -> &Shared {
        self.open_file();
        self.kept.shared()
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        front().is_some_and(|front| front.gate.allows(metadata.level(), metadata.target()))
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(front) = front() {
            facade::log(front, record, Some(self.shared()));
        }
    }

    fn flush(&self) {
        super::HESTIA.flush();
    }
}
