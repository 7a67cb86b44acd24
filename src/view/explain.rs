//! What the ingredients are, in plain sentences: beside the switches, in the caption, in the key help. Everything said here
//! about a run is either a definition or depends on what was measured; published figures carry their source.

pub mod measured;
pub mod outcomes;
pub mod parts;

use crate::command::Switch;
use crate::config::{Method, keys};
use crate::snapshot::{Snapshot, VerdictKind};

use super::charts::{flips_of, reading, short};

/// What a switch does, what it means when off, and what was published about leaving it out.
pub struct SwitchText {
    /// With the ingredient in.
    pub on: &'static str,
    /// With the ingredient left out: exactly what changes.
    pub off: &'static str,
    /// The published row, with its source.
    pub published: &'static str,
}

/// The texts of a switch, as the method has it.
pub const fn switch_text(switch: Switch, method: Method) -> SwitchText {
    match switch {
        Switch::Ema if matches!(method, Method::Dino) => SwitchText {
            on: "On: after each step the teacher moves a little towards the student, teacher ← τ·teacher + (1−τ)·student.",
            off: keys::EMA_OFF,
            published: "Published, DINO (ImageNet, ViT-S, kNN): 72.8 % with the momentum teacher, 0.1 % without.",
        },
        Switch::Ema => SwitchText {
            on: "On: after each step the teacher moves a little towards the student, teacher ← τ·teacher + (1−τ)·student.",
            off: keys::EMA_OFF,
            published: "Published, BYOL Table 5a (ImageNet, 300 epochs): τ 0.99 gives 72.5 %, τ 0 gives 0.3 %. \
                        With other settings no EMA is needed: that is SimSiam.",
        },
        Switch::StopGradient => SwitchText {
            on: "On: the loss trains the student only; no gradient flows into the teacher.",
            off: keys::STOP_GRADIENT_OFF,
            published: "Published, SimSiam Fig. 2 (ImageNet, 100 epochs, no EMA): 67.7 % with stop-gradient, 0.1 % without.",
        },
        Switch::Centering => SwitchText {
            on: "On: the teacher's running mean, the centre, is subtracted from its logits, so no prototype can win everywhere.",
            off: keys::CENTERING_OFF,
            published: "Published, DINO Fig. 7 (ImageNet): without centering the teacher's entropy goes to 0, one prototype takes all.",
        },
        Switch::Sharpening => SwitchText {
            on: "On: the teacher's temperature is lower than the student's, so its distributions have a peak.",
            off: keys::SHARPENING_OFF,
            published: "Published, DINO Fig. 7 (ImageNet): without sharpening the teacher's entropy goes to ln K, all prototypes equal.",
        },
        Switch::Predictor => SwitchText {
            on: "On: the student predicts the teacher's projection through an extra head, q = predictor(z).",
            off: keys::PREDICTOR_OFF,
            published: "Published, BYOL Table 5b (ImageNet, 300 epochs): 72.5 % with predictor, 0.2 % without.",
        },
    }
}

/// Steps at which the verdict still says little.
const EARLY: u64 = 40;

/// One true sentence about what is going on: what was switched off, and what was measured since.
pub fn caption(snapshot: &Snapshot) -> String {
    if let Some(walk) = &snapshot.walk {
        return super::walk::caption(walk, snapshot);
    }
    if let Some(stopped) = &snapshot.stopped {
        return format!("Training has stopped: {stopped}. R re-initialises.");
    }
    if snapshot.step == 0 {
        let then = if snapshot.playing { "training starts." } else { "Space starts the training." };
        return format!("Random weights, and a teacher that is a copy of the student: {then}");
    }
    if let Some(several) = super::gathering::headline(snapshot) {
        return several.sentence;
    }
    let off: Vec<&str> =
        Switch::of(snapshot.method).iter().copied().filter(|&switch| !snapshot.switches.get(switch)).map(Switch::title).collect();
    if snapshot.method == Method::Dino {
        return dino_caption(snapshot, &off);
    }
    let read = |series| reading(series, snapshot.step);
    let measured = read(&snapshot.history.embedding_std).map_or_else(String::new, |std| format!(" (embedding std {})", short(std)));
    let flipped_off_before = flips_of(&snapshot.events, snapshot.front).any(|(_, _, on)| !on);
    match (snapshot.verdict.kind, off.as_slice()) {
        (VerdictKind::Complete, []) if flipped_off_before => format!(
            "Everything is back on, and the collapse stays{measured}: where the encoder has collapsed too, only R, new weights, helps."
        ),
        (VerdictKind::Complete, []) => {
            format!("Collapsed with everything on{measured}: every image gets nearly the same projection. R starts again.")
        }
        (VerdictKind::Complete, off) => {
            format!("Without {}: every image gets nearly the same projection{measured}. The loss is low all the same.", listed(off))
        }
        (VerdictKind::Dimensional, _) => {
            format!("The projections lie nearly on a line{measured}: they spread out, but only in one direction.")
        }
        (_, []) if snapshot.step < EARLY => "The first steps: student and teacher still see little but their random weights.".to_owned(),
        (_, []) => {
            // Below a loss of 0.5 the cosine of prediction and target is above 0.75.
            let together = read(&snapshot.history.loss).is_some_and(|loss| loss < 0.5);
            let views = if together { ", and the two views of one image land together" } else { "" };
            format!("All three asymmetries are on: the images stay spread out{measured}{views}.")
        }
        (_, [one]) => format!("Without {one}, and no collapse so far{measured}. Watch the embedding std."),
        (_, off) => format!("Without {}, and no collapse so far{measured}.", listed(off)),
    }
}

