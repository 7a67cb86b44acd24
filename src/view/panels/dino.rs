//! Scene 2, the middle pane: what the teacher makes of one image, step by step, over the prototypes; the whole batch; the centre; how
//! much each prototype is used; and the images that one prototype stands for. One column a prototype, at the same x in every row; the
//! chosen one is a band through all of them. Where the pane is wide, the embedding cloud and the balance stand beside it.
//!
//! Subtlety: columns are a whole number of physical pixels wide, so that bars are crisp and equal at every scale.

use crate::command::Command;
use crate::snapshot::{Inspection, Snapshot, VerdictKind};
use crate::view::charts::{grouped, short};
use crate::view::cloud::Stage;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::pictures::Picture;
use crate::view::prototypes::{Prototypes, entropy, likeliest, softmax_entropy};
use crate::view::screen::Direction;
use crate::view::theme::{self, Colour};

use super::balance::balance;
use super::dials::temperature_text;
use super::{Frame, Panel};

/// The middle pane of scene 2.
#[derive(Default)]
pub struct Dino {
    digest: Prototypes,
    /// The user's prototype; none: one that is much used.
    chosen: Option<u32>,
    /// The prototype that is shown while the user has chosen none.
    followed: u32,
}

/// A row of the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    /// The teacher's logits of the image, and the centre as a line.
    Logits,
    /// Less the centre.
    Centred,
    /// Over the temperature.
    Divided,
    /// The teacher's distribution; the student's hangs below.
    Softmax,
    /// The batch's images by prototypes.
    Batch,
    /// The centre.
    Centre,
    /// How much each prototype is used.
    Usage,
    /// The likeliest images of the chosen prototype.
    Top,
}

impl Row {
    const fn title(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::Centred => "less the centre",
            Self::Divided => "divided",
            Self::Softmax => "softmax",
            Self::Batch => "batch",
            Self::Centre => "centre",
            Self::Usage => "usage",
            Self::Top => "top images",
        }
    }

    /// What the row shows, for its tooltip.
    const fn about(self) -> &'static str {
        match self {
            Self::Logits => {
                "The teacher's logits of one image (violet frame): cosines of its bottleneck with each prototype, drawn from −0.6 to 1. \
                 The white line is the centre. The entropy is that of a softmax of these numbers alone."
            }
            Self::Centred => {
                "The same less the centre, the running mean of the teacher's logits: what all images share is gone, so no prototype wins \
                 everywhere. Drawn from −0.25 to 0.5."
            }
            Self::Divided => {
                "Divided by the teacher's temperature. The scale is fixed by the student's temperature: a teacher that is sharper than \
                 the student stands taller."
            }
            Self::Softmax => {
                "The distributions that the loss compares, 0 to 1: the teacher's of one view (violet frame) upwards, the student's of the \
                 other view (orange frame) downwards."
            }
            Self::Batch => {
                "The teacher's distributions of the last batch: a row an image, a column a prototype, dark 0, violet 0.5, white 1. The \
                 triangle marks the image shown above. One white column: one prototype takes all. Evenly dim: uniform."
            }
            Self::Centre => "The centre: the running mean of the teacher's logits, on the scale of the logits.",
            Self::Usage => {
                "The mean probability of each prototype over the held-out images; heights are square roots, a quarter fills the row. Dashed: \
                 1/K, all equally used. Below the name: how many prototypes are the likeliest of some image of the batch, which means \
                 nothing while the distributions are uniform."
            }
            Self::Top => {
                "The held-out images to which the teacher gives the chosen prototype with the highest probability, as the teacher sees them."
            }
        }
    }
}

/// The rows with their heights at rest, and in which order they go when there is no room (0 stays).
const ROWS: [(Row, f32, u8); 8] = [
    (Row::Logits, 86.0, 3),
    (Row::Centred, 52.0, 4),
    (Row::Divided, 62.0, 5),
    (Row::Softmax, 92.0, 0),
    (Row::Batch, 126.0, 0),
    (Row::Centre, 44.0, 2),
    (Row::Usage, 50.0, 6),
    (Row::Top, 66.0, 1),
];
const GAP: f32 = 8.0;

