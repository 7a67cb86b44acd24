//! What the diagrams of the methods have in common: two columns in which time runs down, boxes (the student's filled, the
//! teacher's outlined), the views that go in, the EMA between them, the stop-gradient bars, the loss, and the switches on all of it.
//!
//! Forward flow is marks that travel down the wires (dots for the student, rings for the teacher), backward flow a chain of
//! chevrons beside them that ends at the bars. Both stand where [`Frame::flow`] says, which only finished steps move. While a step
//! is walked, nothing flows: what the sub-step ran stands out, and the rest steps back.

use crate::command::{Command, Dial, Switch};
use crate::snapshot::{Moment, Snapshot, SubStep, Tensors};
use crate::view::charts::{reading, short};
use crate::view::explain::parts::Part;
use crate::view::explain::switch_text;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::pictures::Picture;
use crate::view::theme::{self, Colour};

use super::Frame;
use super::dials::{slider, tau_text};

/// Distance of two marks on a wire.
const MARKS: f32 = 32.0;
/// Distance of two chevrons.
const CHEVRONS: f32 = 8.0;

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
    pub fn new(area: &Rect, presenting: bool) -> Self {
        let width = match area.width() {
            width if presenting => ((width - 112.0) * 0.5).floor(),
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
}

/// A side of the diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Left, orange, filled.
    Student,
    /// Right, violet, outlined.
    Teacher,
}

impl Side {
    /// Its colour.
    pub const fn colour(self) -> Colour {
        match self {
            Self::Student => theme::STUDENT,
            Self::Teacher => theme::TEACHER,
        }
    }

    /// The sub-step that runs it forward.
    pub const fn forward(self) -> SubStep {
        match self {
            Self::Student => SubStep::Student,
            Self::Teacher => SubStep::Teacher,
        }
    }

    /// The number of its places on cards.
    pub const fn spot(self) -> u32 {
        match self {
            Self::Student => 0,
            Self::Teacher => 1,
        }
    }
}

/// Deals a height out to things that each take at least and at most so much: everyone gets their least, then the same share of
/// what they would like; what is left over goes to the `rubber` one.
pub fn deal<const N: usize>(height: f32, sizes: [[f32; 2]; N], rubber: usize) -> [f32; N] {
    let least: f32 = sizes.iter().map(|size| size[0]).sum();
    let wish: f32 = sizes.iter().map(|size| size[1] - size[0]).sum();
    let share = ((height - least) / wish.max(1e-3)).clamp(0.0, 1.0);
    let mut dealt = sizes.map(|size| size[0] + (size[1] - size[0]) * share);
    let taken: f32 = dealt.iter().sum();
    if let Some(rubber) = dealt.get_mut(rubber) {
        *rubber += (height - taken).max(0.0);
    }
    dealt.map(f32::round)
}

/// A diagram while it is drawn.
pub struct Sketch<'a, 'ui> {
    /// The frame.
    pub frame: &'a Frame<'ui>,
    /// The training.
    pub snapshot: &'a Snapshot,
    /// The columns.
    pub columns: Columns,
    /// The sub-step that has just been done, while a step is walked.
    pub at: Option<SubStep>,
}

impl<'a, 'ui> Sketch<'a, 'ui> {
    /// A diagram in `area`.
    pub fn new(frame: &'a Frame<'ui>, area: &Rect, snapshot: &'a Snapshot) -> Self {
        let at = snapshot.walk.as_ref().map(|walk| walk.at);
        Self { frame, snapshot, columns: Columns::new(area, frame.presenting), at }
    }

    /// The wire of a side.
    pub const fn x(&self, side: Side) -> f32 {
        match side {
            Side::Student => self.columns.student_x,
            Side::Teacher => self.columns.teacher_x,
        }
    }

    /// The style of names on and beside the boxes.
    pub const fn name(&self) -> Style {
        if self.frame.presenting { Style::LABEL.strong().coloured(theme::TEXT) } else { Style::TITLE }
    }

    /// Whether one of these sub-steps has just been done in a walk.
    fn is_at(&self, steps: &[SubStep]) -> bool {
        self.at.is_some_and(|at| steps.contains(&at))
    }

    /// A colour as it is: whole, or stepped back where a walk is elsewhere.
    fn tone(&self, colour: Colour, steps: &[SubStep]) -> Colour {
        if self.at.is_none() || self.is_at(steps) { colour } else { colour.mixed(theme::GROUND, 0.5) }
    }

