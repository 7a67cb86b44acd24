//! What this very run has measured about a part of the diagram, and about leaving one ingredient out alone. Numbers of the
//! snapshot in words, as the charts draw them; nothing is guessed or remembered from another run.

use crate::command::Switch;
use crate::config::Method;
use crate::snapshot::{Series, SinceFlip, Snapshot};
use crate::view::charts::reading::reading_at;
use crate::view::charts::{flips_of, grouped, percent, reading, short};
use crate::view::panels::balance::ln_k;

use super::parts::Part;

/// A measured fact: its name, its value with the unit.
pub type Fact = (String, String);

fn fact(name: &str, value: impl Into<String>) -> Fact {
    (name.to_owned(), value.into())
}

/// What has been measured about a part so far.
pub fn facts(part: Part, snapshot: &Snapshot) -> Vec<Fact> {
    let history = &*snapshot.history;
    let dials = &snapshot.dials;
    let said = |series: &Series, form: fn(f32) -> String| reading(series, snapshot.step).map_or_else(|| "not yet".to_owned(), form);
    let last = |series: &Series| said(series, short);
    let std = || fact("embedding std (1 healthy, 0 collapsed)", last(&history.embedding_std));
    let mut facts = match part {
        Part::Views => views(snapshot),
        Part::Encoder => {
            let mut facts = vec![fact("kNN of the embedding", said(&history.knn_accuracy, percent))];
            facts.extend(snapshot.untrained_knn.map(|value| fact("kNN before training", percent(value))));
            facts.push(fact("kNN by chance", percent(snapshot.chance)));
            facts
        }
        Part::Projector => vec![
            fact("embedding std, student", last(&history.embedding_std)),
            fact("embedding std, teacher", last(&history.teacher_std)),
            fact("effective rank", last(&history.effective_rank)),
        ],
        Part::Predictor => vec![std(), fact("loss", last(&history.loss))],
        Part::Head => {
            vec![fact("prototypes in use", said(&history.prototypes_used, percent)), fact("embedding std", last(&history.embedding_std))]
        }
        Part::Center => vec![
            fact("entropy of the batch's mean, nats", last(&history.mean_teacher_entropy)),
            fact("largest entry of the centre", largest(snapshot)),
        ],
        Part::TeacherTemperature => vec![
            fact("entropy of an image, nats", last(&history.teacher_entropy)),
            fact("entropy of the batch's mean, nats", last(&history.mean_teacher_entropy)),
        ],
        Part::StudentTemperature => vec![fact("KL from teacher to student, nats", last(&history.kl))],
        Part::Softmax => vec![
            fact("entropy of an image, nats", last(&history.teacher_entropy)),
            fact("entropy of the batch's mean, nats", last(&history.mean_teacher_entropy)),
            fact("ln K, nats", ln_k(snapshot).map_or("not yet".to_owned(), short)),
        ],
        Part::StopGradient => vec![std()],
        Part::Ema => vec![
            fact("half of a change arrives after", half_life(dials.tau, snapshot.switches.ema)),
            fact("embedding std, student", last(&history.embedding_std)),
            fact("embedding std, teacher", last(&history.teacher_std)),
        ],
        Part::Loss if snapshot.method == Method::Dino => vec![
            fact("loss, nats", last(&history.loss)),
            fact("of it the teacher's entropy", last(&history.teacher_entropy)),
            fact("of it KL", last(&history.kl)),
        ],
        Part::Loss => {
            vec![fact("loss", last(&history.loss)), fact("mean cosine", said(&history.loss, |loss| short(1.0 - 0.5 * loss))), std()]
        }
        Part::Globals => vec![fact("agreement of globals, cosine", last(&history.global_agreement))],
        Part::Locals => vec![
            fact("local crops of each image", snapshot.local_crops.to_string()),
            fact("agreement of locals, cosine", last(&history.local_agreement)),
            fact("kNN of a fragment, whole images", said(&history.fragment_to_whole, percent)),
        ],
        Part::Pairs => vec![fact("loss", last(&history.loss)), fact("local crops of each image", snapshot.local_crops.to_string())],
    };
    facts.extend(flip(part, snapshot));
    facts
}

