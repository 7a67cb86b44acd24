//! A map that could be trained: its axes and their values, a size by this adapter's speed and memory, and what starting it costs.

use crate::config::{ConfigError, MAXIMUM_MAP_SIDE, MapAxes, MapAxis, RunConfig};
use crate::snapshot::{Snapshot, grouped};
use crate::view::charts::short;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::screen::Direction;
use crate::view::theme;

use super::super::Frame;
use super::super::overlay::grown;
use super::super::top::seconds_text;
use super::text;

/// What is proposed, as far as the user has chosen it.
#[derive(Default)]
pub struct Proposal {
    /// Keys of the axes; empty: the method's.
    keys: Vec<&'static str>,
    /// Columns and rows; none: by the adapter's speed.
    size: Option<[usize; 2]>,
    /// Steps a second of one learner, or all learners' together, of which run.
    speed: Option<(u64, f32)>,
    /// The preset's name, and its configuration: the default one where it cannot be read (a file that is gone).
    preset: Option<(String, RunConfig, bool)>,
}

/// What a click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Train it.
    Start,
    /// Go back to the map that trains.
    Return,
}

/// A map should make so many steps a second at least.
const LEAST_SPEED: f32 = 2.0;
/// Cells along the side of a proposed map, at least.
const LEAST_SIDE: usize = 3;
/// Cells along a side where nothing is known of the speed.
const USUAL_SIDE: usize = 4;
/// Steps after which a map tells most of what it has to tell.
const TELLING_STEPS: f32 = 300.0;

impl Proposal {
    /// Takes up how fast this run trains.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let speed = snapshot.steps_per_second * snapshot.learners.len().max(1) as f32;
        // A limit that the user set says nothing of the adapter; small changes do not make the proposal dance.
        let known = self.speed.filter(|known| known.0 == snapshot.run).map(|known| known.1);
        let is_news = known.is_none_or(|known| (speed / known - 1.0).abs() > 0.3);
        if speed > 0.0 && snapshot.speed_limit.is_none() && is_news {
            self.speed = Some((snapshot.run, speed));
        }
        if self.preset.as_ref().is_none_or(|(name, ..)| *name != snapshot.preset) {
            let loaded = RunConfig::load(&snapshot.preset, None, &[]).ok().filter(|own| own.method == snapshot.method);
            let is_known = loaded.is_some();
            let config = RunConfig { method: snapshot.method, ..loaded.unwrap_or_default() };
            self.preset = Some((snapshot.preset.clone(), config, is_known));
            self.keys.clear();
        }
    }

    /// The preset as it is by itself, where it is known.
    pub fn own(&self) -> Option<&RunConfig> {
        self.preset.as_ref().filter(|preset| preset.2).map(|preset| &preset.1)
    }

    /// Steps a second of one learner, if any was timed.
    fn speed(&self) -> Option<f32> {
        self.speed.map(|speed| speed.1)
    }

    fn keys(&self, snapshot: &Snapshot) -> [&'static str; 2] {
        let known = MapAxis::keys(snapshot.method);
        match self.keys[..] {
            [x, y] if known.contains(&x) && known.contains(&y) && x != y => [x, y],
            _ => [known[0], known[1]],
        }
    }

    /// The side of a square map that is fast enough and fits.
    fn proposed_side(&self, snapshot: &Snapshot) -> usize {
        let by_speed = self.speed().map_or(USUAL_SIDE, |speed| (speed / LEAST_SPEED).sqrt() as usize);
        let fits = |side: &usize| (side * side) as u32 <= snapshot.most_learners;
        (1..=by_speed.clamp(LEAST_SIDE, MAXIMUM_MAP_SIDE)).rev().find(fits).unwrap_or(1)
    }

    /// The axes of the map.
    pub fn axes(&self, snapshot: &Snapshot) -> Result<MapAxes, ConfigError> {
        let [columns, rows] = self.size.unwrap_or_else(|| [self.proposed_side(snapshot); 2]);
        let [x, y] = self.keys(snapshot);
        let preset = self.preset.as_ref().map(|preset| preset.1.clone()).unwrap_or_default();
        Ok(MapAxes { x: MapAxis::default_of(&preset, x, columns)?, y: MapAxis::default_of(&preset, y, rows)? })
    }

    /// One more or one fewer along a row (left, right), or down a column.
    pub fn resize(&mut self, direction: Direction, snapshot: &Snapshot) {
        let Ok(axes) = self.axes(snapshot) else { return };
        let [mut columns, mut rows] = axes.size();
        let next = |count: usize, more: bool| if more { (count + 1).min(MAXIMUM_MAP_SIDE) } else { count.saturating_sub(1).max(1) };
        match direction {
            Direction::Left | Direction::Right => columns = next(columns, direction == Direction::Right),
            Direction::Up | Direction::Down => rows = next(rows, direction == Direction::Down),
        }
        self.size = Some([columns, rows]);
    }

    /// Why this size: a sentence on speed, and whether it fits.
    fn reasons(&self, learners: usize, snapshot: &Snapshot) -> (String, bool) {
        let most = snapshot.most_learners as usize;
        if learners > most {
            let sentence = format!(
                "{learners} learners do not fit: this adapter holds {most} of this preset side by side. The arrow keys make the map smaller."
            );
            return (sentence, false);
        }
        let sentence = match self.speed() {
            None => "This run has not been timed yet: once it trains, a size is proposed by its speed.".to_owned(),
            Some(speed) => {
                let each = speed / learners as f32;
                let time = seconds_text(f64::from(TELLING_STEPS / each));
                format!(
                    "One learner makes {} steps/s here, so {learners} side by side make {} or more: {TELLING_STEPS:.0} steps in {time} or less.",
                    short(speed),
                    short(each)
                )
            }
        };
        (sentence, true)
    }
}

