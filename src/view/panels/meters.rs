//! The right pane: the charts of the method's meters, all over one step axis. Ranges are fixed by their references; a switch that was
//! flipped is a line through every chart, its letter above the first.

use crate::command::Command;
use crate::config::Method;
use crate::observe::verdict::COMPLETE_BELOW_STD;
use crate::snapshot::{Series, Snapshot};
use crate::view::charts::{Axis, Chart, End, Line, Reference, grouped, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::balance::ln_k;
use super::{Frame, Panel};

/// The right pane.
#[derive(Default)]
pub struct Meters {
    /// DINO: entropy of the mean minus mean entropy, worked out anew when either has changed.
    mutual_information: Series,
    made_of: [Option<(u64, f32)>; 2],
}

/// Under this share of ln K the mutual information says that the distributions have collapsed (SCIENCE.md, section 6).
const COLLAPSED_BELOW_SHARE: f32 = 0.05;

fn reference(value: f32, name: impl Into<String>, below: bool, right: bool) -> Reference {
    Reference { value, name: name.into(), below, right }
}

fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", value * 100.0) } else { "not finite".to_owned() }
}

/// Whether the lines keep farther from a value in their late half than in their early one, so that its name belongs there.
fn late(value: f32, lines: &[&Series]) -> bool {
    // Of each half, the distance that only every tenth point comes below: single spikes do no harm to a name.
    let distance = |points: &[(u64, f32)]| {
        let distances = points.iter().map(|point| (point.1 - value).abs()).filter(|distance| distance.is_finite());
        let mut distances: Vec<f32> = distances.collect();
        let tenth = distances.len() / 10;
        if distances.is_empty() { f32::INFINITY } else { *distances.select_nth_unstable_by(tenth, f32::total_cmp).1 }
    };
    let nearest = |late: bool| {
        let half = |series: &&Series| {
            let (first, second) = series.points.split_at(series.points.len() / 2);
            distance(if late { second } else { first })
        };
        lines.iter().map(half).fold(f32::INFINITY, f32::min)
    };
    nearest(true) > nearest(false)
}

/// a - b wherever both were measured at the same step.
fn difference(a: &Series, b: &Series) -> Series {
    let mut others = b.points.iter().copied().peekable();
    let mut points = Vec::with_capacity(a.points.len());
    for &(step, value) in &a.points {
        while others.next_if(|other| other.0 < step).is_some() {}
        if let Some(other) = others.next_if(|other| other.0 == step) {
            points.push((step, value - other.1));
        }
    }
    Series { points }
}

fn single(series: &Series) -> Vec<Line<'_>> {
    vec![Line { series, colour: theme::TEXT, name: "", end: End::Dot }]
}

fn charts<'a>(snapshot: &'a Snapshot, mutual_information: &'a Series, narrow: bool) -> Vec<Chart<'a>> {
    match snapshot.method {
        Method::Byol => byol_charts(snapshot),
        Method::Dino => dino_charts(snapshot, mutual_information, narrow),
    }
}

fn knn_chart(snapshot: &Snapshot) -> Chart<'_> {
    let knn = &snapshot.history.knn_accuracy;
    // The two names stand at different ends, for their lines are close, and on the sides where the data are not.
    let low = snapshot.untrained_knn.zip(knn.last()).is_some_and(|(untrained, now)| now <= untrained);
    let right = snapshot.untrained_knn.is_none_or(|untrained| late(untrained, &[knn]));
    let mut references = vec![reference(snapshot.chance, format!("{} chance", percent(snapshot.chance)), low, !right)];
    if let Some(untrained) = snapshot.untrained_knn {
        references.push(reference(untrained, format!("{} untrained", percent(untrained)), !low, right));
    }
    let labelled = !snapshot.class_names.is_empty();
    Chart {
        title: "kNN accuracy",
        qualifier: if labelled { "labels: display only" } else { "no labels in these images" }.to_owned(),
        range: [0.0, 1.0],
        references: if labelled { references } else { Vec::new() },
        lines: if labelled { single(&snapshot.history.knn_accuracy) } else { Vec::new() },
        format: percent,
        greyed: false,
    }
}

