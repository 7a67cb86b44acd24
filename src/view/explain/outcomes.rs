//! What leaving out one ingredient alone did over several seeds: from the results that ship with the program, with where and when they
//! were measured. Never mixed with what this run measured, nor with published figures.

use crate::ablate::{Ran, Results, shipped, told};
use crate::command::Switch;
use crate::config::Method;

use super::measured::Fact;

/// The outcome over seeds of a switch that is off alone.
pub struct Outcome {
    /// A few words, the longer wording first: "5 of 5 collapse", "5 of 5".
    pub short: [String; 2],
    /// Meter by meter, from the least to the greatest of the seeds.
    pub facts: Vec<Fact>,
    /// Preset, steps, adapter and day.
    pub source: String,
}

/// What is known of a switch of a method.
pub fn off_alone(switch: Switch, method: Method) -> Option<Outcome> {
    let (results, ran) = shipped::off_alone(switch, method)?;
    let collapsed = ran.learners.iter().filter(|learner| learner.is_collapsed()).count();
    let words = |(name, value): (&str, String)| (name.to_owned(), value);
    Some(Outcome {
        short: [format!("{collapsed} of {} collapse", ran.learners.len()), format!("{collapsed} of {}", ran.learners.len())],
        facts: told(ran, results.study.kind, method).into_iter().map(words).collect(),
        source: source(results, ran),
    })
}

fn source(results: &Results, ran: &Ran) -> String {
    let preset = results.study.conditions.first().map_or("", |condition| condition.config.preset.as_str());
    let place = results.machine.as_ref().map_or_else(String::new, |machine| format!("; {}, {}", machine.adapter, machine.date));
    format!("Over {} seeds, off from step 0: preset {preset}, {} steps{place}", ran.learners.len(), ran.steps)
}
