//! What lies over everything: the key list, and the question before something is lost. While one is open, nothing below reacts.
//!
//! Subtlety: it is a window of its own over the main one, so that it has a draw list above it; rows that would be cut off are not
//! drawn, so scrolling goes by rows.

use imgui::{Condition, MouseButton, Ui, WindowFlags};

use crate::command::{Command, Gather};
use crate::view::charts::grouped;
use crate::view::keys::KeyGroup;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// What waits for the user's yes.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Leave the program.
    Quit,
    /// A command that ends a run of this many steps.
    Lose {
        /// What would be done.
        command: Command,
        /// Steps of the run that would end.
        steps: u64,
    },
    /// Several learners at once: a twin, or so many seeds.
    Several {
        /// Steps of the run that seeds would end.
        steps: u64,
    },
    /// Which of these goes on alone: its number, what it is called, and how it is doing.
    Keep(Vec<(u32, String, String)>),
    /// A lesson that starts runs of its own.
    Lesson {
        /// Which.
        lesson: std::sync::Arc<crate::lesson::Lesson>,
        /// Steps of the run that would end.
        steps: u64,
    },
}

/// Seeds at once that are offered.
pub const SEEDS: [u32; 3] = [3, 5, 9];

/// The answer given in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it; with several options, the one of this number.
    Option(usize),
    /// Leave everything as it is.
    No,
}

/// Builds `content` in a window that covers the display, whose `size` is in physical pixels.
pub fn over(ui: &Ui, size: [f32; 2], content: impl FnOnce()) {
    let bare = (ui.push_style_var(imgui::StyleVar::WindowPadding([0.0, 0.0])), ui.push_style_var(imgui::StyleVar::WindowBorderSize(0.0)));
    ui.window("##over")
        .position([0.0, 0.0], Condition::Always)
        .size(size, Condition::Always)
        .flags(WindowFlags::NO_DECORATION | WindowFlags::NO_BACKGROUND | WindowFlags::NO_MOVE | WindowFlags::NO_SAVED_SETTINGS)
        .no_nav()
        .focused(true)
        .build(|| {
            drop(bare);
            content();
        });
}

/// The veil over the panes, and the card on it.
pub(super) fn card(frame: &Frame<'_>, window: Rect, card: Rect) {
    let paint = &frame.paint;
    paint.fill(window, theme::with_alpha(theme::GROUND, 0.75), 0.0);
    paint.fill(card, theme::PANEL, 6.0);
    paint.outline(card, theme::AXIS, 6.0, 1.0);
    paint.pane(card);
}

/// In presenting mode everything here grows like the type does.
pub(super) fn grown(frame: &Frame<'_>, length: f32) -> f32 {
    if frame.presenting { length * 1.55 } else { length }
}

impl Question {
    /// What may be answered, besides leaving everything as it is.
    pub fn options(&self) -> Vec<String> {
        match self {
            Self::Quit => vec!["Leave".to_owned()],
            Self::Lose { command: Command::LoadData(_), .. } => vec!["Load".to_owned()],
            Self::Lose { command: Command::LoadPreset(_), .. } | Self::Lesson { .. } => vec!["Start".to_owned()],
            Self::Lose { command: Command::Gather(Gather::Map(_)), .. } => vec!["Train".to_owned()],
            Self::Lose { command: Command::Gather(Gather::Alone(_)), .. } => vec!["Go on".to_owned()],
            Self::Lose { .. } => vec!["Start again".to_owned()],
            Self::Several { .. } => ["A twin".to_owned()].into_iter().chain(SEEDS.map(|count| format!("{count} seeds"))).collect(),
            Self::Keep(learners) => learners.iter().map(|(_, name, _)| format!("Keep {name}")).collect(),
        }
    }

