//! The left pane: the running graph, with each switch where its ingredient lives, the dials below, and where the images come from.
//! Time runs down; forward is a line with a head, backward a chain of chevrons beside it that ends where gradients end.

use crate::command::Command;
use crate::config::Method;
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::diagram::legend;
use super::dials::{self, dials};
use super::{Frame, Panel, diagram_byol, diagram_dino, images};

/// The left pane.
#[derive(Default)]
pub struct Mechanism;

/// Rows that go away on small windows.
struct Rows {
    views: bool,
    legend: bool,
    dials: bool,
    data: bool,
}

impl Panel for Mechanism {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule([area.max[0], area.min[1]], area.max, theme::SEPARATOR, 1.0);
        let height = area.height();
        let rows = match snapshot.method {
            Method::Byol => Rows { views: height >= 560.0, legend: height >= 520.0, dials: height >= 420.0, data: height >= 440.0 },
            // Two boxes and two dials more.
            Method::Dino => Rows { views: height >= 600.0, legend: height >= 640.0, dials: height >= 480.0, data: height >= 510.0 },
        };
        let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);

        let mut y = area.min[1] + 22.0;
        let title = paint.text([inner.min[0], y], Align::Left, Style::TITLE, "Mechanism");
        let room = inner.width() - title - 16.0;
        let note = format!("seed {}", snapshot.seed);
        if paint.text_width(Style::LABEL, &note) < room {
            paint.text([inner.max[0], y + 1.0], Align::Right, Style::LABEL, &note);
        }
        y += 18.0;

        // From the bottom up: data, dials, legend; the diagram takes what is left.
        let mut bottom = area.max[1] - 12.0;
        if rows.data {
            bottom -= 28.0;
            images::row(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + 28.0), snapshot);
        }
        if rows.dials {
            let pitch = if snapshot.method == Method::Byol || height >= 760.0 { 30.0 } else { 25.0 };
            let needed = dials::height(snapshot, pitch);
            bottom -= needed;
            dials(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + needed), pitch, snapshot, commands);
            paint.rule([inner.min[0], bottom - 4.0], [inner.max[0], bottom - 4.0], theme::SEPARATOR, 1.0);
            bottom -= 10.0;
        }
        if rows.legend {
            bottom -= 20.0;
            legend(frame, [inner.min[0], bottom + 8.0]);
        }
        let rest = Rect::new(inner.min[0], y, inner.max[0], bottom - 4.0);
        match snapshot.method {
            Method::Byol => diagram_byol::diagram(frame, rest, rows.views, snapshot, commands),
            Method::Dino => diagram_dino::diagram(frame, rest, rows.views, snapshot, commands),
        }
    }
}
