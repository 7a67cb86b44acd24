//! The left pane: the running graph, with each switch where its ingredient lives, the dials below, and where the images come from.
//! Time runs down; forward is a line with a head, backward a chain of chevrons beside it that ends where gradients end.

use crate::command::{Command, Dial, Switch};
use crate::snapshot::Snapshot;
use crate::view::charts::short;
use crate::view::explain::switch_text;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::pictures::Picture;
use crate::view::theme::{self, Colour, Type};

use super::{Frame, Panel};

/// The left pane.
#[derive(Default)]
pub struct Mechanism {
    path: String,
    path_problem: Option<String>,
    /// The path field has the keyboard.
    pub typing: bool,
}

/// Rows that go away on small windows.
struct Rows {
    views: bool,
    legend: bool,
    dials: bool,
    data: bool,
}

/// Columns and heights of the diagram.
struct Grid {
    student: Rect,
    teacher: Rect,
    student_x: f32,
    teacher_x: f32,
    box_height: f32,
    encoder: f32,
    projector: f32,
    predictor: f32,
    bars: f32,
    loss: f32,
}

impl Panel for Mechanism {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        paint.rule([area.max[0], area.min[1]], area.max, theme::SEPARATOR, 1.0);
        let height = area.height();
        let rows = Rows { views: height >= 560.0, legend: height >= 520.0, dials: height >= 420.0, data: height >= 470.0 };
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
            bottom -= 62.0;
            self.data(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + 62.0), snapshot, commands);
        }
        if rows.dials {
            bottom -= 94.0;
            dials(frame, Rect::new(inner.min[0], bottom, inner.max[0], bottom + 94.0), snapshot, commands);
            paint.rule([inner.min[0], bottom - 4.0], [inner.max[0], bottom - 4.0], theme::SEPARATOR, 1.0);
            bottom -= 10.0;
        }
        if rows.legend {
            bottom -= 20.0;
            legend(frame, [inner.min[0], bottom + 8.0]);
        }
        diagram(frame, Rect::new(inner.min[0], y, inner.max[0], bottom - 4.0), rows.views, snapshot, commands);
    }
}

fn grid(area: &Rect, top: f32) -> Grid {
    let box_width = match area.width() {
        width if width > 400.0 => 144.0,
        width if width > 300.0 => 112.0,
        _ => 80.0,
    };
    // Heights at rest: three boxes, the gaps between them, the way past the stop-gradient, the loss.
    let rest = 3.0 * 40.0 + 24.0 + 32.0 + 104.0 + 40.0;
    let stretch = ((area.max[1] - top) / rest).clamp(0.55, 1.9);
    let box_height = (40.0 * stretch).min(if box_width > 120.0 { 48.0 } else { 40.0 });
    let encoder = top;
    let projector = encoder + box_height + 24.0 * stretch;
    let predictor = projector + box_height + 32.0 * stretch;
    let loss = area.max[1] - box_height;
    Grid {
        student: Rect::new(area.min[0], 0.0, area.min[0] + box_width, 0.0),
        teacher: Rect::new(area.max[0] - box_width, 0.0, area.max[0], 0.0),
        student_x: (area.min[0] + box_width * 0.5).round(),
        teacher_x: (area.max[0] - box_width * 0.5).round(),
        box_height,
        encoder,
        projector,
        predictor,
        bars: (predictor + box_height + loss) * 0.5 + 4.0,
        loss,
    }
}

