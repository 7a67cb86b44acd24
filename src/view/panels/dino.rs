//! Scene 2, the middle pane: what the teacher makes of one image, step by step, over the prototypes; the whole batch; the centre; how
//! much each prototype is used; and the images that one prototype stands for. One column a prototype, at the same x in every row; the
//! chosen one is a band through all of them. Where the pane is wide, the embedding cloud and the balance stand beside it.

mod board;
mod grid;

use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::charts::grouped;
use crate::view::cloud::Stage;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::prototypes::{Prototypes, likeliest};
use crate::view::screen::Direction;
use crate::view::theme;

use super::balance::balance;
use super::{Frame, Panel};
use board::{Board, percent};
use grid::{Columns, GAP, Row, rows};

/// The middle pane of scene 2.
#[derive(Default)]
pub struct Dino {
    digest: Prototypes,
    /// The user's prototype; none: one that is much used.
    chosen: Option<u32>,
    /// The prototype that is shown while the user has chosen none.
    followed: u32,
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
fn split(area: Rect, presenting: bool) -> (Rect, Option<Rect>) {
    if presenting || area.width() < WIDE {
        return (area, None);
    }
    let middle = area.max[0] - (area.width() * 0.3).clamp(272.0, 420.0);
    (Rect::new(area.min[0], area.min[1], middle, area.max[1]), Some(Rect::new(middle, area.min[1], area.max[0], area.max[1])))
}

impl Panel for Dino {
    fn ui(&mut self, frame: &Frame<'_>, area: Rect, snapshot: &Snapshot, _commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        let (board, side) = split(area, frame.presenting);
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
        let labels = match board.width() {
            _ if frame.presenting => 148.0,
            width if width > 640.0 => 124.0,
            _ => 92.0,
        };
        let columns = Columns::new(left + labels, right, self.digest.shown.len(), frame.scale);

        // The head: what a column is, and which is chosen.
        let used = percent(self.digest.usage_of(chosen));
        let long = match self.chosen {
            Some(_) => format!("prototype {chosen} · used {used}"),
            None => format!("prototype {chosen}, most used · {used}"),
        };
        let short = format!("prototype {chosen} · {used}");
        let room = right - left - title - 28.0;
        let style = Style::LABEL.coloured(theme::TEXT);
        let about = paint.fitting(style, &[&long, &short, &used], room);
        let width = about.map_or(0.0, |about| paint.text([right, y], Align::Right, style, about));
        let count = grouped(u64::from(self.digest.count));
        let long = match self.digest.count as usize > self.digest.shown.len() {
            true => format!("the {} most used of K = {count}", self.digest.shown.len()),
            false => format!("every column is one of K = {count}"),
        };
        let short = format!("K = {count}");
        if let Some(text) = paint.fitting(Style::LABEL, &[&long, &short], room - width) {
            paint.text([left + title + 10.0, y + 1.0], Align::Left, Style::LABEL, text);
        }
        frame.about(
            "about-prototypes",
            Rect::new(left, y - 12.0, right, y + 12.0),
            &["A column is a prototype, a direction that the head has learned; all rows have the same columns. A click or the arrow keys \
                 choose one. Used: its mean probability over the held-out images."],
        );

        let placed = rows(board.min[1] + 40.0, board.max[1] - 10.0, frame.presenting);
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
