//! Pictures of the figures, as SVG.

use std::path::Path;

use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;

use crate::failure::{Naming as _, Result};
use crate::peers::{self, About};
use crate::results::Results;
use crate::workloads::{POINTS, THREADS, Workload};

pub(crate) const ALL: [&str; 3] = ["latency.svg", "throughput.svg", "threads.svg"];

const FONT: &str = "sans-serif";
const GREY: RGBColor = RGBColor(90, 90, 90);

/// One line of a chart: the logger, and its points.
type Line = (About, Vec<(f64, f64)>);

/// Draws what there are figures for; the answer is which.
pub(crate) fn draw(results: &Results, out: &Path) -> Result<Vec<&'static str>> {
    let mut drawn = Vec::new();
    let [latency, throughput, threads] = ALL;
    let lines = latency_lines(results);
    if !lines.is_empty() {
        draw_latency(&lines, &out.join(latency)).or_cannot("draw latency.svg")?;
        drawn.push(latency);
    }
    let bars = bars(results);
    if !bars.is_empty() {
        draw_throughput(&bars, &out.join(throughput)).or_cannot("draw throughput.svg")?;
        drawn.push(throughput);
    }
    let lines = thread_lines(results);
    if !lines.is_empty() {
        draw_threads(&lines, &out.join(threads)).or_cannot("draw threads.svg")?;
        drawn.push(threads);
    }
    Ok(drawn)
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn latency_lines(results: &Results) -> Vec<Line> {
    lines(|peer| {
        let last = ("p99.99", 0.9999);
        let points = POINTS.iter().chain([&last]);
        points
            .filter_map(|(point, share)| {
                let figure = format!("3 arguments {point}");
                let nanos = results.median(peer.name, Workload::Call, &figure)?;
                Some((nines(*share), nanos.max(1.0)))
            })
            .collect()
    })
}

fn thread_lines(results: &Results) -> Vec<Line> {
    lines(|peer| {
        THREADS
            .iter()
            .filter_map(|count| {
                let figure = format!("{count} threads");
                let nanos = results.median(peer.name, Workload::Threads, &figure)?;
                Some(((*count as f64).log2(), nanos.max(1.0)))
            })
            .collect()
    })
}

fn lines(points: impl Fn(&About) -> Vec<(f64, f64)>) -> Vec<Line> {
    peers::all()
        .into_iter()
        .map(|peer| (peer, points(&peer)))
        .filter(|(_, points)| !points.is_empty())
        .collect()
}

/// How many nines a share has: 0.9 one, 0.99 two.
fn nines(share: f64) -> f64 {
    -(1.0 - share).log10()
}

fn draw_latency(lines: &[Line], path: &Path) -> Drawn {
    let label = |nines: &f64| match *nines {
        nines if nines < 0.5 => "all".to_string(),
        nines => format!("p{}", 100.0 - 10f64.powf(2.0 - nines.round())),
    };
    draw_lines(
        "What a call costs: 3 arguments, ns, by percentile",
        lines,
        (0.0..4.0, 5, &label),
        path,
    )
}

fn draw_threads(lines: &[Line], path: &Path) -> Drawn {
    let label = |power: &f64| format!("{:.0}", power.exp2());
    let most = (*THREADS.last().expect("there are counts of threads") as f64).log2();
    draw_lines(
        "Threads that log at once, and ns per call",
        lines,
        (0.0..most, THREADS.len(), &label),
        path,
    )
}

/// The horizontal axis: its range, how many labels, what they say.
type Axis<'a> = (std::ops::Range<f64>, usize, &'a dyn Fn(&f64) -> String);

fn draw_lines(title: &str, lines: &[Line], (range, labels, label): Axis<'_>, path: &Path) -> Drawn {
    let root = SVGBackend::new(path, (960, 540)).into_drawing_area();
    root.fill(&WHITE)?;
    let (plot, legend) = root.split_horizontally(720);
    let values = || {
        lines
            .iter()
            .flat_map(|(_, points)| points)
            .map(|point| point.1)
    };
    let low = values().fold(f64::MAX, f64::min);
    let high = values().fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, (FONT, 18))
        .margin(12)
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(range, (low * 0.8..high * 1.3).log_scale())?;
    mesh(&mut chart, labels, label)?;
    for (peer, points) in lines {
        chart.draw_series(LineSeries::new(points.iter().copied(), style(peer)))?;
    }
    draw_legend(&legend, lines)?;
    root.present()?;
    Ok(())
}

