//! Where the crops land: the embedding cloud in a small stage, dimmed, and over it a dot for each crop as the student sees it and a
//! ring for each global as the teacher does. The dots turn with the cloud, for they go through the same camera.

use glam::Vec3;

use crate::snapshot::{Inspection, Snapshot};
use crate::view::camera::Camera;
use crate::view::cloud::Stage;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::theme::{self, Type};

use super::Looking;
use super::marks;

/// A dot on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// The crop.
    pub crop: usize,
    /// Logical pixels.
    pub at: [f32; 2],
    /// Towards the eye, −1 to 1 on the sphere.
    pub depth: f32,
}

/// All dots of the image's crops.
#[derive(Debug, Default)]
pub struct Dots {
    /// The student's, of every crop.
    pub student: Vec<Dot>,
    /// The teacher's, of the globals.
    pub teacher: Vec<Dot>,
}

/// Divides the right pane into the cloud's part and the charts'.
pub fn split(area: &Rect) -> (Rect, Rect) {
    let height = (area.width() - 20.0).min(area.height() * 0.42).max(120.0);
    let middle = area.min[1] + height;
    (Rect::new(area.min[0], area.min[1], area.max[0], middle), Rect::new(area.min[0], middle, area.max[0], area.max[1]))
}

/// Where the sphere stands in its part of the pane.
pub fn stage(area: &Rect) -> Stage {
    let free = Rect::new(area.min[0] + 8.0, area.min[1] + 38.0, area.max[0] - 8.0, area.max[1] - 4.0);
    let clip = Rect::new(area.min[0] + 1.0, area.min[1] + 34.0, area.max[0] - 1.0, area.max[1]);
    Stage { radius: 0.47 * free.width().min(free.height()), ..Stage::new(clip, free) }
}

/// The title with what dots and rings are.
pub fn title(frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let [left, right, y] = [area.min[0] + 16.0, area.max[0] - 16.0, area.min[1] + 22.0];
    let title = paint.text([left, y], Align::Left, Style::TITLE, "Where they land");
    let teacher = paint.text_width(Style::LABEL, "teacher");
    let student = paint.text_width(Style::LABEL, "student");
    let x = right - teacher - 14.0 - 14.0 - student - 16.0;
    if x > left + title + 8.0 {
        paint.dot([x + 5.0, y + 1.0], 4.5, theme::TEXT);
        paint.text([x + 14.0, y + 1.0], Align::Left, Style::LABEL, "student");
        let x = x + 14.0 + student + 14.0;
        paint.ring([x + 6.0, y + 1.0], 5.0, theme::TEACHER, 2.0);
        paint.text([right, y + 1.0], Align::Right, Style::LABEL, "teacher");
    }
    if snapshot.cloud.is_none() {
        paint.text(area.centre(), Align::Centre, Style::LABEL, "The first projection is on its way.");
    }
}

/// Dims the cloud, so that the crops stand out of it.
pub fn fade(frame: &Frame<'_>, stage: &Stage) {
    frame.paint.fill(stage.clip, theme::with_alpha(theme::GROUND, 0.5), 0.0);
}

/// Where the crops' dots are on the screen.
pub fn place(inspection: &Inspection, stage: &Stage, camera: &Camera) -> Dots {
    let place = |(crop, point): (usize, &[f32; 3])| {
        let world = Vec3::from_array(*point);
        let finite = world.is_finite() && world.length() < 4.0;
        let at = camera.project(world, stage.radius) + camera.pan + glam::Vec2::from(stage.centre);
        let depth = (camera.view_from_world() * world).z;
        let dot = Dot { crop, at: at.to_array(), depth };
        (finite && at.is_finite() && stage.clip.contains(dot.at)).then_some(dot)
    };
    let count = marks::count(inspection);
    let globals = marks::globals(inspection);
    Dots {
        student: inspection.student_dots.iter().take(count).enumerate().filter_map(place).collect(),
        teacher: inspection.teacher_dots.iter().take(globals).enumerate().filter_map(place).collect(),
    }
}

/// A line for each pair that the loss compares.
pub fn pairs(looking: &Looking<'_, '_>, dots: &Dots) {
    let globals = marks::globals(looking.inspection);
    for student in &dots.student {
        for teacher in dots.teacher.iter().filter(|teacher| teacher.crop != student.crop) {
            let stands_out = looking.hovered == Some(student.crop);
            let alpha = if stands_out { 1.0 } else { 0.45 };
            let colour = theme::with_alpha(marks::colour(student.crop, globals), alpha);
            looking.frame.paint.line(student.at, teacher.at, colour, if stands_out { 2.0 } else { 1.0 });
        }
    }
}