const ABOUT: &str = "Each cell of a grid is a learner of its own: the same network, seed and crops, with the value of its column and of its \
                     row. They train side by side in the same GPU work, so the line between life and collapse draws itself. Nothing is \
                     predicted or interpolated.";

/// How much of the proposal has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// All of it.
    Whole,
    /// Not what a map is.
    Choices,
    /// Neither the keys that might be chosen.
    Least,
}

/// Where the parts of the proposal are.
struct Lines<'f, 'ui> {
    frame: &'f Frame<'ui>,
    /// Left edge of the titles, of what is said, and the right edge of all.
    edges: [f32; 3],
    body: f32,
    y: f32,
}

impl Lines<'_, '_> {
    fn width(&self) -> f32 {
        self.edges[2] - self.edges[1]
    }

    /// Goes down by so many heights of a letter.
    fn down(&mut self, heights: f32) {
        self.y += heights * self.body;
    }

    /// A text over at most so many lines, with what the pointer hears of it.
    fn say(&mut self, id: &str, style: Style, text: &str, lines: usize, about: &str) {
        let [left, right] = [self.edges[1], self.edges[2]];
        let used = self.frame.paint.text_wrapped([left, self.y], style, text, self.width(), lines) as f32;
        let area = Rect::new(left, self.y - 0.7 * self.body, right, self.y + (used - 0.35) * 1.35 * self.body);
        self.frame.about(id, area, &[about]);
        self.down(1.35 * (used - 1.0));
    }
}

