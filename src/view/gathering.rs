//! Several learners in words: what each is called, in what the two of a twin differ, and how they are doing, side by side.
//!
//! Contract: everything said is of the snapshot as it is. What concerns one learner alone is said of the one in front elsewhere.

use crate::command::{Change, Command, Dial, Switch};
use crate::config::{Gathering, Method};
use crate::snapshot::{LearnerView, Snapshot, VerdictKind, grouped};

use super::charts::marks::change_text;
use super::charts::{reading, short};
use super::headline::Headline;
use super::panels::map;
use super::panels::top::verdict_title;

/// The two of a twin, where there is one.
pub fn twin(snapshot: &Snapshot) -> Option<[&LearnerView; 2]> {
    match (&snapshot.gathering, snapshot.learners.as_slice()) {
        (Gathering::Twin, [a, b]) => Some([a, b]),
        _ => None,
    }
}

/// Learners that differ in their seeds, where there are several.
pub fn seeds(snapshot: &Snapshot) -> Option<&[LearnerView]> {
    (snapshot.gathering == Gathering::Seeds && snapshot.learners.len() > 1).then_some(snapshot.learners.as_slice())
}

/// The letter of a side of a twin.
pub const fn letter(learner: usize) -> &'static str {
    if learner == 0 { "A" } else { "B" }
}

/// What a learner is called: the letter of its side, or its seed.
pub fn name(snapshot: &Snapshot, learner: usize) -> String {
    match snapshot.gathering {
        Gathering::Twin => letter(learner).to_owned(),
        Gathering::Map(ref axes) => map::values(axes, learner),
        _ => format!("seed {}", snapshot.learners.get(learner).map_or(snapshot.seed, |view| view.seed)),
    }
}

/// In what two learners differ: what each of them has.
pub fn differences(method: Method, [a, b]: [&LearnerView; 2]) -> Vec<[Change; 2]> {
    let switches = Switch::of(method).iter().map(|&switch| [a, b].map(|side| Change::Switch(switch, side.switches.get(switch))));
    let dials = Dial::of(method).iter().map(|&dial| [a, b].map(|side| Change::Dial(dial, side.dials.get(dial))));
    switches.chain(dials).filter(|[a, b]| a != b).collect()
}

/// What a learner has that the other has not: "without predictor", "τ 0.900".
fn phrase(change: &Change) -> String {
    match change {
        Change::Switch(switch, true) => format!("with {}", switch.title()),
        Change::Switch(switch, false) => format!("without {}", switch.title()),
        other => change_text(other),
    }
}

/// In what a side of a twin differs from the other: "without predictor, τ 0.900"; nothing while they are the same.
pub fn described(snapshot: &Snapshot, learner: usize) -> String {
    let Some(sides) = twin(snapshot) else { return String::new() };
    let all: Vec<String> = differences(snapshot.method, sides).iter().map(|pair| phrase(&pair[learner.min(1)])).collect();
    all.join(", ")
}

/// How a learner is doing, in words that follow its name: "healthy", "collapsed at step 340".
pub fn state(learner: &LearnerView) -> String {
    match (learner.verdict.kind, learner.collapsed_at) {
        (VerdictKind::Complete, Some(step)) => format!("collapsed at step {}", grouped(step)),
        (kind, Some(step)) if kind.is_collapse() => format!("{} since step {}", verdict_title(kind), grouped(step)),
        (VerdictKind::Unknown, _) => "too early to tell".to_owned(),
        (kind, _) => verdict_title(kind).to_owned(),
    }
}

/// In what a side differs and how it is doing: "without predictor: collapsed at step 340".
pub fn summary(snapshot: &Snapshot, learner: usize) -> String {
    let state = snapshot.learners.get(learner).map_or_else(String::new, state);
    match described(snapshot, learner) {
        words if words.is_empty() => state,
        words => format!("{words}: {state}"),
    }
}

/// "5 of 5 healthy", "4 of 5 healthy, seed 3 complete collapse": how several learners are doing.
pub fn tally(learners: &[LearnerView]) -> String {
    let count = |kind: VerdictKind| learners.iter().filter(|learner| learner.verdict.kind == kind).count();
    if count(VerdictKind::Unknown) == learners.len() {
        return "measuring".to_owned();
    }
    let mut text = format!("{} of {} healthy", count(VerdictKind::Healthy), learners.len());
    let ill: Vec<&LearnerView> = learners.iter().filter(|learner| learner.verdict.kind.is_collapse()).collect();
    match ill.as_slice() {
        [] => {}
        [one] => text += &format!(", seed {} {}", one.seed, verdict_title(one.verdict.kind)),
        [first, ..] if ill.iter().all(|learner| learner.verdict.kind == first.verdict.kind) => {
            text += &format!(", {} {}", ill.len(), verdict_title(first.verdict.kind));
        }
        several => text += &format!(", {} collapsed", several.len()),
    }
    text
}

