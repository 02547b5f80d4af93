//! Backtraces as text: the frames of the program, without those of the panic's own way.
//!
//! The standard library shows a panic's backtrace so, but gives no such form to others: theirs begins with
//! whoever asked for it. What it marks the two ends with is public in every backtrace
//! (`std/src/sys/backtrace.rs`: `__rust_end_short_backtrace` stands between a panic and what raised it,
//! `__rust_begin_short_backtrace` below `main` and the first function of a thread).

use std::ffi::OsString;

/// Whether the user asked for every frame, as the standard library understands it.
pub(super) fn is_wanted_whole(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let asked = variable("RUST_LIB_BACKTRACE").or_else(|| variable("RUST_BACKTRACE"));
    asked.is_some_and(|value| value == "full")
}

/// As the standard library writes them: a number, a colon and the function; for functions that were put
/// into another one, spaces in the number's place; a line with the place in the source below.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Numbered,
    /// A function that the compiler put into that of the next line that is numbered.
    Inlined,
    Place,
}

struct Line<'t> {
    kind: Kind,
    /// The function, or the whole line of a place.
    text: &'t str,
}

fn line(whole: &str) -> Line<'_> {
    let trimmed = whole.trim_start();
    let (kind, text) = match trimmed.split_once(": ") {
        _ if trimmed.starts_with("at ") => (Kind::Place, whole),
        Some((number, function)) if number.parse::<u32>().is_ok() => (Kind::Numbered, function),
        _ => (Kind::Inlined, trimmed),
    };
    Line { kind, text }
}

/// The first line of a function like this.
fn place(lines: &[Line<'_>], is: &dyn Fn(&str) -> bool) -> Option<usize> {
    lines
        .iter()
        .position(|line| line.kind != Kind::Place && is(line.text))
}

/// The frames from the one that panicked to `main`, numbered anew. A text in which they cannot be found
/// stays as it is.
pub(super) fn of_program(whole: &str) -> String {
    let lines: Vec<_> = whole.lines().map(line).collect();
    let mut lines = lines.as_slice();
    // The first one is the youngest panic's, when it happened in the course of another.
    if let Some(start) = place(lines, &|name| name.contains("__rust_end_short_backtrace")) {
        lines = &lines[start + 1..];
    }
    if let Some(end) = place(lines, &|name| name.contains("__rust_begin_short_backtrace")) {
        lines = &lines[..end];
    }
    let is_backtrace = lines.iter().any(|line| line.kind == Kind::Numbered);
    match place(lines, &|name| !is_of_rust(name)) {
        Some(start) if is_backtrace => shown(&lines[start..]),
        _ => whole.to_owned(),
    }
}

/// Whether the function is the standard library's, or the compiler's.
fn is_of_rust(function: &str) -> bool {
    const CRATES: [&str; 5] = [
        "core::",
        "std::",
        "alloc::",
        "__rustc::",
        "rust_begin_unwind",
    ];
    let function = function.trim_start_matches('<');
    CRATES.iter().any(|name| function.starts_with(name))
}

fn shown(lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    let mut number = 0;
    for line in lines {
        if number > 0 {
            text.push('\n');
        }
        match line.kind {
            Kind::Place => {}
            Kind::Inlined if number > 0 => text.push_str("      "),
            Kind::Inlined | Kind::Numbered => {
                text.push_str(&format!("{number:>4}: "));
                number += 1;
            }
        }
        text.push_str(line.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "   0: std::backtrace::Backtrace::create
   1: hestia::logger::panics::captured
             at /src/hestia/src/logger/panics.rs:60:21
   2: std::panicking::panic_with_hook
   3: std::sys::backtrace::__rust_end_short_backtrace
             at /rustc/1/library/std/src/sys/backtrace.rs:170:18
   4: __rustc::rust_begin_unwind
   5: core::panicking::panic_fmt
             at /rustc/1/library/core/src/panicking.rs:75:14
   6: core::option::Option<T>::unwrap
      <alloc::vec::Vec<T> as core::ops::index::Index<I>>::index
      billing::total
             at ./src/billing.rs:5:9
   7: std::thread::LocalKey<T>::with
   8: billing::main
             at ./src/main.rs:9:5
   9: std::sys::backtrace::__rust_begin_short_backtrace
  10: std::rt::lang_start
  11: main
";

    #[test]
    fn a_backtrace_begins_where_the_program_panicked_and_ends_with_main() {
        let expected = "   0: billing::total
             at ./src/billing.rs:5:9
   1: std::thread::LocalKey<T>::with
   2: billing::main
             at ./src/main.rs:9:5";
        assert_eq!(of_program(WHOLE), expected);
    }

    #[test]
    fn a_panic_in_the_course_of_another_begins_at_the_later_one() {
        let later = "   0: std::sys::backtrace::__rust_end_short_backtrace
   1: core::panicking::panic_fmt
   2: <billing::Cleanup as core::ops::drop::Drop>::drop
";
        let shown = of_program(&format!("{later}{WHOLE}"));
        assert!(shown.starts_with("   0: <billing::Cleanup as "), "{shown}");
        assert!(shown.ends_with("at ./src/main.rs:9:5"), "{shown}");
    }

    #[test]
    fn functions_put_into_others_keep_no_number() {
        let inlined = "   0: billing::inner\n      billing::outer\n   1: billing::main\n";
        let expected = "   0: billing::inner\n      billing::outer\n   1: billing::main";
        assert_eq!(of_program(inlined), expected);
    }

    #[test]
    fn a_text_without_a_frame_of_the_program_stays_whole() {
        for text in [
            "",
            "   0: <unknown>\n",
            "   0: std::rt::lang_start\n",
            "disabled backtrace",
        ] {
            let shown = of_program(text);
            assert_eq!(shown.trim_end(), text.trim_end());
        }
    }

    #[test]
    fn every_frame_is_shown_when_that_is_asked_for() {
        let whole = |lib: Option<&str>, all: Option<&str>| {
            is_wanted_whole(|name| match name {
                "RUST_LIB_BACKTRACE" => lib.map(OsString::from),
                "RUST_BACKTRACE" => all.map(OsString::from),
                _ => None,
            })
        };
        assert!(whole(None, Some("full")) && whole(Some("full"), Some("1")));
        assert!(!whole(None, None) && !whole(Some("1"), Some("full")));
    }
}