/// Paints the proposal, and answers to the pointer.
pub fn ui(proposal: &mut Proposal, frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot, may_return: bool) -> Option<Asked> {
    let paint = &frame.paint;
    let body = paint.text_height(Style::BODY);
    let width = (area.width() - 32.0).min(grown(frame, 800.0));
    let left = (area.centre()[0] - 0.5 * width).floor();
    let Ok(axes) = proposal.axes(snapshot) else { return None };
    let [columns, rows] = axes.size();
    let learners = columns * rows;
    let (reason, fits) = proposal.reasons(learners, snapshot);
    let ends = if snapshot.step == 0 {
        "It starts at step 0, with this preset and seed.".to_owned()
    } else {
        format!("It starts at step 0, with this preset and seed: the present run of {} steps ends.", grouped(snapshot.step))
    };
    let label = paint.text_width(Style::TITLE, "Across") + 20.0;
    let mut lines = Lines { frame, edges: [left, left + label, left + width], body, y: area.min[1] + 1.4 * body };
    let wrapped = |style, text: &str, width| paint.wrapped_lines(style, text, width) as f32;
    let said = 1.35 * (wrapped(Style::QUIET, &reason, width - label) + wrapped(Style::BODY, &ends, width - label));
    let chips = chip_rows(frame, width - label, snapshot) as f32;
    let height = |room: Room| {
        let about = if room == Room::Whole { 1.35 * wrapped(Style::QUIET, ABOUT, width) + 0.8 } else { 0.0 };
        let axes = if room == Room::Least { 2.0 * 1.7 } else { 2.0 * (1.9 * chips + 1.9) };
        (1.4 + 2.0 + about + axes + 1.7 + said + 1.2 + 2.6) * body
    };
    let room = [Room::Whole, Room::Choices].into_iter().find(|&room| height(room) <= area.height()).unwrap_or(Room::Least);

    paint.text([left, lines.y], Align::Left, Style::CAPTION.strong(), "The map of collapse");
    lines.down(2.0);
    if room == Room::Whole {
        let used = paint.text_wrapped([left, lines.y], Style::QUIET, ABOUT, width, 8) as f32;
        lines.down(1.35 * used + 0.8);
    }
    let keys = proposal.keys(snapshot);
    for (place, words) in ["Across", "Down"].into_iter().enumerate() {
        let axis = if place == 0 { &axes.x } else { &axes.y };
        paint.text([left, lines.y], Align::Left, Style::TITLE, words);
        if room != Room::Least {
            let (end, chosen) = choices(&lines, keys[place], keys[1 - place], words, snapshot);
            if let Some(chosen) = chosen {
                // A key that is taken changes places.
                proposal.keys = if chosen == keys[1 - place] { vec![keys[1], keys[0]] } else { keys.to_vec() };
                if chosen != keys[1 - place] {
                    proposal.keys[place] = chosen;
                }
            }
            lines.y = end;
            lines.down(1.7);
        }
        let values = format!("{}: {}", axis.key, axis.values.join(", "));
        let [from, to] = [lines.edges[1], lines.edges[2]];
        paint.name_clipped([from, lines.y], Style::BODY, &values, lines.width());
        let row = Rect::new(from, lines.y - 0.8 * body, to, lines.y + 0.8 * body);
        frame.about(words, row, &[text::about(&axis.key), "Its cells take these values:", &values]);
        lines.down(if room == Room::Least { 1.7 } else { 2.0 });
    }
    size(proposal, &lines, [columns, rows], snapshot);
    lines.down(1.6);
    let estimated = "Estimated from the steps a second of this run; many learners cost less than their number.";
    lines.say("reason", Style::QUIET, &reason, 3, estimated);
    lines.down(1.7);
    lines.say("ends", Style::BODY, &ends, 2, "Before a long run is lost, you are asked.");
    lines.down(2.2);
    buttons(&lines, fits, may_return)
}

/// The size, and the keys that change it.
fn size(proposal: &mut Proposal, lines: &Lines<'_, '_>, [columns, rows]: [usize; 2], snapshot: &Snapshot) {
    let (frame, paint, y, body) = (lines.frame, &lines.frame.paint, lines.y, lines.body);
    paint.text([lines.edges[0], y], Align::Left, Style::TITLE, "Size");
    let x = lines.edges[1];
    let wide = paint.text([x, y], Align::Left, Style::BODY, &format!("{columns} × {rows} = {} learners", columns * rows));
    let about = "Learners that train side by side, one a cell. Fewer or more columns with ← and →, rows with ↑ and ↓; 1 to 16 each.";
    let mut at = x + wide + 20.0;
    for (key, direction) in [("←", Direction::Left), ("→", Direction::Right), ("↑", Direction::Up), ("↓", Direction::Down)] {
        let key_width = paint.key([at, y], key);
        let touch = frame.touch(&format!("size {key}"), Rect::new(at - 2.0, y - 0.8 * body, at + key_width + 2.0, y + 0.8 * body));
        if touch.hovered {
            frame.tooltip(&[about]);
        }
        if touch.clicked {
            proposal.resize(direction, snapshot);
        }
        at += key_width + 6.0;
    }
    frame.about("size", Rect::new(x, y - 10.0, x + wide, y + 10.0), &[about]);
}

