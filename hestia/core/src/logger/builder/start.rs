//! Turning hestia on: what code, file and environment say is put together and checked, and a pipeline made of it.
//!
//! The thread that calls `init`.
//!
//! *Invariant:* one start at a time, and one that succeeds; nothing is opened before hestia is `log`'s logger.

use std::sync::{Arc, Mutex};

use super::Builder;
use crate::error::{ErrorKind, InitError};
use crate::filter::directives::tell_of_levels;
use crate::internal;
use crate::logger::config::{self, Instead, Mistake, Source};
use crate::logger::env::{Environment, Warning};
use crate::logger::live::Present;
use crate::logger::pipeline::{self, Pipeline, WithoutThread};
use crate::logger::report::{Report, rows};
use crate::logger::settings::{Settings, invalid, same_hook};
use crate::logger::{HESTIA, Handle, exit};
use crate::sync::lock;

impl Builder {
    /// Turns hestia on, and makes it the logger of the `log` crate.
    ///
    /// The handle may be dropped or ignored: nothing is lost. An output that cannot be opened is
    /// reported on stderr and tried again later; it does not make this fail.
    ///
    /// # Errors
    /// When a setting makes no sense, the writer thread cannot be started, hestia runs already, or
    /// another logger is installed. Never panics.
    pub fn init(self) -> Result<Handle, InitError> {
        let _one_at_a_time = lock(&INIT);
        if pipeline::running().is_some() {
            return Err(InitError::new(
                ErrorKind::AlreadyRunning,
                "hestia runs already; only the first `init` counts",
            ));
        }
        start(self.complete()?)
    }

    /// As [`Builder::init`], but when hestia runs already with equal settings, returns its handle. Sinks
    /// of the program's own are equal when their names are; where a file says settings, it is the code's that are compared.
    ///
    /// # Errors
    /// As `init`; [`ErrorKind::AlreadyRunning`] names the first setting that differs.
    pub fn try_init(self) -> Result<Handle, InitError> {
        let _one_at_a_time = lock(&INIT);
        let complete = self.complete()?;
        let Some(running) = pipeline::running() else {
            return start(complete);
        };
        let (new, old) = match (&complete.source, &running.source) {
            (Some(new), Some(old)) => (new.code(), old.code()),
            _ => (&*complete.settings, &*running.settings),
        };
        match difference(new, old) {
            None => Ok(Handle::new()),
            Some(difference) => Err(InitError::new(
                ErrorKind::AlreadyRunning,
                format!("hestia runs already with other settings: {difference}"),
            )),
        }
    }

    /// The code's word first, then the file's, then the environment's.
    fn complete(self) -> Result<Complete, InitError> {
        if let Some(wrong) = self.wrong {
            return Err(invalid(wrong));
        }
        let mut settings = self.settings;
        let environment = settings.reads_environment.value.then(Environment::read);
        let environment = environment.map(Arc::new);
        if let Some(found) = &environment {
            let path = found.config.clone().map(Some);
            settings.config.overrule(path, "HESTIA_CONFIG");
        }
        // What the code says wrongly is the program's to hear, whatever the file makes of it.
        settings.check()?;
        let (source, mistakes) = config::read(&mut settings, environment.as_ref());
        let mut left_out = Vec::new();
        if let Some(found) = environment
            .as_ref()
            .filter(|_| settings.reads_environment.value)
        {
            left_out = settings.apply(found);
        }
        settings.complete()?;
        if let Some(source) = &source {
            source.began_with(&settings);
        }
        Ok(Complete {
            settings: Arc::new(settings),
            source,
            mistakes,
            environment,
            left_out,
        })
    }
}

/// What is to be started, and what is to be told about it.
struct Complete {
    settings: Arc<Settings>,
    source: Option<Source>,
    mistakes: Vec<Mistake>,
    environment: Option<Arc<Environment>>,
    /// Of the environment.
    left_out: Vec<Warning>,
}

impl Complete {
    /// One line for each mistake: where it is, what is wrong, what is used instead.
    fn tell(&self) {
        let rows = rows(&self.settings);
        let tell = |part: &str, what: &str, setting: Option<&str>, otherwise: &str| {
            let row = rows.iter().find(|row| Some(&*row.setting) == setting);
            let what = match row {
                Some(row) => format!("{what}; {} is `{}` instead", row.setting, row.value),
                None => format!("{what}; {otherwise}"),
            };
            internal::tell(part, what);
        };
        let found: &[Warning] = match &self.environment {
            Some(found) => &found.warnings,
            None => &[],
        };
        for warnings in [found, &self.left_out] {
            for Warning { what, setting } in warnings {
                tell("environment", what, *setting, "the rest of it is used");
            }
        }
        for Mistake { what, instead, .. } in &self.mistakes {
            let (setting, otherwise) = match instead {
                Instead::Setting(setting) => (Some(*setting), "the rest of the file is used"),
                Instead::Rest => (None, "the rest of the file is used"),
                Instead::Nothing => (None, "code and environment alone count"),
            };
            tell("config", what, setting, otherwise);
        }
    }
}

static INIT: Mutex<()> = Mutex::new(());

fn start(complete: Complete) -> Result<Handle, InitError> {
    let settings = &complete.settings;
    // Before anything is opened: a program that has another logger gets no empty files from this one.
    if log::set_logger(&HESTIA).is_err() && !is_ours() {
        return Err(InitError::new(
            ErrorKind::OtherLogger,
            "the `log` crate has another logger already (`tracing_subscriber`'s `init` installs one, too); `init` must come before it, or instead of it",
        ));
    }
    if let Some(turn_on) = settings.tracing.value {
        turn_on()?;
    }
    internal::set_hook(settings.error_hook.clone());
    if settings.internal_logger.value {
        let path = settings.logs_dir.value.join("hestia_internal.log");
        if let Err(error) = internal::open_log(&path) {
            internal::tell(
                "internal log",
                format!("cannot open {}: {error}", path.display()),
            );
        }
    }
    complete.tell();
    let Complete {
        settings, source, ..
    } = complete;
    let present = Present::at_start(&settings);
    let pipeline: &Pipeline = Pipeline::start(settings, present, source, WithoutThread::Fail)?;
    tell_of_levels();
    if let Err(error) = exit::prepare(&pipeline.settings) {
        internal::tell("signals", format!("cannot listen for signals: {error}"));
    }
    config::watch(pipeline);
    for line in Report::of(pipeline).to_string().lines() {
        internal::note("init", line.to_owned());
    }
    Ok(Handle::new())
}

/// Whether the logger that `log` has is this one: an `init` that failed late can be tried again.
fn is_ours() -> bool {
    let installed: *const dyn log::Log = log::logger();
    std::ptr::addr_eq(installed, std::ptr::from_ref(&HESTIA))
}

/// The first setting that differs.
fn difference(new: &Settings, running: &Settings) -> Option<String> {
    let (new_rows, running_rows) = (rows(new), rows(running));
    for new in &new_rows {
        match running_rows
            .iter()
            .find(|running| running.setting == new.setting)
        {
            Some(running) if running.value == new.value => {}
            Some(running) => {
                return Some(format!(
                    "{} is {}, not {}",
                    running.setting, running.value, new.value
                ));
            }
            None => return Some(format!("{} is not there", new.setting)),
        }
    }
    if new_rows.len() != running_rows.len() || new.metadata.value != running.metadata.value {
        return Some("there are other outputs or other metadata".to_owned());
    }
    let hooks = (new.error_hook.as_ref(), running.error_hook.as_ref());
    (!same_hook(hooks.0, hooks.1)).then(|| "there is another error hook".to_owned())
}
