//! DINO's diagram: encoder and head on both sides; then the student's logits are divided and put through a softmax, and so are the
//! teacher's, less their centre and at a lower temperature. Centering and sharpening sit on the teacher's branch, where they act.

use crate::command::{Command, Switch};
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;
use super::diagram::{Columns, backward, ema, filled, inputs, loss, outlined, passed, place, stop_gradient, switch};
use super::dials::temperature_text;

/// Tops of the boxes.
struct Grid {
    height: f32,
    encoder: f32,
    head: f32,
    centre: f32,
    divide: f32,
    softmax: f32,
    bars: f32,
    loss: f32,
}

impl Grid {
    fn new(area: &Rect, columns: &Columns, top: f32) -> Self {
        // At rest: five boxes and the loss, four gaps, and the way past the stop-gradient.
        let rest = 6.0 * 32.0 + 20.0 + 30.0 + 22.0 + 14.0 + 66.0;
        let stretch = ((area.max[1] - top) / rest).clamp(0.5, 2.0);
        let height = (32.0 * stretch).min(if columns.width() > 120.0 { 48.0 } else { 40.0 });
        let gap = |rest: f32| rest * stretch + (32.0 * stretch - height) * 0.8;
        let encoder = top;
        let head = encoder + height + gap(20.0);
        let centre = head + height + gap(30.0);
        let divide = centre + height + gap(22.0);
        let softmax = divide + height + gap(14.0);
        let loss = area.max[1] - height;
        Self { height, encoder, head, centre, divide, softmax, bars: (softmax + height + loss) * 0.5 + 2.0, loss }
    }
}

/// Paints the diagram of DINO.
pub fn diagram(frame: &Frame<'_>, area: Rect, views: bool, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let (switches, dials) = (snapshot.switches, snapshot.dials);
    let columns = &Columns::new(&area);
    let grid = Grid::new(&area, columns, area.min[1] + if views { 64.0 } else { 30.0 });
    inputs(frame, columns, grid.encoder, views, snapshot);
    let under = |top: f32| top + grid.height;
    let student_box = |top| place(columns.student, top, grid.height);
    let teacher_box = |top| place(columns.teacher, top, grid.height);

    // The student: forward down, backward up beside it.
    let x = columns.student_x;
    for (top, bottom) in [(grid.encoder, grid.head), (grid.head, grid.divide), (grid.divide, grid.softmax), (grid.softmax, grid.loss)] {
        paint.arrow([x, under(top) + 1.0], [x, bottom - 2.0], theme::STUDENT);
        backward(frame, x - 14.0, under(top), bottom, theme::STUDENT);
    }
    filled(frame, student_box(grid.encoder), "encoder");
    filled(frame, student_box(grid.head), "head");
    filled(frame, student_box(grid.divide), &format!("÷ {}", temperature_text(dials.student_temperature)));
    filled(frame, student_box(grid.softmax), "softmax");

    // The teacher.
    let x = columns.teacher_x;
    for (top, bottom) in [
        (grid.encoder, grid.head),
        (grid.head, grid.centre),
        (grid.centre, grid.divide),
        (grid.divide, grid.softmax),
        (grid.softmax, grid.loss),
    ] {
        let to = if bottom == grid.centre && !switches.centering { bottom } else { bottom - 2.0 };
        paint.arrow([x, under(top) + 1.0], [x, to], theme::TEACHER);
        if bottom == grid.loss {
            let end = if switches.stop_gradient { grid.bars + 8.0 } else { under(top) };
            backward(frame, x + 14.0, end, bottom, theme::TEACHER);
        } else if !switches.stop_gradient {
            backward(frame, x + 14.0, under(top), bottom, theme::TEACHER);
        }
    }
    outlined(frame, teacher_box(grid.encoder), "encoder");
    outlined(frame, teacher_box(grid.head), "head");
    if switches.centering {
        outlined(frame, teacher_box(grid.centre), "− centre");
    } else {
        passed(frame, teacher_box(grid.centre), theme::TEACHER, "− 0");
    }
    if switches.sharpening {
        outlined(frame, teacher_box(grid.divide), &format!("÷ {}", temperature_text(dials.teacher_temperature)));
    } else {
        // Sharpening off is not nothing: the teacher divides by what the student divides by.
        let rect = teacher_box(grid.divide);
        paint.dashed_outline(rect, theme::TEXT_2, 2.0);
        let text = format!("÷ {}", temperature_text(dials.student_temperature));
        paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::TEACHER), &text);
    }
    outlined(frame, teacher_box(grid.softmax), "softmax");

    ema(frame, columns, [grid.encoder, under(grid.head)], snapshot, commands);
    for (which, top) in [(Switch::Centering, grid.centre), (Switch::Sharpening, grid.divide)] {
        let [left, y] = [columns.teacher[0], teacher_box(top).centre()[1]];
        let centre = [left - 34.0, y];
        paint.rule([centre[0] + 22.0, y], [left, y], theme::TEXT_2, 1.0);
        let name = if snapshot.switches.get(which) { which.title().to_owned() } else { format!("{} off", which.title()) };
        paint.text([left - 12.0, y - 23.0], Align::Right, Style::TITLE, &name);
        paint.key([centre[0] - 47.0, y], &which.letter().to_string());
        switch(frame, which, centre, snapshot, commands);
    }
    stop_gradient(frame, columns, grid.bars, [columns.teacher[0] - 6.0, 21.0], snapshot, commands);
    let rect = Rect::new(area.min[0], grid.loss, area.max[0], grid.loss + grid.height);
    loss(frame, rect, "cross-entropy", " nats", snapshot);
}
