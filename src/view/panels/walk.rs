//! The middle pane while a step is walked: the tensors of the moment, as the sub-step that has just been done left them.
//!
//! Rows are images and stay in their order, so that what an image becomes can be followed from sub-step to sub-step; where all rows
//! look alike, the representation has collapsed. In scene 3, rows are the crops of the batch's first image. Scales are 1, 2 or 5 times a power of ten and written beside what they scale.

mod bars;
mod layers;
mod pictures;
mod rows;

use crate::command::Command;
use crate::snapshot::{Moment, Snapshot, SubStep, Tensors, Walk};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;
use crate::view::walk;

use super::Frame;

/// What the parts of the pane share.
struct Looking<'a, 'ui> {
    frame: &'a Frame<'ui>,
    snapshot: &'a Snapshot,
    moment: &'a Moment,
    /// Rows are the crops of the batch's first image; else the batch's images.
    of_one: bool,
}

impl<'a> Looking<'a, '_> {
    /// What the sub-step left.
    fn tensors(&self) -> &'a Tensors {
        match &self.moment.of_one {
            Some(of_one) if self.of_one => &of_one.tensors,
            _ => &self.moment.tensors,
        }
    }
}

/// A sub-step's name as a title.
fn title(at: SubStep) -> &'static str {
    match at {
        SubStep::Views => "Views",
        SubStep::Student => "Student forward",
        SubStep::Teacher => "Teacher forward",
        SubStep::Loss => "Loss",
        SubStep::Backward => "Backward",
        SubStep::Update => "Update",
        SubStep::Ema => "EMA",
        SubStep::Center => "Centre",
    }
}

/// Paints the pane, if a walk has something to show; else it leaves the pane to others and says false. Rows are images or, `of_one`, the
/// first image's crops.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, of_one: bool, commands: &mut Vec<Command>) -> bool {
    let Some(walk) = &snapshot.walk else { return false };
    let Some(moment) = &walk.moment else { return false };
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let body = head(frame, &inner, walk, snapshot);
    let bottom = foot(frame, &inner, walk, snapshot, commands);
    let body = Rect::new(inner.min[0], body, inner.max[0], bottom);
    if body.height() < 40.0 || body.width() < 120.0 {
        return true;
    }
    let looking = Looking { frame, snapshot, moment, of_one };
    draw(&looking, &body, walk);
    frame.about("moment", body, &[about(looking.tensors())]);
    true
}

/// What is drawn of the tensors, and in which unit.
const fn about(tensors: &Tensors) -> &'static str {
    match tensors {
        Tensors::Views => {
            "The batch's images with the places where their views were cut, and below them the views as the networks get them."
        }
        Tensors::Forward { .. } => {
            "Activations as they are, from the embedding to the output: a row a view, a column a feature, blue below zero, yellow above, on the \
             scale below. In brackets the whole matrix."
        }
        Tensors::Cosines { .. } => {
            "Prediction and target of each image, each over its length, and their cosine: 1 the same direction, 0 unrelated. The loss is \
             2 − 2 cos."
        }
        Tensors::Distributions { .. } => {
            "What the loss compares, in shares of 1: the teacher's distribution upwards, the student's of another view downwards, a column a \
             prototype. At the right their cross-entropy, in nats."
        }
        Tensors::Gradients { .. } => "Norms of the loss's gradient (root of the sum of squares), layer by layer, on a logarithmic scale.",
        Tensors::Update { .. } => "How far AdamW moved each layer, as a share of its own norm, on a logarithmic scale.",
        Tensors::Ema { .. } => "The distance of teacher and student, layer by layer (norm of the difference), on a logarithmic scale.",
        Tensors::Center { .. } => {
            "The centre, the running mean of the teacher's logits (cosines, so between −1 and 1), prototype by prototype."
        }
    }
}

fn draw(looking: &Looking<'_, '_>, body: &Rect, walk: &Walk) {
    match looking.tensors() {
        Tensors::Views if looking.of_one => pictures::one(looking, body),
        Tensors::Views => pictures::ui(looking, body),
        Tensors::Forward { view, matrices } => rows::forward(looking, body, *view, matrices, walk.at == SubStep::Student),
        Tensors::Cosines { mean, student, teacher, cosines } => rows::cosines(looking, body, *mean, [student, teacher], cosines),
        Tensors::Distributions { mean, student, teacher, losses } => {
            bars::distributions(looking, body, *mean, [student, teacher], losses);
        }
        Tensors::Gradients { layers, student, teacher, clip } => {
            layers::gradients(looking, body, layers, [student.as_ref(), teacher.as_ref()], *clip);
        }
        Tensors::Update { layers } => layers::update(looking, body, layers),
        Tensors::Ema { layers } => layers::ema(looking, body, layers),
        Tensors::Center { before, after } => bars::center(looking, body, before, after),
    }
}

