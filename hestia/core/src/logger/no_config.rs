//! In the place of [`super::config`] where the feature is off: no file is read, and somebody who names one hears of it.

use std::sync::Arc;

use super::env::Environment;
use super::pipeline::Pipeline;
use super::report::ReportRow;
use super::settings::Settings;

/// There is none.
#[derive(Debug)]
pub(super) enum Source {}

/// As the one of the feature.
pub(super) struct Mistake {
    pub(super) what: String,
    pub(super) instead: Instead,
}

/// As the one of the feature.
#[allow(dead_code, reason = "a file that is not read has no other mistakes")]
pub(super) enum Instead {
    Setting(&'static str),
    Rest,
    Nothing,
}

/// Only the environment can name a file here.
pub(super) fn read(
    settings: &mut Settings,
    _: Option<&Arc<Environment>>,
) -> (Option<Source>, Vec<Mistake>) {
    let said = settings.config.value.as_ref();
    let unread = said.map(|path| Mistake {
        what: format!(
            "HESTIA_CONFIG={path:?}: this program was built without hestia's feature `config`"
        ),
        instead: Instead::Nothing,
    });
    (None, unread.into_iter().collect())
}

pub(super) fn watch(_: &'static Pipeline) {}

impl Source {
    pub(super) fn code(&self) -> &Settings {
        match *self {}
    }

    pub(super) fn began_with(&self, _: &Settings) {
        match *self {}
    }

    pub(super) fn for_child(&self) -> Self {
        match *self {}
    }

    pub(super) fn renew_lines(&self, _: &mut [ReportRow]) {
        match *self {}
    }

    pub(super) fn notes(&self) -> Vec<String> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let mut settings = Settings::default();
        assert_eq!(read(&mut settings, None).1.len(), 0);
        let path = Some("hestia.toml".into());
        settings.config.overrule(Some(path), "HESTIA_CONFIG");
        let (_, mistakes) = read(&mut settings, None);
        let what = "HESTIA_CONFIG=\"hestia.toml\": this program was built without hestia's feature `config`";
        assert_eq!(mistakes[0].what, what);
    }
}