    /// Stands out where a walk is here.
    fn mark(&self, rect: Rect, steps: &[SubStep]) {
        if self.is_at(steps) {
            self.frame.paint.outline(rect.inset(-5.0), theme::TEXT, 8.0, 2.0);
        }
    }

    /// A box of a column.
    pub fn place(&self, side: Side, top: f32, height: f32) -> Rect {
        let [left, right] = match side {
            Side::Student => self.columns.student,
            Side::Teacher => self.columns.teacher,
        };
        Rect::new(left, top, right, top + height)
    }

    /// A box that takes part in `steps`, with its explanation.
    pub fn block(&self, side: Side, part: Part, rect: Rect, name: &str, steps: &[SubStep]) {
        let paint = &self.frame.paint;
        let (colour, style) = (self.tone(side.colour(), steps), self.name());
        let is_back = self.at.is_some() && !self.is_at(steps);
        match side {
            Side::Student => {
                paint.fill(rect, self.tone(side.colour().under_text(), steps), 4.0);
                let ink = if is_back { theme::TEXT } else { theme::ON_FILL };
                paint.text(rect.centre(), Align::Centre, style.coloured(ink), name);
            }
            Side::Teacher => {
                paint.outline(rect, colour, 4.0, 2.0);
                let ink = if is_back { theme::TEXT_2 } else { colour };
                paint.text(rect.centre(), Align::Centre, style.coloured(ink), name);
            }
        }
        self.mark(rect, steps);
        self.frame.part(part, side.spot(), rect, self.snapshot.method);
    }

    /// The place of an ingredient that is off: dashed, the wire passing through, and what happens instead.
    pub fn gap(&self, side: Side, part: Part, rect: Rect, instead: &str, steps: &[SubStep]) {
        let paint = &self.frame.paint;
        let x = self.x(side);
        paint.dashed_outline(rect, self.tone(theme::TEXT_2, steps), 2.0);
        let colour = self.tone(side.colour(), steps);
        paint.rule([x, rect.min[1] - 2.0], [x, rect.max[1] + 2.0], colour, 2.0);
        self.marks(side, [rect.min[1], rect.max[1]], steps);
        let style = if self.frame.presenting { Style::LABEL.coloured(theme::TEXT) } else { Style::QUIET.coloured(theme::TEXT) };
        paint.text([x + 10.0, rect.centre()[1]], Align::Left, style, instead);
        self.frame.part(part, side.spot(), rect, self.snapshot.method);
    }

    /// A wire with a head, down a column, and what flows on it.
    pub fn wire(&self, side: Side, [from, to]: [f32; 2], steps: &[SubStep]) {
        if to - from < 4.0 {
            return;
        }
        let x = self.x(side);
        self.frame.paint.arrow([x, from], [x, to], self.tone(side.colour(), steps));
        self.marks(side, [from, to - 6.0], steps);
    }

    /// The marks that travel down a wire.
    fn marks(&self, side: Side, [from, to]: [f32; 2], steps: &[SubStep]) {
        let paint = &self.frame.paint;
        if self.at.is_some() && !self.is_at(steps) || to - from > 4000.0 {
            return;
        }
        let x = self.x(side);
        let radius = if self.frame.presenting { 4.5 } else { 3.5 };
        // One train of marks for the whole column: what goes into a box comes out of it.
        let mut y = from + (self.frame.flow - from).rem_euclid(MARKS);
        while y < to {
            match side {
                Side::Student => paint.dot([x, y], radius, side.colour()),
                Side::Teacher => {
                    paint.dot([x, y], radius, theme::GROUND);
                    paint.ring([x, y], radius, side.colour(), 1.5);
                }
            }
            y += MARKS;
        }
    }

    /// Backward flow beside a column, between two heights.
    pub fn backward(&self, side: Side, [top, bottom]: [f32; 2]) {
        let x = match side {
            Side::Student => self.columns.student_x - 14.0,
            Side::Teacher => self.columns.teacher_x + 14.0,
        };
        let colour = self.tone(side.colour(), &[SubStep::Backward]);
        self.frame.paint.chevrons_up(x, top + 4.0, bottom - 4.0, self.frame.flow / CHEVRONS, colour);
    }