fn dino_charts<'a>(snapshot: &'a Snapshot, mutual_information: &'a Series, narrow: bool) -> Vec<Chart<'a>> {
    let history = &*snapshot.history;
    let most = ln_k(snapshot);
    let top = most.unwrap_or(4.0);
    let both = [&history.mean_teacher_entropy, &history.teacher_entropy];
    let mut entropies = vec![reference(0.0, "0 one prototype", true, false)];
    let mut information = vec![reference(0.0, "0 nothing is told apart", true, false)];
    if let Some(most) = most {
        entropies.push(reference(most, format!("ln K = {most:.2}, uniform"), false, late(most, &both)));
        information.push(reference(most, format!("ln K = {most:.2}"), false, true));
        let classes = snapshot.class_names.len();
        if classes > 1 && (classes as f32).ln() < 0.8 * most {
            let value = (classes as f32).ln();
            information.push(reference(value, format!("ln {classes}, one a class"), false, late(value, &[mutual_information])));
        }
    }
    let collapsed = most.is_some_and(|most| mutual_information.last().is_some_and(|now| now < COLLAPSED_BELOW_SHARE * most));
    vec![
        Chart {
            title: "Teacher entropy",
            qualifier: "nats".to_owned(),
            range: [-0.3 * top, 1.3 * top],
            references: entropies,
            lines: vec![
                Line {
                    series: &history.mean_teacher_entropy,
                    colour: theme::TEXT,
                    name: if narrow { "mean" } else { "of mean" },
                    end: End::Dot,
                },
                Line {
                    series: &history.teacher_entropy,
                    colour: theme::TEACHER,
                    name: if narrow { "image" } else { "per image" },
                    end: End::Ring,
                },
            ],
            format: short,
            greyed: false,
        },
        Chart {
            title: "Mutual information",
            qualifier: if collapsed { "collapsed" } else { "of mean − per image" }.to_owned(),
            range: [-0.3 * top, 1.3 * top],
            references: information,
            lines: single(mutual_information),
            format: short,
            greyed: false,
        },
        Chart {
            title: "KL divergence",
            qualifier: if collapsed { "low: all images alike" } else { "student from teacher" }.to_owned(),
            range: [-0.3, 1.2],
            references: vec![reference(0.0, "0 equal", true, false)],
            lines: single(&history.kl),
            format: short,
            greyed: false,
        },
        knn_chart(snapshot),
        Chart {
            title: "Embedding std",
            qualifier: "of the head's bottleneck".to_owned(),
            range: [-0.25, 1.2],
            references: vec![reference(1.0, "1 spread out", false, true), reference(0.0, "0 one point", true, false)],
            lines: single(&history.embedding_std),
            format: short,
            greyed: false,
        },
    ]
}

fn byol_charts(snapshot: &Snapshot) -> Vec<Chart<'_>> {
    let history = &*snapshot.history;
    let dimensions = snapshot.cloud.as_ref().map_or(32, |cloud| cloud.dimensions).max(2);
    let collapsed = history.embedding_std.last().is_some_and(|std| std < COMPLETE_BELOW_STD);
    let std = Chart {
        title: "Embedding std",
        qualifier: "the collapse meter".to_owned(),
        range: [0.0, 1.2],
        references: vec![reference(1.0, "1 healthy", false, true), reference(0.0, "0 collapsed", false, false)],
        lines: vec![
            Line { series: &history.embedding_std, colour: theme::STUDENT, name: "student", end: End::Dot },
            Line { series: &history.teacher_std, colour: theme::TEACHER, name: "teacher", end: End::Ring },
        ],
        format: short,
        greyed: false,
    };
    let loss = Chart {
        title: "Loss",
        qualifier: "low does not mean learned".to_owned(),
        range: [0.0, 2.0],
        references: vec![reference(2.0, "2 unrelated", true, true), reference(0.0, "0 identical", false, false)],
        lines: single(&history.loss),
        format: short,
        greyed: false,
    };
    let rank = Chart {
        title: "Effective rank",
        qualifier: if collapsed { format!("noise while std < {COMPLETE_BELOW_STD}") } else { "directions in use".to_owned() },
        range: [0.0, dimensions as f32 * 1.1],
        references: vec![reference(dimensions as f32, format!("{dimensions} = d"), true, false), reference(1.0, "1 a line", false, false)],
        lines: single(&history.effective_rank),
        format: short,
        greyed: collapsed,
    };
    vec![std, loss, rank, knn_chart(snapshot)]
}