/// Tops and bottoms of the rows between two heights.
fn rows(top: f32, bottom: f32) -> Vec<(Row, f32, f32)> {
    let mut kept: Vec<(Row, f32, u8)> = ROWS.to_vec();
    let room = (bottom - top).max(0.0);
    let stretch = |kept: &[(Row, f32, u8)]| {
        let gaps = GAP * (kept.len() - 1) as f32;
        (room - gaps) / kept.iter().map(|row| row.1).sum::<f32>()
    };
    for goes in 1..=6 {
        if stretch(&kept) >= 0.82 {
            break;
        }
        kept.retain(|row| row.2 != goes);
    }
    // Thumbnails grow less than bars do; the heat map takes what they leave.
    let factor = stretch(&kept).max(0.1);
    let height = |row: &(Row, f32, u8)| if row.0 == Row::Top { row.1 * factor.min(1.25) } else { row.1 * factor };
    let left_over = room - GAP * (kept.len() - 1) as f32 - kept.iter().map(height).sum::<f32>();
    let mut y = top;
    kept.iter()
        .map(|row| {
            let start = y;
            y += height(row) + if row.0 == Row::Batch { left_over.max(0.0) } else { 0.0 };
            let end = y;
            y += GAP;
            (row.0, start, end)
        })
        .collect()
}

/// The columns of the prototypes.
#[derive(Clone, Copy)]
struct Columns {
    left: f32,
    pitch: f32,
    /// Space to the left and right of a bar.
    gap: f32,
    count: usize,
}

impl Columns {
    fn new(left: f32, right: f32, count: usize, scale: f32) -> Self {
        let pixels = ((right - left) * scale / count.max(1) as f32).floor().clamp(1.0, 48.0);
        let between = if pixels < 3.0 { 0.0 } else { (pixels / 3.5).round().max(1.0) };
        let gap = (between * 0.5).floor() / scale;
        // Flush right; the labels get what is left over.
        let start = if pixels < 48.0 { right - pixels / scale * count as f32 } else { left };
        Self { left: (start * scale).floor() / scale, pitch: pixels / scale, gap, count }
    }

    fn right(&self) -> f32 {
        self.left + self.pitch * self.count as f32
    }

    fn middle(&self, column: usize) -> f32 {
        self.left + self.pitch * (column as f32 + 0.5)
    }

    fn at(&self, x: f32) -> Option<usize> {
        let column = ((x - self.left) / self.pitch).floor();
        (column >= 0.0 && (column as usize) < self.count).then_some(column as usize)
    }
}

/// How bars are drawn: the student's filled, the teacher's outlined.
#[derive(Clone, Copy)]
enum Mark {
    Filled(Colour),
    Outlined(Colour),
}

/// What one frame of the pane is painted from.
struct Board<'a> {
    frame: &'a Frame<'a>,
    area: Rect,
    columns: Columns,
    prototypes: &'a Prototypes,
    /// The chosen prototype and its column.
    chosen: u32,
    column: Option<usize>,
    snapshot: &'a Snapshot,
    inspection: Option<&'a Inspection>,
}

impl Dino {
    /// The prototype that the user has chosen.
    pub fn chosen(&self) -> Option<u32> {
        self.chosen
    }

    /// An arrow key was pressed: left and right walk the columns, down takes the shown image's likeliest, up lets go.
    pub fn arrow(&mut self, direction: Direction, snapshot: &Snapshot) {
        let here = self.digest.column(self.chosen.unwrap_or(self.followed)).unwrap_or(0);
        let columns = self.digest.shown.len();
        let walked = |column: usize| self.digest.shown.get(column).copied();
        self.chosen = match direction {
            _ if columns == 0 => None,
            Direction::Left => walked((here + columns - 1) % columns),
            Direction::Right => walked((here + 1) % columns),
            Direction::Up => None,
            Direction::Down => {
                let image = snapshot.inspection.as_ref().map(|inspection| &inspection.teacher_distribution);
                image.and_then(|image| likeliest(image)).map(|index| index as u32).or(self.chosen)
            }
        };
    }

    /// The prototype that the band marks. Where the user has chosen none, a much used one, and it changes only when it is no longer.
    fn marked(&mut self) -> u32 {
        let digest = &self.digest;
        let little = digest.usage_of(self.followed) < 0.5 * digest.usage_of(digest.most_used);
        let stale = little || digest.column(self.followed).is_none();
        if stale || self.followed >= digest.count {
            self.followed = digest.most_used;
        }
        self.chosen = self.chosen.filter(|chosen| *chosen < digest.count);
        self.chosen.unwrap_or(self.followed)
    }
}

/// The width from which the cloud and the balance have their place beside the prototypes.
const WIDE: f32 = 860.0;

/// The part of the pane for the rows, and the part for cloud and balance.
fn split(area: Rect) -> (Rect, Option<Rect>) {
    if area.width() < WIDE {
        return (area, None);
    }
    let middle = area.max[0] - (area.width() * 0.3).clamp(272.0, 420.0);
    (Rect::new(area.min[0], area.min[1], middle, area.max[1]), Some(Rect::new(middle, area.min[1], area.max[0], area.max[1])))
}

