//! The list of presets that a click on the preset's name opens over the panes: what each shows, in a line. Starting one ends the
//! run, so the command goes through the question that protects long runs.

use imgui::MouseButton;

use crate::command::Command;
use crate::config::presets::presets;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::theme;

/// The list.
#[derive(Default)]
pub struct PresetList {
    open: bool,
    /// It was opened in this frame: the click that did it closes nothing.
    fresh: bool,
    /// Names and what they show, read when it is first opened.
    known: Vec<(&'static str, String)>,
    marked: usize,
}

impl PresetList {
    /// Shows the list, with the preset that trains marked.
    pub fn open(&mut self, current: &str) {
        if self.known.is_empty() {
            self.known = presets().into_iter().map(|preset| (preset.name, preset.about)).collect();
        }
        self.marked = self.known.iter().position(|(name, _)| *name == current).unwrap_or(0);
        (self.open, self.fresh) = (true, true);
    }

    /// Whether it is shown.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Hides it.
    pub const fn close(&mut self) {
        self.open = false;
    }

    /// Marks another preset, so many further down.
    pub fn walk(&mut self, by: isize) {
        self.marked = self.marked.saturating_add_signed(by).min(self.known.len().saturating_sub(1));
    }

    /// Starts the marked one.
    pub fn start(&mut self) -> Option<Command> {
        self.open = false;
        self.known.get(self.marked).map(|(name, _)| Command::LoadPreset((*name).to_owned()))
    }

    /// Paints the list into `window`; gives what was chosen with the mouse.
    pub fn ui(&mut self, frame: &Frame<'_>, window: Rect, current: &str) -> Option<Command> {
        let paint = &frame.paint;
        let grown = if frame.presenting { 1.55 } else { 1.0 };
        let (pad, margin) = (12.0 * grown, 8.0);
        let names = self.known.iter().map(|(name, _)| paint.text_width(Style::TITLE, name)).fold(0.0, f32::max) + 44.0 * grown;
        let abouts = self.known.iter().map(|(_, about)| paint.text_width(Style::LABEL, about)).fold(0.0, f32::max);
        let width = (names + abouts + 2.0 * pad + 4.0).min(window.width() - 2.0 * margin);
        let room = width - names - 2.0 * pad;
        let lines: Vec<usize> = self.known.iter().map(|(_, about)| paint.wrapped_lines(Style::LABEL, about, room)).collect();
        let pitch = paint.text_height(Style::LABEL) * 1.35;
        let header = 30.0 * grown;
        // Where not all fit, each has one line, and its whole text when it is marked.
        let high =
            |most: usize| lines.iter().map(|lines| (*lines).min(most) as f32 * pitch + 12.0 * grown).sum::<f32>() + header + 2.0 * pad;
        let fits = |most: &usize| high(*most) <= window.height() - 2.0 * margin - 48.0;
        let most = [3, 2, 1].into_iter().find(fits).unwrap_or(1);
        let height = high(most).min(window.height() - 2.0 * margin);
        let left = (window.centre()[0] - width * 0.5).max(margin);
        let top = if height + 56.0 <= window.height() - margin { 56.0 } else { margin };
        let card = Rect::new(left, top, left + width, top + height);
        paint.fill(window, theme::with_alpha(theme::GROUND, 0.75), 0.0);
        paint.fill(card, theme::PANEL, 6.0);
        paint.outline(card, theme::AXIS, 6.0, 1.0);
        paint.pane(card);
        let y = top + pad + header * 0.4;
        let title = paint.text([left + pad + 8.0, y], Align::Left, Style::TITLE, "Presets");
        let hint = "a click starts one at step 0; Esc closes";
        if title + paint.text_width(Style::LABEL, hint) + 40.0 < width - 2.0 * pad {
            paint.text([card.max[0] - pad - 8.0, y + 1.0], Align::Right, Style::LABEL, hint);
        }
        let mut y = top + pad + header;
        let mut chosen = None;
        for (index, (name, about)) in self.known.iter().enumerate() {
            let lines = lines[index].min(most);
            let row = Rect::new(left + pad, y, card.max[0] - pad, y + lines as f32 * pitch + 12.0 * grown);
            if row.max[1] > card.max[1] - pad + 1.0 {
                break;
            }
            let touch = frame.touch(name, row);
            if touch.hovered && frame.ui.io().mouse_delta != [0.0, 0.0] {
                self.marked = index;
            }
            if touch.hovered {
                frame.tell(about);
            }
            if index == self.marked {
                paint.fill(row, theme::RAISED, 4.0);
            }
            let middle = row.min[1] + 6.0 * grown + pitch * 0.5;
            if *name == current {
                paint.dot([row.min[0] + 12.0 * grown, middle], 3.5 * grown, theme::TEXT);
            }
            paint.text([row.min[0] + 24.0 * grown, middle], Align::Left, Style::TITLE, name);
            let x = row.min[0] + names - 8.0;
            if lines < lines_of(frame, about, room) {
                paint.name_clipped([x, middle], Style::LABEL, about, room);
            } else {
                paint.text_wrapped([x, middle], Style::LABEL, about, room, lines);
            }
            if touch.clicked {
                chosen = Some(Command::LoadPreset((*name).to_owned()));
            }
            y = row.max[1];
        }
        let beside = frame.ui.is_mouse_clicked(MouseButton::Left) && !card.contains(frame.pointer());
        if chosen.is_some() || (beside && !self.fresh) {
            self.open = false;
        }
        self.fresh = false;
        chosen
    }
}

fn lines_of(frame: &Frame<'_>, text: &str, width: f32) -> usize {
    frame.paint.wrapped_lines(Style::LABEL, text, width)
}