/// What to say of several learners; none where there is one, or where they are something else to each other.
pub fn headline(snapshot: &Snapshot) -> Option<Headline> {
    if let Some(sides) = twin(snapshot) {
        return Some(of_twin(snapshot, sides));
    }
    let learners = seeds(snapshot)?;
    let readings = |field: fn(&LearnerView) -> Option<f32>| {
        let mut values: Vec<f32> = learners.iter().filter_map(field).filter(|value| value.is_finite()).collect();
        values.sort_by(f32::total_cmp);
        match (values.first(), values.last()) {
            (Some(low), Some(high)) => format!("{}, from {} to {}", short(median(&values)), short(*low), short(*high)),
            _ => "not yet measured".to_owned(),
        }
    };
    let meter = match snapshot.method {
        Method::Byol => format!("embedding std {}", readings(|learner| learner.history.embedding_std.last())),
        Method::Dino => format!("entropy of the mean {}", readings(|learner| learner.history.mean_teacher_entropy.last())),
    };
    let sentence = match tally(learners).as_str() {
        "measuring" => format!("{} seeds side by side: too early to tell.", learners.len()),
        text => format!("{text}."),
    };
    Some(Headline { sentence, beneath: format!("{} seeds, each with its own weights and crops: {meter}.", learners.len()) })
}

/// The middle of sorted values, or the mean of the two in the middle; 0 of none.
pub fn median(sorted: &[f32]) -> f32 {
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => 0.5 * (sorted[count / 2 - 1] + sorted[count / 2]),
    }
}

fn of_twin(snapshot: &Snapshot, sides: [&LearnerView; 2]) -> Headline {
    let read = |side: usize| {
        let history = &*sides[side].history;
        let series = match snapshot.method {
            Method::Byol => &history.embedding_std,
            Method::Dino => &history.mean_teacher_entropy,
        };
        reading(series, snapshot.step).map_or_else(|| "not yet measured".to_owned(), short)
    };
    let meter = match snapshot.method {
        Method::Byol => "Embedding std",
        Method::Dino => "Entropy of the mean",
    };
    let beneath = format!("{meter}: A {}, B {}.", read(0), read(1));
    let sentence = if differences(snapshot.method, sides).is_empty() {
        let since = match sides.map(|side| side.history.loss.last()) {
            [a, b] if a == b => "A and B are still the same",
            _ => "A and B have the same switches again",
        };
        format!("{since}: flip a switch of {}.", letter(snapshot.front))
    } else {
        // What went wrong is told first, and else what was taken away.
        let first = match sides.map(|side| side.verdict.kind.is_collapse()) {
            [true, false] => 0,
            [false, true] => 1,
            _ => usize::from(!has_less(snapshot.method, sides)),
        };
        let [one, other] = [first, 1 - first];
        let says = match (sides[one].verdict.kind, sides[other].verdict.kind) {
            (VerdictKind::Healthy, _) => "no collapse so far".to_owned(),
            _ => state(sides[one]),
        };
        let described = described(snapshot, one);
        let with = if described.starts_with("with") { "" } else { "with " };
        format!("{} {with}{described}: {says}; {} {}.", letter(one), letter(other), state(sides[other]))
    };
    Headline { sentence, beneath }
}

/// Whether the first of two has fewer ingredients than the other.
fn has_less(method: Method, [a, b]: [&LearnerView; 2]) -> bool {
    let on = |side: &LearnerView| Switch::of(method).iter().filter(|switch| side.switches.get(**switch)).count();
    on(a) < on(b)
}

/// What a control asks for, directed at the side in front where there is a twin, and not at `all`.
pub fn directed(command: Command, snapshot: &Snapshot, all: bool) -> Command {
    let change = match command {
        Command::SetSwitch { switch, on } => Change::Switch(switch, on),
        Command::SetDial { dial, value } => Change::Dial(dial, value),
        other => return other,
    };
    if all || twin(snapshot).is_none() { command } else { Command::ChangeOne { learner: snapshot.front as u32, change } }
}
