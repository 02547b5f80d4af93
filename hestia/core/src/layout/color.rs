//! Colours of the console, and whether they are wanted.
//!
//! The `colored` crate knows the codes; its process-wide switch is never read or set, so that one output's
//! colours say nothing about another's.
//!
//! # Source
//! ECMA-48, section 8.3.117 (SGR); <https://no-color.org>; <https://bixense.com/clicolors/>.

use colored::Color;

use crate::level::{Level, Severity};

/// Whether an output is to be coloured. `env` looks up an environment variable.
///
/// The first that applies decides:
///
/// | | colours |
/// |---|---|
/// | `NO_COLOR` is set and not empty | no |
/// | `CLICOLOR_FORCE` is set, not empty and not `0` | yes, terminal or not |
/// | the output is no terminal | no |
/// | `TERM` is `dumb` | no |
/// | `CLICOLOR` is `0` | no |
/// | otherwise | yes |
pub(crate) fn color_wanted(env: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let value = |name| env(name).filter(|value| !value.is_empty());
    if value("NO_COLOR").is_some() {
        return false;
    }
    if value("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
        return true;
    }
    is_terminal
        && value("TERM").is_none_or(|term| term != "dumb")
        && value("CLICOLOR").is_none_or(|color| color != "0")
}

/// How the parts of a line are painted; not at all without colours.
#[derive(Debug, Default)]
pub(super) struct Palette {
    /// Time and target: what is looked at only when it is looked for.
    pub(super) dim: Paint,
    pub(super) key: Paint,
    critical: Paint,
    error: Paint,
    warn: Paint,
    info: Paint,
    debug: Paint,
    trace: Paint,
}

impl Palette {
    pub(super) fn new(color: bool) -> Self {
        let mut palette = Palette::default();
        if color {
            palette.paint();
        }
        palette
    }

    /// Only in the sixteen colours that a terminal's own scheme defines, and of them those that are read on light ground and
    /// dark: no bright yellow, no white, and the bright blue instead of the dark one.
    fn paint(&mut self) {
        let (white, on_red) = (Color::BrightWhite.to_fg_str(), Color::Red.to_bg_str());
        self.dim.set(DIM);
        self.key.set(DIM_AND_ITALIC);
        self.critical.set(&format!("{BOLD}{white};{on_red}"));
        self.error.set_color(BOLD, Color::Red);
        self.warn.set_color("", Color::Yellow);
        self.info.set_color("", Color::Green);
        self.debug.set_color("", Color::BrightBlue);
        self.trace.set_color("", Color::Magenta);
    }

    pub(super) fn severity(&self, severity: Severity) -> &Paint {
        match severity {
            Severity::Critical => &self.critical,
            Severity::Level(Level::Error) => &self.error,
            Severity::Level(Level::Warn) => &self.warn,
            Severity::Level(Level::Info) => &self.info,
            Severity::Level(Level::Debug) => &self.debug,
            Severity::Level(Level::Trace) => &self.trace,
        }
    }
}

/// Before a colour.
const BOLD: &str = "1;";
const DIM: &str = "2";
const DIM_AND_ITALIC: &str = "2;3";
const RESET: &str = "\u{1b}[0m";

/// What is written before and after a painted part; nothing for one that is not painted.
#[derive(Debug, Default)]
pub(super) struct Paint {
    before: String,
    after: &'static str,
}

impl Paint {
    fn set_color(&mut self, style: &str, color: Color) {
        self.set(&format!("{style}{}", color.to_fg_str()));
    }

    fn set(&mut self, codes: &str) {
        self.before = format!("\u{1b}[{codes}m");
        self.after = RESET;
    }

    pub(super) fn append(&self, line: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) {
        line.extend_from_slice(self.before.as_bytes());
        append(line);
        line.extend_from_slice(self.after.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let env = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        color_wanted(env, is_terminal)
    }

    #[test]
    fn a_terminal_is_coloured_and_nothing_else() {
        assert!(wanted(&[], true));
        assert!(wanted(
            &[("TERM", "xterm-256color"), ("CLICOLOR", "1")],
            true
        ));
        assert!(!wanted(&[], false));
        assert!(!wanted(&[("CLICOLOR", "1")], false));
    }

    #[test]
    fn no_color_wins_over_all_else_unless_it_is_empty() {
        assert!(!wanted(&[("NO_COLOR", "1")], true));
        assert!(!wanted(&[("NO_COLOR", "0")], true));
        assert!(!wanted(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(wanted(&[("NO_COLOR", "")], true));
    }

    #[test]
    fn force_colours_what_is_no_terminal() {
        assert!(wanted(&[("CLICOLOR_FORCE", "1")], false));
        assert!(wanted(
            &[
                ("CLICOLOR_FORCE", "yes"),
                ("TERM", "dumb"),
                ("CLICOLOR", "0")
            ],
            false
        ));
        assert!(!wanted(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!wanted(&[("CLICOLOR_FORCE", "")], false));
    }

    #[test]
    fn clicolor_and_dumb_terminals_switch_colours_off() {
        assert!(!wanted(&[("CLICOLOR", "0")], true));
        assert!(!wanted(&[("TERM", "dumb")], true));
        assert!(wanted(&[("CLICOLOR", ""), ("TERM", "")], true));
    }

    #[test]
    fn without_colours_nothing_is_added() {
        let mut line = Vec::new();
        let palette = Palette::new(false);
        let append = |line: &mut Vec<u8>| line.push(b'x');
        palette
            .severity(Severity::Critical)
            .append(&mut line, append);
        palette.key.append(&mut line, append);
        assert_eq!(line, b"xx");
    }
}