fn diagram(frame: &Frame<'_>, area: Rect, views: bool, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let switches = snapshot.switches;
    let head = if views { 64.0 } else { 30.0 };
    let grid = grid(&area, area.min[1] + head);
    inputs(frame, &area, &grid, views, snapshot);

    let place = |column: &Rect, top: f32| Rect::new(column.min[0], top, column.max[0], top + grid.box_height);
    let filled = |rect: Rect, name: &str| {
        paint.fill(rect, theme::STUDENT, 4.0);
        paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::GROUND), name);
    };
    let outlined = |rect: Rect, name: &str| {
        paint.outline(rect, theme::TEACHER, 4.0, 2.0);
        paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::TEACHER), name);
    };
    let under = |top: f32| top + grid.box_height;
    let phase = frame.flow as f32 * 0.25;

    // The student, forward and backward.
    paint.arrow([grid.student_x, under(grid.encoder) + 1.0], [grid.student_x, grid.projector - 2.0], theme::STUDENT);
    if switches.predictor {
        paint.arrow([grid.student_x, under(grid.projector) + 1.0], [grid.student_x, grid.predictor - 2.0], theme::STUDENT);
    } else {
        paint.rule([grid.student_x, under(grid.projector) + 1.0], [grid.student_x, grid.predictor], theme::STUDENT, 2.0);
    }
    let backward = grid.student_x - 14.0;
    let chevrons = |x: f32, top: f32, bottom: f32, colour: Colour| paint.chevrons_up(x, top + 4.0, bottom - 4.0, phase, colour);
    chevrons(backward, under(grid.encoder), grid.projector, theme::STUDENT);
    if switches.predictor {
        chevrons(backward, under(grid.projector), grid.predictor, theme::STUDENT);
        chevrons(backward, under(grid.predictor), grid.loss, theme::STUDENT);
    } else {
        chevrons(backward, under(grid.projector), grid.loss, theme::STUDENT);
    }
    filled(place(&grid.student, grid.encoder), "encoder");
    filled(place(&grid.student, grid.projector), "projector");
    let predictor = place(&grid.student, grid.predictor);
    if switches.predictor {
        filled(predictor, "predictor");
    } else {
        paint.dashed_outline(predictor, theme::TEXT_2, 2.0);
        paint.rule([grid.student_x, predictor.min[1] - 2.0], [grid.student_x, predictor.max[1] + 2.0], theme::STUDENT, 2.0);
        let style = Style::new(Type::Label, false, theme::TEXT_2);
        let x = grid.student_x + 6.0;
        paint.text([x, predictor.centre()[1]], Align::Left, style, "q = z");
    }
    paint.arrow([grid.student_x, under(grid.predictor) + 1.0], [grid.student_x, grid.loss - 2.0], theme::STUDENT);

    // The teacher.
    outlined(place(&grid.teacher, grid.encoder), "encoder");
    paint.arrow([grid.teacher_x, under(grid.encoder) + 1.0], [grid.teacher_x, grid.projector - 2.0], theme::TEACHER);
    outlined(place(&grid.teacher, grid.projector), "projector");
    paint.arrow([grid.teacher_x, under(grid.projector) + 1.0], [grid.teacher_x, grid.loss - 2.0], theme::TEACHER);
    let returning = grid.teacher_x + 14.0;
    if switches.stop_gradient {
        chevrons(returning, grid.bars + 8.0, grid.loss, theme::TEACHER);
    } else {
        chevrons(returning, under(grid.projector), grid.loss, theme::TEACHER);
        chevrons(returning, under(grid.encoder), grid.projector, theme::TEACHER);
    }

    ema(frame, &grid, snapshot, commands);

    // The predictor's switch, joined to its box.
    let [box_right, y] = [predictor.max[0], predictor.centre()[1]];
    let centre = [box_right + 38.0, y];
    paint.rule([box_right, y], [centre[0] - 22.0, y], theme::TEXT_2, 1.0);
    paint.key([centre[0] + 30.0, y], "P");
    switch(frame, Switch::Predictor, centre, snapshot, commands);

    // The stop-gradient: two bars across the teacher's wire, and its switch.
    let [left, right] = [grid.teacher_x - 24.0, grid.teacher_x + 24.0];
    for y in [grid.bars - 8.0, grid.bars + 2.0] {
        let bar = Rect::new(left, y, right, y + 5.0);
        if switches.stop_gradient {
            paint.fill(bar, theme::TEXT, 0.0);
        } else {
            paint.dashed_outline(bar, theme::TEXT_2, 1.0);
        }
    }
    let centre = [left - 46.0, grid.bars];
    paint.rule([centre[0] + 22.0, grid.bars], [left, grid.bars], theme::TEXT_2, 1.0);
    let name = if switches.stop_gradient { "stop-gradient" } else { "stop-gradient off" };
    paint.text([left - 8.0, grid.bars - 25.0], Align::Right, Style::TITLE, name);
    paint.key([centre[0] - 50.0, grid.bars], "G");
    switch(frame, Switch::StopGradient, centre, snapshot, commands);

    // The loss.
    let rect = Rect::new(area.min[0], grid.loss, area.max[0], grid.loss + grid.box_height);
    paint.fill(rect, theme::RAISED, 4.0);
    let y = rect.centre()[1];
    let name = paint.text([rect.min[0] + 12.0, y], Align::Left, Style::TITLE, "loss");
    let value = snapshot.history.loss.last().map_or_else(|| "–".to_owned(), short);
    let value_width = paint.text([rect.max[0] - 12.0, y], Align::Right, Style::TITLE, &value);
    let formula = if switches.predictor { "2 − 2 cos(prediction, target)" } else { "2 − 2 cos(projection, target)" };
    if name + value_width + paint.text_width(Style::LABEL, formula) + 48.0 < rect.width() {
        paint.text([rect.min[0] + 22.0 + name, y + 1.0], Align::Left, Style::LABEL, formula);
    }
}

