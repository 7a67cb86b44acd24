//! BYOL's diagram: encoder and projector on both sides, the student's predictor, and the three switches where they belong.

use crate::command::{Command, Switch};
use crate::snapshot::{Snapshot, SubStep};
use crate::view::explain::parts::Part;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;
use super::diagram::{ARROW, Side, Sketch, deal};
use super::dials::dial_text;

/// The height below which it cannot be drawn, for heights of image and view.
pub const fn least(image: f32, view: f32) -> f32 {
    (if image > 0.0 { image + 16.0 } else { 0.0 }) + (if view > 0.0 { view + ARROW } else { 30.0 }) + 3.0 * 30.0 + 16.0 + 20.0 + 60.0 + 30.0
}

/// Paints the diagram of BYOL, with the image and the views so high (0 for none).
pub fn diagram(frame: &Frame<'_>, area: Rect, [image, view]: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    use SubStep::{Backward, Loss, Student, Teacher, Update};
    let paint = &frame.paint;
    let switches = snapshot.switches;
    let sketch = Sketch::new(frame, &area, snapshot);
    let most = if area.width() > 400.0 || frame.presenting { 48.0 } else { 40.0 };
    let fork = if image > 0.0 { image + 16.0 } else { 0.0 };
    let entry = if view > 0.0 { view + ARROW } else { 30.0 };
    let height = area.height() - fork - entry;
    // In a very high window everything stretches before the last wire does.
    let tall = (height / 480.0).clamp(1.0, 4.0);
    let most = most * tall.min(1.5);
    let sizes = [[3.0 * 30.0, 3.0 * most], [16.0, 40.0 * tall], [20.0, 48.0 * tall], [60.0, 120.0 * tall], [30.0, most]];
    let [high, near, far, past, low] = deal(height, sizes, 3);
    let high = (high / 3.0).floor();
    let encoder = area.min[1] + fork + entry;
    let projector = encoder + high + near;
    let predictor = projector + high + far;
    let loss = area.max[1] - low;
    let under = |top: f32| top + high;
    let bars = (loss - (past * 0.42).max(27.0)).round();
    sketch.inputs(area.min[1], encoder, [image, view]);

    // The student, forward and backward.
    let both = &[Student, Update];
    let student = |from: f32, to: f32| sketch.wire(Side::Student, [under(from) + 1.0, to - 2.0], &[Student]);
    student(encoder, projector);
    sketch.backward(Side::Student, [under(encoder), projector]);
    let to_predictor = if switches.predictor { predictor - 2.0 } else { predictor };
    if switches.predictor {
        student(projector, predictor);
        sketch.backward(Side::Student, [under(projector), predictor]);
        sketch.backward(Side::Student, [under(predictor), loss]);
    } else {
        paint.rule([sketch.x(Side::Student), under(projector) + 1.0], [sketch.x(Side::Student), to_predictor], theme::STUDENT, 2.0);
        sketch.backward(Side::Student, [under(projector), loss]);
    }
    sketch.wire(Side::Student, [under(predictor) + 1.0, loss - 2.0], &[Student, Loss]);
    let with_backward: &[SubStep] = &[Student, Update, Backward];
    let place = |side, top| sketch.place(side, top, high);
    sketch.block(Side::Student, Part::Encoder, place(Side::Student, encoder), "encoder", with_backward);
    sketch.block(Side::Student, Part::Projector, place(Side::Student, projector), "projector", with_backward);
    let rect = place(Side::Student, predictor);
    if switches.predictor {
        sketch.block(Side::Student, Part::Predictor, rect, "predictor", with_backward);
    } else {
        sketch.gap(Side::Student, Part::Predictor, rect, "q = z", both);
    }

    // The teacher.
    sketch.wire(Side::Teacher, [under(encoder) + 1.0, projector - 2.0], &[Teacher]);
    sketch.wire(Side::Teacher, [under(projector) + 1.0, loss - 2.0], &[Teacher, Loss]);
    let teacher: &[SubStep] = &[Teacher, SubStep::Ema];
    sketch.block(Side::Teacher, Part::Encoder, place(Side::Teacher, encoder), "encoder", teacher);
    sketch.block(Side::Teacher, Part::Projector, place(Side::Teacher, projector), "projector", teacher);
    if switches.stop_gradient {
        sketch.backward(Side::Teacher, [bars + 9.0, loss]);
    } else {
        sketch.backward(Side::Teacher, [under(projector), loss]);
        sketch.backward(Side::Teacher, [under(encoder), projector]);
    }

    sketch.ema([encoder, under(projector)], commands);

    // The predictor's switch, joined to its box; under it its learning rate, which decides whether it keeps up.
    let [edge, y] = [rect.max[0], rect.centre()[1]];
    let half = sketch.knob();
    let centre = [edge + half + 14.0, y];
    paint.rule([edge, y], [centre[0] - half, y], theme::TEXT_2, 1.0);
    paint.key([centre[0] + half + 8.0, y], "P");
    sketch.switch(Switch::Predictor, centre, commands);
    let name = bars - paint.text_height(sketch.name()) - 10.0;
    if frame.presenting && !switches.predictor {
        paint.text([centre[0] - half, y - 28.0], Align::Left, sketch.name(), "predictor off");
    } else if !frame.presenting && name - 18.0 >= y + 24.0 {
        let dial = crate::command::Dial::PredictorMultiplier;
        let words = format!("rate {}", dial_text(dial, snapshot.dials.predictor_multiplier));
        let words = if switches.predictor { words } else { "predictor off".to_owned() };
        let [left, y] = [centre[0] - half, y + 24.0];
        let wide = paint.text([left, y], Align::Left, Style::LABEL, &words);
        frame.part(Part::Predictor, 2, Rect::new(left, y - 9.0, left + wide, y + 9.0), snapshot.method);
    }

    let rise = paint.text_height(sketch.name()) + 10.0;
    sketch.stop_gradient(bars, [sketch.columns.teacher_x - 32.0, rise], commands);
    let formula = if switches.predictor { "2 − 2 cos(prediction, target)" } else { "2 − 2 cos(projection, target)" };
    sketch.loss(Rect::new(area.min[0], loss, area.max[0], loss + low), formula, "");
}
