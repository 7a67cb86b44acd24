//! The loss of every pair as the diagram itself: rows are the student's crops, columns the globals that the teacher sees, the length
//! of a bar the loss, a slash the crop that is not compared with itself.

use crate::command::Command;
use crate::config::Method;
use crate::snapshot::SubStep;
use crate::view::charts::short;
use crate::view::explain::parts::{Part, explanation};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::panels::Frame;
use crate::view::panels::dials::tau_text;
use crate::view::theme;

use super::Looking;
use super::marks;
use super::text::loss_scale;

/// Columns and rows of the diagram.
struct Grid {
    /// The teacher's columns, left and right edges.
    columns: Vec<[f32; 2]>,
    /// The student's bar.
    student: [f32; 2],
    /// Left edge of the rows' thumbnails.
    thumbnails: f32,
    top: f32,
    pitch: f32,
    /// Side of the rows' thumbnails.
    side: f32,
    /// Rows that fit.
    rows: usize,
    /// The teacher's side is drawn in full.
    head: bool,
}

/// Height of the two lines below the rows.
fn foot_height(paint: &Paint<'_>) -> f32 {
    3.1 * paint.text_height(Style::BODY)
}
/// Height of the teacher's side above the rows, in full and without room.
const HEAD: [f32; 2] = [180.0, 64.0];

/// Side of a row's thumbnail where there is room.
fn side(inner: &Rect) -> f32 {
    (inner.width() * 0.15).min(62.0)
}

fn grid(paint: &Paint<'_>, area: &Rect, count: usize, globals: usize) -> Grid {
    let names = 1.75 * paint.text_height(Style::TITLE);
    let foot = foot_height(paint);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1]);
    let head = area.height() >= 400.0 && !paint.look().presenting;
    let top = inner.min[1] + if paint.look().presenting { 84.0 } else { HEAD[usize::from(!head)] };
    let space = (inner.max[1] - foot - top).max(0.0);
    let pitch = (space / count.max(1) as f32).clamp(22.0, side(&inner) + 14.0);
    let columns = globals.clamp(1, 4);
    let gap = 12.0;
    let width = (((inner.width() - 124.0) - gap * columns as f32) / columns as f32).clamp(24.0, 110.0);
    let left = inner.max[0] - columns as f32 * width - (columns - 1) as f32 * gap;
    let side = (pitch - 6.0).min(side(&inner));
    let student = inner.min[0] + names + side + 10.0;
    let bar = ((left - student) * 0.45).clamp(10.0, 40.0);
    Grid {
        columns: (0..globals.min(columns)).map(|index| left + index as f32 * (width + gap)).map(|x| [x, x + width]).collect(),
        student: [student, student + bar],
        thumbnails: inner.min[0] + names,
        side,
        top,
        pitch,
        rows: count.min((space / pitch).floor() as usize),
        head,
    }
}

/// The pane's title.
pub fn title(frame: &Frame<'_>, area: &Rect) {
    frame.paint.text([area.min[0] + 16.0, area.min[1] + 22.0], Align::Left, Style::TITLE, TITLE);
}

const TITLE: &str = "Loss, pair by pair";

/// Paints the diagram into the left pane above its controls.
pub fn ui(looking: &mut Looking<'_, '_>, area: &Rect, commands: &mut Vec<Command>) {
    let paint = &looking.frame.paint;
    title(looking.frame, area);
    let [left, right, y] = [area.min[0] + 16.0, area.max[0] - 16.0, area.min[1] + 22.0];
    let about = explanation(Part::Pairs, looking.snapshot.method).what;
    looking.frame.about("about-pairs", Rect::new(left, y - 12.0, right, y + 12.0), &[about]);
    let count = marks::count(looking.inspection);
    let globals = marks::globals(looking.inspection);
    let grid = grid(paint, area, count, globals);
    let units: [&str; 2] =
        if looking.snapshot.method == Method::Byol { ["2 − 2 cos, 0 to 4", "0 to 4"] } else { ["cross-entropy, nats", "nats"] };
    let room = area.width() - 48.0 - paint.text_width(Style::TITLE, TITLE);
    if let Some(unit) = paint.fitting(Style::LABEL, &units, room) {
        paint.text([area.max[0] - 16.0, area.min[1] + 23.0], Align::Right, Style::LABEL, unit);
    }
    teacher(looking, area, &grid);
    student(looking, &grid);
    for row in 0..grid.rows {
        cells(looking, area, &grid, row);
    }
    foot(looking, area, &grid, count, globals);
    if count == globals {
        invite(looking, area, &grid, commands);
    }
}

