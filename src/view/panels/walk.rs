//! The middle pane while a step is walked: the tensors of the moment, as the sub-step that has just been done left them.
//!
//! Rows are images and stay in their order, so that what an image becomes can be followed from sub-step to sub-step; where all rows
//! look alike, the representation has collapsed. Scales are 1, 2 or 5 times a power of ten and written beside what they scale.

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

/// Paints the pane, if a walk has something to show; else it leaves the pane to others and says false.
pub fn ui(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) -> bool {
    let Some(walk) = &snapshot.walk else { return false };
    let Some(moment) = &walk.moment else { return false };
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let body = head(frame, &inner, walk, snapshot);
    let bottom = foot(frame, &inner, walk, snapshot, commands);
    let body = Rect::new(inner.min[0], body, inner.max[0], bottom);
    if body.height() < 40.0 || body.width() < 120.0 {
        return true;
    }
    let looking = Looking { frame, snapshot, moment };
    match &moment.tensors {
        Tensors::Views => pictures::ui(&looking, &body),
        Tensors::Forward { view, matrices } => rows::forward(&looking, &body, *view, matrices, walk.at == SubStep::Student),
        Tensors::Cosines { mean, student, teacher, cosines } => rows::cosines(&looking, &body, *mean, [student, teacher], cosines),
        Tensors::Distributions { mean, student, teacher, losses } => {
            bars::distributions(&looking, &body, *mean, [student, teacher], losses);
        }
        Tensors::Gradients { layers, student, teacher, clip } => {
            layers::gradients(&looking, &body, layers, [student.as_ref(), teacher.as_ref()], *clip);
        }
        Tensors::Update { layers } => layers::update(&looking, &body, layers),
        Tensors::Ema { layers } => layers::ema(&looking, &body, layers),
        Tensors::Center { before, after } => bars::center(&looking, &body, before, after),
    }
    true
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
    y += 10.0 + paint.text_height(Style::LABEL);
    if inner.height() < 420.0 || frame.presenting {
        return y - paint.text_height(Style::LABEL) + 4.0;
    }
    let lines = paint.text_wrapped([left, y], Style::LABEL, walk.at.sentence(snapshot.method), right - left, 2);
    y + paint.text_height(Style::LABEL) * (1.35 * lines as f32 - 0.35) + 6.0
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
        if frame.touch(key, Rect::new(x - 4.0, y - 14.0, x + width + 4.0, y + 14.0)).clicked {
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
            paint.text([inner.max[0], y], Align::Right, Style::LABEL.coloured(theme::TEXT), text);
        }
    }
    y - 24.0
}
