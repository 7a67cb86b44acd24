//! The words of the map: what its axes are called, what was published of their values, what a cell measured.

use crate::command::{Dial, Switch};
use crate::config::{MapAxes, Method};
use crate::observe::verdict::COMPLETE_BELOW_STD;
use crate::snapshot::{LearnerView, Snapshot, VerdictKind};
use crate::view::charts::{grouped, reading, short};
use crate::view::headline::Headline;

use super::super::dials;
use super::super::top::verdict_title;

/// The name of a key on screen.
pub fn title(key: &str) -> &str {
    let dial = Dial::ALL.into_iter().find(|dial| dial.key() == key).map(Dial::title);
    let switch = || Switch::ALL.into_iter().find(|switch| switch.key() == key).map(Switch::title);
    match key {
        "weight_decay" => "weight decay",
        "frozen_steps" => "frozen steps",
        _ => dial.or_else(switch).unwrap_or(key),
    }
}

/// What a key is, in a sentence or two.
pub fn about(key: &str) -> &'static str {
    let dial = Dial::ALL.into_iter().find(|dial| dial.key() == key);
    dial.map_or_else(|| crate::config::key(key).map_or("", |row| row.meaning), |dial| dials::about(dial).1)
}

/// What was published for a value of a key, and where.
pub fn published(key: &str, value: &str) -> Option<(&'static str, &'static str)> {
    const BYOL_5A: &str = "BYOL Table 5a, ImageNet linear top-1, 300 epochs";
    const BYOL_21: &str = "BYOL Table 21, no EMA, ImageNet linear top-1";
    const DINO_D: &str = "DINO App. D, ImageNet kNN, ViT-S";
    let (rows, source): (&[(&str, &str)], _) = match key {
        "tau" => (&[("0", "0.3 %"), ("0.9", "68.4 %"), ("0.99", "72.5 %"), ("0.999", "69.8 %"), ("1", "18.8 %")], BYOL_5A),
        "predictor_multiplier" => (&[("1", "5.5 %"), ("2", "62.8 %"), ("10", "66.6 %")], BYOL_21),
        "center_momentum" => (&[("0", "69.1 %"), ("0.9", "69.7 %"), ("0.99", "69.4 %"), ("0.999", "0.1 %")], DINO_D),
        "teacher_temperature" => (&[("0.02", "66.7 %"), ("0.04", "69.6 %"), ("0.06", "68.7 %"), ("0.08", "0.1 %")], DINO_D),
        _ => (&[], ""),
    };
    rows.iter().find(|row| row.0 == value).map(|row| (row.1, source))
}

/// The letter that marks a collapse; none marks anything else.
pub const fn letter(kind: VerdictKind) -> Option<&'static str> {
    match kind {
        VerdictKind::Unknown | VerdictKind::Healthy => None,
        VerdictKind::Complete => Some("C"),
        VerdictKind::Dimensional => Some("D"),
        VerdictKind::Dominant => Some("1"),
        VerdictKind::Uniform => Some("U"),
        VerdictKind::Constant => Some("K"),
    }
}

/// The number that stands in a cell: BYOL's embedding std, DINO's mutual information.
pub fn number(learner: &LearnerView, snapshot: &Snapshot) -> Option<f32> {
    let read = |series| reading(series, snapshot.step);
    match snapshot.method {
        Method::Byol => read(&learner.history.embedding_std),
        Method::Dino => Some(read(&learner.history.mean_teacher_entropy)? - read(&learner.history.teacher_entropy)?),
    }
}

/// What [`number`] is.
pub const fn number_name(method: Method) -> &'static str {
    match method {
        Method::Byol => "std",
        Method::Dino => "MI",
    }
}

/// The same in full.
pub fn number_sentence(method: Method) -> String {
    match method {
        Method::Byol => format!(
            "The number in a cell is its embedding std at this step: 1 is spread out, 0 one point for all. A mean of 20 steps under \
             {COMPLETE_BELOW_STD} is a complete collapse."
        ),
        Method::Dino => {
            "The number in a cell is its mutual information in nats at this step: what a prototype tells of its image.".to_owned()
        }
    }
}

