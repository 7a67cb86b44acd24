//! Results as a Markdown table: ranges over the seeds, and what was published beside each row, with its source.

use std::fmt::Write as _;

use super::results::{Outcome, Ran, Results};
use super::study::{Budget, StudyKind};
use crate::config::{MapAxes, Method};

/// A column: its head, and what it says of the learners of a row.
type Column = (&'static str, fn(&Ran) -> String);

const NOTHING: &str = "–";

/// Two decimals without the zero before the point, as tables of accuracies have them; three where the value is under .01.
fn short(value: f32) -> String {
    let text = if value.abs() < 0.0095 && value != 0.0 { format!("{value:.3}") } else { format!("{value:.2}") };
    match text.strip_prefix("0.").or_else(|| text.strip_prefix("-0.")) {
        Some(rest) if text.starts_with('-') => format!("-.{rest}"),
        Some(rest) => format!(".{rest}"),
        None => text,
    }
}

/// From the least to the greatest of the seeds.
fn range(ran: &Ran, value: impl Fn(&Outcome) -> Option<f32>) -> String {
    let values: Vec<f32> = ran.learners.iter().filter_map(value).filter(|value| value.is_finite()).collect();
    let (least, most) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &value| (least.min(value), most.max(value)));
    match (values.is_empty(), short(least), short(most)) {
        (true, ..) => NOTHING.to_owned(),
        (false, least, most) if least == most => least,
        (false, least, most) => format!("{least} to {most}"),
    }
}

/// "never", "17 to 20", or "68; 3 of 5 never".
fn first_collapsed(ran: &Ran) -> String {
    let steps: Vec<u64> = ran.learners.iter().filter_map(|learner| learner.first_collapsed_step).collect();
    let (Some(&least), Some(&most)) = (steps.iter().min(), steps.iter().max()) else { return "never".to_owned() };
    let span = if least == most { least.to_string() } else { format!("{least} to {most}") };
    match ran.learners.len() - steps.len() {
        0 => span,
        never => format!("{span}; {never} of {} never", ran.learners.len()),
    }
}

/// "5 of 5 healthy", or what they are instead.
pub(super) fn verdicts(ran: &Ran) -> String {
    let mut words: Vec<&str> = ran.learners.iter().map(|learner| learner.verdict.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    let count = |word: &str| ran.learners.iter().filter(|learner| learner.verdict == word).count();
    let all = words.iter().map(|&word| format!("{} of {} {word}", count(word), ran.learners.len()));
    all.collect::<Vec<_>>().join(", ")
}

const STEPS: Column = ("steps", |ran| ran.steps.to_string());
const KNN: Column = ("kNN", |ran| range(ran, |learner| learner.knn_accuracy));
const VERDICT: Column = ("verdict", verdicts);

const BYOL: [Column; 7] = [
    STEPS,
    ("embedding std", |ran| range(ran, |learner| learner.embedding_std)),
    ("lowest on the way", |ran| range(ran, |learner| learner.embedding_std_minimum)),
    KNN,
    ("kNN, projection", |ran| range(ran, |learner| learner.knn_projection)),
    ("first step with std under .15", first_collapsed),
    VERDICT,
];

const DINO: [Column; 7] = [
    STEPS,
    ("Hm", |ran| range(ran, |learner| learner.mean_teacher_entropy)),
    ("Ht", |ran| range(ran, |learner| learner.teacher_entropy)),
    ("KL", |ran| range(ran, |learner| learner.kl)),
    KNN,
    ("prototypes used", |ran| range(ran, |learner| learner.prototypes_used)),
    VERDICT,
];

const MULTICROP: [Column; 6] = [
    STEPS,
    ("kNN, whole images", |ran| range(ran, |learner| learner.knn_accuracy)),
    ("fragment to whole", |ran| range(ran, |learner| learner.fragments.map(|fragments| fragments[0]))),
    ("fragment to fragment", |ran| range(ran, |learner| learner.fragments.map(|fragments| fragments[1]))),
    ("median rank of its own image", |ran| range(ran, |learner| learner.fragments.map(|fragments| fragments[2]))),
    VERDICT,
];

/// What a row says, column by column: (name, value).
pub fn told(ran: &Ran, kind: StudyKind, method: Method) -> Vec<(&'static str, String)> {
    columns(kind, method).iter().map(|column| (column.0, column.1(ran))).collect()
}

const fn columns(kind: StudyKind, method: Method) -> &'static [Column] {
    match (kind, method) {
        (StudyKind::Multicrop, _) => &MULTICROP,
        (_, Method::Dino) => &DINO,
        (_, Method::Byol) => &BYOL,
    }
}

/// The whole text.
pub fn table(results: &Results) -> String {
    let study = &results.study;
    let mut text = head(results);
    match (study.kind, &study.axes) {
        (StudyKind::Map, Some(axes)) => grid(&mut text, results, axes),
        _ => rows(&mut text, results, columns(study.kind, study.method)),
    }
    if study.conditions.iter().any(|condition| condition.published.is_some()) {
        text.push_str(
            "\nPublished figures are of other data, other networks and much longer training: what can be compared is the direction.\n",
        );
    }
    text
}