    /// The title, what it is about, and what would be lost, a paragraph each.
    fn words(&self, step: u64) -> (&'static str, Option<String>, Vec<String>) {
        let ends = |steps: u64| format!("The run of {} steps ends.", grouped(steps));
        match self {
            Self::Quit if step == 0 => ("Leave Twinlens?", None, vec!["Nothing has been trained yet.".to_owned()]),
            Self::Quit => ("Leave Twinlens?", None, vec![format!("The run of {} steps is lost.", grouped(step))]),
            Self::Lose { command: Command::LoadData(spec), steps } => {
                ("Train on other images?", Some(spec.to_string()), vec![ends(*steps)])
            }
            Self::Lose { command: Command::LoadPreset(name), steps } => ("Start another preset?", Some(name.clone()), vec![ends(*steps)]),
            Self::Lose { command: Command::Gather(Gather::Map(axes)), steps } => {
                let [columns, rows] = axes.size();
                let what = format!("{columns} × {rows} learners: {} by {}", axes.x.key, axes.y.key);
                ("Train a map?", Some(what), vec![ends(*steps)])
            }
            Self::Lose { command: Command::Gather(Gather::Alone(_)), .. } => {
                ("Go on with this learner alone?", None, vec!["It goes on from where it is; the others end.".to_owned()])
            }
            Self::Lose { steps, .. } => {
                ("Start again with new weights?", None, vec![format!("{} Training begins at step 0.", ends(*steps))])
            }
            Self::Several { steps } => {
                let lost = if *steps > 0 { format!(" {}", ends(*steps)) } else { String::new() };
                let twin = "A twin: a copy that goes on beside the run on the same crops, to be changed alone.";
                let seeds = format!("Seeds: learners with weights and crops of their own, all from step 0.{lost}");
                ("Train several at once?", None, vec![twin.to_owned(), seeds])
            }
            Self::Keep(learners) => {
                let lines = learners.iter().map(|(_, name, state)| format!("{name}: {state}."));
                let rest = if learners.len() > 1 { "The other one ends" } else { "The others end" };
                let last = format!("{rest}; that cannot be taken back.");
                ("Which one goes on alone?", None, lines.chain([last]).collect())
            }
            Self::Lesson { lesson, steps } => {
                let ends = format!("It trains runs of its own: the run of {} steps ends.", grouped(*steps));
                ("Start the lesson?", Some(lesson.title.clone()), vec![ends])
            }
        }
    }
}