/// Steps for which DINO's distributions usually stay near uniform with everything on.
const PLATEAU: u64 = 900;

fn dino_caption(snapshot: &Snapshot, off: &[&str]) -> String {
    let history = &*snapshot.history;
    let read = [&history.mean_teacher_entropy, &history.teacher_entropy].map(|series| reading(series, snapshot.step));
    let [mean, image] = read.map(|value| value.map_or_else(|| "–".to_owned(), short));
    let ln_k = super::panels::balance::ln_k(snapshot).map_or_else(String::new, |most| format!(" of ln K = {most:.2}"));
    let flipped_off_before = flips_of(&snapshot.events, snapshot.front).any(|(_, _, on)| !on);
    let undecided = matches!(read, [Some(mean), Some(image)] if image > 0.75 * mean);
    match (snapshot.verdict.kind, off) {
        (VerdictKind::Dominant, []) if flipped_off_before => {
            format!("Everything is back on; one prototype still takes every image (entropy of the mean {mean}{ln_k}).")
        }
        (VerdictKind::Dominant, []) => format!("One prototype takes every image, with everything on (entropy of the mean {mean}{ln_k})."),
        (VerdictKind::Dominant, off) => {
            format!(
                "Without {}, one prototype takes every image (entropy of the mean {mean}{ln_k}). The loss is low all the same.",
                listed(off)
            )
        }
        (VerdictKind::Uniform, []) if !flipped_off_before && snapshot.step < PLATEAU => {
            format!("All prototypes are still alike (entropy {image}{ln_k}). A plateau is usual at the start; then the symmetry breaks.")
        }
        (VerdictKind::Uniform, []) => {
            format!("Every image gets nearly the uniform distribution, with everything on (entropy {image}{ln_k}).")
        }
        (VerdictKind::Uniform, off) => {
            format!(
                "Without {}, every image gets nearly the uniform distribution (entropy {image}{ln_k}): nothing is told apart.",
                listed(off)
            )
        }
        (VerdictKind::Constant, []) => {
            format!("Every image gets the same distribution (entropy {image}, of the mean {mean}): the prototypes tell nothing apart.")
        }
        (VerdictKind::Constant, off) => {
            format!("Without {}, every image gets the same distribution (entropy {image}, of the mean {mean}).", listed(off))
        }
        (_, []) if snapshot.step < EARLY => "The first steps: student and teacher still see little but their random weights.".to_owned(),
        (_, []) if undecided => {
            format!("Centering keeps many prototypes in play (entropy of the mean {mean}); the images are not decided yet ({image}).")
        }
        (_, []) => {
            format!("Centering keeps many prototypes in play (entropy of the mean {mean}), sharpening keeps each image decided ({image}).")
        }
        (_, [one]) => {
            format!("Without {one}, and no collapse so far (entropy of the mean {mean}, of an image {image}). Watch the two entropies.")
        }
        (_, off) => format!("Without {}, and no collapse so far (entropy of the mean {mean}, of an image {image}).", listed(off)),
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// What to say when a switch's key is pressed that the method does not have.
pub fn no_such_switch(switch: Switch, method: Method) -> String {
    let (name, other) = match method {
        Method::Byol => ("BYOL", "DINO's"),
        Method::Dino => ("DINO", "BYOL's"),
    };
    format!("{}: {name} has no {}, that is {other}.", switch.letter(), switch.title())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listed(&["EMA"]), "EMA");
        assert_eq!(listed(&["EMA", "stop-gradient", "predictor"]), "EMA, stop-gradient and predictor");
    }
}