    /// The image and its two views above an encoder whose top is at `encoder`; `heights` are those of image and views, 0 for none.
    pub fn inputs(&self, top: f32, encoder: f32, [image, view]: [f32; 2]) {
        let paint = &self.frame.paint;
        let steps = &[SubStep::Views];
        let quiet = self.tone(theme::TEXT_2, steps);
        let [left, right] = [self.columns.student_x, self.columns.teacher_x];
        let middle = ((left + right) * 0.5).round();
        let views = encoder - ARROW - view;
        if image > 0.0 {
            let rect = Rect::new(middle - image * 0.5, top, middle + image * 0.5, top + image);
            self.picture(rect, None);
            let y = rect.centre()[1].round();
            let gap = 8.0;
            let name = paint.text([rect.max[0] + gap, y], Align::Left, Style::LABEL, "image");
            paint.rule([left, y], [rect.min[0] - gap, y], quiet, 2.0);
            let from = rect.max[0] + 2.0 * gap + name;
            if from < right {
                paint.rule([from, y], [right, y], quiet, 2.0);
            }
            paint.arrow([left, y], [left, views - 2.0], quiet);
            paint.arrow([right, y], [right, views - 2.0], quiet);
            self.mark(rect, steps);
            self.frame.part(Part::Views, 2, rect, self.snapshot.method);
        }
        for (side, x, name, number) in [(Side::Student, left, "student", 0), (Side::Teacher, right, "teacher", 1)] {
            let align = if side == Side::Student { Align::Left } else { Align::Right };
            let sign = if side == Side::Student { 1.0 } else { -1.0 };
            let title = self.name().coloured(side.colour());
            if view > 0.0 {
                let rect = Rect::new(x - view * 0.5, views, x + view * 0.5, views + view);
                self.picture(rect, Some(number));
                let beside = x + sign * (view * 0.5 + 7.0);
                if self.frame.presenting {
                    paint.text([beside, rect.centre()[1]], align, title, name);
                    self.frame.part(Part::Views, number, rect, self.snapshot.method);
                } else {
                    let label = if number == 0 { "view 1" } else { "view 2" };
                    let wide = paint.text([beside, rect.centre()[1] - 10.0], align, Style::LABEL, label);
                    paint.text([beside, rect.centre()[1] + 8.0], align, title, name);
                    let end = beside + sign * wide;
                    let both = Rect::new(rect.min[0].min(end), rect.min[1], rect.max[0].max(end), rect.max[1]);
                    self.frame.part(Part::Views, number, both, self.snapshot.method);
                }
                self.mark(rect, steps);
                self.wire(side, [rect.max[1] + 1.0, encoder - 2.0], &[side.forward()]);
            } else {
                paint.text([x + sign * 8.0, encoder - 23.0], align, title, name);
                self.wire(side, [encoder - 30.0, encoder - 2.0], &[side.forward()]);
            }
        }
    }

