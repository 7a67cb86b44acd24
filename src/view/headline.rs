//! What a room reads from the back row: one short sentence on what has been measured, and one line beneath it with the numbers.
//!
//! Contract: every sentence is true of the snapshot as it is; nothing is said of what is yet to come.

use crate::command::Switch;
use crate::config::Method;
use crate::snapshot::{Series, Snapshot, VerdictKind};

use super::charts::{flips_of, reading, short};
use super::scene::Scene;

/// The sentence, and the line beneath.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// One short sentence.
    pub sentence: String,
    /// What was measured, or what to do.
    pub beneath: String,
}

fn headline_of(sentence: &str, beneath: String) -> Headline {
    Headline { sentence: sentence.to_owned(), beneath }
}

fn read(series: &Series, snapshot: &Snapshot) -> String {
    reading(series, snapshot.step).map_or_else(|| "not yet measured".to_owned(), short)
}

/// "without EMA", "without EMA and centering"; nothing while everything is on.
fn without(snapshot: &Snapshot) -> Option<String> {
    let off: Vec<&str> =
        Switch::of(snapshot.method).iter().filter(|switch| !snapshot.switches.get(**switch)).map(|switch| switch.title()).collect();
    match off.as_slice() {
        [] => None,
        [one] => Some(format!("Without {one}")),
        [first, second] => Some(format!("Without {first} and {second}")),
        [_, _, ..] if off.len() == Switch::of(snapshot.method).len() => Some("With everything off".to_owned()),
        [first, .., second] => Some(format!("Without {first}, {second} and more")),
    }
}

/// What to say of a snapshot in a scene.
pub fn headline(snapshot: &Snapshot, scene: Scene) -> Headline {
    if let Some(stopped) = &snapshot.stopped {
        return headline_of("Training has stopped.", format!("{stopped} R starts again with new weights."));
    }
    if let Some(walk) = &snapshot.walk {
        return headline_of(walk.at.sentence(snapshot.method), super::walk::happened(walk, snapshot));
    }
    if snapshot.step == 0 {
        let then = if snapshot.playing { "Training starts." } else { "Space starts the training." };
        return headline_of("Random weights: nothing is learned yet.", format!("The teacher is a copy of the student. {then}"));
    }
    if let Some(several) = super::gathering::headline(snapshot) {
        return several;
    }
    let history = &*snapshot.history;
    let meters = match snapshot.method {
        Method::Byol => format!("embedding std {}, loss {}", read(&history.embedding_std, snapshot), read(&history.loss, snapshot)),
        Method::Dino => {
            let [image, mean] = [&history.teacher_entropy, &history.mean_teacher_entropy].map(|series| read(series, snapshot));
            format!("entropy of an image {image}, of the mean {mean}")
        }
    };
    let without = without(snapshot);
    let flipped = flips_of(&snapshot.events, snapshot.front).any(|(_, _, on)| !on);
    let circumstances = match (&without, flipped) {
        (Some(without), _) => without.clone(),
        (None, true) => "Everything is back on".to_owned(),
        (None, false) => "Everything is on".to_owned(),
    };
    let beneath = format!("{circumstances}: {meters}.");
    match snapshot.verdict.kind {
        VerdictKind::Unknown => headline_of("The first steps: too early to tell.", beneath),
        VerdictKind::Complete if without.is_none() && flipped => {
            headline_of("Everything is back on, and the collapse stays.", format!("{} R starts again with new weights.", capital(&meters)))
        }
        VerdictKind::Complete => {
            let low = reading(&history.loss, snapshot.step).is_some_and(|loss| loss < 0.1);
            let sentence =
                if low { "The loss is almost zero, and nothing is told apart." } else { "Every image gets nearly the same answer." };
            headline_of(sentence, beneath)
        }
        VerdictKind::Dimensional => headline_of("The projections lie nearly on a line.", beneath),
        VerdictKind::Dominant => headline_of("One prototype takes every image.", beneath),
        VerdictKind::Uniform => headline_of("All prototypes look alike to every image.", beneath),
        VerdictKind::Constant => headline_of("Every image gets the same distribution.", beneath),
        VerdictKind::Healthy if scene == Scene::Multicrop && snapshot.local_crops > 0 && without.is_none() => headline_of(
            "The student sees the pieces, the teacher the large crops.",
            format!("Different images get different answers: {meters}."),
        ),
        VerdictKind::Healthy => match &without {
            Some(without) => headline_of(&format!("{without}, and no collapse so far."), format!("{}.", capital(&meters))),
            None => headline_of("Different images get different answers.", beneath),
        },
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
