//! Tables, in Markdown, of all that the result files hold.

use std::fmt::Write as _;
use std::path::Path;

use crate::charts;
use crate::failure::{Failure, Naming as _, Result};
use crate::peers::{self, ABSENT, About, Need, Output};
use crate::results::Results;
use crate::weight;
use crate::workloads::{Statement, THREADS, Workload};

/// What others are compared with.
const BASE: &str = "hestia";

/// Draws everything once more.
pub(crate) fn write(out: &Path) -> Result<()> {
    let results = Results::read(&out.join("results.jsonl"))?;
    let weights = Results::read(&out.join("weight.jsonl"))?;
    let mut text = String::from("# hestia beside other loggers\n\n");
    if !results.is_empty() {
        head(&mut text, &results);
        warning(&mut text, &results);
        overview(&mut text, &results);
        distance(&mut text, &results);
        latency(&mut text, &results);
        statements(&mut text, &results);
        throughput(&mut text, &results);
        console(&mut text, &results);
        threads(&mut text, &results);
        for chart in charts::draw(&results, out)? {
            replace_mark(&mut text, chart);
        }
    }
    if !weights.is_empty() {
        weight::tables(&mut text, &weights);
    }
    if !results.is_empty() {
        notes(&mut text, &results);
    }
    remove_marks(&mut text);
    let path = out.join("results.md");
    std::fs::write(&path, text).or_cannot(format_args!("write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// Puts the head, the one table and the charts into the README, between its two marks.
pub(crate) fn into_readme(out: &Path) -> Result<()> {
    const BEGIN: &str = "<!-- comparison -->\n";
    const END: &str = "<!-- end of the comparison -->";
    const RESULTS: &str = "hestia/benches/compare/results";
    let results = Results::read(&out.join("results.jsonl"))?;
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../README.md"));
    let readme =
        std::fs::read_to_string(path).or_cannot(format_args!("read {}", path.display()))?;
    let marks = readme.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = marks else {
        return Err(Failure::new(format!(
            "{} has no place for it, between {BEGIN}and {END}",
            path.display()
        )));
    };
    let mut text = format!("{before}{BEGIN}");
    head(&mut text, &results);
    overview(&mut text, &results);
    distance(&mut text, &results);
    for chart in ["latency", "throughput", "threads"] {
        put(&mut text, format_args!("![{chart}]({RESULTS}/{chart}.svg)"));
    }
    put(
        &mut text,
        format_args!("\n[More tables, and notes on each logger]({RESULTS}/results.md)\n"),
    );
    text += END;
    text += after;
    std::fs::write(path, text).or_cannot(format_args!("write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

fn head(text: &mut String, results: &Results) {
    let fact = |name: &str| results.machine.get(name).map_or("?", String::as_str);
    put(
        text,
        format_args!(
            "{}; {}, {} cores; {}; {}.  \nMedians of {} runs, in which the loggers take turns: {}. Again: `{}`  \n{}.\n",
            fact("date"),
            fact("processor"),
            fact("cores"),
            fact("kernel"),
            fact("compiler"),
            fact("runs"),
            fact("size"),
            fact("command"),
            fact("versions"),
        ),
    );
}

/// So that nobody quotes a smoke run.
fn warning(text: &mut String, results: &Results) {
    let command = results.machine.get("command");
    if command.is_some_and(|command| command.contains("--quick")) {
        put(
            text,
            format_args!("**A smoke run: its figures mean nothing.**\n"),
        );
    }
}

/// The one table for those who read one.
fn overview(text: &mut String, results: &Results) {
    let mut table = Table::new(&[
        "",
        "3 arguments",
        "constant",
        "3 key-values",
        "first after 1 ms",
        "text, 1 thread",
        "text, 4 threads",
        "JSON",
        "CPU per record",
        "peak memory",
        "allocations",
    ]);
    for peer in peers::all() {
        let call = |statement: Statement| {
            let figure = |point| results.median(peer.name, Workload::Call, &name(statement, point));
            let base = results.median(BASE, Workload::Call, &name(statement, "p50"));
            let (p50, p99) = (figure("p50")?, figure("p99")?);
            Some(pair(p50, p99) + &ratio(p50, base, peer.name))
        };
        let of = |workload, figure: &str, print: fn(f64) -> String| {
            let value = results.median(peer.name, workload, figure)?;
            let base = results.median(BASE, workload, figure);
            Some(format!("{}{}", print(value), ratio(value, base, peer.name)))
        };
        let rate =
            |workload| Some(of(workload, RATE, millions)? + &lost(results, peer.name, workload));
        table.row(
            peer.title,
            [
                call(Statement::Arguments),
                call(Statement::Constant),
                call(Statement::Fields),
                of(Workload::Burst, "first call", nanos),
                rate(Workload::Text),
                rate(Workload::TextOf4),
                rate(Workload::Json),
                of(Workload::Text, "cpu ns per record", nanos),
                of(Workload::Text, "peak MiB", mebibytes),
                results
                    .median(
                        peer.name,
                        Workload::Allocations,
                        Statement::Arguments.name(),
                    )
                    .map(count),
            ],
        );
    }
    table.put(text);
    put(
        text,
        format_args!(
            "Calls: p50 / p99 of what one statement costs its caller, at one call every microsecond (those that take longer: one after the other), less the reading of the clock. Text and JSON: records \
         per second, from the first call until all is in the file. CPU (user and system) and peak memory (resident): text, 1 thread. Allocations: per call with \
         3 arguments, on the calling thread. In parentheses: how many times hestia's `hlog!`. –: see the notes.\n"
        ),
    );
}

/// How far apart the cores were meanwhile: on that depends whatever goes from one thread to another.
fn distance(text: &mut String, results: &Results) {
    let Some((shortest, longest)) = results.round_trips() else {
        return;
    };
    let (shortest, longest) = (thousands(shortest), thousands(longest));
    let span = if shortest == longest {
        shortest
    } else {
        format!("{shortest} to {longest}")
    };
    put(
        text,
        format_args!("A cache line's round trip between the cores: {span} ns in these runs.\n"),
    );
}

const RATE: &str = "records per second";

fn latency(text: &mut String, results: &Results) {
    let points = ["of 8", "of 8 p99", "p50", "p90", "p99", "p99.9", "p99.99"];
    let mut table = Table::new(&[
        "3 arguments, caller",
        "of 8",
        "of 8, p99",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "p99.99",
    ]);
    for peer in peers::all() {
        let cells = points.map(|point| {
            let figure = name(Statement::Arguments, point);
            results
                .median(peer.name, Workload::Call, &figure)
                .map(nanos)
        });
        table.row(peer.title, cells);
    }
    put(text, format_args!("## Latency of a call\n"));
    mark(text, "latency.svg");
    table.put(text);
    put(
        text,
        format_args!(
            "*Of 8*: eight calls in a row, divided by eight: the mean of the middle half of them, and of those around their p99; finer than p50 and p99, and than a median, where the tick counter moves in steps. \
         p99.99 is without calls during which the kernel took the processor away.\n"
        ),
    );
}

fn statements(text: &mut String, results: &Results) {
    let mut table = Table::new(&[
        "sorts of statement, *of 8*, median / p99",
        "3 arguments",
        "constant",
        "3 key-values",
        "off",
        "allocations of each",
    ]);
    for peer in peers::all() {
        let of_8 = |statement| {
            let figure = |point| results.median(peer.name, Workload::Call, &name(statement, point));
            Some(pair(figure("of 8")?, figure("of 8 p99")?))
        };
        let allocations = Statement::ALL.map(|statement| {
            results
                .median(peer.name, Workload::Allocations, statement.name())
                .map_or("–".into(), count)
        });
        let [arguments, constant, fields, off] = Statement::ALL.map(of_8);
        let counted = results
            .median(peer.name, Workload::Allocations, "constant")
            .is_some();
        table.row(
            peer.title,
            [
                arguments,
                constant,
                fields,
                off,
                counted.then(|| allocations.join(" · ")),
            ],
        );
    }
    table.put(text);
}

fn throughput(text: &mut String, results: &Results) {
    put(text, format_args!("## Throughput\n"));
    mark(text, "throughput.svg");
    let workloads = [
        Workload::Text,
        Workload::TextOf4,
        Workload::Json,
        Workload::TextAndJson,
    ];
    let titles = [
        "text, 1 thread",
        "text, 4 threads",
        "JSON, 3 key-values",
        "text and JSON at once",
    ];
    for (workload, title) in workloads.into_iter().zip(titles) {
        let mut table = Table::new(&[
            title,
            "records/s",
            "lost",
            "calls done after",
            "CPU per record",
            "peak memory",
            "bytes per record",
        ]);
        for peer in peers::all() {
            let figure = |name: &str| results.median(peer.name, workload, name);
            let cells = [
                figure(RATE).map(millions),
                results
                    .worst(peer.name, workload, "lost, percent")
                    .map(percent),
                figure("calls, seconds").map(seconds),
                figure("cpu ns per record").map(nanos),
                figure("peak MiB").map(mebibytes),
                figure("bytes per record").map(|bytes| format!("{bytes:.0}")),
            ];
            table.row(peer.title, cells);
        }
        table.put(text);
        if workload == Workload::TextAndJson {
            beside_text_alone(text, results);
        }
    }
}

fn beside_text_alone(text: &mut String, results: &Results) {
    let rate = |peer: &About| results.median(peer.name, Workload::Text, RATE);
    let best = peers::all()
        .into_iter()
        .filter(|peer| !peer.packages.contains(&"hestia"))
        .filter_map(|peer| Some((peer.title, rate(&peer)?)))
        .max_by(|one, other| one.1.total_cmp(&other.1));
    if let Some((title, rate)) = best {
        put(
            text,
            format_args!(
                "Beside: the fastest other logger, {title}, writes {} records/s into its text alone.\n",
                millions(rate)
            ),
        );
    }
}

fn console(text: &mut String, results: &Results) {
    let mut table = Table::new(&[
        "coloured console into a pipe",
        "records/s",
        "CPU per record",
        "lost",
        "bytes per record",
    ]);
    for peer in peers::all() {
        let figure = |name: &str| results.median(peer.name, Workload::Console, name);
        let (records, lines) = (figure("records"), figure("lines"));
        let lost = records
            .zip(lines)
            .map(|(records, lines)| percent((records - lines).max(0.0) / records * 100.0));
        let bytes = records.zip(figure("bytes"));
        table.row(
            peer.title,
            [
                figure(RATE).map(millions),
                figure("cpu ns per record").map(nanos),
                lost,
                bytes.map(|(records, bytes)| format!("{:.0}", bytes / records)),
            ],
        );
    }
    if !table.rows.is_empty() {
        put(text, format_args!("## Console\n"));
    }
    table.put(text);
}

fn threads(text: &mut String, results: &Results) {
    let counts: Vec<String> = THREADS.iter().map(ToString::to_string).collect();
    let mut head = vec!["threads at once, ns per call"];
    head.extend(counts.iter().map(String::as_str));
    let mut table = Table::new(&head);
    for peer in peers::all() {
        let cells = THREADS.iter().map(|count| {
            let figure = |part: &str| {
                results.median(
                    peer.name,
                    Workload::Threads,
                    &format!("{count} threads{part}"),
                )
            };
            Some(pair(figure("")?, figure(", cpu")?))
        });
        table.row(peer.title, cells);
    }
    if table.rows.is_empty() {
        return;
    }
    put(text, format_args!("## Threads\n"));
    mark(text, "threads.svg");
    table.put(text);
    put(
        text,
        format_args!(
            "Mean over batches of 1,000 calls of each thread, which fill no queue: time on the clock / processor time of the caller.\n"
        ),
    );
}

fn notes(text: &mut String, results: &Results) {
    put(
        text,
        format_args!(
            "## Notes\n\nQueues that count records hold {}, and callers wait when they are full; hestia has its defaults (64 MiB). Each logger \
         writes what it writes by default: bytes per record differ.\n",
            thousands(peers::QUEUE as f64)
        ),
    );
    for peer in peers::all() {
        let mut said: Vec<String> = peer.remark.iter().map(ToString::to_string).collect();
        let needs = [
            (Need::Output(Output::Text), "no text file"),
            (Need::Output(Output::Json), "no JSON"),
            (Need::Fields, "no key-values in text"),
        ];
        for (need, what) in needs {
            if peer.packages.is_empty() {
                continue;
            }
            said.extend((peer.unfit)(need).map(|reason| format!("{what}: {reason}")));
        }
        if !said.is_empty() {
            put(text, format_args!("- {}: {}.", peer.title, said.join("; ")));
        }
    }
    for (name, reason) in ABSENT {
        put(text, format_args!("- {name} is not here: it {reason}."));
    }
    for (peer, workload, failure) in &results.failures {
        put(
            text,
            format_args!("- {peer} failed in `{workload}`: {failure}"),
        );
    }
}

fn name(statement: Statement, point: &str) -> String {
    format!("{} {point}", statement.name())
}

fn lost(results: &Results, peer: &str, workload: Workload) -> String {
    match results.worst(peer, workload, "lost, percent") {
        Some(lost) if lost > 0.0 => format!(", **{} lost**", percent(lost)),
        _ => String::new(),
    }
}

fn ratio(value: f64, base: Option<f64>, peer: &str) -> String {
    match base {
        Some(base) if base > 0.0 && peer != BASE => {
            let ratio = value / base;
            let digits = usize::from(ratio < 10.0) + usize::from(ratio < 1.0);
            format!(" ({ratio:.digits$}×)")
        }
        _ => String::new(),
    }
}

pub(crate) fn nanos(nanos: f64) -> String {
    match nanos {
        0.0..9.95 => format!("{nanos:.1} ns"),
        9.95..9_999.5 => format!("{} ns", thousands(nanos)),
        9_999.5..9_999_500.0 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}

/// Two figures, and their unit once when it is the same.
fn pair(one: f64, other: f64) -> String {
    let (one, other) = (nanos(one), nanos(other));
    match one.split_once(' ').zip(other.split_once(' ')) {
        Some(((number, unit), (_, same))) if unit == same => format!("{number} / {other}"),
        _ => format!("{one} / {other}"),
    }
}

pub(crate) fn millions(number: f64) -> String {
    format!("{:.2} M", number / 1e6)
}

fn mebibytes(number: f64) -> String {
    format!("{number:.1} MiB")
}

pub(crate) fn seconds(number: f64) -> String {
    format!("{number:.2} s")
}

fn percent(number: f64) -> String {
    if number == 0.0 {
        "0 %".into()
    } else {
        format!("{number:.2} %")
    }
}

/// Allocations come in whole numbers, but for those that queues make now and then.
fn count(number: f64) -> String {
    let rounded = format!("{number:.1}");
    rounded.strip_suffix(".0").unwrap_or(&rounded).into()
}

pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes everything");
}

/// A place for a picture, which not every run has.
fn mark(text: &mut String, chart: &str) {
    put(text, format_args!("<!-- {chart} -->"));
}

fn replace_mark(text: &mut String, chart: &str) {
    let title = chart.trim_end_matches(".svg");
    *text = text.replace(
        &format!("<!-- {chart} -->\n"),
        &format!("![{title}]({chart})\n\n"),
    );
}

fn remove_marks(text: &mut String) {
    for chart in charts::ALL {
        *text = text.replace(&format!("<!-- {chart} -->\n"), "");
    }
}

/// A table of which only the rows that say something are written.
pub(crate) struct Table {
    head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Table {
            head: head.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, title: &str, cells: impl IntoIterator<Item = Option<String>>) {
        let cells: Vec<Option<String>> = cells.into_iter().collect();
        if cells.iter().any(Option::is_some) {
            let mut row = vec![title.to_string()];
            row.extend(cells.into_iter().map(|cell| cell.unwrap_or("–".into())));
            self.rows.push(row);
        }
    }

    pub(crate) fn put(&self, text: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        put(text, format_args!("| {} |", self.head.join(" | ")));
        put(
            text,
            format_args!("|---|{}", "--:|".repeat(self.head.len() - 1)),
        );
        for row in &self.rows {
            put(text, format_args!("| {} |", row.join(" | ")));
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_unit_that_reads_best() {
        assert_eq!(nanos(1.25), "1.2 ns");
        assert_eq!(nanos(40.1), "40 ns");
        assert_eq!(nanos(9_999.0), "9,999 ns");
        assert_eq!(nanos(12_345.0), "12.3 µs");
        assert_eq!(nanos(12_345_678.0), "12.3 ms");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
    }

    #[test]
    fn a_unit_is_said_once_when_it_is_the_same() {
        assert_eq!(pair(40.0, 60.0), "40 / 60 ns");
        assert_eq!(pair(691.0, 28_200.0), "691 ns / 28.2 µs");
    }

    #[test]
    fn ratios_are_those_to_the_base_and_the_base_has_none() {
        assert_eq!(ratio(480.0, Some(40.0), "other"), " (12×)");
        assert_eq!(ratio(30.0, Some(40.0), "other"), " (0.75×)");
        assert_eq!(ratio(40.0, Some(40.0), BASE), "");
        assert_eq!(ratio(40.0, None, "other"), "");
    }

    #[test]
    fn rows_without_a_figure_are_left_out() {
        let mut table = Table::new(&["", "a", "b"]);
        table.row("one", [Some("1".into()), None]);
        table.row("none", [None, None]);
        let mut text = String::new();
        table.put(&mut text);
        assert_eq!(text, "|  | a | b |\n|---|--:|--:|\n| one | 1 | – |\n\n");
    }
}