impl Panel for Dino {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        let (board, side) = split(area);
        if let Some(side) = side {
            beside(frame, side, snapshot);
        }
        let [left, right] = [board.min[0] + 16.0, board.max[0] - 16.0];
        let y = board.min[1] + 22.0;
        let title = paint.text([left, y], Align::Left, Style::TITLE, "Prototypes");
        let Some(distributions) = snapshot.distributions.as_ref().filter(|distributions| distributions.prototypes > 0) else {
            paint.text(board.centre(), Align::Centre, Style::QUIET, "The first distributions are on their way.");
            return;
        };
        self.digest.update(distributions, self.chosen);
        let chosen = self.marked();
        let labels = if board.width() > 640.0 { 112.0 } else { 92.0 };
        let columns = Columns::new(left + labels, right, self.digest.shown.len(), frame.scale);

        // The head: what a column is, and which is chosen.
        let used = percent(self.digest.usage_of(chosen));
        let about = match self.chosen {
            Some(_) => format!("prototype {chosen} · used {used}"),
            None => format!("prototype {chosen}, most used · {used}"),
        };
        let width = paint.text([right, y], Align::Right, Style::LABEL.coloured(theme::TEXT), &about);
        let count = grouped(u64::from(self.digest.count));
        let long = match self.digest.count as usize > self.digest.shown.len() {
            true => format!("the {} most used of K = {count}", self.digest.shown.len()),
            false => format!("every column is one of K = {count}"),
        };
        let short = format!("K = {count}");
        let room = right - left - title - width - 28.0;
        if let Some(text) = [long, short].into_iter().find(|text| paint.text_width(Style::LABEL, text) <= room) {
            paint.text([left + title + 10.0, y + 1.0], Align::Left, Style::LABEL, &text);
        }

        let placed = rows(board.min[1] + 40.0, board.max[1] - 10.0);
        let (Some(&(_, first, _)), Some(&(last, last_top, last_bottom))) = (placed.first(), placed.last()) else { return };
        let band_end = if last == Row::Top { last_top - GAP } else { last_bottom };
        let touched = frame.touch("prototypes", Rect::new(columns.left, first, columns.right(), band_end));
        let pointed = touched.hovered.then(|| columns.at(frame.pointer()[0])).flatten();
        if let Some(prototype) = pointed.and_then(|column| self.digest.shown.get(column).copied()).filter(|_| touched.held) {
            self.chosen = Some(prototype);
        }

        let board = Board {
            frame,
            area: Rect::new(left, first, right, band_end),
            columns,
            prototypes: &self.digest,
            chosen,
            column: self.digest.column(chosen),
            snapshot,
            inspection: snapshot.inspection.as_ref().filter(|inspection| inspection.teacher_logits.len() == self.digest.count as usize),
        };
        board.band(&placed);
        for &(row, top, bottom) in &placed {
            board.row(row, Rect::new(columns.left, top, columns.right(), bottom), &distributions.center);
        }
        if let Some(prototype) = pointed.and_then(|column| self.digest.shown.get(column).copied()) {
            board.tell(prototype, &distributions.center);
        }
    }
}

fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", value * 100.0) } else { "not finite".to_owned() }
}

fn value_of(values: &[f32], prototype: u32) -> f32 {
    values.get(prototype as usize).copied().filter(|value| value.is_finite()).unwrap_or(0.0)
}

fn mixed(a: Colour, b: Colour, t: f32) -> Colour {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t)
}