/// Local crops that the invitation adds.
const INVITED: u32 = 4;

/// Without local crops there is room to say what they would do, and to add some.
fn invite(looking: &Looking<'_, '_>, area: &Rect, grid: &Grid, commands: &mut Vec<Command>) {
    let paint = &looking.frame.paint;
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    let top = grid.top + grid.rows as f32 * grid.pitch + foot_height(paint) + 24.0;
    let rect = Rect::new(left, top + 58.0, right, top + 98.0);
    if rect.max[1] > area.max[1] - 8.0 {
        return;
    }
    for (line, text) in
        ["Two large crops: nothing to infer.", "From small ones the student must", "tell the whole from a piece."].iter().enumerate()
    {
        paint.text_clipped([left, top + line as f32 * 20.0], Style::QUIET, text, right - left + 8.0);
    }
    let touch = looking.frame.touch("invite", rect);
    paint.fill(rect, theme::RAISED, 4.0);
    marks::frame(paint, rect, false, if touch.hovered { 4.0 } else { 2.0 });
    paint.text(rect.centre(), Align::Centre, Style::TITLE, &format!("+ {INVITED} local crops"));
    if touch.hovered {
        let pairs = 2 * (2 + INVITED) - 2;
        looking.frame.tooltip(&[&format!("Each image gets {INVITED} small crops as well: {pairs} pairs in the loss, and a longer step.")]);
    }
    if touch.clicked {
        commands.push(Command::SetLocalCrops(INVITED));
    }
}

/// The teacher with the globals that go in and its columns that come out.
fn teacher(looking: &mut Looking<'_, '_>, area: &Rect, grid: &Grid) {
    let paint = &looking.frame.paint;
    let [left, top] = [area.min[0] + 16.0, area.min[1]];
    let (Some(first), Some(last)) = (grid.columns.first(), grid.columns.last()) else { return };
    let globals = marks::globals(looking.inspection);
    if !grid.head {
        for (index, column) in grid.columns.iter().enumerate() {
            let x = (column[0] + column[1]) * 0.5;
            paint.text([x, grid.top - 12.0], Align::Centre, Style::TITLE.coloured(theme::GLOBAL), &marks::name(index, globals));
            if looking.frame.touch(&format!("teacher-{index}"), Rect::new(column[0], grid.top - 22.0, column[1], grid.top - 2.0)).hovered {
                looking.found = Some(index);
                looking.explain(index);
            }
        }
        let room = grid.columns[0][0] - left - 8.0;
        if let Some(words) = paint.fitting(Style::LABEL, &["teacher: globals only", "globals only", "teacher"], room) {
            let width = paint.text([left, grid.top - 0.9 * paint.text_height(Style::LABEL)], Align::Left, Style::LABEL, words);
            let area = Rect::new(left, grid.top - 22.0, left + width, grid.top - 2.0);
            looking.frame.part(Part::Globals, 0, area, looking.snapshot.method);
        }
        return;
    }
    let [inputs, block, bars] = [top + 58.0, top + 112.0, top + 156.0];
    for (index, column) in grid.columns.iter().enumerate() {
        let x = ((column[0] + column[1]) * 0.5).round();
        let rect = Rect::new(x - 21.0, inputs, x + 21.0, inputs + 42.0);
        looking.crop(index, rect);
        let tagged = Rect::new(rect.min[0] - 2.0, inputs - 19.0, rect.max[0], rect.max[1]);
        if looking.frame.touch(&format!("teacher-{index}"), tagged).hovered {
            looking.found = Some(index);
            looking.explain(index);
        }
        marks::frame(paint, rect.inset(-2.0), true, if looking.hovered == Some(index) { 4.0 } else { 2.0 });
        marks::tag(paint, [rect.min[0] - 2.0, inputs - 19.0], [28.0, 18.0], index, globals);
        paint.arrow([x, rect.max[1] + 2.0], [x, block - 1.0], theme::TEACHER);
        paint.arrow([x, block + 30.0], [x, grid.top - 3.0], theme::TEACHER);
        stop_gradient(paint, x, bars, looking.snapshot.switches.stop_gradient);
        let area = Rect::new(x - 20.0, bars - 10.0, x + 20.0, bars + 10.0);
        looking.frame.part(Part::StopGradient, index as u32, area, looking.snapshot.method);
    }
    let rect = Rect::new(first[0], block, last[1], block + 30.0);
    paint.outline(rect, theme::TEACHER, 4.0, 2.0);
    paint.text(rect.centre(), Align::Centre, Style::TITLE.coloured(theme::TEACHER), "teacher");
    mark(looking, rect, &[SubStep::Teacher, SubStep::Ema, SubStep::Center]);
    looking.frame.part(Part::Globals, 0, rect, looking.snapshot.method);
    let room = first[0] - left - 30.0;
    let long = "sees the globals only";
    let mut y = inputs - 8.0;
    paint.text([left, y], Align::Left, Style::TITLE, "The teacher");
    for line in if paint.text_width(Style::QUIET, long) <= room { vec![long] } else { vec!["sees the", "globals only"] } {
        y += 18.0;
        paint.text([left, y], Align::Left, Style::QUIET, line);
    }
    // The EMA: from the student up to the teacher.
    let snapshot = looking.snapshot;
    let x = (grid.student[0] + grid.student[1]) * 0.5;
    let middle = rect.centre()[1];
    let on = snapshot.switches.ema;
    let colour = if on { theme::TEXT_2 } else { theme::AXIS };
    if on {
        paint.rule([x, middle], [x, grid.top - 2.0], colour, 2.0);
    } else {
        paint.dashes([x, middle], [x, grid.top - 2.0], colour, 2.0, 4.0);
    }
    paint.arrow([x, middle], [rect.min[0] - 2.0, middle], colour);
    let tau = tau_text(snapshot.dials.tau);
    let words = if on { vec![format!("EMA, τ {tau}"), format!("τ {tau}")] } else { vec!["EMA off".to_owned()] };
    if let Some(words) = words.iter().find(|words| paint.text_width(Style::LABEL, words) < x - left - 6.0) {
        paint.text([x - 8.0, middle], Align::Right, Style::LABEL, words);
    }
    let method = snapshot.method;
    looking.frame.part(Part::Ema, 0, Rect::new(left, middle - 12.0, rect.min[0] - 6.0, middle + 12.0), method);
    let width = paint.text([left, grid.top - 28.0], Align::Left, Style::TITLE, "student");
    let width = width.max(paint.text([left, grid.top - 11.0], Align::Left, Style::LABEL, "every crop"));
    looking.frame.part(Part::Locals, 0, Rect::new(left, grid.top - 38.0, left + width, grid.top - 3.0), method);
}