/// The dots, far ones first, with their names.
pub fn dots(looking: &mut Looking<'_, '_>, stage: &Stage, dots: &Dots) {
    let frame = looking.frame;
    let paint = &frame.paint;
    let globals = marks::globals(looking.inspection);
    let pointer = frame.pointer();
    let distance = |dot: &&Dot| (dot.at[0] - pointer[0]).hypot(dot.at[1] - pointer[1]);
    let over = !frame.blocked && stage.clip.contains(pointer);
    let nearest = dots.student.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).filter(|dot| over && distance(dot) < 12.0);
    // What is far fades towards the ground, but never out of sight.
    let faded = |colour: theme::Colour, depth: f32| {
        let share = 0.3 * (0.5 - depth * 0.5).clamp(0.0, 1.0);
        colour.mixed(theme::GROUND, share)
    };
    let mut order: Vec<(&Dot, bool)> =
        dots.student.iter().map(|dot| (dot, false)).chain(dots.teacher.iter().map(|dot| (dot, true))).collect();
    order.sort_by(|a, b| {
        let last = |dot: &Dot| looking.hovered == Some(dot.crop);
        last(a.0).cmp(&last(b.0)).then(a.0.depth.total_cmp(&b.0.depth))
    });
    for (dot, teacher) in order {
        let radius = if looking.hovered == Some(dot.crop) { 8.0 } else { 6.0 };
        if teacher {
            paint.ring(dot.at, radius + 3.0, theme::GROUND, 5.0);
            paint.ring(dot.at, radius + 3.0, faded(theme::TEACHER, dot.depth), 2.5);
        } else {
            paint.dot(dot.at, radius + 1.5, theme::GROUND);
            paint.dot(dot.at, radius, faded(marks::colour(dot.crop, globals), dot.depth));
        }
    }
    let named = names(looking, stage, dots);
    if let Some(crop) = nearest.map(|dot| dot.crop).or(named.filter(|_| over)) {
        looking.found = Some(crop);
        if !frame.ui.is_mouse_down(imgui::MouseButton::Left) {
            looking.explain(crop);
        }
    }
}

/// The names beside the dots; dots that lie on one another share a line of names. Gives the crop whose name the pointer is on.
fn names(looking: &Looking<'_, '_>, stage: &Stage, dots: &Dots) -> Option<usize> {
    let paint = &looking.frame.paint;
    let mut pointed = None;
    let globals = marks::globals(looking.inspection);
    let mut groups: Vec<(Vec<usize>, [f32; 2])> = Vec::new();
    for dot in &dots.student {
        let near = |at: &[f32; 2]| (at[0] - dot.at[0]).abs() < 20.0 && (at[1] - dot.at[1]).abs() < 12.0;
        match groups.iter_mut().find(|(_, at)| near(at)) {
            Some((crops, _)) => crops.push(dot.crop),
            None => groups.push((vec![dot.crop], dot.at)),
        }
    }
    groups.sort_by(|a, b| a.1[1].total_cmp(&b.1[1]));
    // Names keep off the dots, too.
    let around = |dot: &Dot, side: f32| Rect::new(dot.at[0] - side, dot.at[1] - side, dot.at[0] + side, dot.at[1] + side);
    let students = dots.student.iter().map(|dot| around(dot, 7.0));
    let mut taken: Vec<Rect> = students.chain(dots.teacher.iter().map(|dot| around(dot, 10.0))).collect();
    let style = Style::new(Type::Label, true, theme::TEXT);
    let gap = 5.0;
    for (crops, at) in groups {
        let words: Vec<(usize, String)> = crops.iter().map(|&crop| (crop, marks::name(crop, globals))).collect();
        let width = words.iter().map(|(_, word)| paint.text_width(style, word) + gap).sum::<f32>();
        // Right of the dot, or left of it where the right is taken or outside; then pushed down.
        let half = 0.62 * paint.text_height(style);
        let space = |x: f32, y: f32| Rect::new(x - 2.0, y - half, x + width, y + half);
        let inside = |rect: &Rect| rect.min[0] >= stage.clip.min[0] && rect.max[0] <= stage.clip.max[0];
        let places = [0.0, -2.0, 2.0, -4.0, 4.0, 6.0]
            .map(|shift| shift * half)
            .into_iter()
            .flat_map(|shift| [space(at[0] + 13.0, at[1] + shift), space(at[0] - 11.0 - width, at[1] + shift)]);
        let free = |rect: &Rect| {
            inside(rect)
                && taken.iter().all(|other| {
                    rect.max[0] <= other.min[0] || rect.min[0] >= other.max[0] || rect.max[1] <= other.min[1] || rect.min[1] >= other.max[1]
                })
        };
        let fallback = space((at[0] + 13.0).min(stage.clip.max[0] - width), at[1]);
        let rect = places.into_iter().find(|rect| free(rect)).unwrap_or(fallback);
        let gap_to = [at[0].clamp(rect.min[0], rect.max[0]), at[1].clamp(rect.min[1], rect.max[1])];
        if (rect.centre()[1] - at[1]).abs() > 12.0 {
            paint.line(at, gap_to, theme::TEXT_2, 1.0);
        }
        taken.push(rect);
        paint.fill(rect, theme::with_alpha(theme::GROUND, 0.75), 2.0);
        let mut x = rect.min[0] + 2.0;
        for (crop, word) in words {
            let colour = if looking.is_faded(crop) { theme::TEXT_2 } else { marks::colour(crop, globals) };
            let start = x;
            x += paint.text([x, rect.centre()[1]], Align::Left, style.coloured(colour), &word) + gap;
            if Rect::new(start, rect.min[1], x, rect.max[1]).contains(looking.frame.pointer()) {
                pointed = Some(crop);
            }
        }
    }
    pointed
}
