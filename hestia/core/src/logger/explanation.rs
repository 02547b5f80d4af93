//! Why a record is where it is or is not: "filters hide in many places, so show them."

use std::fmt;

use log::{Level, LevelFilter};

use super::pipeline::{Output, Pipeline};
use crate::filter::directives::Decision;
use crate::sync::lock;

/// Which filters a record of some target and level meets, and what each of them does; made by
/// [`crate::explain`].
///
/// # Example
/// ```
/// use hestia::Level;
/// hestia::builder().level("info,hyper=warn").console(true).text(false).json(false).env(false).init()?;
/// let why = hestia::explain("hyper::client", Level::Info).expect("hestia is running");
/// assert!(!why.is_logged());
/// assert!(why.to_string().contains("hyper=warn"));
/// # Ok::<(), hestia::InitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    target: String,
    level: Level,
    steps: Vec<Step>,
}

/// What one filter does with the record.
#[derive(Clone, Debug)]
struct Step {
    place: String,
    passes: bool,
    why: String,
    /// The last filter of an output: what passes it is written.
    is_output: bool,
}

impl Explanation {
    pub(super) fn of(pipeline: &Pipeline, target: &str, level: Level) -> Self {
        let mut steps = vec![
            limit("compiled into the program", log::STATIC_MAX_LEVEL, level),
            limit("log::max_level()", log::max_level(), level),
        ];
        let outputs = lock(&pipeline.outputs);
        steps.extend(outputs.iter().map(|output| step(output, target, level)));
        Explanation {
            target: target.to_owned(),
            level,
            steps,
        }
    }

    /// Whether some output writes such a record, filters of the program's own apart.
    #[must_use]
    pub fn is_logged(&self) -> bool {
        let (outputs, before): (Vec<_>, Vec<_>) =
            self.steps.iter().partition(|step| step.is_output);
        before.iter().all(|step| step.passes) && outputs.iter().any(|step| step.passes)
    }

    /// Whether the output with this name writes such a record, filters of the program's own apart.
    #[must_use]
    pub fn is_logged_to(&self, output: &str) -> bool {
        let before = self.steps.iter().filter(|step| !step.is_output);
        let mut this = self
            .steps
            .iter()
            .filter(|step| step.is_output && step.place == output);
        before.into_iter().all(|step| step.passes) && this.any(|step| step.passes)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a record of `{}` at {}:", self.target, self.level)?;
        for Step {
            place, passes, why, ..
        } in &self.steps
        {
            let verdict = if *passes { "passes" } else { "STOPS" };
            write!(out, "\n  {place}: {verdict} ({why})")?;
        }
        Ok(())
    }
}

fn limit(place: &str, limit: LevelFilter, level: Level) -> Step {
    Step {
        place: place.to_owned(),
        passes: level <= limit,
        why: format!("at most {limit}"),
        is_output: false,
    }
}

fn step(output: &Output, target: &str, level: Level) -> Step {
    let table = output.table.load();
    let decision = table.decide(target);
    let mut why = match decision {
        Decision::Default(limit) if output.own_level.is_some() => {
            format!("the output's own level is {limit}")
        }
        Decision::Default(limit) => format!("the default level is {limit}"),
        Decision::Rule(rule) if output.is_of_captures => {
            let level = rule.level.as_str().to_ascii_lowercase();
            format!("captures ask for {level}, whatever directives say")
        }
        Decision::Rule(rule) => {
            let said = format!(
                "by the directive {}={}",
                rule.target,
                rule.said.as_str().to_ascii_lowercase()
            );
            if rule.level == rule.said {
                said
            } else {
                format!(
                    "{said}, capped by the output's own level {}",
                    rule.level.as_str().to_ascii_lowercase()
                )
            }
        }
    };
    if output.filter.is_some() {
        why.push_str("; then a filter of the program's decides");
    }
    if output.only_logger.is_some() {
        why.push_str("; only records of its named logger");
    }
    Step {
        place: output.name.clone(),
        passes: level <= decision.level(),
        why,
        is_output: true,
    }
}