    /// What is shown of the sub-step that a walk stands at.
    fn moment(&self) -> Option<&'a Moment> {
        self.snapshot.walk.as_ref()?.moment.as_ref()
    }

    /// The image (none) or one of its views: the walked batch's, else those that were trained on last, else the cloud's.
    fn picture(&self, rect: Rect, view: Option<u32>) {
        let (frame, snapshot) = (self.frame, self.snapshot);
        let pictures = self.moment().map(|moment| &moment.pictures);
        let picture = match (pictures, &snapshot.inspection, view) {
            (Some(batch), _, None) => Some(Picture::of_buffer(&batch.whole, batch.whole_side, 0, rect)),
            // View 1 of every image of the batch, then view 2.
            (Some(batch), _, Some(view)) => Some(Picture::of_buffer(&batch.globals, batch.global_side, view * batch.batch, rect)),
            (None, Some(inspection), None) => Some(Picture::of_buffer(&inspection.picture, inspection.picture_side, 0, rect)),
            (None, Some(inspection), Some(view)) if view < inspection.globals => {
                Some(Picture::of_buffer(&inspection.global_pixels, inspection.global_side, view, rect))
            }
            (_, _, Some(view)) => {
                snapshot.cloud.as_ref().filter(|cloud| cloud.count > 0).map(|cloud| Picture::of_cloud(cloud, view, 0, rect))
            }
            (None, None, None) => None,
        };
        match picture {
            Some(picture) => frame.picture(picture),
            None => frame.paint.fill(rect, theme::RAISED, 2.0),
        }
        if view.is_none() {
            // Where the views were cut out.
            let of_batch = pictures.map(|batch| batch.frames.first().map_or(&[][..], Vec::as_slice));
            let crops = of_batch.or(snapshot.inspection.as_ref().map(|inspection| inspection.crops.as_slice()));
            for (place, _) in crops.unwrap_or_default().iter().take(2) {
                let at = |share: f32, axis: usize| rect.min[axis] + share.clamp(0.0, 1.0) * rect.width();
                let crop = Rect::new(at(place[0], 0), at(place[1], 1), at(place[0] + place[2], 0), at(place[1] + place[3], 1));
                frame.paint.outline(crop, theme::GLOBAL, 0.0, 1.5);
            }
        }
    }

    /// The EMA: two brackets joined by an arrow, for it copies everything between `top` and `bottom`; its switch sits on the arrow.
    pub fn ema(&self, [top, bottom]: [f32; 2], commands: &mut Vec<Command>) {
        let (frame, snapshot) = (self.frame, self.snapshot);
        let paint = &frame.paint;
        let on = snapshot.switches.ema;
        let y = ((top + bottom) * 0.5).round();
        let steps = &[SubStep::Ema];
        let colour = self.tone(if on { theme::TEXT_2 } else { theme::AXIS }, steps);
        let [left, right] = [self.columns.student[1] + 8.0, self.columns.teacher[0] - 8.0];
        let line = |from: [f32; 2], to: [f32; 2]| {
            if on {
                paint.rule(from, to, colour, 2.0);
            } else {
                paint.dashes(from, to, colour, 2.0, 4.0);
            }
        };
        for (x, hook) in [(left, left - 4.0), (right, right + 4.0)] {
            line([x, top], [x, bottom]);
            paint.rule([hook.min(x), top], [hook.max(x), top], colour, 2.0);
            paint.rule([hook.min(x), bottom], [hook.max(x), bottom], colour, 2.0);
        }
        let centre = [((left + right) * 0.5).round(), y];
        let half = self.knob();
        line([left, y], [centre[0] - half, y]);
        paint.arrow([centre[0] + half, y], [right - 1.0, y], colour);
        let style = self.name();
        let pitch = paint.text_height(style) * 0.7 + 7.0 + 13.0 * paint.switch_size();
        let width = paint.key_width("E") + 6.0 + paint.text_width(style, "EMA");
        let start = centre[0] - width * 0.5;
        let key = paint.key([start, y - pitch], "E");
        paint.text([start + key + 6.0, y - pitch], Align::Left, style, "EMA");
        let tau = if on { format!("τ {}", tau_text(snapshot.dials.tau)) } else { "off: τ 0".to_owned() };
        let below = y + paint.text_height(Style::LABEL) * 0.5 + 4.0 + 13.0 * paint.switch_size();
        if below + 5.0 <= bottom {
            paint.text([centre[0], below], Align::Centre, Style::LABEL, &tau);
        }
        if bottom - y >= 43.0 && !frame.presenting {
            slider(frame, Dial::Tau, "ema-tau", [left + 12.0, right - 12.0], [y + 39.0, 16.0], snapshot, commands);
        }
        if self.is_at(steps) {
            paint.outline(Rect::new(left - 5.0, top - 5.0, right + 5.0, bottom + 5.0), theme::TEXT, 8.0, 2.0);
        }
        self.switch(Switch::Ema, centre, commands);
        frame.part(Part::Ema, 0, Rect::new(left + 2.0, top, right - 2.0, bottom), snapshot.method);
    }

    /// Half the width of a switch.
    pub const fn knob(&self) -> f32 {
        22.0 * self.frame.paint.switch_size()
    }

    /// A switch with its touch area, tooltip and command.
    pub fn switch(&self, which: Switch, centre: [f32; 2], commands: &mut Vec<Command>) {
        let (frame, snapshot) = (self.frame, self.snapshot);
        let on = snapshot.switches.get(which);
        let size = frame.paint.switch_size();
        let area = Rect::new(centre[0] - 24.0 * size, centre[1] - 20.0, centre[0] + 24.0 * size, centre[1] + 20.0);
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

    /// A switch at the left of what it switches, whose edge is at x: the line between, the key, the name `rise` above, ending at `name`.
    pub fn switch_beside(&self, which: Switch, [x, y]: [f32; 2], [name, rise]: [f32; 2], commands: &mut Vec<Command>) {
        let paint = &self.frame.paint;
        let half = self.knob();
        let centre = [x - half - 12.0, y];
        paint.rule([centre[0] + half, y], [x, y], theme::TEXT_2, 1.0);
        let on = self.snapshot.switches.get(which);
        let off = format!("{} off", which.title());
        let style = self.name();
        let room = name - self.columns.student_x - 12.0;
        let words = if on { which.title() } else { paint.fitting(style, &[&off], room).unwrap_or(which.title()) };
        paint.text([name, y - rise], Align::Right, style, words);
        let letter = which.letter().to_string();
        paint.key([centre[0] - half - 7.0 - paint.key_width(&letter), y], &letter);
        self.switch(which, centre, commands);
    }

    /// The stop-gradient: two bars across the teacher's wire at height `y`, and its switch, with the place of its name.
    pub fn stop_gradient(&self, y: f32, name: [f32; 2], commands: &mut Vec<Command>) {
        let paint = &self.frame.paint;
        let on = self.snapshot.switches.stop_gradient;
        let (half, thick) = if self.frame.presenting { (34.0, 6.0) } else { (24.0, 4.0) };
        let [left, right] = [self.columns.teacher_x - half, self.columns.teacher_x + half];
        for y in [y - 3.0 - thick, y + 3.0] {
            let bar = Rect::new(left, y, right, y + thick);
            if on {
                paint.fill(bar, self.tone(theme::TEXT, &[SubStep::Backward]), 0.0);
            } else {
                paint.dashed_outline(bar.inset(-0.5), theme::TEXT_2, 1.0);
            }
        }
        self.switch_beside(Switch::StopGradient, [left, y], name, commands);
        self.mark(Rect::new(left, y - 7.0, right, y + 7.0), if on { &[SubStep::Backward] } else { &[] });
        self.frame.part(Part::StopGradient, 0, Rect::new(left, y - 12.0, right, y + 12.0), self.snapshot.method);
    }

    /// The loss, with its formula and its value.
    pub fn loss(&self, rect: Rect, formula: &str, unit: &str) {
        let paint = &self.frame.paint;
        paint.fill(rect, theme::RAISED, 4.0);
        let y = rect.centre()[1];
        let style = self.name();
        let name = paint.text([rect.min[0] + 12.0, y], Align::Left, style, "loss");
        let walked = self.moment().and_then(|moment| match moment.tensors {
            Tensors::Cosines { mean, .. } | Tensors::Distributions { mean, .. } => Some(mean),
            _ => None,
        });
        let value = walked.or_else(|| reading(&self.snapshot.history.loss, self.snapshot.step));
        let value = value.map_or_else(|| "–".to_owned(), |loss| format!("{}{unit}", short(loss)));
        let value_width = paint.text([rect.max[0] - 12.0, y], Align::Right, style, &value);
        if name + value_width + paint.text_width(Style::LABEL, formula) + 48.0 < rect.width() {
            paint.text([rect.min[0] + 22.0 + name, y + 1.0], Align::Left, Style::LABEL, formula);
        }
        self.mark(rect, &[SubStep::Loss]);
        self.frame.part(Part::Loss, 0, rect, self.snapshot.method);
    }
}

