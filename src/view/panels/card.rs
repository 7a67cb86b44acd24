//! The card of a part of the diagram: two sentences and what this run measures, then, leaf by leaf, the longer answers with what was
//! published. It stands beside the left pane, so it never covers the switch that it explains, and goes with Esc or a click elsewhere.
//!
//! Subtlety: it has no scroll bar. What does not fit on a leaf begins the next one, so it reads like slides at any size.

use imgui::{Condition, MouseButton, Ui, WindowFlags};

use crate::command::{Command, Dial};
use crate::snapshot::Snapshot;
use crate::view::explain::parts::{self, Part};
use crate::view::explain::{measured, outcomes};
use crate::view::layout::{Layout, Rect};
use crate::view::paint::{Align, Paint, Style, Written};
use crate::view::theme;

use super::{Frame, dials};

/// A part that has been asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Which.
    pub part: Part,
    /// Which of its places in the diagram: 0 the student's, 1 the teacher's.
    pub spot: u32,
    /// Where it stands in this frame.
    pub anchor: Rect,
    /// It was drawn in this frame.
    pub seen: bool,
}

/// The card, open or not.
#[derive(Default)]
pub struct Card {
    asked: Option<Asked>,
    leaf: usize,
    leaves: usize,
    rect: Rect,
    /// The pointer went down outside, on nothing that answered.
    leaving: bool,
    /// The pointer is on it.
    pointed: bool,
    /// What was written on it in the last frame, where that is remembered.
    pub written: Vec<Written>,
}

/// One thing on a leaf, from the top down.
enum Element {
    Line(Style, String),
    Row(String, String),
    Dial(Dial),
    Gap(f32),
    Rule,
    /// The next leaf begins here.
    Break,
}

/// What is on the leaves.
#[derive(Default)]
pub struct Leaves(Vec<Vec<Placed>>);

/// An element with its height; what `keeps` is never the last of its leaf.
struct Placed {
    element: Element,
    height: f32,
    keeps: bool,
}

impl Card {
    /// The part that it explains, if it is open.
    pub fn part(&self) -> Option<Part> {
        self.asked.map(|asked| asked.part)
    }

    /// What was asked about in the last frame, to go through the next one.
    pub fn asked(&self) -> Option<Asked> {
        self.asked.map(|asked| Asked { seen: false, ..asked })
    }

    /// Where it is, and where the part is that it explains; none while it is closed.
    pub fn place(&self) -> Option<(Rect, Rect)> {
        self.asked.map(|asked| (self.rect, asked.anchor))
    }

    /// The leaf that is open, from 0, and how many there are.
    pub const fn leaf(&self) -> (usize, usize) {
        (self.leaf, self.leaves)
    }

    /// Whether it is open and the pointer is on it.
    pub const fn is_under_pointer(&self) -> bool {
        self.asked.is_some() && self.pointed
    }

    /// Opens the card of a part.
    pub fn open(&mut self, asked: Option<Asked>) {
        let another = |a: Asked, b: Asked| a.part != b.part;
        if asked.is_none() || self.asked.zip(asked).is_none_or(|(a, b)| another(a, b)) {
            *self = Self::default();
        }
        self.asked = asked;
    }

    /// Asks about a part as a click on it would; it opens if the diagram has it at this spot.
    pub fn ask(&mut self, part: Part, spot: u32) {
        self.open(Some(Asked { part, spot, anchor: Rect::default(), seen: false }));
    }

    /// Closes it.
    pub fn close(&mut self) {
        self.open(None);
    }

    /// Turns leaves.
    pub fn turn(&mut self, by: i32) {
        let last = self.leaves.saturating_sub(1) as i32;
        self.leaf = (self.leaf as i32 + by).clamp(0, last.max(0)) as usize;
    }

    /// Takes in what the main window's frame found out: what was asked, and whether something else answered to the pointer.
    pub fn follow(&mut self, ui: &Ui, asked: Option<Asked>, answered: bool, scale: f32) {
        let before = self.part();
        let pointer = ui.io().mouse_pos.map(|value| value / scale);
        self.pointed = self.rect.contains(pointer);
        self.open(asked.filter(|asked| asked.seen));
        if self.asked.is_none() || before != self.part() {
            self.leaving = false;
            return;
        }
        if ui.is_mouse_clicked(MouseButton::Left) {
            self.leaving = !self.pointed;
        }
        self.leaving &= !answered;
        if self.leaving && ui.is_mouse_released(MouseButton::Left) {
            self.close();
        }
    }

