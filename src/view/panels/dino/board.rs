//! What is painted in the rows: bars and lines over the prototypes, the batch, the usage, the images of the chosen one.

use crate::snapshot::{Inspection, Snapshot, VerdictKind};
use crate::view::charts::{reading, short};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::panels::dials::temperature_text;
use crate::view::pictures::Picture;
use crate::view::prototypes::{Prototypes, entropy, softmax_entropy};
use crate::view::theme::{self, Colour};

use super::grid::{Columns, Row};

/// How bars are drawn: the student's filled, the teacher's outlined.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Filled(Colour),
    Outlined(Colour),
}

/// What one frame of the pane is painted from.
pub(super) struct Board<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) area: Rect,
    pub(super) columns: Columns,
    pub(super) prototypes: &'a Prototypes,
    /// The chosen prototype and its column.
    pub(super) chosen: u32,
    pub(super) column: Option<usize>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) inspection: Option<&'a Inspection>,
}

pub(super) fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", value * 100.0) } else { "not finite".to_owned() }
}

fn value_of(values: &[f32], prototype: u32) -> f32 {
    values.get(prototype as usize).copied().filter(|value| value.is_finite()).unwrap_or(0.0)
}

impl Board<'_> {
    /// The band of the chosen prototype behind every row but the heat map, which frames it itself, down to its images.
    pub(super) fn band(&self, placed: &[(Row, f32, f32)]) {
        let Some(column) = self.column else { return };
        let paint = &self.frame.paint;
        let (left, right) =
            (self.columns.middle(column) - self.columns.pitch * 0.5, self.columns.middle(column) + self.columns.pitch * 0.5);
        let [left, right] = [left.min(self.columns.middle(column) - 4.0), right.max(self.columns.middle(column) + 4.0)];
        let mut top = self.area.min[1];
        for &(row, start, end) in placed {
            if row == Row::Batch {
                paint.fill(Rect::new(left, top, right, start), theme::SEPARATOR, 0.0);
                top = end;
            }
        }
        paint.fill(Rect::new(left, top, right, self.area.max[1]), theme::SEPARATOR, 0.0);
    }

    pub(super) fn row(&self, row: Row, plot: Rect, center: &[f32]) {
        let names = Rect::new(self.area.min[0], plot.min[1], self.columns.left - 10.0, plot.max[1]);
        if self.frame.touch(row.title(), names).hovered {
            self.frame.tooltip(&[row.about()]);
        }
        match row {
            Row::Logits | Row::Centred | Row::Divided | Row::Softmax => match self.inspection {
                Some(inspection) => self.step(row, plot, inspection, center),
                None if row == Row::Softmax => {
                    self.frame.paint.text(plot.centre(), Align::Centre, Style::QUIET, "The image is on its way.");
                }
                None => {}
            },
            Row::Batch => self.batch(plot),
            Row::Centre => {
                self.label(plot, "centre", theme::TEXT, &["mean logit"]);
                self.bars(plot, LOGITS, Mark::Filled(theme::TEXT), |prototype| value_of(center, prototype));
            }
            Row::Usage => self.usage(plot),
            Row::Top => self.top(plot),
        }
    }

    /// A row's name and what to know about it, at the left.
    fn label(&self, plot: Rect, name: &str, colour: Colour, lines: &[&str]) -> f32 {
        let paint = &self.frame.paint;
        let x = self.area.min[0];
        let [head, pitch] = [paint.text_height(Style::TITLE) * 1.2, paint.text_height(Style::LABEL) * 1.3];
        let fitting = ((plot.height() - head) / pitch).max(0.0) as usize;
        let room = self.columns.left - x - 4.0;
        let lines: Vec<&&str> = lines.iter().filter(|line| paint.text_width(Style::LABEL, line) <= room).take(fitting).collect();
        let y = plot.centre()[1] - 0.5 * pitch * lines.len() as f32;
        let width = paint.text([x, y], Align::Left, Style::TITLE.coloured(colour), name);
        for (index, line) in lines.into_iter().enumerate() {
            paint.text([x, y + head + pitch * index as f32], Align::Left, Style::LABEL, line);
        }
        x + width
    }

    /// One bar a column; the range is fixed, and what does not fit ends at its edge.
    fn bars(&self, plot: Rect, range: [f32; 2], mark: Mark, value: impl Fn(u32) -> f32) {
        let paint = &self.frame.paint;
        let scale = self.frame.scale;
        let snap = |y: f32| (y * scale).round() / scale;
        let y_of = |value: f32| snap(plot.max[1] - plot.height() * ((value - range[0]) / (range[1] - range[0])).clamp(0.0, 1.0));
        let zero = y_of(0.0);
        let stroke = scale.round().max(1.0) / scale;
        paint.rule([plot.min[0], zero], [plot.max[0], zero], theme::AXIS, 1.0);
        for (column, &prototype) in self.prototypes.shown.iter().enumerate() {
            let end = y_of(value(prototype));
            let [mut top, mut bottom] = [end.min(zero), end.max(zero)];
            if bottom - top < stroke {
                // A value that is there is seen.
                [top, bottom] = if range[1] > 0.0 { [zero - stroke, zero] } else { [zero, zero + stroke] };
            }
            let left = self.columns.left + self.columns.pitch * column as f32 + self.columns.gap;
            let rect = Rect::new(left, top, left + self.columns.pitch - 2.0 * self.columns.gap, bottom);
            match mark {
                Mark::Filled(colour) => paint.fill(rect, colour, 0.0),
                Mark::Outlined(colour) => {
                    paint.fill(rect, colour, 0.0);
                    let inner = rect.inset(stroke);
                    if inner.max[0] - inner.min[0] >= 2.0 * stroke && inner.max[1] - inner.min[1] >= stroke {
                        let behind = if self.column == Some(column) { theme::SEPARATOR } else { theme::GROUND };
                        paint.fill(inner, behind.mixed(colour, 0.3), 0.0);
                    }
                }
            }
        }
    }

    /// One step from the teacher's logits to the two distributions.
    fn step(&self, row: Row, plot: Rect, inspection: &Inspection, center: &[f32]) {
        let paint = &self.frame.paint;
        let (switches, dials) = (self.snapshot.switches, self.snapshot.dials);
        let logit = |prototype: u32| value_of(&inspection.teacher_logits, prototype);
        let centred = |prototype: u32| logit(prototype) - if switches.centering { value_of(center, prototype) } else { 0.0 };
        let temperature = if switches.sharpening { dials.teacher_temperature } else { dials.student_temperature }.max(1e-4);
        let divided = |prototype: u32| centred(prototype) / temperature;
        let all = 0..self.prototypes.count;
        let nats = |entropy: f32| format!("entropy {entropy:.2}");
        match row {
            Row::Logits => {
                let side = (plot.height() - 38.0).clamp(0.0, 48.0).min((self.columns.left - self.area.min[0] - 14.0) * 0.5);
                let pictures = side >= 20.0;
                let below = if pictures { side + 2.0 } else { 0.0 };
                if pictures {
                    for (index, colour) in [(0, theme::TEACHER), (1, theme::STUDENT)] {
                        let x = self.area.min[0] + index as f32 * (side + 6.0);
                        let rect = Rect::new(x, plot.min[1], x + side, plot.min[1] + side);
                        self.frame.picture(Picture::of_buffer(&inspection.global_pixels, inspection.global_side, index, rect));
                        paint.outline(rect.inset(-2.0), colour, 0.0, 2.0);
                    }
                }
                let part = Rect::new(plot.min[0], plot.min[1] + below, plot.max[0], plot.max[1]);
                self.label(part, "logits", theme::TEACHER, &[&nats(softmax_entropy(all.map(logit)))]);
                self.bars(plot, LOGITS, Mark::Outlined(theme::TEACHER), logit);
                self.center_line(plot, center);
            }
            Row::Centred => {
                let (name, colour) = if switches.centering { ("− centre", theme::TEACHER) } else { ("− 0", theme::TEXT_2) };
                let lines = [nats(softmax_entropy(all.map(centred))), "centering is off".to_owned()];
                let lines: Vec<&str> = if switches.centering { vec![&lines[0]] } else { vec![&lines[1]] };
                self.label(plot, name, colour, &lines);
                self.bars(plot, CENTRED, Mark::Outlined(theme::TEACHER), centred);
            }
            Row::Divided => {
                let name = format!("÷ {}", temperature_text(temperature));
                let colour = if switches.sharpening { theme::TEACHER } else { theme::TEXT_2 };
                let line = if switches.sharpening { nats(softmax_entropy(all.map(divided))) } else { "sharpening off".to_owned() };
                self.label(plot, &name, colour, &[&line]);
                // Fixed by the student's temperature, so that a teacher as sharp as the student looks so.
                let unit = 1.0 / dials.student_temperature.max(1e-4);
                self.bars(plot, [-0.4 * unit, unit], Mark::Outlined(theme::TEACHER), divided);
            }
            _ => self.softmax(plot, inspection),
        }
    }

    /// The centre as a line over the logits, from column to column.
    fn center_line(&self, plot: Rect, center: &[f32]) {
        let paint = &self.frame.paint;
        let y_of = |value: f32| plot.max[1] - plot.height() * ((value - LOGITS[0]) / (LOGITS[1] - LOGITS[0])).clamp(0.0, 1.0);
        let points = self.prototypes.shown.iter().enumerate().flat_map(|(column, &prototype)| {
            let left = self.columns.left + self.columns.pitch * column as f32;
            let y = y_of(value_of(center, prototype));
            [[left, y], [left + self.columns.pitch, y]]
        });
        paint.polyline(points, theme::TEXT, 1.25);
        let y = plot.min[1] + 7.0;
        let name = paint.text_width(Style::LABEL, "centre");
        paint.fill(Rect::new(plot.max[0] - name - 28.0, y - 8.0, plot.max[0], y + 8.0), theme::GROUND, 2.0);
        paint.text([plot.max[0], y], Align::Right, Style::LABEL, "centre");
        paint.rule([plot.max[0] - name - 24.0, y], [plot.max[0] - name - 6.0, y], theme::TEXT, 1.5);
    }

    /// The teacher's distribution of one global view up, the student's of the other down, both 0 to 1.
    fn softmax(&self, plot: Rect, inspection: &Inspection) {
        let paint = &self.frame.paint;
        let x = self.area.min[0];
        let (teacher, student) = (&inspection.teacher_distribution, &inspection.student_distribution);
        let middle = plot.centre()[1];
        let upper = Rect::new(plot.min[0], plot.min[1], plot.max[0], middle);
        let lower = Rect::new(plot.min[0], middle, plot.max[0], plot.max[1]);
        for (y, name, colour, distribution) in
            [(middle - 1.0, "teacher", theme::TEACHER, teacher), (middle + 1.0, "student", theme::STUDENT, student)]
        {
            let up = colour == theme::TEACHER;
            let line = format!("entropy {:.2}", entropy(distribution.iter().copied()));
            let [near, far] =
                [paint.text_height(Style::LABEL) * 0.7, paint.text_height(Style::LABEL) * 0.7 + paint.text_height(Style::TITLE) * 1.15];
            let both = plot.height() >= 2.4 * far;
            let away = if both { far } else { paint.text_height(Style::TITLE) * 0.6 };
            let (name_y, line_y) = if up { (y - away, y - near) } else { (y + away, y + near) };
            paint.text([x, name_y], Align::Left, Style::TITLE.coloured(colour), name);
            if both {
                paint.text([x, line_y], Align::Left, Style::LABEL, &line);
            }
        }
        self.bars(upper, [0.0, 1.0], Mark::Outlined(theme::TEACHER), |prototype| value_of(teacher, prototype));
        self.bars(lower, [-1.0, 0.0], Mark::Filled(theme::STUDENT), |prototype| -value_of(student, prototype));
        // Numbers of the chosen column, on the side that has room.
        let Some(column) = self.column else { return };
        for (y, text, colour) in [
            (upper.min[1] + 8.0, format!("teacher {:.2}", value_of(teacher, self.chosen)), theme::TEACHER),
            (lower.max[1] - 8.0, format!("student {:.2}", value_of(student, self.chosen)), theme::STUDENT),
        ] {
            let style = Style::LABEL.coloured(colour);
            let width = paint.text_width(style, &text);
            let middle = self.columns.middle(column);
            let right = middle + 10.0 + width < plot.max[0];
            let left = if right { middle + 10.0 } else { middle - 10.0 - width };
            paint.fill(Rect::new(left - 3.0, y - 8.0, left + width + 3.0, y + 8.0), theme::GROUND, 2.0);
            paint.text([left, y], Align::Left, style, &text);
        }
    }

    /// The batch: one row an image, one column a prototype.
    fn batch(&self, plot: Rect) {
        let paint = &self.frame.paint;
        let digest = self.prototypes;
        let rows = digest.rows.len();
        if rows == 0 {
            return;
        }
        let scale = self.frame.scale;
        let plot =
            Rect { min: plot.min.map(|value| (value * scale).round() / scale), max: plot.max.map(|value| (value * scale).round() / scale) };
        self.frame.picture(Picture::of_cells(
            digest.cells[self.frame.paint.look().theme as usize].clone(),
            [digest.shown.len() as u32, rows as u32],
            plot,
        ));
        if let Some(column) = self.column {
            let middle = self.columns.middle(column);
            let half = (self.columns.pitch * 0.5).max(3.0) + 1.0;
            paint.outline(Rect::new(middle - half, plot.min[1] - 1.0, middle + half, plot.max[1] + 1.0), theme::TEXT, 0.0, 1.0);
        }
        let images = if rows < digest.batch as usize { format!("{rows} of {} images", digest.batch) } else { format!("{rows} images") };
        self.label(plot, "batch", theme::TEXT, &[&images, "sorted by", "prototype"]);
        // Where the shown image is in it.
        let of_batch = self.inspection.is_some_and(|inspection| inspection.of_batch);
        if let Some(row) = digest.rows.iter().position(|image| *image == 0).filter(|_| of_batch) {
            let y = plot.min[1] + plot.height() * (row as f32 + 0.5) / rows as f32;
            paint.triangle([plot.min[0] - 9.0, y - 5.0], [plot.min[0] - 1.0, y], [plot.min[0] - 9.0, y + 5.0], theme::TEXT);
        }
    }

    fn is_uniform(&self) -> bool {
        self.snapshot.verdict.kind == VerdictKind::Uniform
    }

    /// How much each prototype is used; heights are square roots, so that 1/K and a quarter are both seen.
    fn usage(&self, plot: Rect) {
        let paint = &self.frame.paint;
        let digest = self.prototypes;
        let used = reading(&self.snapshot.history.prototypes_used, self.snapshot.step).filter(|share| share.is_finite());
        let used = used.map_or_else(String::new, |share| format!("{:.0} of {} win", share * digest.count as f32, digest.count));
        // With uniform distributions, noise decides which is an image's likeliest.
        let (colour, second) = if self.is_uniform() { (theme::TEXT_2, "winners: noise") } else { (theme::TEXT, used.as_str()) };
        self.label(plot, "usage", colour, &[second, "√ scale to 25 %"]);
        let bar = if self.is_uniform() { theme::with_alpha(theme::TEACHER, 0.45) } else { theme::TEACHER };
        self.bars(plot, [0.0, 1.0], Mark::Outlined(bar), |prototype| (digest.usage_of(prototype).max(0.0) / MOST_USAGE).sqrt());
        let even = plot.max[1] - plot.height() * (1.0 / (digest.count.max(1) as f32 * MOST_USAGE)).sqrt().min(1.0);
        paint.dashes([plot.min[0], even], [plot.max[0], even], theme::TEXT_2, 1.0, 4.0);
        let name = "1/K";
        let width = paint.text_width(Style::LABEL, name);
        let y = (even - 9.0).max(plot.min[1] + 6.0);
        paint.fill(Rect::new(plot.max[0] - width - 6.0, y - 7.0, plot.max[0], y + 7.0), theme::GROUND, 2.0);
        paint.text([plot.max[0] - 3.0, y], Align::Right, Style::LABEL, name);
    }

    /// The held-out images that give the chosen prototype the most weight.
    fn top(&self, plot: Rect) {
        let paint = &self.frame.paint;
        let Some(cloud) = &self.snapshot.cloud else { return };
        let below = paint.text_height(Style::LABEL) * 1.4;
        let pitch = (plot.height() - below).max(paint.text_width(Style::LABEL, "1.00")) + 8.0;
        let side = pitch - 8.0;
        let fitting = ((plot.width() + 8.0) / pitch).floor().max(1.0) as usize;
        let second = if self.is_uniform() { "uniform: noise".to_owned() } else { format!("prototype {}", self.chosen) };
        let images = self.prototypes.top_images(self.chosen, fitting);
        self.label(plot, "top images", if self.is_uniform() { theme::TEXT_2 } else { theme::TEXT }, &[&second]);
        // A line from the band to its images.
        if let Some(column) = self.column {
            let x = self.columns.middle(column);
            paint.rule([x, self.area.max[1]], [x, plot.min[1] - 3.0], theme::TEXT_2, 1.0);
            paint.rule([plot.min[0], plot.min[1] - 3.0], [plot.max[0], plot.min[1] - 3.0], theme::SEPARATOR, 1.0);
        }
        for (index, (image, weight)) in images.into_iter().enumerate().filter(|(_, (image, _))| *image < cloud.count) {
            let x = plot.min[0] + index as f32 * pitch;
            let rect = Rect::new(x, plot.min[1], x + side, plot.min[1] + side);
            self.frame.picture(Picture::of_cloud(cloud, 1, image, rect));
            paint.text([rect.centre()[0], rect.max[1] + 0.5 * below], Align::Centre, Style::LABEL, &format!("{weight:.2}"));
        }
        self.frame.about("top", Rect::new(plot.min[0], plot.min[1] - 3.0, plot.max[0], plot.max[1]), &[Row::Top.about()]);
    }

    /// The numbers of the column under the pointer.
    pub(super) fn tell(&self, prototype: u32, center: &[f32]) {
        let used = percent(self.prototypes.usage_of(prototype));
        let mut lines = vec![format!("prototype {prototype}: used {used}, centre {}", short(value_of(center, prototype)))];
        if let Some(inspection) = self.inspection {
            let [logit, teacher, student] =
                [&inspection.teacher_logits, &inspection.teacher_distribution, &inspection.student_distribution]
                    .map(|values| short(value_of(values, prototype)));
            lines.push(format!("this image: logit {logit}, probability by the teacher {teacher}, by the student {student}"));
        }
        self.frame.tooltip(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// The range of logits, which are cosines; far below 0 nothing happens to a softmax.
const LOGITS: [f32; 2] = [-0.6, 1.0];
/// The range of what is left when the centre is gone.
const CENTRED: [f32; 2] = [-0.25, 0.5];
/// The usage at the top of its row: a prototype that takes a quarter of all images or more fills it.
const MOST_USAGE: f32 = 0.25;
