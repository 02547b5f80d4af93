//! What the environment says; it wins over what the code said, so that the person who runs the program
//! has the last word at its start.
//!
//! Read once, by `init`. *Invariant:* a bad value never stops the program and is never silent: one line
//! says which variable, what was wrong, and what is used instead.

mod rotation;

use std::ffi::OsString;
use std::path::PathBuf;

use hestia_grammar::{Directives, parse_bool};

use rotation::RotationWords;

/// What was found. Absent is what no variable says, or says wrongly.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Environment {
    /// The directives and the variable they came from.
    pub(super) level: Option<(Directives, &'static str)>,
    pub(super) app: Option<String>,
    pub(super) version: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) logs_dir: Option<PathBuf>,
    pub(super) internal_logger: Option<bool>,
    pub(super) is_container: Option<bool>,
    pub(super) rotation: Option<RotationWords>,
    /// The operator's file.
    pub(super) config: Option<PathBuf>,
    /// One for each bad variable.
    pub(super) warnings: Vec<Warning>,
}

/// What is wrong with a variable.
#[derive(Debug, PartialEq)]
pub(super) struct Warning {
    /// The variable and its value, and what is wrong with it.
    pub(super) what: String,
    /// The setting that stays as it is otherwise; none when the good part of the value is used.
    pub(super) setting: Option<&'static str>,
}

impl Environment {
    /// Reads the process's environment, and a `.env` file where the feature is on.
    pub(super) fn read() -> Self {
        let dotenv = dotenv::Variables::read();
        let mut found = Environment::from_variables(|name| {
            std::env::var_os(name).or_else(|| dotenv.get(name).map(OsString::from))
        });
        found.warnings.extend(dotenv.warnings);
        found
    }

    /// `get` answers with a variable's value.
    pub(super) fn from_variables(get: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut reader = Reader {
            get: &get,
            warnings: Vec::new(),
        };
        Environment {
            level: reader.level(),
            app: reader.text("APP_NAME", "app"),
            version: reader.text("APP_VERSION", "version"),
            environment: reader.text("ENVIRONMENT", "environment"),
            logs_dir: reader.path("LOGS_DIR"),
            config: reader.path("HESTIA_CONFIG"),
            internal_logger: reader.boolean("ENABLE_INTERNAL_LOGGER", "internal_logger"),
            is_container: reader.boolean("IS_CONTAINER_OVERRIDE", "container"),
            rotation: RotationWords::read(&mut reader),
            warnings: reader.warnings,
        }
    }
}

struct Reader<'g> {
    get: &'g dyn Fn(&str) -> Option<OsString>,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    /// A variable that is set to something; an empty one counts as not set.
    fn text(&mut self, name: &str, setting: &'static str) -> Option<String> {
        let value = match (self.get)(name)?.into_string() {
            Ok(value) => value,
            Err(raw) => {
                let raw = raw.to_string_lossy();
                self.warn(name, &raw, "it is not UTF-8", Some(setting));
                return None;
            }
        };
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A path may be any bytes.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let path = (self.get)(name).filter(|path| !path.is_empty());
        path.map(PathBuf::from)
    }

    fn boolean(&mut self, name: &str, setting: &'static str) -> Option<bool> {
        let value = self.text(name, setting)?;
        match parse_bool(&value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.warn(name, &value, &error.to_string(), Some(setting));
                None
            }
        }
    }

    /// The first variable with directives, and which one that is.
    fn level(&mut self) -> Option<(Directives, &'static str)> {
        for name in ["LOG_LEVEL", "RUST_LOG"] {
            if let Some(directives) = self.directives(name) {
                return Some((directives, name));
            }
        }
        None
    }

    /// The directives of a variable. What is good in them counts, what is bad is warned of.
    fn directives(&mut self, name: &str) -> Option<Directives> {
        let value = self.text(name, "level")?;
        let (directives, errors) = Directives::parse_lenient(&value);
        let nothing_good = directives.is_empty();
        let mut wrong = String::new();
        for error in &errors {
            wrong.push_str(if wrong.is_empty() { "" } else { ", and " });
            wrong.push_str(&error.to_string());
        }
        if !errors.is_empty() {
            self.warn(name, &value, &wrong, nothing_good.then_some("level"));
        }
        (!nothing_good).then_some(directives)
    }

    #[cold]
    fn warn(&mut self, name: &str, value: &str, wrong: &str, setting: Option<&'static str>) {
        self.warnings.push(Warning {
            what: format!("{name}={value:?}: {wrong}"),
            setting,
        });
    }
}