/// The stop-gradient's two bars, or their outlines where it is off.
fn stop_gradient(paint: &Paint<'_>, x: f32, y: f32, on: bool) {
    for shift in [-4.0, 4.0] {
        let rect = Rect::new(x - 20.0, y + shift - 2.0, x + 20.0, y + shift + 2.0);
        if on {
            paint.fill(rect, theme::TEXT, 0.0);
        } else {
            paint.dashes([rect.min[0], y + shift], [rect.max[0], y + shift], theme::TEXT, 1.0, 4.0);
        }
    }
}

/// Stands out where a walk through a step is here.
fn mark(looking: &Looking<'_, '_>, rect: Rect, steps: &[SubStep]) {
    if looking.snapshot.walk.as_ref().is_some_and(|walk| steps.contains(&walk.at)) {
        looking.frame.paint.outline(rect.inset(-4.0), theme::TEXT, 6.0, 2.0);
    }
}

/// The student: one bar that every crop goes through.
fn student(looking: &Looking<'_, '_>, grid: &Grid) {
    if grid.rows > 0 {
        let bottom = grid.top + grid.rows as f32 * grid.pitch;
        let rect = Rect::new(grid.student[0], grid.top, grid.student[1], bottom - 2.0);
        looking.frame.paint.fill(rect, theme::STUDENT, 4.0);
        mark(looking, rect, &[SubStep::Student, SubStep::Backward, SubStep::Update]);
        if let Some((first, last)) = grid.columns.first().zip(grid.columns.last()) {
            mark(looking, Rect::new(first[0], grid.top, last[1], bottom - 4.0), &[SubStep::Loss]);
        }
    }
}