fn views(snapshot: &Snapshot) -> Vec<Fact> {
    let Some(inspection) = &snapshot.inspection else { return vec![fact("views", "not yet")] };
    let mut facts: Vec<Fact> = (inspection.crops.iter().take(inspection.globals as usize).enumerate())
        .map(|(index, (place, mirrored))| {
            let mirrored = if *mirrored { ", mirrored" } else { "" };
            fact(&format!("view {} covers", index + 1), format!("{}{mirrored}", percent(place[2] * place[3])))
        })
        .collect();
    let which = if inspection.of_batch { format!("step {}, image 1", grouped(inspection.draw)) } else { "a held-out image".to_owned() };
    facts.insert(0, fact("shown", which));
    facts
}

fn largest(snapshot: &Snapshot) -> String {
    let Some(distributions) = &snapshot.distributions else { return "not yet".to_owned() };
    let most = distributions.center.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if most.is_finite() { short(most) } else { "not finite".to_owned() }
}

/// The steps after which half of a change of the student has reached the teacher: a definition, ln ½ / ln τ.
fn half_life(tau: f32, on: bool) -> String {
    match tau {
        _ if !on => "one step (τ 0)".to_owned(),
        tau if tau >= 1.0 => "never (τ 1)".to_owned(),
        tau if tau > 0.5 => format!("{:.0} steps", (0.5_f32.ln() / tau.ln()).max(1.0)),
        _ => "one step".to_owned(),
    }
}

/// What came of the newest flip, where it was this part's switch.
fn flip(part: Part, snapshot: &Snapshot) -> Vec<Fact> {
    let Some(SinceFlip { on, since, to_collapse, to_recovery, .. }) = snapshot.since_flip.filter(|flip| part.switch() == Some(flip.switch))
    else {
        return Vec::new();
    };
    let span = |span: crate::snapshot::Span| format!("{} steps, {:.1} s", grouped(span.steps), span.seconds);
    let mut facts = vec![fact(if on { "on again for" } else { "off for" }, span(since))];
    facts.extend(to_collapse.map(|time| fact("until the collapse", span(time))));
    facts.extend(to_recovery.map(|time| fact("until it was healthy", span(time))));
    facts
}

/// A stretch of this run in which exactly one ingredient was off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alone {
    /// The last step before it.
    pub from: u64,
    /// Its last step so far.
    pub to: u64,
    /// The deciding meter before it, if it was measured.
    pub before: Option<f32>,
    /// And at its end.
    pub after: Option<f32>,
    /// It still goes on.
    pub goes_on: bool,
}

/// The meter that [`Alone`] reads: its short name.
pub const fn alone_meter(method: Method) -> &'static str {
    match method {
        Method::Byol => "std",
        Method::Dino => "entropy",
    }
}

/// The newest stretch in which `switch` alone was off.
pub fn off_alone(switch: Switch, snapshot: &Snapshot) -> Option<Alone> {
    let flips: Vec<(u64, Switch, bool)> = flips_of(&snapshot.events, snapshot.front).collect();
    let methods_own = Switch::of(snapshot.method);
    // From now backwards: undoing a flip gives the state before it.
    let mut off: Vec<Switch> = methods_own.iter().copied().filter(|&own| !snapshot.switches.get(own)).collect();
    let mut end = snapshot.step;
    let mut goes_on = true;
    let mut found = None;
    for &(step, flipped, on) in flips.iter().rev() {
        if off == [switch] && end > step {
            found = Some((step, end));
            break;
        }
        off.retain(|&other| other != flipped);
        if on && methods_own.contains(&flipped) {
            off.push(flipped);
        }
        if step < end {
            goes_on = false;
        }
        end = end.min(step);
    }
    if found.is_none() && off == [switch] && end > 0 {
        found = Some((0, end));
    }
    let (from, to) = found?;
    let series = match snapshot.method {
        Method::Byol => &snapshot.history.embedding_std,
        Method::Dino => &snapshot.history.teacher_entropy,
    };
    let at = |step: u64| reading_at(series, step, snapshot.step);
    let before = at(from);
    let measured = series.points.iter().any(|point| (from + 1..=to).contains(&point.0));
    let after = at(to).filter(|_| measured);
    Some(Alone { from, to, before, after, goes_on: goes_on || to == snapshot.step })
}
