//! The variants of the chosen kernel's family: a tile each, a click takes it from the next step on. What a variant took is remembered
//! while the run goes on, so that before and after stand side by side.
//!
//! Subtlety: a variant's times count only from steps that began after it was put in: steps with the one before may still come back.

use crate::command::Command;
use crate::snapshot::{KernelChoice, Snapshot};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;
use crate::view::timing::Step;
use crate::view::timing::units::{share_text, time_text};

use super::Looking;

/// What the variants of a run took.
#[derive(Default)]
pub struct Variants {
    run: u64,
    preset: String,
    /// The variant in use of each family, and the newest step when it was first seen in use.
    since: Vec<(&'static str, &'static str, u64)>,
    /// Microseconds a step that a family took with a variant, when it was last in use.
    taken: Vec<(&'static str, &'static str, f32)>,
    /// The newest change: a family, its variant before.
    change: Option<(&'static str, &'static str)>,
}

/// The variant in use, for most of the shapes.
pub fn current(choice: &KernelChoice) -> &'static str {
    let asked = choice.asked.filter(|asked| choice.chosen.contains(asked));
    asked.or_else(|| choice.chosen.first().copied()).unwrap_or_default()
}

/// The family of a kernel.
pub fn family<'a>(snapshot: &'a Snapshot, kernel: &str) -> Option<&'a KernelChoice> {
    snapshot.variants.iter().find(|choice| choice.kernels.contains(&kernel))
}

/// Microseconds a step of all kernels of a family.
fn total(step: &Step<'_>, choice: &KernelChoice) -> f32 {
    let own = step.times.kernels.iter().filter(|kernel| choice.kernels.contains(&kernel.name.as_str()));
    own.map(|kernel| kernel.total_micros as f32).sum()
}

impl Variants {
    /// Takes in what was measured with the variants in use.
    pub fn follow(&mut self, snapshot: &Snapshot, step: Option<&Step<'_>>) {
        if self.run != snapshot.run || self.preset != snapshot.preset {
            *self = Self { run: snapshot.run, preset: snapshot.preset.clone(), ..Self::default() };
        }
        for choice in snapshot.variants.iter() {
            let now = current(choice);
            let since = match self.since.iter_mut().find(|since| since.0 == choice.family) {
                None => {
                    self.since.push((choice.family, now, 0));
                    0
                }
                Some(since) => {
                    if since.1 != now {
                        self.change = Some((choice.family, since.1));
                        (since.1, since.2) = (now, snapshot.step);
                    }
                    since.2
                }
            };
            let Some(step) = step.filter(|step| step.times.last_step > since) else { continue };
            let total = total(step, choice);
            match self.taken.iter_mut().find(|taken| (taken.0, taken.1) == (choice.family, now)) {
                Some(taken) => taken.2 = total,
                None => self.taken.push((choice.family, now, total)),
            }
        }
    }

    /// What a family took with a variant, microseconds a step.
    fn taken(&self, family: &str, variant: &str) -> Option<f32> {
        self.taken.iter().find(|taken| (taken.0, taken.1) == (family, variant)).map(|taken| taken.2)
    }

    /// Before and after in words, where the newest change was one of this family; the longest form first.
    pub fn effect(&self, choice: &KernelChoice) -> Option<Vec<String>> {
        let (_, before) = self.change.filter(|change| change.0 == choice.family)?;
        let now = current(choice);
        let old = self.taken(choice.family, before)?;
        let old_time = time_text(old);
        let family = choice.family;
        let Some(new) = self.taken(family, now) else {
            let waits = format!("{family}: {old_time} a step with {before}; the first step with {now} is being timed");
            return Some(vec![waits, format!("{old_time} with {before}")]);
        };
        let change =
            if new <= old { format!("{} less", share_text(1.0 - new / old)) } else { format!("{} more", share_text(new / old - 1.0)) };
        let time = time_text(new);
        Some(vec![
            format!("{family}: {old_time} a step with {before} before, {time} with {now} now: {change}"),
            format!("{old_time} before, {time} now: {change}"),
            format!("{time} now: {change}"),
            change,
        ])
    }
}

/// Asks for a variant.
pub fn take(choice: &KernelChoice, variant: &str) -> Command {
    Command::SetVariant { family: choice.family.to_owned(), variant: Some(variant.to_owned()) }
}

/// Paints a tile for each variant into `area`, and turns a click into a command.
pub fn tiles(variants: &Variants, looking: &Looking<'_, '_>, choice: &KernelChoice, area: &Rect, commands: &mut Vec<Command>) {
    let frame = looking.frame;
    let paint = &frame.paint;
    let [line, body] = [Style::LABEL, Style::BODY].map(|style| paint.text_height(style));
    let count = choice.offered.len().max(1) as f32;
    let gap = 8.0;
    let width = ((area.width() - gap * (count - 1.0)) / count).min(160.0);
    let now = current(choice);
    for (index, name) in choice.offered.iter().enumerate() {
        let left = area.min[0] + index as f32 * (width + gap);
        let rect = Rect::new(left, area.min[1], left + width, area.max[1]);
        let is_on = *name == now;
        let touch = frame.touch(&format!("variant-{name}"), rect);
        if is_on {
            paint.fill(rect, theme::RAISED, 4.0);
        }
        let (ink, thick) = if is_on { (theme::TEXT, 2.0) } else { (theme::AXIS, 1.0) };
        paint.outline(rect, ink, 4.0, if touch.hovered { 2.0 } else { thick });
        let style = if is_on { Style::TITLE } else { Style::BODY };
        let wide = paint.text_width(style, name).min(width - 8.0);
        let [x, y] = rect.centre();
        paint.name_with_both_ends([x - wide * 0.5, y - 0.55 * body], style, name, width - 8.0);
        let taken = variants.taken(choice.family, name);
        let words = taken.map_or_else(|| "not timed yet".to_owned(), |micros| format!("{} a step", time_text(micros)));
        let short = taken.map_or_else(|| "–".to_owned(), time_text);
        if let Some(words) = paint.fitting(Style::LABEL, &[&words, &short], width - 8.0) {
            paint.text([x, y + 0.75 * line], Align::Centre, Style::LABEL, words);
        }
        if touch.hovered {
            let state = match (is_on, choice.chosen.contains(name)) {
                (true, _) if choice.chosen.len() > 1 => "In use for the shapes that it takes; the others have another.",
                (true, _) => "In use.",
                (false, true) => "In use for some shapes.",
                _ => "A click (or V) takes it from the next step on. Results then differ in the last bits.",
            };
            frame.tooltip(&[&format!("{}: variant {name}", choice.family), state, "Times are of all kernels of the family in a step."]);
        }
        if touch.clicked && !is_on {
            commands.push(take(choice, name));
        }
    }
}
