//! DINO's diagram: encoder and head on both sides; then the student's logits are divided and put through a softmax, and so are the
//! teacher's, less their centre and at a lower temperature. Centering and sharpening sit on the teacher's branch, where they act.

use crate::command::{Command, Switch};
use crate::snapshot::{Snapshot, SubStep};
use crate::view::explain::parts::Part;
use crate::view::layout::Rect;
use crate::view::paint::Align;
use crate::view::theme;

use super::Frame;
use super::diagram::{ARROW, Side, Sketch, deal};
use super::dials::temperature_text;

/// The height below which it cannot be drawn, for heights of image and view.
pub const fn least(image: f32, view: f32) -> f32 {
    (if image > 0.0 { image + 16.0 } else { 0.0 })
        + (if view > 0.0 { view + ARROW } else { 28.0 })
        + 6.0 * 20.0
        + 10.0
        + 22.0
        + 24.0
        + 6.0
        + 54.0
}

/// Paints the diagram of DINO, with the image and the views so high (0 for none).
pub fn diagram(frame: &Frame<'_>, area: Rect, [image, view]: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    use SubStep::{Backward, Center, Ema, Loss, Student, Teacher, Update};
    let paint = &frame.paint;
    let (switches, dials) = (snapshot.switches, snapshot.dials);
    let sketch = Sketch::new(frame, &area, snapshot);
    let most = if area.width() > 400.0 || frame.presenting { 48.0 } else { 40.0 };
    let fork = if image > 0.0 { image + 16.0 } else { 0.0 };
    let entry = if view > 0.0 { view + ARROW } else { 28.0 };
    let height = area.height() - fork - entry;
    let wide = if frame.presenting { 34.0 } else { 22.0 };
    // In a very high window everything stretches before the last wire does.
    let tall = (height / 560.0).clamp(1.0, 4.0);
    let most = most * tall.min(1.5);
    let gaps = [[10.0, 32.0], [wide, 46.0], [wide + 2.0, 46.0], [6.0, 28.0], [wide + 32.0, 96.0]].map(|[least, most]| [least, most * tall]);
    let sizes = [[6.0 * 20.0, 6.0 * most], gaps[0], gaps[1], gaps[2], gaps[3], gaps[4]];
    let [boxes, near, far, between, last, past] = deal(height, sizes, 5);
    let high = (boxes / 6.0).floor();
    let encoder = area.min[1] + fork + entry;
    let head = encoder + high + near;
    let centre = head + high + far;
    let divide = centre + high + between;
    let softmax = divide + high + last;
    let loss = area.max[1] - high;
    let under = |top: f32| top + high;
    let bars = (loss - (past * 0.4).max(27.0)).round();
    sketch.inputs(area.min[1], encoder, [image, view]);

    // The student: forward down, backward up beside it.
    for (top, bottom, step) in [(encoder, head, Student), (head, divide, Student), (divide, softmax, Loss), (softmax, loss, Loss)] {
        sketch.wire(Side::Student, [under(top) + 1.0, bottom - 2.0], &[step]);
        sketch.backward(Side::Student, [under(top), bottom]);
    }
    let place = |side, top| sketch.place(side, top, high);
    let learns: &[SubStep] = &[Student, Backward, Update];
    let compared: &[SubStep] = &[Loss, Backward];
    sketch.block(Side::Student, Part::Encoder, place(Side::Student, encoder), "encoder", learns);
    sketch.block(Side::Student, Part::Head, place(Side::Student, head), "head", learns);
    let divided = |temperature: f32| format!("÷ {}", temperature_text(temperature));
    let student_temperature = divided(dials.student_temperature);
    sketch.block(Side::Student, Part::StudentTemperature, place(Side::Student, divide), &student_temperature, compared);
    sketch.block(Side::Student, Part::Softmax, place(Side::Student, softmax), "softmax", compared);

    // The teacher.
    for (top, bottom, step) in
        [(encoder, head, Teacher), (head, centre, Teacher), (centre, divide, Loss), (divide, softmax, Loss), (softmax, loss, Loss)]
    {
        let into_gap = bottom == centre && !switches.centering;
        sketch.wire(Side::Teacher, [under(top) + 1.0, if into_gap { bottom } else { bottom - 2.0 }], &[step]);
        if bottom == loss {
            sketch.backward(Side::Teacher, [if switches.stop_gradient { bars + 9.0 } else { under(top) }, bottom]);
        } else if !switches.stop_gradient {
            sketch.backward(Side::Teacher, [under(top), bottom]);
        }
    }
    let followed: &[SubStep] = &[Teacher, Ema];
    sketch.block(Side::Teacher, Part::Encoder, place(Side::Teacher, encoder), "encoder", followed);
    sketch.block(Side::Teacher, Part::Head, place(Side::Teacher, head), "head", followed);
    let rect = place(Side::Teacher, centre);
    if switches.centering {
        sketch.block(Side::Teacher, Part::Center, rect, "− centre", &[Loss, Center]);
    } else {
        sketch.gap(Side::Teacher, Part::Center, rect, "− 0", &[Loss, Center]);
    }
    let rect = place(Side::Teacher, divide);
    if switches.sharpening {
        sketch.block(Side::Teacher, Part::TeacherTemperature, rect, &divided(dials.teacher_temperature), &[Loss]);
    } else {
        // Sharpening off is not nothing: the teacher divides by what the student divides by.
        paint.dashed_outline(rect, theme::TEXT_2, 2.0);
        paint.text(rect.centre(), Align::Centre, sketch.name().coloured(theme::TEACHER), &student_temperature);
        frame.part(Part::TeacherTemperature, 1, rect, snapshot.method);
    }
    sketch.block(Side::Teacher, Part::Softmax, place(Side::Teacher, softmax), "softmax", &[Loss]);

    sketch.ema([encoder, under(head)], commands);
    let rise = paint.text_height(sketch.name()) + if frame.presenting { 12.0 } else { 8.0 };
    for (which, top) in [(Switch::Centering, centre), (Switch::Sharpening, divide)] {
        let x = sketch.columns.teacher[0];
        sketch.switch_beside(which, [x, place(Side::Teacher, top).centre()[1]], [x - 8.0, rise], commands);
    }
    sketch.stop_gradient(bars, [sketch.columns.teacher[0] - 8.0, rise], commands);
    sketch.loss(Rect::new(area.min[0], loss, area.max[0], loss + high), "cross-entropy", " nats");
}
