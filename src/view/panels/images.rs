//! The images that are trained on, and how to train on others: a row in the panes, and the card that it opens (key O), with a field
//! for a path, the sources used before, and what was skipped.
//!
//! Contract: nothing is loaded here; the card gives a [`Command::LoadData`]. Subtlety: the field belongs to imgui, everything around
//! it is painted, and rows that would be cut off are not drawn, so the list of skipped files scrolls by rows.

use imgui::{HistoryDirection, InputTextCallback, InputTextCallbackHandler, Key, MouseButton, TextCallbackData};

use crate::command::Command;
use crate::config::Scene;
use crate::data::typed::{completed, understood};
use crate::snapshot::{ImagesReport, Snapshot, grouped};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;
use super::overlay::{card, grown};

/// Frames that imgui takes at most to give the field the keyboard.
const SETTLING: u32 = 8;
/// Sources that are remembered.
const REMEMBERED: usize = 5;
/// Skipped files shown at once.
const SKIPPED_ROWS: usize = 8;

/// What the card keeps.
#[derive(Default)]
pub struct Images {
    open: bool,
    /// The field gets the keyboard in the next frame.
    focus: bool,
    /// Frames until it has it.
    settling: u32,
    path: String,
    /// A text on its way into the field.
    pasted: Option<String>,
    /// Why the path was refused, or how it could go on.
    answer: Option<String>,
    /// The field has the keyboard.
    typing: bool,
    /// Sources trained on so far, the newest first.
    recent: Vec<String>,
    /// The skipped files are listed.
    listed: bool,
    /// Skipped files above the first that is shown.
    first: usize,
    /// Turns of the wheel that do not make a row yet.
    turned: f32,
}

/// Continues a path on Tab; up and down bring sources used before; takes in what is pasted.
struct Helper<'a> {
    pasted: &'a mut Option<String>,
    answer: &'a mut Option<String>,
    recent: &'a [String],
}

impl InputTextCallbackHandler for Helper<'_> {
    fn on_always(&mut self, mut data: TextCallbackData) {
        let Some(text) = self.pasted.take() else { return };
        let selected = data.selection();
        if let Some(letters) = data.str().get(selected.clone()).map(|part| part.chars().count()).filter(|count| *count > 0) {
            data.remove_chars(selected.start, letters);
        }
        data.insert_chars(data.cursor_pos(), &text);
    }

    fn on_completion(&mut self, mut data: TextCallbackData) {
        let (path, names) = completed(data.str());
        data.clear();
        data.push_str(&path);
        *self.answer = (!names.is_empty()).then(|| names.join("   "));
    }

    fn on_history(&mut self, direction: HistoryDirection, mut data: TextCallbackData) {
        let place = self.recent.iter().position(|source| source == data.str());
        let next = match (direction, place) {
            (HistoryDirection::Up, None) => 0,
            (HistoryDirection::Up, Some(place)) => (place + 1).min(self.recent.len() - 1),
            (HistoryDirection::Down, Some(place)) if place > 0 => place - 1,
            (HistoryDirection::Down, _) => return,
        };
        if let Some(source) = self.recent.get(next) {
            data.clear();
            data.push_str(source);
        }
    }
}

/// One line on the images, which opens the card.
pub fn row(frame: &Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let paint = &frame.paint;
    let y = area.centre()[1];
    let touch = frame.touch("images", area);
    if touch.hovered {
        paint.fill(area, theme::RAISED, 4.0);
    }
    let key = paint.key_width("O");
    let label = paint.text([area.min[0], y], Align::Left, Style::LABEL, "images");
    let x = area.min[0] + label + 10.0;
    let room = area.max[0] - key - 12.0 - x;
    let name = snapshot.images_report.as_ref().map_or(&snapshot.data, |report| &report.name);
    let skipped = snapshot.images_report.as_ref().map_or(0, |report| report.skipped.len());
    let note = format!("{} skipped", grouped(skipped as u64));
    let noted = skipped > 0 && paint.text_width(Style::LABEL, &note) + 90.0 < room;
    let taken = if noted { paint.text([x + room, y], Align::Right, Style::LABEL, &note) + 10.0 } else { 0.0 };
    paint.name_clipped([x, y], Style::LABEL.coloured(theme::TEXT), name, room - taken);
    paint.key([area.max[0] - key, y], "O");
    if touch.hovered {
        let about = snapshot.images_report.as_ref().map_or_else(|| RENDERED.to_owned(), |report| report.summary());
        frame.tooltip(&[&snapshot.data, &about, "Click, press O, or drop a folder on the window to train on other images."]);
    }
    if touch.clicked {
        frame.wants_images.set(true);
    }
}

const RENDERED: &str = "Rendered on the GPU for every step, without end: no image comes twice.";

impl Images {
    /// Whether the card is shown.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether keys belong to its field.
    pub const fn is_typing(&self) -> bool {
        self.open && self.typing
    }