    /// Deals what is said to leaves and finds the card's place: beside the left pane, at the height of its part.
    pub fn lay(&mut self, paint: &Paint<'_>, layout: &Layout, snapshot: &Snapshot) -> Leaves {
        let Some(asked) = self.asked else { return Leaves::default() };
        let presenting = paint.look().presenting;
        let left = layout.left.map_or(layout.centre.min[0], |left| left.max[0]) + 12.0;
        let free = Rect::new(left, layout.top.max[1] + 8.0, layout.window.max[0] - 12.0, layout.bottom.min[1] - 8.0);
        let width = free.width().min(if presenting { 620.0 } else { 416.0 });
        let margin = margin(paint);
        let high = (free.height() - 2.0 * margin - foot(paint)).max(40.0);
        let most = if presenting { high } else { high.min(360.0) };
        let leaves = leaves(elements(paint, asked.part, snapshot, width - 2.0 * margin), most);
        self.leaves = leaves.len();
        self.leaf = self.leaf.min(leaves.len().saturating_sub(1));
        // All leaves after the first have one height, so that turning them moves nothing.
        let height_of = |leaf: &Vec<Placed>| leaf.iter().map(|placed| placed.height).sum::<f32>();
        let own = match self.leaf {
            0 => leaves.first().map_or(0.0, height_of),
            _ => leaves.iter().skip(1).map(height_of).fold(0.0, f32::max),
        };
        let height = (own + 2.0 * margin + foot(paint)).min(free.height());
        let top = (asked.anchor.centre()[1] - 0.4 * height).min(free.max[1] - height).max(free.min[1]).round();
        self.rect = Rect::new(left, top, left + width, top + height);
        Leaves(leaves)
    }

    /// Draws the card in a window of its own; `frame` makes a frame for it.
    pub fn ui<'ui>(
        &mut self,
        ui: &'ui Ui,
        leaves: &Leaves,
        scale: f32,
        frame: impl FnOnce() -> Frame<'ui>,
        snapshot: &Snapshot,
        commands: &mut Vec<Command>,
    ) {
        let Some(asked) = self.asked else { return };
        let rect = self.rect;
        let bare = (ui.push_style_var(imgui::StyleVar::WindowPadding([0.0; 2])), ui.push_style_var(imgui::StyleVar::WindowBorderSize(0.0)));
        // The nose sticks out at the left.
        ui.window("##card")
            .position([(rect.min[0] - NOSE) * scale, rect.min[1] * scale], Condition::Always)
            .size([(rect.width() + NOSE + 1.0) * scale, (rect.height() + 1.0) * scale], Condition::Always)
            .flags(WindowFlags::NO_DECORATION | WindowFlags::NO_BACKGROUND | WindowFlags::NO_MOVE | WindowFlags::NO_SAVED_SETTINGS)
            .no_nav()
            .build(|| {
                drop(bare);
                let frame = frame();
                self.draw(&frame, asked, &leaves.0, snapshot, commands);
                self.written = frame.paint.written();
            });
    }

    fn draw(&mut self, frame: &Frame<'_>, asked: Asked, leaves: &[Vec<Placed>], snapshot: &Snapshot, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        let (rect, margin) = (self.rect, margin(paint));
        paint.pane(rect);
        paint.fill(rect, theme::PANEL, 6.0);
        paint.outline(rect, theme::AXIS, 6.0, 1.0);
        let nose = asked.anchor.centre()[1].clamp(rect.min[1] + 14.0, (rect.max[1] - 14.0).max(rect.min[1] + 14.0));
        paint.triangle([rect.min[0] + 1.0, nose - 8.0], [rect.min[0] + 1.0, nose + 8.0], [rect.min[0] - NOSE + 1.0, nose], theme::AXIS);
        paint.triangle([rect.min[0] + 2.0, nose - 7.0], [rect.min[0] + 2.0, nose + 7.0], [rect.min[0] - NOSE + 3.0, nose], theme::PANEL);
        let [left, right] = [rect.min[0] + margin, rect.max[0] - margin];
        let mut y = rect.min[1] + margin;
        for placed in leaves.get(self.leaf).into_iter().flatten() {
            let middle = y + placed.height * 0.5;
            match &placed.element {
                Element::Line(style, text) => {
                    paint.text([left, middle], Align::Left, *style, text);
                }
                Element::Row(name, value) => {
                    let width = paint.text([right, middle], Align::Right, Style::LABEL.strong().coloured(theme::TEXT), value);
                    paint.text_clipped([left, middle], Style::LABEL, name, right - left - width - 12.0);
                }
                Element::Dial(dial) => {
                    let row = Rect::new(left, y, right, y + placed.height);
                    dials::dial(frame, *dial, row, snapshot, commands);
                }
                Element::Rule => paint.rule([left, middle], [right, middle], theme::SEPARATOR, 1.0),
                Element::Gap(_) | Element::Break => {}
            }
            y += placed.height;
        }
        self.turner(frame, Rect::new(left, rect.max[1] - margin * 0.6 - foot(paint), right, rect.max[1] - margin * 0.6));
    }

    /// The line at the foot: deeper, back, and how to close.
    fn turner(&mut self, frame: &Frame<'_>, area: Rect) {
        let paint = &frame.paint;
        let y = area.centre()[1];
        let deeper = match self.leaf {
            0 if self.leaves > 1 => Some("go deeper  ›"),
            leaf if leaf + 1 < self.leaves => Some("next  ›"),
            _ => None,
        };
        let button = |id: &str, left: f32, words: &str| {
            let width = paint.text_width(Style::TITLE, words) + 24.0;
            let rect = Rect::new(left, area.min[1] + 2.0, left + width, area.max[1]);
            let touch = frame.touch(id, rect);
            paint.fill(rect, if touch.hovered { theme::HOVERED } else { theme::RAISED }, 4.0);
            paint.text(rect.centre(), Align::Centre, Style::TITLE, words);
            if touch.hovered {
                frame.tooltip(&[match id {
                    "card-back" => "The leaf before; the wheel turns leaves, too.",
                    _ => "Longer answers, and what was published; the wheel turns leaves, too.",
                }]);
            }
            (rect.max[0] + 8.0, touch.clicked)
        };
        let mut x = area.min[0];
        let mut turned = 0;
        if self.leaf > 0 {
            let (after, clicked) = button("card-back", x, "‹  back");
            x = after;
            turned -= i32::from(clicked);
        }
        if let Some(words) = deeper {
            let (after, clicked) = button("card-next", x, words);
            x = after;
            turned += i32::from(clicked);
        }
        let place = format!("{} of {}", self.leaf + 1, self.leaves);
        let close = if self.leaves > 1 { [format!("{place} · Esc closes"), place] } else { ["Esc closes".to_owned(), "Esc".to_owned()] };
        if let Some(words) = paint.fitting(Style::LABEL, &[&close[0], &close[1]], area.max[0] - x - 4.0) {
            paint.text([area.max[0], y], Align::Right, Style::LABEL, words);
        }
        self.turn(turned);
    }
}

