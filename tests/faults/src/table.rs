//! Tables, in Markdown, of what the cases showed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::cases::{self, Case, Promise, Scale};
use crate::host::{Ran, Verdict};
use crate::matrix::Results;

const JSON: &str = "results.json";
const MARKDOWN: &str = "results.md";

const LEGEND: &str = "\
Records that are missing in the files, of those whose calls had returned; **bold**: hestia's promise for the case does not hold. \
*The last*: each thread's are there up to one of them, and none after it; another process then goes on in the same files, and one line may be \
torn each time, which the kernel cut in the middle of a write. *Announced*: the file itself says how many are missing. hestia writes its JSON \
beside the text, but for the cases where it matters how much is written; the worse file counts. With `crash_safe`, nothing may be missing \
where another process goes on, and no line torn.";

/// Writes results, for people and for [`into_readme`].
///
/// # Errors
/// When they cannot be written.
pub fn write(results: &Results, out: &Path) -> Outcome {
    fs::create_dir_all(out)?;
    fs::write(
        out.join(JSON),
        serde_json::to_string_pretty(results)? + "\n",
    )?;
    Ok(fs::write(
        out.join(MARKDOWN),
        format!("# Loggers in trouble\n\n{}", tables(results)),
    )?)
}

/// What was written before.
///
/// # Errors
/// When there is nothing, or it cannot be read.
pub fn read(out: &Path) -> Outcome<Results> {
    Ok(serde_json::from_str(&fs::read_to_string(out.join(JSON))?)?)
}

/// Writes the tables anew, and puts that of all loggers into the README, between its two marks.
///
/// # Errors
/// When there are no results, or no marks.
pub fn into_readme(out: &Path) -> Outcome {
    const BEGIN: &str = "<!-- faults -->\n";
    const END: &str = "<!-- end of the faults -->";
    let results = read(out)?;
    write(&results, out)?;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = fs::read_to_string(path)?;
    let marks = readme.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) =
        marks.ok_or_else(|| format!("{path} has no place for it, between {BEGIN}and {END}"))?;
    let table = side_by_side(&results);
    Ok(fs::write(
        path,
        format!("{before}{BEGIN}{table}\n{END}{after}"),
    )?)
}

/// All loggers side by side, and each logger's figures.
#[must_use]
pub fn tables(results: &Results) -> String {
    let mut text = side_by_side(results);
    for (name, title) in &results.loggers {
        text += &in_figures(results, name, title);
    }
    text
}

fn side_by_side(results: &Results) -> String {
    let titles: Vec<&str> = results
        .loggers
        .iter()
        .map(|(_, title)| title.as_str())
        .collect();
    let mut text = format!(
        "| | {} |\n|---{}|\n",
        titles.join(" | "),
        "|---".repeat(titles.len())
    );
    for case in cases::all() {
        let cells = results
            .loggers
            .iter()
            .map(|(logger, _)| verdict(results, logger, case));
        if cells.clone().all(|verdict| verdict.is_none()) {
            continue;
        }
        let cells: Vec<String> = cells.map(|verdict| cell(case, verdict)).collect();
        put(
            &mut text,
            &format!("| {} | {} |", case.title, cells.join(" | ")),
        );
    }
    put(
        &mut text,
        &format!(
            "\n{LEGEND} Scale: {}. {} Made: {}.\n",
            Scale::named(&results.scale).map_or("unknown", Scale::in_words),
            skipped(results),
            results.made
        ),
    );
    text
}

fn verdict<'r>(results: &'r Results, logger: &str, case: &Case) -> Option<&'r Verdict> {
    let result = results
        .results
        .iter()
        .find(|result| result.logger == logger && result.case == case.name)?;
    Some(&result.verdict)
}

/// So that nobody takes a case for held that was not run.
fn skipped(results: &Results) -> String {
    let mut reasons = Vec::new();
    for result in &results.results {
        if let Verdict::Skipped(reason) = &result.verdict {
            reasons.push(format!(
                "`{}` with {} ({reason})",
                result.case, result.logger
            ));
        }
    }
    match reasons.len() {
        0 => "No case was skipped.".to_owned(),
        count => format!("Skipped: {count}: {}.", reasons.join(", ")),
    }
}

fn cell(case: &Case, verdict: Option<&Verdict>) -> String {
    match verdict {
        None => "–".to_owned(),
        Some(Verdict::Skipped(_)) => "skipped".to_owned(),
        Some(Verdict::Ran(ran)) => {
            let said = said(case, ran);
            if ran.holds() {
                said
            } else {
                format!("**{said}**")
            }
        }
    }
}