impl Board<'_> {
    /// The band of the chosen prototype behind every row but the heat map, which frames it itself, down to its images.
    fn band(&self, placed: &[(Row, f32, f32)]) {
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

    fn row(&self, row: Row, plot: Rect, center: &[f32]) {
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
        let fitting = ((plot.height() - 18.0) / 17.0).max(0.0) as usize;
        let lines = &lines[..lines.len().min(fitting)];
        let y = plot.centre()[1] - 8.5 * lines.len() as f32;
        let width = paint.text([x, y], Align::Left, Style::TITLE.coloured(colour), name);
        for (index, line) in lines.iter().enumerate() {
            let room = self.columns.left - x - 4.0;
            paint.text_clipped([x, y + 18.0 + 17.0 * index as f32], Style::LABEL, line, room);
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
                        paint.fill(inner, mixed(behind, colour, 0.3), 0.0);
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
            let both = plot.height() >= 72.0;
            let (name_y, line_y) =
                if up { (y - if both { 26.0 } else { 9.0 }, y - 9.0) } else { (y + if both { 26.0 } else { 9.0 }, y + 9.0) };
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
        self.frame.picture(Picture::of_cells(digest.cells.clone(), [digest.shown.len() as u32, rows as u32], plot));
        if let Some(column) = self.column {
            let middle = self.columns.middle(column);
            let half = (self.columns.pitch * 0.5).max(3.0) + 1.0;
            paint.outline(Rect::new(middle - half, plot.min[1] - 1.0, middle + half, plot.max[1] + 1.0), theme::TEXT, 0.0, 1.0);
        }
        let images = if rows < digest.batch as usize { format!("{rows} of {} images", digest.batch) } else { format!("{rows} images") };
        self.label(plot, "batch", theme::TEXT, &[&images, "sorted by their", "prototype"]);
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
        let used = self.snapshot.history.prototypes_used.last().filter(|share| share.is_finite());
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
        let side = (plot.height() - 18.0).max(16.0);
        let pitch = side + 8.0;
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
            paint.text([rect.centre()[0], rect.max[1] + 9.0], Align::Centre, Style::LABEL, &format!("{weight:.2}"));
        }
    }

    /// The numbers of the column under the pointer.
    fn tell(&self, prototype: u32, center: &[f32]) {
        let used = percent(self.prototypes.usage_of(prototype));
        let mut text = format!("prototype {prototype}: used {used}, centre {}", short(value_of(center, prototype)));
        if let Some(inspection) = self.inspection {
            let [logit, teacher, student] =
                [&inspection.teacher_logits, &inspection.teacher_distribution, &inspection.student_distribution]
                    .map(|values| short(value_of(values, prototype)));
            text += &format!("\nthis image: logit {logit}, teacher {teacher}, student {student}");
        }
        self.frame.ui.tooltip_text(text);
    }
}

/// The range of logits, which are cosines; far below 0 nothing happens to a softmax.
const LOGITS: [f32; 2] = [-0.6, 1.0];
/// The range of what is left when the centre is gone.
const CENTRED: [f32; 2] = [-0.25, 0.5];
/// The usage at the top of its row: a prototype that takes a quarter of all images or more fills it.
const MOST_USAGE: f32 = 0.25;

/// The cloud and the balance beside the prototypes.
fn beside(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    paint.rule([area.min[0], area.min[1]], [area.min[0], area.max[1]], theme::SEPARATOR, 1.0);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1] + 12.0, area.max[0] - 16.0, area.max[1] - 12.0);
    let half = inner.min[1] + inner.height() * 0.5;
    balance(frame, Rect::new(inner.min[0], inner.min[1], inner.max[0], half - 12.0), snapshot);
    paint.rule([inner.min[0], half], [inner.max[0], half], theme::SEPARATOR, 1.0);
    let y = half + 20.0;
    let title = paint.text([inner.min[0], y], Align::Left, Style::TITLE, "Embedding");
    let legend = "dot: student, ring: teacher";
    if title + paint.text_width(Style::LABEL, legend) + 12.0 < inner.width() {
        paint.text([inner.max[0], y + 1.0], Align::Right, Style::LABEL, legend);
    }
    let free = Rect::new(inner.min[0], y + 16.0, inner.max[0], inner.max[1]);
    let clip = Rect::new(area.min[0] + 2.0, y + 14.0, area.max[0] - 1.0, area.max[1]);
    if snapshot.cloud.is_some() {
        frame.stage.set(Some(Stage::new(clip, free)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_and_go_in_order() {
        for height in [100.0, 250.0, 400.0, 500.0, 568.0, 616.0, 648.0, 928.0, 2000.0] {
            let rows = rows(10.0, 10.0 + height);
            assert!(rows.iter().any(|row| row.0 == Row::Softmax) && rows.iter().any(|row| row.0 == Row::Batch));
            assert!(rows.windows(2).all(|pair| pair[0].2 < pair[1].1));
            let end = rows.last().map_or(0.0, |row| row.2);
            assert!(height < 150.0 || end <= 10.5 + height, "{height}: {end}");
        }
        assert_eq!(rows(0.0, 616.0).len(), ROWS.len(), "everything at 1024x768");
    }

    #[test]
    fn columns_are_whole_pixels() {
        for scale in [1.0, 1.145_833_3, 1.5, 2.0] {
            let columns = Columns::new(480.0, 912.0, 64, scale);
            let pixels = columns.pitch * scale;
            assert!((pixels - pixels.round()).abs() < 1e-3);
            assert!(columns.right() <= 912.5);
            for column in [0, 17, 63] {
                assert_eq!(columns.at(columns.middle(column)), Some(column));
            }
            assert_eq!(columns.at(479.0 - 1.0), None);
            assert_eq!(columns.at(2000.0), None);
        }
    }
}