/// Height of the arrow from a view to its encoder.
pub const ARROW: f32 = 16.0;

/// What the lines of the diagram mean.
pub fn legend(frame: &Frame<'_>, [x, y]: [f32; 2], room: f32) {
    let paint = &frame.paint;
    let words = ["forward", "backward"].map(|word| paint.text_width(Style::LABEL, word));
    if 36.0 + words[0] + 48.0 + words[1] > room {
        return;
    }
    paint.arrow([x, y], [x + 28.0, y], theme::TEXT_2);
    let width = paint.text([x + 36.0, y], Align::Left, Style::LABEL, "forward");
    let x = x + 36.0 + width + 20.0;
    for i in 0..3 {
        let x = x + i as f32 * 7.0;
        paint.polyline([[x + 4.0, y - 4.0], [x, y], [x + 4.0, y + 4.0]].into_iter(), theme::TEXT_2, 2.0);
    }
    paint.text([x + 28.0, y], Align::Left, Style::LABEL, "backward");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_dealt_between_least_and_most() {
        let sizes = [[10.0, 20.0], [30.0, 50.0], [10.0, 40.0]];
        assert_eq!(deal(50.0, sizes, 2), [10.0, 30.0, 10.0]);
        assert_eq!(deal(20.0, sizes, 2), [10.0, 30.0, 10.0], "never less");
        assert_eq!(deal(110.0, sizes, 2), [20.0, 50.0, 40.0]);
        assert_eq!(deal(200.0, sizes, 2), [20.0, 50.0, 130.0], "the rest goes to the rubber one");
    }
}