/// Title, place, one mark a sub-step and a sentence; gives where they end.
fn head(frame: &Frame<'_>, inner: &Rect, walk: &Walk, snapshot: &Snapshot) -> f32 {
    let paint = &frame.paint;
    let [left, right] = [inner.min[0], inner.max[0]];
    let mut y = inner.min[1] + 22.0;
    let width = paint.text([left, y], Align::Left, Style::TITLE, title(walk.at));
    let place = walk::place(walk, snapshot.method);
    let long = format!("walking: {place}");
    if let Some(text) = paint.fitting(Style::LABEL, &[&long, &place], right - left - width - 16.0) {
        paint.text([right, y], Align::Right, Style::LABEL, text);
    }
    y += paint.text_height(Style::TITLE) * 0.5 + 10.0;
    let all = SubStep::of(snapshot.method);
    let now = walk.at.place(snapshot.method).unwrap_or(0);
    let pitch = (right - left + 4.0) / all.len() as f32;
    for (index, _) in all.iter().enumerate() {
        let x = left + index as f32 * pitch;
        let colour = if index < now {
            theme::TEXT_2
        } else if index == now {
            theme::TEXT
        } else {
            theme::SEPARATOR
        };
        paint.fill(Rect::new(x, y, x + pitch - 4.0, y + if index == now { 4.0 } else { 2.0 }), colour, 0.0);
    }
    let explain = |bottom: f32| {
        let about = "A step in its parts, each stopped at: what is shown is what the tensors hold now.";
        frame.about("walk", Rect::new(left, inner.min[1], right, bottom), &[walk.at.sentence(snapshot.method), about]);
    };
    y += 10.0 + paint.text_height(Style::LABEL);
    if inner.height() < 420.0 || frame.presenting {
        explain(y - paint.text_height(Style::LABEL));
        return y - paint.text_height(Style::LABEL) + 4.0;
    }
    let lines = paint.text_wrapped([left, y], Style::LABEL, walk.at.sentence(snapshot.method), right - left, 2);
    y += paint.text_height(Style::LABEL) * (1.35 * lines as f32 - 0.35) + 6.0;
    explain(y - 2.0);
    y
}

/// The keys that lead on; gives where they begin.
fn foot(frame: &Frame<'_>, inner: &Rect, walk: &Walk, snapshot: &Snapshot, commands: &mut Vec<Command>) -> f32 {
    let paint = &frame.paint;
    let y = inner.max[1] - 20.0;
    let all = SubStep::of(snapshot.method);
    let next = walk.at.place(snapshot.method).and_then(|place| all.get(place + 1)).filter(|_| !walk.is_complete);
    let next = next.map_or_else(|| "next step".to_owned(), |next| next.title().to_owned());
    let keys: [(&str, String, Command); 3] =
        [("W", next, Command::Walk), ("Space", "goes on".to_owned(), Command::Play), ("S", "finishes the step".to_owned(), Command::Step)];
    let mut x = inner.min[0];
    for (key, what, command) in keys {
        let width = paint.key_width(key) + 6.0 + paint.text_width(Style::LABEL, &what);
        if x + width > inner.max[0] {
            break;
        }
        let touch = frame.touch(key, Rect::new(x - 4.0, y - 14.0, x + width + 4.0, y + 14.0));
        if touch.hovered {
            frame.tooltip(&[match command {
                Command::Walk => "Does the next part of the step, and stops behind it.",
                Command::Play => "Leaves the walk: training goes on from here.",
                _ => "Does the rest of this step, and pauses.",
            }]);
        }
        if touch.clicked {
            commands.push(command);
        }
        x += paint.key([x, y], key) + 6.0;
        x += paint.text([x, y], Align::Left, Style::LABEL, &what) + 18.0;
    }
    if walk.waiting > 0 {
        let long = match walk.waiting {
            1 => "one change waits for the next step".to_owned(),
            many => format!("{many} changes wait for the next step"),
        };
        let short = format!("{} waiting", walk.waiting);
        if let Some(text) = paint.fitting(Style::LABEL, &[&long, &short], inner.max[0] - x) {
            let wide = paint.text([inner.max[0], y], Align::Right, Style::LABEL.coloured(theme::TEXT), text);
            let area = Rect::new(inner.max[0] - wide, y - 12.0, inner.max[0], y + 12.0);
            frame.about(
                "waiting",
                area,
                &["Switches, dials and crops that were changed in mid-step; they take effect with the next step."],
            );
        }
    }
    y - 24.0
}
