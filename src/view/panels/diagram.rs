//! What the diagrams of the methods have in common: two columns in which time runs down, boxes (the student's filled, the
//! teacher's outlined), the views that go in, the EMA between them, the stop-gradient bars, the loss, and the switches on all of it.

use crate::command::{Command, Switch};
use crate::snapshot::Snapshot;
use crate::view::charts::short;
use crate::view::explain::switch_text;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::pictures::Picture;
use crate::view::theme::{self, Colour};

use super::Frame;
use super::dials::tau_text;

/// The two columns of a diagram.
pub struct Columns {
    /// Left and right edge of the student's boxes.
    pub student: [f32; 2],
    /// Left and right edge of the teacher's boxes.
    pub teacher: [f32; 2],
    /// The student's wire.
    pub student_x: f32,
    /// The teacher's wire.
    pub teacher_x: f32,
}

impl Columns {
    /// The columns at the sides of an area.
    pub fn new(area: &Rect) -> Self {
        let width = match area.width() {
            width if width > 400.0 => 144.0,
            width if width > 300.0 => 112.0,
            _ => 80.0,
        };
        Self {
            student: [area.min[0], area.min[0] + width],
            teacher: [area.max[0] - width, area.max[0]],
            student_x: (area.min[0] + width * 0.5).round(),
            teacher_x: (area.max[0] - width * 0.5).round(),
        }
    }

    /// Width of a box.
    pub fn width(&self) -> f32 {
        self.student[1] - self.student[0]
    }
}

/// A box of a column (its left and right edge).
pub fn place(column: [f32; 2], top: f32, height: f32) -> Rect {
    Rect::new(column[0], top, column[1], top + height)
}

/// A box of the student.
pub fn filled(frame: &Frame<'_>, rect: Rect, name: &str) {
    frame.paint.fill(rect, theme::STUDENT, 4.0);
    frame.paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::ON_FILL), name);
}

/// A box of the teacher.
pub fn outlined(frame: &Frame<'_>, rect: Rect, name: &str) {
    frame.paint.outline(rect, theme::TEACHER, 4.0, 2.0);
    frame.paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::TEACHER), name);
}

/// The place of an ingredient that is off: dashed, the wire passing through, and what happens instead.
pub fn passed(frame: &Frame<'_>, rect: Rect, wire: Colour, instead: &str) {
    let x = rect.centre()[0].round();
    frame.paint.dashed_outline(rect, theme::TEXT_2, 2.0);
    frame.paint.rule([x, rect.min[1] - 2.0], [x, rect.max[1] + 2.0], wire, 2.0);
    frame.paint.text([x + 6.0, rect.centre()[1]], Align::Left, Style::LABEL, instead);
}

/// Backward flow in the space between two boxes.
pub fn backward(frame: &Frame<'_>, x: f32, top: f32, bottom: f32, colour: Colour) {
    frame.paint.chevrons_up(x, top + 4.0, bottom - 4.0, frame.flow as f32 * 0.25, colour);
}

/// The two views that go in above an encoder whose top is at `encoder`.
pub fn inputs(frame: &Frame<'_>, columns: &Columns, encoder: f32, views: bool, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let label = |x: f32, y: f32, align: Align, view: &str, name: &str, colour: Colour| {
        if views {
            paint.text([x, y - 10.0], align, Style::LABEL, view);
            paint.text([x, y + 8.0], align, Style::TITLE.coloured(colour), name);
        } else {
            paint.text([x, y], align, Style::TITLE.coloured(colour), name);
        }
    };
    let middle = if views { encoder - 40.0 } else { encoder - 20.0 };
    let side = if views { 32.0 } else { 8.0 };
    label(columns.student_x + side, middle, Align::Left, "view 1", "student", theme::STUDENT);
    label(columns.teacher_x - side, middle, Align::Right, "view 2", "teacher", theme::TEACHER);
    if let Some(cloud) = snapshot.cloud.as_ref().filter(|_| views) {
        let top = encoder - 64.0;
        for (view, x) in [(0, columns.student_x), (1, columns.teacher_x)] {
            frame.picture(Picture::of_cloud(cloud, view, 0, Rect::new(x - 24.0, top, x + 24.0, top + 48.0)));
        }
    }
    let from = if views { encoder - 15.0 } else { encoder - 28.0 };
    paint.arrow([columns.student_x, from], [columns.student_x, encoder - 2.0], theme::STUDENT);
    paint.arrow([columns.teacher_x, from], [columns.teacher_x, encoder - 2.0], theme::TEACHER);
}