/// What was trained, where and when.
fn head(results: &Results) -> String {
    let study = &results.study;
    let config = &study.conditions[0].config;
    let hyper = &config.hyper;
    let seeds = match study.seeds {
        1 => format!("seed {}", study.seed),
        count => format!("{count} seeds ({} to {})", study.seed, study.seed + u64::from(count) - 1),
    };
    let dials = match study.method {
        Method::Byol => format!("τ {}, predictor ×{}", hyper.tau, hyper.predictor_multiplier),
        Method::Dino => format!(
            "T_t {}, T_s {}, centre momentum {}, τ {}, K {}",
            hyper.teacher_temperature, hyper.student_temperature, hyper.center_momentum, hyper.tau, config.prototypes
        ),
    };
    let mut text = format!(
        "Preset `{}` on `{}`, {seeds}; learning rate {}, batch {}, {dials} where a row says nothing else. From the least to the greatest \
         of the seeds.",
        config.preset, config.data, hyper.learning_rate, config.batch
    );
    let untrained: Vec<f32> = results.done.iter().flat_map(|ran| &ran.learners).filter_map(|learner| learner.knn_untrained).collect();
    if let Some(mean) = (!untrained.is_empty()).then(|| untrained.iter().sum::<f32>() / untrained.len() as f32) {
        let _ = write!(text, " kNN before training {} on average.", short(mean));
    }
    match &results.machine {
        Some(machine) => {
            let _ = write!(text, " {}, {}; Twinlens {}, {}.", machine.adapter, machine.driver, machine.twinlens, machine.date);
        }
        None => text.push_str(" Nothing is done yet."),
    }
    if !results.is_complete() {
        text.push_str(" **Not complete: the same command goes on.**");
    }
    text + "\n\n"
}

fn rows(text: &mut String, results: &Results, columns: &[Column]) {
    let conditions = &results.study.conditions;
    let published = conditions.iter().any(|condition| condition.published.is_some());
    let heads: Vec<&str> = columns.iter().map(|column| column.0).collect();
    let _ = writeln!(text, "| | {} |{}", heads.join(" | "), if published { " published |" } else { "" });
    let _ = writeln!(text, "|---{}|", "|---".repeat(columns.len() + usize::from(published)));
    for condition in conditions {
        let Some(ran) = results.of(&condition.name) else { continue };
        let cells: Vec<String> = columns.iter().map(|column| column.1(ran)).collect();
        let _ = write!(text, "| {} | {} |", condition.name, cells.join(" | "));
        if published {
            let _ = write!(text, " {} |", condition.published.as_deref().unwrap_or(NOTHING));
        }
        text.push('\n');
    }
    if conditions.iter().any(|condition| matches!(condition.budget, Budget::ComputeOf(..))) {
        text.push_str("\nEqual compute: as many floating-point operations, counted kernel by kernel, as the row it is measured by takes in its steps.\n");
    }
}

/// A map: a row a value of y.
fn grid(text: &mut String, results: &Results, axes: &MapAxes) {
    let study = &results.study;
    let _ = writeln!(text, "| {} \\ {} | {} |", axes.y.key, axes.x.key, axes.x.values.join(" | "));
    let _ = writeln!(text, "|---{}|", "|---".repeat(axes.x.values.len()));
    for (value, cells) in axes.y.values.iter().zip(study.conditions.chunks(axes.x.values.len())) {
        let of =
            |condition: &super::Condition| results.of(&condition.name).map_or_else(|| NOTHING.to_owned(), |ran| cell(ran, study.method));
        let _ = writeln!(text, "| {value} | {} |", cells.iter().map(of).collect::<Vec<_>>().join(" | "));
    }
    let what = match study.method {
        Method::Byol => "embedding std",
        Method::Dino => "Hm / Ht / kNN",
    };
    let steps = results.done.first().map_or(0, |ran| ran.steps);
    let _ = writeln!(text, "\n{what} after {steps} steps; **bold**: healthy, else the kind of collapse.");
}

fn cell(ran: &Ran, method: Method) -> String {
    let value = match method {
        Method::Byol => range(ran, |learner| learner.embedding_std),
        Method::Dino => [
            range(ran, |learner| learner.mean_teacher_entropy),
            range(ran, |learner| learner.teacher_entropy),
            range(ran, |learner| learner.knn_accuracy),
        ]
        .join(" / "),
    };
    match ran.learners.iter().find(|learner| learner.is_collapsed()) {
        None => format!("**{value}**"),
        Some(collapsed) => format!("{value} {}", collapsed.verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.58, 0.004, 1.0, 0.0, 3.21, -0.2].map(short), [".58", ".004", "1.00", ".00", "3.21", "-.20"]);
    }
}