fn mesh<X, Y>(
    chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<X, Y>>,
    labels: usize,
    label: &dyn Fn(&f64) -> String,
) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(GREY)
        .label_style((FONT, 13))
        .x_labels(labels)
        .x_label_formatter(label)
        .y_label_formatter(&|nanos| crate::report::thousands(*nanos))
        .draw()?;
    Ok(())
}

/// In the order of the lines' ends, so that names stand near what they name.
fn draw_legend(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    lines: &[Line],
) -> Drawn {
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_by(|one, other| end(other).total_cmp(&end(one)));
    for (row, (peer, _)) in lines.into_iter().enumerate() {
        let y = 60 + row as i32 * 22;
        area.draw(&PathElement::new(vec![(4, y), (28, y)], style(peer)))?;
        area.draw(&Text::new(plain(peer.title), (36, y - 7), (FONT, 14)))?;
    }
    Ok(())
}

fn end((_, points): &Line) -> f64 {
    points.last().map_or(0.0, |point| point.1)
}

/// One logger's rates, in millions of records a second.
type Bars = (About, [Option<f64>; 3]);

const BARS: [(Workload, &str, f64); 3] = [
    (Workload::Text, "text, 1 thread", 1.0),
    (Workload::TextOf4, "text, 4 threads", 0.65),
    (Workload::Json, "JSON, 3 key-values", 0.35),
];

fn bars(results: &Results) -> Vec<Bars> {
    peers::all()
        .into_iter()
        .map(|peer| {
            let rates = BARS.map(|(workload, _, _)| {
                let rate = results.median(peer.name, workload, "records per second")?;
                Some(rate / 1e6)
            });
            (peer, rates)
        })
        .filter(|(_, rates)| rates.iter().any(Option::is_some))
        .collect()
}

fn draw_throughput(bars: &[Bars], path: &Path) -> Drawn {
    let height = 90 + bars.len() as u32 * 48;
    let root = SVGBackend::new(path, (960, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let rates = bars.iter().flat_map(|(_, rates)| rates).flatten();
    let most = rates.copied().fold(0.1, f64::max);
    let mut chart = ChartBuilder::on(&root)
        .caption(
            "Millions of records a second, first call to last byte in the file",
            (FONT, 18),
        )
        .margin(12)
        .margin_left(210)
        .x_label_area_size(30)
        .build_cartesian_2d(0.0..most * 1.2, bars.len() as f64..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(GREY)
        .label_style((FONT, 13))
        .draw()?;
    for (row, (peer, rates)) in bars.iter().enumerate() {
        let title = Text::new(plain(peer.title), (-200, -7), (FONT, 14));
        chart.draw_series([EmptyElement::at((0.0, row as f64 + 0.5)) + title])?;
        for (place, rate) in rates.iter().enumerate() {
            let Some(rate) = *rate else { continue };
            let (_, what, strength) = BARS[place];
            let top = row as f64 + 0.1 + place as f64 * 0.27;
            let bar = [(0.0, top), (rate, top + 0.24)];
            chart.draw_series([Rectangle::new(bar, colour(peer).mix(strength).filled())])?;
            let label = Text::new(format!("{rate:.2}  {what}"), (4, -6), (FONT, 11));
            chart.draw_series([EmptyElement::at((rate, top + 0.12)) + label])?;
        }
    }
    root.present()?;
    Ok(())
}

fn style(peer: &About) -> ShapeStyle {
    let width = if peer.packages.contains(&"hestia") {
        3
    } else {
        2
    };
    colour(peer).stroke_width(width)
}

/// hestia in reds, the bare minimum in greys, all others in other colours.
fn colour(peer: &About) -> RGBColor {
    match peer.name {
        "hestia" => RGBColor(208, 32, 32),
        "hestia-relaxed" => RGBColor(240, 128, 48),
        "hestia-crash-safe" => RGBColor(250, 190, 90),
        "hestia-log" => RGBColor(150, 20, 90),
        "hestia-tracing" => RGBColor(230, 100, 170),
        "quill" => RGBColor(0, 140, 110),
        "bare" => RGBColor(190, 190, 190),
        "bare-ordered" => RGBColor(130, 130, 130),
        "spdlog-rs" => RGBColor(31, 119, 180),
        "logforth" => RGBColor(44, 160, 44),
        "fast_log" => RGBColor(23, 190, 207),
        "ftlog" => RGBColor(148, 103, 189),
        "flexi_logger" => RGBColor(140, 86, 75),
        "tracing" => RGBColor(20, 60, 140),
        "slog" => RGBColor(128, 150, 0),
        "emit" => RGBColor(227, 119, 194),
        _ => RGBColor(60, 60, 60),
    }
}

/// Without Markdown.
fn plain(title: &str) -> String {
    title.replace(['*', '`'], "")
}