impl Panel for Meters {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule(area.min, [area.min[0], area.max[1]], theme::SEPARATOR, 1.0);
        let inner = Rect::new(area.min[0] + 16.0, area.min[1] + 12.0, area.max[0] - 16.0, area.max[1] - 28.0);
        let history = &*snapshot.history;
        let last = |series: &Series| series.points.last().copied();
        let made_of = [last(&history.teacher_entropy), last(&history.mean_teacher_entropy)];
        if made_of != self.made_of {
            self.mutual_information = difference(&history.mean_teacher_entropy, &history.teacher_entropy);
            self.made_of = made_of;
        }
        let mut charts = charts(snapshot, &self.mutual_information, inner.width() <= 280.0);
        // What goes where not all fit: BYOL's loss, rank and kNN, DINO's std, KL and kNN; the collapse meters stay.
        let least = if snapshot.method == Method::Dino { 110.0 } else { 120.0 };
        let going = match snapshot.method {
            Method::Byol => ["Loss", "Effective rank", "kNN accuracy"],
            Method::Dino => ["Embedding std", "KL divergence", "kNN accuracy"],
        };
        for title in going {
            if inner.height() / (charts.len() as f32) < least {
                charts.retain(|chart| chart.title != title);
            }
        }
        let pitch = inner.height() / charts.len() as f32;
        // Letters of the flips stand above the first plot, so its area starts higher.
        let place = |index: usize| {
            let top = inner.min[1] + index as f32 * pitch;
            Rect::new(inner.min[0], top, inner.max[0], top + pitch - if index == 0 { 10.0 } else { 16.0 })
        };
        let mut axis = Axis::new(snapshot.step);
        let pointer = frame.pointer();
        for (index, chart) in charts.iter().enumerate() {
            let plot = Chart::plot(&place(index), index == 0);
            if frame.touch(chart.title, plot).hovered {
                axis.hovered = Some(axis.step_at(&plot, pointer[0]));
            }
        }
        for (index, chart) in charts.iter().enumerate() {
            let rect = place(index);
            if snapshot.method == Method::Dino {
                chart.draw_all_values(paint, &rect, &axis, &snapshot.events, index == 0);
            } else {
                chart.draw(paint, &rect, &axis, &snapshot.events, index == 0);
            }
        }
        // The shared axis under the last chart.
        let last = place(charts.len() - 1);
        let plot = Chart::plot(&last, charts.len() == 1);
        let y = plot.max[1] + 14.0;
        paint.text([plot.min[0], y], Align::Left, Style::LABEL, "0");
        paint.text([plot.max[0], y], Align::Right, Style::LABEL, &format!("step {}", grouped(axis.last_step)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_no_data_run() {
        let falling = Series { points: (0..100).map(|step| (step, 4.0 - 0.04 * step as f32)).collect() };
        assert!(!late(0.0, &[&falling]) && late(4.0, &[&falling]));
        assert!(!late(0.0, &[&Series::default()]));
    }

    #[test]
    fn differences_are_taken_at_common_steps() {
        let a = Series { points: vec![(1, 4.0), (2, 5.0), (4, 6.0), (9, 1.0)] };
        let b = Series { points: vec![(2, 1.0), (3, 9.0), (4, 2.0), (8, 0.0)] };
        assert_eq!(difference(&a, &b).points, [(2, 4.0), (4, 4.0)]);
        assert!(difference(&a, &Series::default()).points.is_empty());
    }
}
