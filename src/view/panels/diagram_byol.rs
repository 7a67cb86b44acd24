//! BYOL's diagram: encoder and projector on both sides, the student's predictor, and the three switches where they belong.

use crate::command::{Command, Switch};
use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::theme::{self, Colour};

use super::Frame;
use super::diagram::{Columns, backward, ema, filled, inputs, loss, outlined, passed, place, stop_gradient, switch};

/// Heights of the diagram.
struct Grid {
    box_height: f32,
    encoder: f32,
    projector: f32,
    predictor: f32,
    bars: f32,
    loss: f32,
}

impl Grid {
    fn new(area: &Rect, columns: &Columns, top: f32) -> Self {
        // Heights at rest: three boxes, the gaps between them, the way past the stop-gradient, the loss.
        let rest = 3.0 * 40.0 + 24.0 + 32.0 + 104.0 + 40.0;
        let stretch = ((area.max[1] - top) / rest).clamp(0.55, 1.9);
        let box_height = (40.0 * stretch).min(if columns.width() > 120.0 { 48.0 } else { 40.0 });
        let encoder = top;
        let projector = encoder + box_height + 24.0 * stretch;
        let predictor = projector + box_height + 32.0 * stretch;
        let loss = area.max[1] - box_height;
        Self { box_height, encoder, projector, predictor, bars: (predictor + box_height + loss) * 0.5 + 4.0, loss }
    }
}

/// Paints the diagram of BYOL.
pub fn diagram(frame: &Frame<'_>, area: Rect, views: bool, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let switches = snapshot.switches;
    let head = if views { 64.0 } else { 30.0 };
    let columns = &Columns::new(&area);
    let grid = Grid::new(&area, columns, area.min[1] + head);
    inputs(frame, columns, grid.encoder, views, snapshot);

    let place = |column, top| place(column, top, grid.box_height);
    let under = |top: f32| top + grid.box_height;

    // The student, forward and backward.
    paint.arrow([columns.student_x, under(grid.encoder) + 1.0], [columns.student_x, grid.projector - 2.0], theme::STUDENT);
    if switches.predictor {
        paint.arrow([columns.student_x, under(grid.projector) + 1.0], [columns.student_x, grid.predictor - 2.0], theme::STUDENT);
    } else {
        paint.rule([columns.student_x, under(grid.projector) + 1.0], [columns.student_x, grid.predictor], theme::STUDENT, 2.0);
    }
    let beside = columns.student_x - 14.0;
    let chevrons = |x: f32, top: f32, bottom: f32, colour: Colour| backward(frame, x, top, bottom, colour);
    chevrons(beside, under(grid.encoder), grid.projector, theme::STUDENT);
    if switches.predictor {
        chevrons(beside, under(grid.projector), grid.predictor, theme::STUDENT);
        chevrons(beside, under(grid.predictor), grid.loss, theme::STUDENT);
    } else {
        chevrons(beside, under(grid.projector), grid.loss, theme::STUDENT);
    }
    filled(frame, place(columns.student, grid.encoder), "encoder");
    filled(frame, place(columns.student, grid.projector), "projector");
    let predictor = place(columns.student, grid.predictor);
    if switches.predictor {
        filled(frame, predictor, "predictor");
    } else {
        passed(frame, predictor, theme::STUDENT, "q = z");
    }
    paint.arrow([columns.student_x, under(grid.predictor) + 1.0], [columns.student_x, grid.loss - 2.0], theme::STUDENT);

    // The teacher.
    outlined(frame, place(columns.teacher, grid.encoder), "encoder");
    paint.arrow([columns.teacher_x, under(grid.encoder) + 1.0], [columns.teacher_x, grid.projector - 2.0], theme::TEACHER);
    outlined(frame, place(columns.teacher, grid.projector), "projector");
    paint.arrow([columns.teacher_x, under(grid.projector) + 1.0], [columns.teacher_x, grid.loss - 2.0], theme::TEACHER);
    let returning = columns.teacher_x + 14.0;
    if switches.stop_gradient {
        chevrons(returning, grid.bars + 8.0, grid.loss, theme::TEACHER);
    } else {
        chevrons(returning, under(grid.projector), grid.loss, theme::TEACHER);
        chevrons(returning, under(grid.encoder), grid.projector, theme::TEACHER);
    }

    ema(frame, columns, [grid.encoder, under(grid.projector)], snapshot, commands);

    // The predictor's switch, joined to its box.
    let [box_right, y] = [predictor.max[0], predictor.centre()[1]];
    let centre = [box_right + 38.0, y];
    paint.rule([box_right, y], [centre[0] - 22.0, y], theme::TEXT_2, 1.0);
    paint.key([centre[0] + 30.0, y], "P");
    switch(frame, Switch::Predictor, centre, snapshot, commands);

    stop_gradient(frame, columns, grid.bars, [columns.teacher_x - 32.0, 25.0], snapshot, commands);
    let formula = if switches.predictor { "2 − 2 cos(prediction, target)" } else { "2 − 2 cos(projection, target)" };
    let rect = Rect::new(area.min[0], grid.loss, area.max[0], grid.loss + grid.box_height);
    loss(frame, rect, formula, "", snapshot);
}