/// Asks; gives the answer once there is one. Enter takes the option that is `marked` (arrows mark another), Y does, too; Esc and N
/// leave everything as it is: they are keys like any others.
pub fn ask(frame: &Frame<'_>, window: Rect, question: &Question, step: u64, marked: usize) -> Option<Answer> {
    let paint = &frame.paint;
    let (title, subject, details) = question.words(step);
    let title_style = Style::CAPTION.strong();
    let (pad, pitch, high, gap) = (grown(frame, 24.0), grown(frame, 26.0), grown(frame, 36.0), 12.0);
    let options = question.options();
    let button = |name: &str, key: Option<&str>| {
        let key = key.map_or(0.0, |key| paint.key_width(key) + grown(frame, 10.0));
        paint.text_width(Style::TITLE, name) + key + grown(frame, 24.0)
    };
    let mut buttons: Vec<(&str, Option<&str>, Answer)> =
        (0..).zip(&options).map(|(index, name)| (name.as_str(), (index == marked).then_some("Enter"), Answer::Option(index))).collect();
    buttons.push(("Stay", Some("Esc"), Answer::No));
    let in_a_row = buttons.iter().map(|(name, key, _)| button(name, *key) + gap).sum::<f32>() - gap;
    let words = details.iter().map(|detail| paint.text_width(Style::QUIET, detail)).fold(0.0, f32::max).min(grown(frame, 560.0));
    let wanted = [paint.text_width(title_style, title), words, in_a_row, grown(frame, 320.0)];
    let width = (wanted.into_iter().fold(0.0, f32::max) + 2.0 * pad).min(window.width() - 16.0);
    let inner = width - 2.0 * pad;
    // Buttons that do not fit go on a second row.
    let mut rows: Vec<Vec<(&str, Option<&str>, Answer)>> = vec![Vec::new()];
    let mut used = 0.0;
    for (name, key, answer) in buttons {
        let wide = button(name, key);
        if used > 0.0 && used + wide > inner + 0.5 {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += wide + gap;
        if let Some(row) = rows.last_mut() {
            row.push((name, key, answer));
        }
    }
    let lines: Vec<usize> = details.iter().map(|detail| paint.wrapped_lines(Style::QUIET, detail, inner)).collect();
    let text = lines.iter().sum::<usize>() as f32;
    let bottom = high * rows.len() as f32 + gap * (rows.len() - 1) as f32;
    let height = 2.0 * pad + pitch * (1.7 + f32::from(u8::from(subject.is_some())) + text) + bottom;
    let [x, y] = [window.centre()[0] - width * 0.5, window.centre()[1] - height * 0.5].map(f32::round);
    card(frame, window, Rect::new(x, y, x + width, y + height));

    let left = x + pad;
    let mut y = y + pad + pitch * 0.5;
    paint.text([left, y], Align::Left, title_style, title);
    y += pitch * 1.2;
    if let Some(subject) = subject {
        paint.name_clipped([left, y], Style::BODY, &subject, inner);
        y += pitch;
    }
    for (detail, lines) in details.iter().zip(lines) {
        y += pitch * paint.text_wrapped([left, y], Style::QUIET, detail, inner, lines) as f32;
    }
    let mut answer = None;
    for row in rows {
        let mut x = left;
        for (name, key, meaning) in row {
            let rect = Rect::new(x, y, x + button(name, key), y + high);
            let touch = frame.touch(name, rect);
            let default = key == Some("Enter");
            let ink = if default { theme::GROUND } else { theme::TEXT };
            paint.fill(rect, if default { theme::TEXT } else { theme::RAISED }, 4.0);
            if touch.hovered {
                paint.outline(rect.inset(-3.0), theme::AXIS, 6.0, 1.0);
                frame.tooltip(&[match (meaning, default) {
                    (Answer::No, _) => "Everything stays as it is; Esc and N do it, too.",
                    (_, true) => "Enter and Y do it, too.",
                    (_, false) => "The arrow keys go from one to the next, and Enter takes it.",
                }]);
            }
            let middle = rect.centre()[1];
            let after = rect.min[0] + grown(frame, 12.0);
            let wide = paint.text([after, middle], Align::Left, Style::TITLE.coloured(ink), name);
            if let Some(key) = key {
                paint.key([after + wide + grown(frame, 10.0), middle], key);
            }
            if touch.clicked {
                answer = Some(meaning);
            }
            x = rect.max[0] + gap;
        }
        y += high + gap;
    }
    answer
}

/// The key list.
#[derive(Default)]
pub struct Help {
    open: bool,
    /// Rows that lie above what is shown.
    first: usize,
    /// Turns of the wheel that do not make a row yet.
    turned: f32,
}

/// A line of a column.
enum Row<'a> {
    Title(&'static str),
    Key(&'a str, &'a str),
    Gap,
}

impl Help {
    /// Whether it is shown.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Shows or hides it.
    pub fn toggle(&mut self) {
        *self = Self { open: !self.open, ..Self::default() };
    }

    /// Hides it.
    pub const fn close(&mut self) {
        self.open = false;
    }

    /// Moves down by so many rows.
    pub fn scroll(&mut self, rows: f32) {
        self.turned = (self.turned + rows).clamp(-100.0, 100.0);
        let whole = self.turned.trunc();
        self.turned -= whole;
        self.first = self.first.saturating_add_signed(whole as isize);
    }

    /// Paints the list over `window`; a click closes it.
    pub fn ui(&mut self, frame: &Frame<'_>, window: Rect, groups: &[KeyGroup]) {
        let paint = &frame.paint;
        let (pad, pitch, gap) = (grown(frame, 24.0), grown(frame, 28.0), grown(frame, 40.0));
        let rows = || groups.iter().flat_map(|group| &group.rows);
        let keys = rows().map(|(keys, _)| keys_width(frame, keys)).fold(0.0, f32::max) + grown(frame, 14.0);
        let words = rows().map(|(_, what)| paint.text_width(Style::BODY, what)).fold(0.0, f32::max);
        let column = keys + words;
        let room = [window.width() - 16.0 - 2.0 * pad, window.height() - 16.0 - 2.0 * pad - pitch * 1.5];
        let count = if 2.0 * column + gap <= room[0] { 2 } else { 1 };
        let columns = split(groups, count);
        let most = columns.iter().map(Vec::len).max().unwrap_or(0);
        // Rows move a little closer before any has to go.
        let pitch = (room[1] / most.max(1) as f32).clamp(pitch * 0.82, pitch);
        let shown = most.min((room[1] / pitch + 1e-3) as usize).max(1);
        self.first = self.first.min(most - shown.min(most));

        let width = (column * columns.len() as f32 + gap * (columns.len() - 1) as f32).min(room[0]) + 2.0 * pad;
        let height = pitch * (shown as f32 + 1.5) + 2.0 * pad;
        let [left, top] = [window.centre()[0] - width * 0.5, window.centre()[1] - height * 0.5].map(f32::round);
        let area = Rect::new(left, top, left + width, top + height);
        card(frame, window, area);

        let y = top + pad + pitch * 0.4;
        let title = paint.text([left + pad, y], Align::Left, Style::CAPTION.strong(), "Keys");
        let about = format!("of the scene {}", frame.scene.title());
        let hint = if most > shown { "wheel and arrows scroll, ? or a click closes" } else { "? or a click closes" };
        let (about_width, hint_width) = (paint.text_width(Style::LABEL, &about), paint.text_width(Style::LABEL, hint));
        let spare = width - 2.0 * pad - title - 24.0;
        if about_width + hint_width + 24.0 <= spare {
            paint.text([left + pad + title + 12.0, y + 1.0], Align::Left, Style::LABEL, &about);
        }
        if hint_width <= spare {
            paint.text([area.max[0] - pad, y + 1.0], Align::Right, Style::LABEL, hint);
        }
        for (number, column_rows) in columns.iter().enumerate() {
            let x = left + pad + number as f32 * (column + gap);
            for (place, row) in column_rows.iter().skip(self.first).take(shown).enumerate() {
                let y = top + pad + pitch * (place as f32 + 2.0);
                match row {
                    Row::Gap => {}
                    Row::Title(title) => {
                        paint.text([x, y], Align::Left, Style::TITLE, title);
                        paint.rule([x, y + pitch * 0.5 - 1.0], [x + column.min(room[0]), y + pitch * 0.5 - 1.0], theme::SEPARATOR, 1.0);
                    }
                    Row::Key(keys_text, what) => {
                        draw_keys(frame, [x, y], keys_text);
                        paint.text([x + keys, y], Align::Left, Style::QUIET, what);
                    }
                }
            }
        }
        if most > shown {
            let track = Rect::new(area.max[0] - pad * 0.5, top + pad + pitch * 1.5, area.max[0] - pad * 0.5 + 3.0, area.max[1] - pad);
            let at = |row: usize| track.min[1] + track.height() * row as f32 / most as f32;
            paint.fill(track, theme::RAISED, 1.5);
            paint.fill(Rect::new(track.min[0], at(self.first), track.max[0], at(self.first + shown)), theme::AXIS, 1.5);
        }
        if frame.ui.is_mouse_clicked(MouseButton::Left) {
            self.open = false;
        }
    }
}

/// The groups over at most `count` columns, in their order, so that the longest column is as short as can be.
fn split(groups: &[KeyGroup], count: usize) -> Vec<Vec<Row<'_>>> {
    let length = |group: &KeyGroup| group.rows.len() + 2;
    let filled = |most: usize| {
        let mut columns: Vec<Vec<&KeyGroup>> = vec![Vec::new()];
        let mut used = 0;
        for group in groups.iter().filter(|group| !group.rows.is_empty()) {
            if used > 0 && used + length(group) > most {
                columns.push(Vec::new());
                used = 0;
            }
            used += length(group);
            columns.last_mut().expect("there is one").push(group);
        }
        columns
    };
    let all = groups.iter().map(length).sum();
    let columns = (1..=all).map(filled).find(|columns| columns.len() <= count).unwrap_or_default();
    columns.into_iter().map(lines).collect()
}