/// The EMA: two brackets joined by an arrow, for it copies everything between `top` and `bottom`; its switch sits on the arrow.
pub fn ema(frame: &Frame<'_>, columns: &Columns, [top, bottom]: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let on = snapshot.switches.ema;
    let y = (top + bottom) * 0.5;
    let colour = if on { theme::TEXT_2 } else { theme::AXIS };
    let [left, right] = [columns.student[1] + 8.0, columns.teacher[0] - 8.0];
    for (x, hook) in [(left, left - 4.0), (right, right + 4.0)] {
        paint.rule([x, top], [x, bottom], colour, 2.0);
        paint.rule([hook, top], [x, top], colour, 2.0);
        paint.rule([hook, bottom], [x, bottom], colour, 2.0);
    }
    let centre = [(left + right) * 0.5, y];
    paint.rule([left, y], [centre[0] - 22.0, y], colour, 2.0);
    paint.arrow([centre[0] + 22.0, y], [right - 1.0, y], colour);
    let name_width = paint.text_width(Style::TITLE, "EMA");
    let start = centre[0] - (20.0 + 6.0 + name_width) * 0.5;
    let key = paint.key([start, y - 30.0], "E");
    paint.text([start + key + 6.0, y - 30.0], Align::Left, Style::TITLE, "EMA");
    let tau = if on { format!("τ {}", tau_text(snapshot.dials.tau)) } else { "off: τ 0".to_owned() };
    paint.text([centre[0], y + 26.0], Align::Centre, Style::LABEL, &tau);
    switch(frame, Switch::Ema, centre, snapshot, commands);
}

/// A switch with its touch area, tooltip and command.
pub fn switch(frame: &Frame<'_>, which: Switch, centre: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let on = snapshot.switches.get(which);
    let area = Rect::new(centre[0] - 24.0, centre[1] - 20.0, centre[0] + 24.0, centre[1] + 20.0);
    let touch = frame.touch(which.key(), area);
    frame.paint.switch(centre, on, touch.hovered);
    if touch.hovered {
        let text = switch_text(which, snapshot.method);
        let title = format!("{} ({}) is {}.", which.title(), which.letter(), if on { "on" } else { "off" });
        let off = format!("Off: {}", text.off);
        frame.tooltip(&[&title, text.on, &off, text.published]);
    }
    if touch.clicked {
        commands.push(Command::SetSwitch { switch: which, on: !on });
    }
}

/// The stop-gradient: two bars across the teacher's wire at height `y`, and its switch; its name `rise` above it, ending at `name_right`.
pub fn stop_gradient(
    frame: &Frame<'_>,
    columns: &Columns,
    y: f32,
    [name_right, rise]: [f32; 2],
    snapshot: &Snapshot,
    commands: &mut Vec<Command>,
) {
    let paint = &frame.paint;
    let on = snapshot.switches.stop_gradient;
    let [left, right] = [columns.teacher_x - 24.0, columns.teacher_x + 24.0];
    for y in [y - 8.0, y + 2.0] {
        let bar = Rect::new(left, y, right, y + 5.0);
        if on {
            paint.fill(bar, theme::TEXT, 0.0);
        } else {
            paint.dashed_outline(bar, theme::TEXT_2, 1.0);
        }
    }
    let centre = [left - 46.0, y];
    paint.rule([centre[0] + 22.0, y], [left, y], theme::TEXT_2, 1.0);
    let name = if on { "stop-gradient" } else { "stop-gradient off" };
    paint.text([name_right, y - rise], Align::Right, Style::TITLE, name);
    paint.key([centre[0] - 50.0, y], "G");
    switch(frame, Switch::StopGradient, centre, snapshot, commands);
}

/// The loss, with its formula and its value.
pub fn loss(frame: &Frame<'_>, rect: Rect, formula: &str, unit: &str, snapshot: &Snapshot) {
    let paint = &frame.paint;
    paint.fill(rect, theme::RAISED, 4.0);
    let y = rect.centre()[1];
    let name = paint.text([rect.min[0] + 12.0, y], Align::Left, Style::TITLE, "loss");
    let value = snapshot.history.loss.last().map_or_else(|| "–".to_owned(), |loss| format!("{}{unit}", short(loss)));
    let value_width = paint.text([rect.max[0] - 12.0, y], Align::Right, Style::TITLE, &value);
    if name + value_width + paint.text_width(Style::LABEL, formula) + 48.0 < rect.width() {
        paint.text([rect.min[0] + 22.0 + name, y + 1.0], Align::Left, Style::LABEL, formula);
    }
}

/// What the lines of the diagram mean.
pub fn legend(frame: &Frame<'_>, [x, y]: [f32; 2]) {
    let paint = &frame.paint;
    paint.arrow([x, y], [x + 28.0, y], theme::TEXT_2);
    let width = paint.text([x + 36.0, y], Align::Left, Style::LABEL, "forward");
    let x = x + 36.0 + width + 20.0;
    for i in 0..3 {
        let x = x + i as f32 * 7.0;
        paint.polyline([[x + 4.0, y - 4.0], [x, y], [x + 4.0, y + 4.0]].into_iter(), theme::TEXT_2, 2.0);
    }
    paint.text([x + 28.0, y], Align::Left, Style::LABEL, "backward");
}