/// The two views that go in.
fn inputs(frame: &Frame<'_>, area: &Rect, grid: &Grid, views: bool, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let label = |x: f32, y: f32, align: Align, view: &str, name: &str, colour: Colour| {
        if views {
            paint.text([x, y - 10.0], align, Style::LABEL, view);
            paint.text([x, y + 8.0], align, Style::TITLE.coloured(colour), name);
        } else {
            paint.text([x, y], align, Style::TITLE.coloured(colour), name);
        }
    };
    let middle = if views { grid.encoder - 40.0 } else { grid.encoder - 20.0 };
    let side = if views { 32.0 } else { 8.0 };
    label(grid.student_x + side, middle, Align::Left, "view 1", "student", theme::STUDENT);
    label(grid.teacher_x - side, middle, Align::Right, "view 2", "teacher", theme::TEACHER);
    if let Some(cloud) = snapshot.cloud.as_ref().filter(|_| views) {
        let top = grid.encoder - 64.0;
        for (view, x) in [(0, grid.student_x), (1, grid.teacher_x)] {
            frame.picture(Picture::of_cloud(cloud, view, 0, Rect::new(x - 24.0, top, x + 24.0, top + 48.0)));
        }
    }
    let from = if views { grid.encoder - 15.0 } else { (area.min[1] + 2.0).min(grid.encoder - 12.0) };
    paint.arrow([grid.student_x, from], [grid.student_x, grid.encoder - 2.0], theme::STUDENT);
    paint.arrow([grid.teacher_x, from], [grid.teacher_x, grid.encoder - 2.0], theme::TEACHER);
}

