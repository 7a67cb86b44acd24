//! The right pane: the charts of the meters, all over one step axis. Ranges are fixed by their references; a switch that was
//! flipped is a line through every chart, its letter above the first.

use crate::command::Command;
use crate::observe::verdict::COMPLETE_BELOW_STD;
use crate::snapshot::Snapshot;
use crate::view::charts::{Axis, Chart, End, Line, Reference, grouped, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::{Frame, Panel};

/// The right pane.
#[derive(Default)]
pub struct Meters;

fn reference(value: f32, name: impl Into<String>, below: bool, right: bool) -> Reference {
    Reference { value, name: name.into(), below, right }
}

fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", value * 100.0) } else { "not finite".to_owned() }
}

fn charts(snapshot: &Snapshot) -> Vec<Chart<'_>> {
    let history = &*snapshot.history;
    let single = |series| vec![Line { series, colour: theme::TEXT, name: "", end: End::Dot }];
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
    let mut references = vec![reference(snapshot.chance, format!("{} chance", percent(snapshot.chance)), false, false)];
    if let Some(untrained) = snapshot.untrained_knn {
        references.push(reference(untrained, format!("{} untrained", percent(untrained)), true, true));
    }
    let labelled = !snapshot.class_names.is_empty();
    let knn = Chart {
        title: "kNN accuracy",
        qualifier: if labelled { "labels: display only" } else { "no labels in these images" }.to_owned(),
        range: [0.0, 1.0],
        references: if labelled { references } else { Vec::new() },
        lines: if labelled { single(&history.knn_accuracy) } else { Vec::new() },
        format: percent,
        greyed: false,
    };
    vec![std, loss, rank, knn]
}

impl Panel for Meters {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule(area.min, [area.min[0], area.max[1]], theme::SEPARATOR, 1.0);
        let inner = Rect::new(area.min[0] + 16.0, area.min[1] + 12.0, area.max[0] - 16.0, area.max[1] - 28.0);
        let mut charts = charts(snapshot);
        // The loss goes first where four do not fit, then the rank, then the kNN; the collapse meter stays.
        for title in ["Loss", "Effective rank", "kNN accuracy"] {
            if inner.height() / (charts.len() as f32) < 120.0 {
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
            chart.draw(paint, &rect, &axis, &snapshot.events, index == 0);
        }
        // The shared axis under the last chart.
        let last = place(charts.len() - 1);
        let plot = Chart::plot(&last, charts.len() == 1);
        let y = plot.max[1] + 14.0;
        paint.text([plot.min[0], y], Align::Left, Style::LABEL, "0");
        paint.text([plot.max[0], y], Align::Right, Style::LABEL, &format!("step {}", grouped(axis.last_step)));
    }
}