/// One student crop with its losses.
fn cells(looking: &mut Looking<'_, '_>, area: &Rect, grid: &Grid, row: usize) {
    let (frame, inspection) = (looking.frame, looking.inspection);
    let paint = &frame.paint;
    let globals = marks::globals(inspection);
    let colour = marks::colour(row, globals);
    let [top, bottom] = [grid.top + row as f32 * grid.pitch, grid.top + (row + 1) as f32 * grid.pitch - 4.0];
    let middle = (top + bottom) * 0.5;
    let left = area.min[0] + 16.0;
    paint.text([left, middle], Align::Left, Style::TITLE.coloured(colour), &marks::name(row, globals));
    let side = grid.side;
    let picture = Rect::new(grid.thumbnails, middle - side * 0.5, grid.thumbnails + side, middle + side * 0.5);
    looking.crop(row, picture);
    marks::frame(paint, picture.inset(-1.0), row < globals, 1.5);
    let start = grid.columns.first().map_or(area.max[0], |column| column[0]);
    paint.rule([picture.max[0] + 2.0, middle], [grid.student[0], middle], theme::STUDENT, 2.0);
    paint.arrow([grid.student[1], middle], [start - 2.0, middle], theme::STUDENT);
    if grid.pitch >= 30.0 && start - grid.student[1] > 30.0 {
        let phase = frame.flow.rem_euclid(8.0);
        for index in 0..2 {
            let x = start - 14.0 - index as f32 * 8.0 - phase;
            paint.polyline([[x + 4.0, middle + 4.0], [x, middle + 8.0], [x + 4.0, middle + 12.0]].into_iter(), theme::STUDENT, 2.0);
        }
    }
    let (full, _) = loss_scale(looking.snapshot, inspection);
    for (teacher, column) in grid.columns.iter().enumerate() {
        let cell = Rect::new(column[0], top, column[1], bottom);
        match inspection.losses.get(teacher).and_then(|losses| losses.get(row)).copied().flatten() {
            None if teacher == row => {
                paint.outline(cell, theme::SEPARATOR, 0.0, 1.0);
                paint.line([cell.min[0] + 8.0, cell.max[1] - 5.0], [cell.max[0] - 8.0, cell.min[1] + 5.0], theme::AXIS, 1.5);
            }
            None => paint.outline(cell, theme::SEPARATOR, 0.0, 1.0),
            Some(loss) => {
                paint.fill(cell, theme::PANEL, 0.0);
                let share = if loss.is_finite() { (loss / full).clamp(0.0, 1.0) } else { 1.0 };
                paint.fill(Rect::new(cell.min[0], cell.min[1], cell.min[0] + cell.width() * share, cell.max[1]), theme::CELL, 0.0);
                paint.text(cell.centre(), Align::Centre, Style::TITLE, &short(loss));
            }
        }
    }
    let whole = Rect::new(left, top - 1.0, area.max[0] - 16.0, bottom + 3.0);
    if frame.touch(&format!("row-{row}"), whole).hovered {
        looking.found = Some(row);
        looking.explain(row);
    }
    if looking.hovered == Some(row) {
        let pairs = Rect::new(start - 2.0, top - 2.0, area.max[0] - 14.0, bottom + 2.0);
        paint.outline(pairs, colour, 0.0, 3.0);
    }
}

/// How many pairs there are, their mean, and the scale of the bars.
fn foot(looking: &Looking<'_, '_>, area: &Rect, grid: &Grid, count: usize, globals: usize) {
    let paint = &looking.frame.paint;
    let inspection = looking.inspection;
    let [left, right] = [area.min[0] + 16.0, area.max[0] - 16.0];
    let height = paint.text_height(Style::BODY);
    let y = (grid.top + grid.rows as f32 * grid.pitch + 0.8 * height).min(area.max[1] - 2.3 * height);
    let pairs = (globals * count).saturating_sub(globals);
    let sum = format!("{globals} × ({globals} + {}) − {globals} = {pairs} pairs", count - globals);
    let plain = format!("{pairs} pairs");
    let losses: Vec<f32> = inspection.losses.iter().flatten().flatten().copied().filter(|loss| loss.is_finite()).collect();
    let mean = losses.iter().sum::<f32>() / losses.len().max(1) as f32;
    let mean = if losses.is_empty() { "mean –".to_owned() } else { format!("mean {}", short(mean)) };
    let width = paint.text([right, y], Align::Right, Style::TITLE, &mean);
    if let Some(words) = paint.fitting(Style::BODY, &[&sum, &plain], right - left - width - 16.0) {
        paint.text([left, y], Align::Left, Style::BODY, words);
    }
    let (_, scale) = loss_scale(looking.snapshot, inspection);
    let skipped = "/ not with itself";
    let note = format!("{skipped}    {scale}");
    let short = scale.split(',').next().unwrap_or_default();
    if let Some(words) = paint.fitting(Style::LABEL, &[&note, &scale, short], right - left) {
        paint.text([left, y + 1.35 * height], Align::Left, Style::LABEL, words);
    }
    looking.frame.part(Part::Pairs, 0, Rect::new(left, y - 0.7 * height, right, y + 1.9 * height), looking.snapshot.method);
}