/// The values of a cell: "momentum τ 0.99, predictor learning rate 10".
pub fn values(axes: &MapAxes, cell: usize) -> String {
    let [column, row] = axes.cell(cell);
    let of = |axis: &crate::config::MapAxis, place: usize| format!("{} {}", title(&axis.key), axis.values.get(place).map_or("", |v| v));
    format!("{}, {}", of(&axes.x, column), of(&axes.y, row))
}

/// A cell's meters: names and values.
pub fn facts(axes: &MapAxes, cell: usize, snapshot: &Snapshot) -> Vec<(String, String)> {
    let Some(learner) = snapshot.learners.get(cell) else { return Vec::new() };
    let [column, row] = axes.cell(cell);
    let mut facts: Vec<(String, String)> = Vec::new();
    for (axis, place) in [(&axes.x, column), (&axes.y, row)] {
        facts.push((title(&axis.key).to_owned(), axis.values.get(place).cloned().unwrap_or_default()));
    }
    facts.push(("verdict".to_owned(), verdict_title(learner.verdict.kind).to_owned()));
    let history = &*learner.history;
    let read = |series| reading(series, snapshot.step).map_or_else(|| "not yet".to_owned(), short);
    let mut add = |name: &str, value: String| facts.push((name.to_owned(), value));
    if snapshot.method == Method::Dino {
        add("mutual information, nats", number(learner, snapshot).map_or_else(|| "not yet".to_owned(), short));
        add("entropy of the mean, nats", read(&history.mean_teacher_entropy));
        add("entropy of an image, nats", read(&history.teacher_entropy));
    }
    add("embedding std", read(&history.embedding_std));
    add("effective rank", read(&history.effective_rank));
    add("loss", read(&history.loss));
    if let Some(accuracy) = history.knn_accuracy.last() {
        add("kNN accuracy", format!("{:.0} %", 100.0 * accuracy));
    }
    if let Some(step) = learner.collapsed_at {
        add("collapsed at step", grouped(step));
    }
    add("seed", learner.seed.to_string());
    facts
}

/// A cell in one sentence.
pub fn sentence(axes: &MapAxes, cell: usize, snapshot: &Snapshot) -> String {
    let Some(learner) = snapshot.learners.get(cell) else { return String::new() };
    let number = number(learner, snapshot).map_or_else(|| "not yet measured".to_owned(), short);
    format!(
        "{}: {}, {} {number}. A click chooses the cell.",
        values(axes, cell),
        verdict_title(learner.verdict.kind),
        number_name(snapshot.method)
    )
}

/// How many learners are healthy, have collapsed, and are not judged yet.
pub fn counts(snapshot: &Snapshot) -> [usize; 3] {
    let of = |wanted: &dyn Fn(VerdictKind) -> bool| snapshot.learners.iter().filter(|learner| wanted(learner.verdict.kind)).count();
    let healthy = of(&|kind| kind == VerdictKind::Healthy);
    let collapsed = of(&VerdictKind::is_collapse);
    [healthy, collapsed, snapshot.learners.len() - healthy - collapsed]
}

/// The bar below, while a map trains.
pub fn headline(axes: &MapAxes, snapshot: &Snapshot) -> Headline {
    let [healthy, collapsed, unknown] = counts(snapshot);
    let all = snapshot.learners.len();
    let sentence = match unknown {
        unknown if unknown == all => format!("{all} learners side by side: the first verdict comes after 20 steps."),
        0 => format!("{healthy} of {all} learners are healthy, {collapsed} have collapsed."),
        _ => format!("{healthy} of {all} learners are healthy, {collapsed} have collapsed, {unknown} not judged yet."),
    };
    let beneath = format!("{} across, {} down: the same seed and the same crops for all.", title(&axes.x.key), title(&axes.y.key));
    Headline { sentence, beneath }
}

/// The bar below, while a map is proposed.
pub fn proposal() -> Headline {
    Headline {
        sentence: "A grid of learners over two settings, trained side by side: Enter starts it.".to_owned(),
        beneath: "The arrow keys change its size.".to_owned(),
    }
}