fn lines(column: Vec<&KeyGroup>) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for group in column {
        if !rows.is_empty() {
            rows.push(Row::Gap);
        }
        rows.push(Row::Title(group.title));
        rows.extend(group.rows.iter().map(|(keys, what)| Row::Key(keys, what)));
    }
    rows
}

/// Width of [`draw_keys`].
fn keys_width(frame: &Frame<'_>, keys: &str) -> f32 {
    let alternatives = keys.split("  ").map(|together| {
        let pressed: Vec<f32> = together.split(' ').map(|key| frame.paint.key_width(key)).collect();
        pressed.iter().sum::<f32>() + 2.0 * (pressed.len() - 1) as f32
    });
    let widths: Vec<f32> = alternatives.collect();
    widths.iter().sum::<f32>() + grown(frame, 8.0) * (widths.len() - 1) as f32
}

/// Draws keys: those pressed together close to each other, alternatives apart.
fn draw_keys(frame: &Frame<'_>, [mut x, y]: [f32; 2], keys: &str) {
    for (number, together) in keys.split("  ").enumerate() {
        x += if number > 0 { grown(frame, 8.0) } else { 0.0 };
        for (place, key) in together.split(' ').enumerate() {
            x += if place > 0 { 2.0 } else { 0.0 };
            x += frame.paint.key([x, y], key);
        }
    }
}

/// What would happen if the files that are dragged over the window were dropped.
pub fn drop_target(frame: &Frame<'_>, window: Rect, names: &[String]) {
    let what = &match names {
        [first, rest @ ..] if !rest.is_empty() => format!("{first} and {} more, as one set", rest.len()),
        names => names.concat(),
    };
    let paint = &frame.paint;
    paint.fill(window, theme::with_alpha(theme::GROUND, 0.75), 0.0);
    paint.dashed_outline(window.inset(24.0), theme::TEXT, 3.0);
    let [x, y] = window.centre();
    let style = Style::CAPTION.strong();
    let wide = paint.text_width(style, "Drop to train on these images");
    paint.text([x, y - grown(frame, 14.0)], Align::Centre, style, "Drop to train on these images");
    let room = (window.width() - 96.0).max(wide);
    let name = paint.text_width(Style::QUIET, what).min(room);
    paint.name_clipped([x - name * 0.5, y + grown(frame, 14.0)], Style::QUIET, what, room);
}