    /// Whether frames are wanted, touched or not: imgui takes some to give the field the keyboard.
    pub const fn is_settling(&self) -> bool {
        self.open && self.settling > 0
    }

    /// Shows the card.
    pub fn show(&mut self) {
        (self.open, self.focus, self.settling, self.answer) = (true, true, SETTLING, None);
    }

    /// Puts a text's first line into the field, in place of what is selected.
    pub fn paste(&mut self, text: &str) {
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        self.pasted = Some(line.trim().chars().filter(|letter| !letter.is_control()).collect());
    }

    /// Hides it.
    pub fn close(&mut self) {
        self.open = false;
        self.pasted = None;
        self.typing = false;
    }

    /// Moves the list of skipped files down by so many rows.
    pub fn scroll(&mut self, rows: f32) {
        self.turned = (self.turned + rows).clamp(-100.0, 100.0);
        let whole = self.turned.trunc();
        self.turned -= whole;
        self.first = self.first.saturating_add_signed(whole as isize);
    }

    /// Remembers what is trained on.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        if self.recent.first() != Some(&snapshot.data) {
            self.recent.retain(|source| *source != snapshot.data);
            self.recent.insert(0, snapshot.data.clone());
            self.recent.truncate(REMEMBERED);
            (self.listed, self.first) = (false, 0);
        }
    }

    /// Paints the card over `window`; gives the command for other images once they are chosen.
    pub fn ui(&mut self, frame: &Frame<'_>, window: Rect, snapshot: &Snapshot) -> Option<Command> {
        let paint = &frame.paint;
        let (pad, pitch) = (grown(frame, 24.0), grown(frame, 26.0));
        let width = grown(frame, 640.0).min(window.width() - 16.0);
        let inner = width - 2.0 * pad;
        let report = snapshot.images_report.as_deref();
        let about = report.map_or_else(|| RENDERED.to_owned(), about);
        let about_lines = paint.wrapped_lines(Style::LABEL, &about, inner);
        let skipped = report.map_or(&[][..], |report| report.skipped.as_slice());
        let others = self.others();
        // Lines from top to bottom; what has no room goes: first other sources, then skipped files.
        let fixed = 5.5 + about_lines as f32 * 0.8 + f32::from(u8::from(!skipped.is_empty()));
        let room = ((window.height() - 16.0 - 2.0 * pad) / pitch - fixed).max(0.0);
        let listed = if self.listed { skipped.len().min(SKIPPED_ROWS).min(room as usize) } else { 0 };
        let offered = others.len().min((room as usize).saturating_sub(listed + 1));
        let lines = fixed + listed as f32 + if offered > 0 { offered as f32 + 0.6 } else { 0.0 };
        let height = lines * pitch + 2.0 * pad;
        let [left, top] = [window.centre()[0] - width * 0.5, window.centre()[1] - height * 0.5].map(f32::round);
        let area = Rect::new(left, top, left + width, top + height);
        card(frame, window, area);
        let (x, right) = (left + pad, left + width - pad);

        // The field first: a click beside it takes the keyboard away from it, and what is touched after that still gets the click.
        let list = if skipped.is_empty() { 0.0 } else { (1 + listed) as f32 };
        let chosen = self.field(frame, [x, top + pad + pitch * (2.5 + about_lines as f32 * 0.8 + list), right]);
        let mut y = top + pad + pitch * 0.4;
        paint.text([x, y], Align::Left, Style::CAPTION.strong(), "Images");
        let esc = paint.key_width("Esc");
        paint.key([right - esc, y], "Esc");
        y += pitch * 1.2;
        paint.name_clipped([x, y], Style::BODY, &snapshot.data, inner);
        y += pitch * 0.9;
        paint.text_wrapped([x, y], Style::LABEL, &about, inner, about_lines);
        y += about_lines as f32 * pitch * 0.8;
        if !skipped.is_empty() {
            y = self.skipped(frame, [x, y, right], pitch, skipped, listed);
        }
        y += pitch * 1.7;
        match &self.answer {
            Some(answer) => paint.name_clipped([x, y], Style::LABEL.coloured(theme::TEXT), answer, inner),
            None => {
                let hints = [
                    "Enter loads, Tab completes, ↑ brings what was used before; or drop folders and pictures on the window",
                    "Enter loads, Tab completes; or drop folders and pictures on the window",
                    "Enter loads, Tab completes, ↑ what was used before",
                    "Enter loads",
                ];
                paint.fitting(Style::LABEL, &hints, inner).map_or(0.0, |hint| paint.text([x, y], Align::Left, Style::LABEL, hint))
            }
        };
        y += pitch * 1.2;
        let picked = others.iter().take(offered).enumerate().find_map(|(index, source)| {
            let y = y + index as f32 * pitch;
            let rect = Rect::new(x - 8.0, y - pitch * 0.5, right + 8.0, y + pitch * 0.5);
            let touch = frame.touch(&format!("source-{index}"), rect);
            if touch.hovered {
                paint.fill(rect, theme::RAISED, 4.0);
                frame.tooltip(&[source, "A click trains on these images, from step 0."]);
            }
            paint.name_clipped([x, y], Style::QUIET, source, inner);
            touch.clicked.then(|| source.clone())
        });
        if let Some(source) = picked {
            self.path = source;
            return self.enter();
        }
        let outside = frame.ui.is_mouse_clicked(MouseButton::Left) && !area.contains(frame.pointer());
        if outside || frame.ui.is_key_pressed(Key::Escape) {
            self.close();
        }
        if chosen { self.enter() } else { None }
    }

    /// Takes what is in the field.
    fn enter(&mut self) -> Option<Command> {
        match understood(&self.path) {
            Ok(spec) => {
                self.path.clear();
                self.close();
                Some(Command::LoadData(spec))
            }
            Err(problem) => {
                self.answer = Some(problem);
                (self.focus, self.settling) = (true, SETTLING);
                None
            }
        }
    }

    /// The field for a path below `y`; whether it was entered.
    fn field(&mut self, frame: &Frame<'_>, [x, y, right]: [f32; 3]) -> bool {
        let ui = frame.ui;
        ui.set_cursor_screen_pos([x * frame.scale, (y - 10.0) * frame.scale]);
        ui.set_next_item_width((right - x) * frame.scale);
        self.settling = self.settling.saturating_sub(1);
        if std::mem::take(&mut self.focus) {
            ui.set_keyboard_focus_here();
        }
        let before = self.path.clone();
        let helper = Helper { pasted: &mut self.pasted, answer: &mut self.answer, recent: &self.recent };
        let entered = ui
            .input_text("##path", &mut self.path)
            .hint("path of a folder, a picture, CIFAR-10 or MNIST files")
            .enter_returns_true(true)
            .auto_select_all(true)
            .callback(InputTextCallback::COMPLETION | InputTextCallback::HISTORY | InputTextCallback::ALWAYS, helper)
            .build();
        self.typing = ui.is_item_active();
        // A field without the keyboard has no cursor.
        if let Some(text) = self.pasted.take() {
            self.path.push_str(&text);
        }
        if self.typing && self.path != before && !entered && !ui.is_key_pressed(Key::Tab) {
            self.answer = None;
        }
        entered && !self.path.trim().is_empty()
    }

    /// How many files were skipped; a click lists them. Gives the height below.
    fn skipped(&mut self, frame: &Frame<'_>, [x, mut y, right]: [f32; 3], pitch: f32, skipped: &[(String, String)], rows: usize) -> f32 {
        let paint = &frame.paint;
        let count = match skipped.len() {
            1 => "1 file skipped".to_owned(),
            count => format!("{} files skipped", grouped(count as u64)),
        };
        let rect = Rect::new(x - 8.0, y - pitch * 0.5, right + 8.0, y + pitch * 0.5);
        let touch = frame.touch("skipped", rect);
        if touch.hovered {
            paint.fill(rect, theme::RAISED, 4.0);
            frame.tooltip(&["Files that were left out, each with its reason: a click lists them."]);
        }
        // By place: what has the keyboard would keep a button from being pressed.
        self.listed ^= rect.contains(frame.pointer()) && frame.ui.is_mouse_clicked(MouseButton::Left);
        let wide = paint.text([x, y], Align::Left, Style::TITLE, &count);
        self.first = self.first.min(skipped.len() - rows.min(skipped.len()));
        let more = match (self.listed, rows < skipped.len()) {
            (false, _) => "click to list them".to_owned(),
            (true, false) => "click to hide them".to_owned(),
            (true, true) => format!("{} to {}; the wheel scrolls", self.first + 1, self.first + rows),
        };
        if wide + paint.text_width(Style::LABEL, &more) + 16.0 < right - x {
            paint.text([right, y], Align::Right, Style::LABEL, &more);
        }
        y += pitch;
        for (index, (path, reason)) in skipped.iter().enumerate().skip(self.first).take(rows) {
            let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
            let wide = paint.name_clipped([x + 8.0, y], Style::LABEL.coloured(theme::TEXT), name, (right - x) * 0.45);
            paint.name_clipped([x + 20.0 + wide, y], Style::LABEL, reason, right - x - 20.0 - wide);
            let rect = Rect::new(x, y - pitch * 0.5, right, y + pitch * 0.5);
            if frame.touch(&format!("skipped-{index}"), rect).hovered {
                frame.tooltip(&[path, reason]);
            }
            y += pitch;
        }
        y
    }

    /// What may be trained on instead: sources used before, and those that are rendered.
    fn others(&self) -> Vec<String> {
        let rendered = Scene::ALL.into_iter().map(|scene| format!("synthetic:{}", scene.name()));
        let mut others: Vec<String> = self.recent.iter().skip(1).cloned().collect();
        others.extend(rendered.filter(|source| !self.recent.contains(source)));
        others
    }
}

fn about(report: &ImagesReport) -> String {
    let notes: String = report.notes.iter().map(|note| format!("; {note}")).collect();
    format!("{}{notes}.", report.summary())
}
