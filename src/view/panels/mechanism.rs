//! The left pane: the running graph, with each switch where its ingredient lives, the dials below, and where the images come from.
//! Time runs down; forward is a line with a head, backward a chain of chevrons beside it that ends where gradients end.

use crate::command::{Command, Dial};
use crate::config::Method;
use crate::snapshot::Snapshot;
use crate::view::charts::grouped;
use crate::view::gathering::{letter, twin};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::diagram::legend;
use super::dials::dials;
use super::{Frame, Panel, ablation, diagram_byol, diagram_dino, images, member, substeps};

/// The left pane.
#[derive(Default)]
pub struct Mechanism;

/// What stands around the diagram, and how high image and views are in it.
#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    title: bool,
    steps: f32,
    inputs: [f32; 2],
    legend: bool,
    table: f32,
    pitch: f32,
    data: bool,
}

impl Plan {
    /// Whether what the plan leaves for the diagram is enough, with so much ease.
    fn fits(&self, height: f32, method: Method, ease: f32) -> bool {
        let least = match method {
            Method::Byol => diagram_byol::least(self.inputs[0], self.inputs[1]),
            Method::Dino => diagram_dino::least(self.inputs[0], self.inputs[1]),
        };
        self.around(method) + least + ease <= height
    }

    /// Height of everything but the diagram.
    fn around(&self, method: Method) -> f32 {
        let title = if self.title { 36.0 } else { 12.0 };
        let steps = if self.steps > 0.0 { self.steps + 8.0 } else { 0.0 };
        let dials = if self.pitch > 0.0 { self.pitch * shown_dials(method).len() as f32 + 10.0 } else { 0.0 };
        let legend = if self.legend { 24.0 } else { 0.0 };
        let table = if self.table > 0.0 { self.table + 8.0 } else { 0.0 };
        title + steps + legend + table + dials + if self.data { 28.0 } else { 0.0 } + 12.0
    }

    /// The fullest plan for a height: what matters most is put in first.
    fn new(height: f32, method: Method, steps: f32) -> Self {
        let mut plan = Self::default();
        let mut add = |ease: f32, change: &dyn Fn(&mut Self)| {
            let mut fuller = plan;
            change(&mut fuller);
            if fuller.fits(height, method, ease) {
                plan = fuller;
            }
        };
        let easy = if method == Method::Dino { 40.0 } else { 24.0 };
        add(0.0, &|plan| plan.title = true);
        add(0.0, &|plan| plan.pitch = 25.0);
        add(0.0, &|plan| plan.steps = steps);
        add(8.0, &|plan| plan.inputs[1] = 36.0);
        add(16.0, &|plan| plan.data = true);
        add(easy, &|plan| plan.inputs[1] = 44.0);
        add(easy, &|plan| plan.table = ablation::height(method));
        add(easy, &|plan| plan.inputs[0] = 40.0);
        add(easy, &|plan| plan.legend = true);
        add(2.0 * easy, &|plan| plan.pitch = 29.0);
        add(3.0 * easy, &|plan| plan.inputs = [64.0, 64.0]);
        plan
    }
}

/// The dials below the diagram. BYOL's τ is on the arrow that it belongs to, and every dial is on the card of its part, too.
const fn shown_dials(method: Method) -> &'static [Dial] {
    match method {
        Method::Byol => &[Dial::PredictorMultiplier, Dial::LearningRate],
        Method::Dino => &[Dial::TeacherTemperature, Dial::StudentTemperature, Dial::CenterMomentum, Dial::LearningRate],
    }
}

impl Panel for Mechanism {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule([area.max[0], area.min[1]], area.max, theme::SEPARATOR, 1.0);
        if frame.presenting {
            let inner = Rect::new(area.min[0] + 24.0, area.min[1] + 20.0, area.max[0] - 24.0, area.max[1] - 20.0);
            draw(frame, inner, [0.0, 56.0], snapshot, commands);
            return;
        }
        let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
        let method = snapshot.method;
        let plan = Plan::new(area.height(), method, substeps::height(paint, snapshot, inner.width()));

        let mut y = area.min[1] + 12.0;
        if plan.title {
            title(frame, &inner, y + 10.0, snapshot);
            y += 24.0;
        }
        if plan.steps > 0.0 {
            substeps::ui(frame, Rect::new(inner.min[0], y + 4.0, inner.max[0], y + plan.steps), snapshot, commands);
            y += plan.steps + 8.0;
        }

        // From the bottom up: data, dials, table, legend; the diagram takes what is left.
        let mut bottom = area.max[1] - 8.0;
        if plan.data {
            bottom -= 28.0;
            images::row(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + 28.0), snapshot);
        }
        if plan.pitch > 0.0 {
            let which = shown_dials(method);
            let needed = plan.pitch * which.len() as f32;
            bottom -= needed;
            dials(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + needed), plan.pitch, which, snapshot, commands);
            paint.rule([inner.min[0], bottom - 3.0], [inner.max[0], bottom - 3.0], theme::SEPARATOR, 1.0);
            bottom -= 10.0;
        }
        if plan.table > 0.0 {
            bottom -= plan.table;
            ablation::ui(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + plan.table), snapshot);
            paint.rule([inner.min[0], bottom], [inner.max[0], bottom], theme::SEPARATOR, 1.0);
            bottom -= 8.0;
        }
        if plan.legend {
            bottom -= 24.0;
            legend(frame, [inner.min[0], bottom + 12.0], inner.width());
        }
        draw(frame, Rect::new(inner.min[0], y, inner.max[0], bottom - 4.0), plan.inputs, snapshot, commands);
    }
}

fn draw(frame: &Frame<'_>, area: Rect, inputs: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    match snapshot.method {
        Method::Byol => diagram_byol::diagram(frame, area, inputs, snapshot, commands),
        Method::Dino => diagram_dino::diagram(frame, area, inputs, snapshot, commands),
    }
}

/// The pane's title, and at its right where the walk stands, or how to begin one.
fn title(frame: &Frame<'_>, inner: &Rect, y: f32, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let side = twin(snapshot).map(|_| letter(snapshot.front));
    let mut width = paint.text([inner.min[0], y], Align::Left, Style::TITLE, side.map_or("Mechanism", |_| "Mechanism of "));
    if let Some(side) = side {
        width += 4.0 + member::pill(frame, [inner.min[0] + width + 4.0, y], side, true);
    }
    let seed = format!("seed {}", snapshot.seed);
    let notes = match &snapshot.walk {
        Some(walk) => {
            let short = format!("step {}", grouped(walk.step));
            [format!("walking {short} · W goes on"), format!("walking {short}"), short]
        }
        None if side.is_some() => {
            let (long, short) = ("switches change it alone, Shift: both", "Shift: both sides");
            [long, short, short].map(str::to_owned)
        }
        None => [format!("{seed} · W walks through a step"), format!("{seed} · W walks"), seed],
    };
    let room = inner.width() - width - 16.0;
    if let Some(note) = paint.fitting(Style::LABEL, &notes.each_ref().map(String::as_str), room) {
        paint.text([inner.max[0], y + 1.0], Align::Right, Style::LABEL, note);
    }
    frame.about(
        "mechanism",
        Rect::new(inner.min[0], y - 12.0, inner.max[0], y + 12.0),
        &[
            "The graph that trains, from the image down to the loss; a click on a part explains it.",
            "The seed decides the first weights and every image and crop: the same seed gives the same run on this adapter.",
        ],
    );
}