fn buttons(lines: &Lines<'_, '_>, fits: bool, may_return: bool) -> Option<Asked> {
    let (frame, paint, y, body) = (lines.frame, &lines.frame.paint, lines.y, lines.body);
    let mut asked = None;
    let mut left = lines.edges[1];
    let start = ("Train the map", "Enter", Asked::Start, "Trains all cells side by side from step 0.");
    let back = ("Back to the map", "Esc", Asked::Return, "Back to the map that trains; nothing changes.");
    for (name, key, meaning, tip) in [start, back].into_iter().take(if may_return { 2 } else { 1 }) {
        let wide = paint.text_width(Style::TITLE, name) + paint.key_width(key) + 40.0;
        let rect = Rect::new(left, y - 1.1 * body, left + wide, y + 1.1 * body);
        let touch = frame.touch(name, rect);
        let main = meaning == Asked::Start && fits;
        paint.fill(rect, if main { theme::TEXT } else { theme::RAISED }, 4.0);
        let ink = if main { theme::GROUND } else { theme::TEXT };
        paint.text([rect.min[0] + 14.0, y], Align::Left, Style::TITLE.coloured(ink), name);
        paint.key([rect.max[0] - 12.0 - paint.key_width(key), y], key);
        if touch.hovered {
            paint.outline(rect.inset(-3.0), theme::AXIS, 6.0, 1.0);
            frame.tooltip(&[tip]);
        }
        if touch.clicked {
            asked = Some(meaning);
        }
        left = rect.max[0] + 12.0;
    }
    asked
}

/// The keys that an axis may have, each with where it stands: how far to the right, in which row, and how wide.
fn places(frame: &Frame<'_>, room: f32, snapshot: &Snapshot) -> Vec<(&'static str, f32, usize, f32)> {
    let (mut x, mut row) = (0.0, 0);
    let place = |key: &'static str| {
        let wide = frame.paint.text_width(Style::LABEL, text::title(key)) + 18.0;
        if x + wide > room && x > 0.0 {
            (x, row) = (0.0, row + 1);
        }
        let placed = (key, x, row, wide);
        x += wide + 8.0;
        placed
    };
    MapAxis::keys(snapshot.method).into_iter().map(place).collect()
}

fn chip_rows(frame: &Frame<'_>, room: f32, snapshot: &Snapshot) -> usize {
    places(frame, room, snapshot).last().map_or(1, |last| last.2 + 1)
}

/// Paints them, the chosen one filled; gives the height of the last row, and the key that was clicked.
fn choices(lines: &Lines<'_, '_>, chosen: &str, other: &str, axis: &str, snapshot: &Snapshot) -> (f32, Option<&'static str>) {
    let (frame, paint, body) = (lines.frame, &lines.frame.paint, lines.body);
    let (mut clicked, mut last) = (None, lines.y);
    for (key, x, row, wide) in places(frame, lines.width(), snapshot) {
        let y = lines.y + row as f32 * 1.9 * body;
        let rect = Rect::new(lines.edges[1] + x, y - 0.8 * body, lines.edges[1] + x + wide, y + 0.8 * body);
        let touch = frame.touch(&format!("{axis} {key}"), rect);
        let is_chosen = key == chosen;
        paint.fill(rect, if is_chosen { theme::TEXT } else { theme::RAISED }, 4.0);
        if touch.hovered {
            paint.outline(rect.inset(-2.0), theme::AXIS, 5.0, 1.0);
            let note = match key {
                _ if is_chosen => "It is on this axis.",
                key if key == other => "It is on the other axis; a click has them change places.",
                _ => "A click puts it on this axis.",
            };
            frame.tooltip(&[text::about(key), note]);
        }
        let ink = match key {
            _ if is_chosen => theme::GROUND,
            key if key == other => theme::TEXT_2,
            _ => theme::TEXT,
        };
        paint.text(rect.centre(), Align::Centre, Style::LABEL.coloured(ink), text::title(key));
        if touch.clicked && !is_chosen {
            clicked = Some(key);
        }
        last = y;
    }
    (last, clicked)
}