/// Width of the nose that points at the part.
const NOSE: f32 = 9.0;

fn margin(paint: &Paint<'_>) -> f32 {
    if paint.look().presenting { 24.0 } else { 16.0 }
}

/// Height of the line at the foot.
fn foot(paint: &Paint<'_>) -> f32 {
    2.0 * paint.text_height(Style::BODY) + 6.0
}

/// A text in lines of at most `width`.
fn wrapped(paint: &Paint<'_>, style: Style, text: &str, width: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || paint.text_width(style, &longer) <= width {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    lines.push(line);
    lines
}

/// Everything that is said about a part, in order.
fn elements(paint: &Paint<'_>, part: Part, snapshot: &Snapshot, width: f32) -> Vec<Placed> {
    let text = parts::explanation(part, snapshot.method);
    let mut all = Vec::new();
    let mut add = |element: Element, keeps: bool| {
        let height = match &element {
            Element::Line(style, _) => paint.text_height(*style) * 1.4,
            Element::Row(..) => paint.text_height(Style::LABEL) * 1.6,
            Element::Dial(_) => paint.text_height(Style::BODY) * 2.1,
            Element::Gap(height) => *height,
            Element::Rule => 17.0,
            Element::Break => 0.0,
        };
        all.push(Placed { element, height, keeps });
    };
    let paragraph = |add: &mut dyn FnMut(Element, bool), style: Style, text: &str, keeps: bool| {
        let lines = wrapped(paint, style, text, width);
        let last = lines.len() - 1;
        for (index, line) in lines.into_iter().enumerate() {
            // No line of a paragraph stands alone at the end or at the beginning of a leaf.
            add(Element::Line(style, line), keeps || (last > 0 && (index == 0 || index + 1 == last)));
        }
    };
    paragraph(&mut add, Style::TITLE, text.title, true);
    add(Element::Gap(4.0), true);
    paragraph(&mut add, Style::BODY, text.what, false);
    add(Element::Rule, true);
    add(Element::Line(Style::LABEL.strong().coloured(theme::TEXT), "Measured in this run, now".to_owned()), true);
    for (name, value) in measured::facts(part, snapshot) {
        let fits = paint.text_width(Style::LABEL, &name) + paint.text_width(Style::LABEL.strong(), &value) + 12.0 <= width;
        if fits {
            add(Element::Row(name, value), false);
        } else {
            add(Element::Line(Style::LABEL, name), true);
            add(Element::Row(String::new(), value), false);
        }
    }
    if let Some(dial) = part.dial().filter(|dial| Dial::of(snapshot.method).contains(dial)) {
        add(Element::Gap(4.0), true);
        add(Element::Dial(dial), false);
    }
    add(Element::Break, false);
    if let Some(outcome) = part.switch().and_then(|switch| outcomes::off_alone(switch, snapshot.method)) {
        add(Element::Line(Style::LABEL.strong().coloured(theme::TEXT), format!("Off alone: {}", outcome.short[0])), true);
        for (name, value) in outcome.facts {
            add(Element::Row(name, value), true);
        }
        paragraph(&mut add, Style::LABEL, &outcome.source, false);
        add(Element::Gap(14.0), false);
    }
    for question in text.deeper {
        paragraph(&mut add, Style::TITLE, question.question, true);
        add(Element::Gap(3.0), true);
        paragraph(&mut add, Style::BODY, question.answer, false);
        add(Element::Gap(14.0), false);
    }
    for published in text.published {
        paragraph(&mut add, Style::LABEL, published.source, true);
        let last = published.rows.len() - 1;
        for (index, (name, value)) in published.rows.iter().enumerate() {
            add(Element::Row((*name).to_owned(), (*value).to_owned()), index < last);
        }
        add(Element::Gap(12.0), false);
    }
    all
}