fn said(case: &Case, ran: &Ran) -> String {
    let mut said = Vec::new();
    if let Some(figures) = ran.figures {
        said.push(match (figures.lost, case.promise) {
            (0, _) => "0".to_owned(),
            (lost, promise) => {
                let kept = match promise {
                    Promise::OnlyLastLost if figures.gaps == 0 => ", the last",
                    Promise::LossAnnounced if lost == figures.announced => ", announced",
                    Promise::LossAnnounced => ", not announced",
                    _ => "",
                };
                format!("{} of {}{kept}", thousands(lost), thousands(figures.sent))
            }
        });
        let others = [
            (figures.torn, "torn"),
            (figures.duplicated, "twice"),
            (figures.disordered, "out of order"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        said.extend(others.map(|(count, what)| format!("{} {what}", thousands(count))));
    } else if ran.process.is_empty() {
        said.push("goes on".to_owned());
    }
    // What a logger says for itself may look like part of a table.
    said.extend(ran.process.iter().map(|broken| broken.replace('|', "\\|")));
    if let Some(recovery) = ran.recovery {
        said.push(format!("back after {} ms", recovery.as_millis()));
    }
    if let (Some(peak), Some(limit)) = (ran.peak_kib, case.memory_kib)
        && peak <= limit
    {
        said.push(format!("{} MiB", peak / 1024));
    }
    said.join("; ")
}

fn in_figures(results: &Results, logger: &str, title: &str) -> String {
    let mut text = format!(
        "## {title}, in figures\n\n| | promise | sent | written | lost | announced | twice | torn | out of order | back after | peak |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for case in cases::all() {
        match verdict(results, logger, case) {
            None => {}
            Some(Verdict::Skipped(reason)) => {
                put(
                    &mut text,
                    &format!("| {} | skipped: {reason} |", case.title),
                );
            }
            Some(Verdict::Ran(ran)) => put(&mut text, &row(case, ran)),
        }
    }
    text + "\n"
}

fn row(case: &Case, ran: &Ran) -> String {
    let mut cells = vec![case.title.to_owned(), promised(case, ran)];
    match ran.figures {
        None => cells.extend(std::iter::repeat_n("–".to_owned(), 7)),
        Some(figures) => cells.extend(
            [
                figures.sent,
                figures.written,
                figures.lost,
                figures.announced,
                figures.duplicated,
                figures.torn,
                figures.disordered,
            ]
            .map(thousands),
        ),
    }
    cells.push(match ran.recovery {
        Some(recovery) => format!("{} ms", recovery.as_millis()),
        None => "–".to_owned(),
    });
    cells.push(match ran.peak_kib {
        Some(peak) => format!("{} MiB", peak / 1024),
        None => "–".to_owned(),
    });
    format!("| {} |", cells.join(" | "))
}

fn promised(case: &Case, ran: &Ran) -> String {
    let promise = match case.promise {
        Promise::NothingLost => "nothing lost",
        Promise::LossAnnounced => "loss announced",
        Promise::OnlyLastLost => "only the last lost",
    };
    if ran.holds() {
        return format!("{promise}: holds");
    }
    let broken: Vec<String> = ran
        .broken()
        .map(|broken| broken.replace('|', "\\|"))
        .collect();
    format!("**{promise}: {}**", broken.join("; "))
}

fn put(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes everything");
}

/// `1,234,567`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Figures;

    fn ran(lost: u64, promise: Promise) -> (Case, Ran) {
        let mut case = *cases::named("return").unwrap();
        case.promise = promise;
        let figures = Figures {
            sent: 12_345,
            lost,
            gaps: 0,
            announced: 0,
            ..Figures::default()
        };
        let ran = Ran {
            figures: Some(figures),
            files: figures.broken(promise),
            ..Ran::default()
        };
        (case, ran)
    }

    fn cell_of((case, ran): (Case, Ran)) -> String {
        cell(&case, Some(&Verdict::Ran(ran)))
    }

    #[test]
    fn cells_say_what_is_missing_and_are_bold_when_that_breaks_the_promise() {
        assert_eq!(cell_of(ran(0, Promise::NothingLost)), "0");
        assert_eq!(
            cell_of(ran(1_000, Promise::NothingLost)),
            "**1,000 of 12,345**"
        );
        assert_eq!(
            cell_of(ran(10, Promise::OnlyLastLost)),
            "10 of 12,345, the last"
        );
        assert_eq!(
            cell_of(ran(1, Promise::LossAnnounced)),
            "**1 of 12,345, not announced**"
        );
    }

    #[test]
    fn a_process_that_hangs_is_bold_whatever_its_files_have() {
        let (case, mut ran) = ran(0, Promise::NothingLost);
        ran.process.push("hangs".to_owned());
        assert_eq!(cell_of((case, ran)), "**0; hangs**");
    }

    #[test]
    fn what_is_skipped_is_said_and_counted() {
        let results = Results {
            loggers: vec![("one".to_owned(), "One 1.0".to_owned())],
            scale: "full".to_owned(),
            made: "today".to_owned(),
            results: vec![crate::matrix::Result {
                logger: "one".to_owned(),
                case: "full_disk".to_owned(),
                verdict: Verdict::Skipped("mounting needs root".to_owned()),
            }],
        };
        let table = side_by_side(&results);
        assert!(table.contains("| skipped |"), "{table}");
        assert!(
            table.contains("Skipped: 1: `full_disk` with one (mounting needs root)."),
            "{table}"
        );
    }
}