/// The EMA: two brackets joined by an arrow, for it copies encoder and projector; its switch sits on the arrow.
fn ema(frame: &Frame<'_>, grid: &Grid, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let on = snapshot.switches.ema;
    let [top, bottom] = [grid.encoder, grid.projector + grid.box_height];
    let y = (top + bottom) * 0.5;
    let colour = if on { theme::TEXT_2 } else { theme::AXIS };
    let [left, right] = [grid.student.max[0] + 8.0, grid.teacher.min[0] - 8.0];
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
fn switch(frame: &Frame<'_>, which: Switch, centre: [f32; 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let on = snapshot.switches.get(which);
    let area = Rect::new(centre[0] - 24.0, centre[1] - 20.0, centre[0] + 24.0, centre[1] + 20.0);
    let touch = frame.touch(which.key(), area);
    frame.paint.switch(centre, on, touch.hovered);
    if touch.hovered {
        let text = switch_text(which);
        let title = format!("{} ({}) is {}.", which.title(), which.letter(), if on { "on" } else { "off" });
        let off = format!("Off: {}", text.off);
        frame.tooltip(&[&title, text.on, &off, text.published]);
    }
    if touch.clicked {
        commands.push(Command::SetSwitch { switch: which, on: !on });
    }
}

fn legend(frame: &Frame<'_>, [x, y]: [f32; 2]) {
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

/// τ with as many digits as it takes to tell it from 1.
pub fn tau_text(tau: f32) -> String {
    if tau == 0.0 || tau == 1.0 {
        format!("{tau:.0}")
    } else if tau < 0.9905 {
        format!("{tau:.3}")
    } else {
        format!("{tau:.4}")
    }
}

fn dial_text(dial: Dial, value: f32) -> String {
    match dial {
        Dial::Tau | Dial::CenterMomentum => tau_text(value),
        Dial::PredictorMultiplier => format!("×{}", if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }),
        Dial::LearningRate | Dial::TeacherTemperature | Dial::StudentTemperature => {
            let decimals = (1.0 - value.max(1e-9).log10().floor()).max(0.0) as usize;
            let text = format!("{value:.decimals$}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// Where a value sits on its slider, 0 to 1. τ is spread out near 1, the others are logarithmic.
fn share_of(dial: Dial, value: f32) -> f32 {
    match dial {
        Dial::Tau | Dial::CenterMomentum => {
            if value >= TAU_LAST {
                1.0
            } else {
                (-(1.0 - value).log10() / TAU_DECADES).clamp(0.0, 1.0)
            }
        }
        _ => {
            let [low, high] = range(dial);
            ((value.max(low) / low).ln() / (high / low).ln()).clamp(0.0, 1.0)
        }
    }
}

/// The reverse of [`share_of`], rounded to three digits.
fn value_at(dial: Dial, share: f32) -> f32 {
    match dial {
        Dial::Tau | Dial::CenterMomentum => {
            if share >= 0.99 {
                return 1.0;
            }
            let distance = 10.0_f32.powf(-share * TAU_DECADES);
            ((1.0 - distance) * 1e4).round() / 1e4
        }
        _ => {
            let [low, high] = range(dial);
            let value = low * (high / low).powf(share);
            let unit = 10.0_f32.powf(value.log10().floor() - 1.0);
            (value / unit).round() * unit
        }
    }
}

/// τ's slider covers 1 - τ from 1 down to 10^-this, and then 1 itself.
const TAU_DECADES: f32 = 3.5;
const TAU_LAST: f32 = 0.9997;

const fn range(dial: Dial) -> [f32; 2] {
    match dial {
        Dial::Tau | Dial::CenterMomentum => [0.0, 1.0],
        Dial::TeacherTemperature | Dial::StudentTemperature => [0.005, 1.0],
        Dial::PredictorMultiplier => [0.1, 100.0],
        Dial::LearningRate => [1e-5, 1e-1],
    }
}

fn dials(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    for (index, dial) in Dial::of(snapshot.method).iter().copied().enumerate() {
        let y = area.min[1] + 18.0 + index as f32 * 30.0;
        let (name, tip) = match dial {
            Dial::Tau => ("momentum τ", "How slowly the teacher follows the student: 0 copies it each step, 1 freezes the teacher."),
            Dial::PredictorMultiplier => (
                "predictor rate",
                "The predictor's learning rate over that of the rest. A predictor that keeps up is what holds the collapse off.",
            ),
            Dial::TeacherTemperature => {
                ("teacher temperature", "Divides the teacher's centred logits: the lower, the sharper its distributions.")
            }
            Dial::StudentTemperature => ("student temperature", "Divides the student's logits."),
            Dial::CenterMomentum => {
                ("centre momentum", "How slowly the centre follows the mean of the teacher's logits: 0 takes the last batch's.")
            }
            Dial::LearningRate => ("learning rate", "AdamW's learning rate."),
        };
        let value = snapshot.dials.get(dial);
        let switches = &snapshot.switches;
        let idle = match dial {
            Dial::Tau => !switches.ema,
            Dial::PredictorMultiplier => !switches.predictor,
            Dial::TeacherTemperature => !switches.sharpening,
            Dial::CenterMomentum => !switches.centering,
            Dial::StudentTemperature | Dial::LearningRate => false,
        };
        let style = if idle { Style::LABEL } else { Style::LABEL.coloured(theme::TEXT) };
        paint.text([area.min[0], y], Align::Left, style, name);
        paint.text([area.max[0], y], Align::Right, style, &dial_text(dial, value));
        let track = Rect::new(area.min[0] + area.width() * 0.44, y, area.max[0] - 66.0, y);
        let touch = frame.touch(dial.key(), Rect::new(track.min[0] - 8.0, y - 13.0, track.max[0] + 8.0, y + 13.0));
        let x = track.min[0] + track.width() * share_of(dial, value);
        paint.rule(track.min, track.max, theme::AXIS, 2.0);
        paint.rule(track.min, [x, y], if idle { theme::AXIS } else { theme::TEXT }, 2.0);
        paint.dot([x, y], if touch.hovered || touch.held { 8.0 } else { 6.0 }, if idle { theme::TEXT_2 } else { theme::TEXT });
        if touch.held {
            let share = ((frame.pointer()[0] - track.min[0]) / track.width().max(1.0)).clamp(0.0, 1.0);
            let wanted = value_at(dial, share);
            if wanted != value {
                commands.push(Command::SetDial { dial, value: wanted });
            }
        } else if touch.hovered {
            let state = if idle { "Without effect while its switch is off." } else { "Drag to change it while it trains." };
            frame.tooltip(&[tip, state]);
        }
    }
}

impl Mechanism {
    /// What the images are, and a field for other ones.
    fn data(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        let y = area.min[1] + 12.0;
        let label = paint.text([area.min[0], y], Align::Left, Style::LABEL, "images");
        let x = area.min[0] + label + 10.0;
        let style = Style::LABEL.coloured(theme::TEXT);
        match &self.path_problem {
            Some(problem) => paint.text_clipped([x, y], style, problem, area.max[0] - x),
            None => paint.text_clipped([x, y], style, &snapshot.data, area.max[0] - x),
        };
        if frame.blocked {
            self.typing = false;
            return;
        }
        let ui = frame.ui;
        ui.set_cursor_screen_pos([area.min[0] * frame.scale, (area.min[1] + 27.0) * frame.scale]);
        ui.set_next_item_width(area.width() * frame.scale);
        let entered = ui
            .input_text("##path", &mut self.path)
            .hint("drop a folder here, or type its path")
            .enter_returns_true(true)
            .auto_select_all(true)
            .build();
        self.typing = ui.is_item_active();
        if entered && !self.path.trim().is_empty() {
            match crate::view::data_spec_of(&self.path) {
                Ok(spec) => {
                    commands.push(Command::LoadData(spec));
                    self.path_problem = None;
                    self.path.clear();
                }
                Err(problem) => self.path_problem = Some(problem),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliders_map_back_and_forth() {
        for (dial, values) in [
            (Dial::Tau, [0.0, 0.5, 0.9, 0.99, 0.998, 1.0]),
            (Dial::PredictorMultiplier, [0.1, 1.0, 3.0, 10.0, 30.0, 100.0]),
            (Dial::LearningRate, [1e-5, 1e-4, 1e-3, 2e-3, 4e-3, 1e-1]),
        ] {
            for value in values {
                let back = value_at(dial, share_of(dial, value));
                assert!((back - value).abs() <= 0.01 * value.max(1e-4), "{dial:?}: {value} came back as {back}");
            }
        }
    }

    #[test]
    fn learning_rates_read_well() {
        assert_eq!(dial_text(Dial::LearningRate, 2e-3), "0.002");
        assert_eq!(dial_text(Dial::LearningRate, 0.1), "0.1");
    }
}