/// Deals the elements out to leaves of at most `high`; a gap never begins one.
fn leaves(all: Vec<Placed>, high: f32) -> Vec<Vec<Placed>> {
    // What has to stay together.
    let mut groups: Vec<Vec<Placed>> = vec![Vec::new()];
    for placed in all {
        let ends = !placed.keeps;
        if let Some(group) = groups.last_mut() {
            group.push(placed);
        }
        if ends {
            groups.push(Vec::new());
        }
    }
    let height = |group: &[Placed]| group.iter().map(|placed| placed.height).sum::<f32>();
    let mut leaves: Vec<Vec<Placed>> = vec![Vec::new()];
    let mut used = 0.0;
    for group in groups {
        // A group taller than a leaf is cut where it must be.
        let whole = height(&group) <= high;
        let parts = if whole { vec![group] } else { group.into_iter().map(|placed| vec![placed]).collect() };
        for part in parts {
            let is_space = part.iter().all(|placed| matches!(placed.element, Element::Gap(_) | Element::Rule));
            let breaks = part.iter().any(|placed| matches!(placed.element, Element::Break));
            let full = used + height(&part) > high + 0.5;
            if is_space && (full || used == 0.0) {
                continue;
            }
            if (breaks || full) && used > 0.0 {
                leaves.push(Vec::new());
                used = 0.0;
            }
            if !breaks && let Some(leaf) = leaves.last_mut() {
                used += height(&part);
                leaf.extend(part);
            }
        }
    }
    leaves.retain(|leaf| !leaf.is_empty());
    leaves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(height: f32, keeps: bool) -> Placed {
        Placed { element: Element::Line(Style::BODY, String::new()), height, keeps }
    }

    #[test]
    fn leaves_hold_what_fits_and_lose_nothing() {
        let heights = |leaves: Vec<Vec<Placed>>| -> Vec<Vec<f32>> {
            leaves.iter().map(|leaf| leaf.iter().map(|placed| placed.height).collect()).collect()
        };
        let gap = || Placed { element: Element::Gap(5.0), height: 5.0, keeps: false };
        let dealt = leaves(vec![line(10.0, false), gap(), line(10.0, true), line(10.0, false), gap(), line(10.0, false)], 30.0);
        assert_eq!(heights(dealt), [vec![10.0, 5.0], vec![10.0, 10.0, 5.0], vec![10.0]]);
        let dealt = leaves(vec![line(10.0, true), line(10.0, true), line(10.0, true), line(10.0, false)], 25.0);
        assert_eq!(heights(dealt), [vec![10.0, 10.0], vec![10.0, 10.0]], "a group taller than a leaf is cut");
        let pause = Placed { element: Element::Break, height: 0.0, keeps: false };
        assert_eq!(heights(leaves(vec![line(10.0, false), pause, line(10.0, false)], 100.0)), [vec![10.0], vec![10.0]]);
    }
}