#[cfg(feature = "dotenv")]
mod dotenv {
    use std::collections::HashMap;

    use super::Warning;

    /// The variables of the nearest `.env` file, from the working directory upwards.
    pub(super) struct Variables {
        found: HashMap<String, String>,
        pub(super) warnings: Vec<Warning>,
    }

    impl Variables {
        pub(super) fn read() -> Self {
            let mut variables = Variables {
                found: HashMap::new(),
                warnings: Vec::new(),
            };
            match dotenvy::dotenv_iter() {
                Ok(lines) => {
                    for line in lines {
                        match line {
                            // As everywhere, the first one counts.
                            Ok((name, value)) => {
                                variables.found.entry(name).or_insert(value);
                            }
                            Err(error) => variables.warn(&error),
                        }
                    }
                }
                Err(error) if error.not_found() => {}
                Err(error) => variables.warn(&error),
            }
            variables
        }

        pub(super) fn get(&self, name: &str) -> Option<String> {
            self.found.get(name).cloned()
        }

        fn warn(&mut self, error: &dotenvy::Error) {
            self.warnings.push(Warning {
                what: format!(".env: {error}"),
                setting: None,
            });
        }
    }
}

#[cfg(not(feature = "dotenv"))]
mod dotenv {
    use super::Warning;

    /// Nothing: the feature `dotenv` is off.
    pub(super) struct Variables {
        pub(super) warnings: [Warning; 0],
    }

    impl Variables {
        pub(super) fn read() -> Self {
            Variables { warnings: [] }
        }

        #[allow(clippy::unused_self, reason = "the other one uses it")]
        pub(super) fn get(&self, _: &str) -> Option<String> {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn nothing_set_says_nothing() {
        assert_eq!(environment(&[]), Environment::default());
    }

    #[test]
    fn log_level_goes_before_rust_log() {
        let found = environment(&[("LOG_LEVEL", "debug"), ("RUST_LOG", "warn")]);
        let (directives, from) = found.level.unwrap();
        assert_eq!(
            (directives.to_string().as_str(), from),
            ("debug", "LOG_LEVEL")
        );
        let found = environment(&[("LOG_LEVEL", ""), ("RUST_LOG", "warn")]);
        assert_eq!(found.level.unwrap().1, "RUST_LOG");
    }

    #[test]
    fn a_bad_part_is_named_and_the_rest_is_used() {
        let found = environment(&[("LOG_LEVEL", "info,hyper=wran")]);
        assert_eq!(found.level.unwrap().0.to_string(), "info");
        assert_eq!(found.warnings.len(), 1);
        let warning = &found.warnings[0].what;
        assert_eq!(found.warnings[0].setting, None, "the rest of it is used");
        for part in ["LOG_LEVEL", "wran", "warn"] {
            assert!(warning.contains(part), "{warning}");
        }
    }

    #[test]
    fn a_bad_level_falls_back_to_rust_log() {
        let found = environment(&[("LOG_LEVEL", "verbose"), ("RUST_LOG", "warn")]);
        assert_eq!(found.level.unwrap().1, "RUST_LOG");
        assert_eq!(found.warnings[0].setting, Some("level"));
    }

    #[test]
    fn bad_booleans_are_named() {
        let found = environment(&[("ENABLE_INTERNAL_LOGGER", "maybe")]);
        assert_eq!(found.internal_logger, None);
        assert!(found.warnings[0].what.contains("ENABLE_INTERNAL_LOGGER"));
        assert_eq!(found.warnings[0].setting, Some("internal_logger"));
    }
}
