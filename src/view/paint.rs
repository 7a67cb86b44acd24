//! A brush in logical pixels over imgui's draw list: the marks of the design notes (text in its sizes, dashed lines, arrows,
//! chevrons, keys, switches, rings), so that panels say what they show and not how many pixels it takes.
//!
//! Subtlety: imgui lends one draw list at a time, so one `Paint` lives for the whole main window and nothing inside may ask
//! for another.

use std::cell::RefCell;

use imgui::{DrawListMut, Ui};

use super::layout::Rect;
use super::theme::{self, Colour, Fonts, Look, Rgba, Type};

/// Which end of the text its position names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The position is the text's left end.
    Left,
    /// The position is the text's middle.
    Centre,
    /// The position is the text's right end.
    Right,
}

/// Size, weight and colour of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Size.
    pub size: Type,
    /// Semi-bold.
    pub strong: bool,
    /// Colour.
    pub colour: Colour,
}

impl Style {
    /// Labels and qualifiers: 13, second level.
    pub const LABEL: Self = Self::new(Type::Label, false, theme::TEXT_2);
    /// Body text: 15.
    pub const BODY: Self = Self::new(Type::Body, false, theme::TEXT);
    /// Body text, second level.
    pub const QUIET: Self = Self::new(Type::Body, false, theme::TEXT_2);
    /// Titles and names: 15, semi-bold.
    pub const TITLE: Self = Self::new(Type::Body, true, theme::TEXT);
    /// The caption: 16.
    pub const CAPTION: Self = Self::new(Type::Caption, false, theme::TEXT);
    /// The current value of a meter: 22, semi-bold.
    pub const VALUE: Self = Self::new(Type::Value, true, theme::TEXT);

    /// Size, weight and colour.
    pub const fn new(size: Type, strong: bool, colour: Colour) -> Self {
        Self { size, strong, colour }
    }

    /// The same, semi-bold.
    pub const fn strong(self) -> Self {
        Self { strong: true, ..self }
    }

    /// The same in another colour.
    pub const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// A text that was written: for the test that nothing is cut off or written over.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// What was written.
    pub text: String,
    /// Where, in logical pixels: as wide as its letters, as high as its type size.
    pub rect: Rect,
    /// Where it had to stay.
    pub pane: Rect,
    /// Nothing of it was left out.
    pub whole: bool,
}

/// A part of a text.
struct Run<'text> {
    text: &'text str,
    /// What it takes, physical pixels.
    width: f32,
    /// What its letters leave free at the left of that.
    indent: f32,
}

#[derive(Default)]
struct Audit {
    written: Vec<Written>,
    pane: Rect,
}

/// The brush. Positions and lengths are logical pixels of the window.
pub struct Paint<'ui> {
    ui: &'ui Ui,
    list: DrawListMut<'ui>,
    fonts: &'ui Fonts,
    scale: f32,
    look: Look,
    audit: Option<RefCell<Audit>>,
}

impl<'ui> Paint<'ui> {
    /// A brush for the current imgui window at a UI scale.
    pub fn new(ui: &'ui Ui, fonts: &'ui Fonts, scale: f32, look: Look) -> Self {
        Self { ui, list: ui.get_window_draw_list(), fonts, scale, look, audit: None }
    }

    /// The same brush, which remembers what it writes.
    pub fn audited(self) -> Self {
        Self { audit: Some(RefCell::default()), ..self }
    }

    /// What was written since [`Self::audited`].
    pub fn written(&self) -> Vec<Written> {
        self.audit.as_ref().map_or_else(Vec::new, |audit| std::mem::take(&mut audit.borrow_mut().written))
    }

    /// All that is written from here on belongs inside `pane`.
    pub fn pane(&self, pane: Rect) {
        if let Some(audit) = &self.audit {
            audit.borrow_mut().pane = pane;
        }
    }

    fn note(&self, left: f32, middle: f32, size: [f32; 2], text: &str, whole: bool) {
        if let Some(audit) = &self.audit {
            let [left, top] = [left / self.scale, middle / self.scale - size[1] * 0.5];
            let audit = &mut *audit.borrow_mut();
            let rect = Rect::new(left, top, left + size[0], top + size[1]);
            audit.written.push(Written { text: text.to_owned(), rect, pane: audit.pane, whole });
        }
    }

    /// How a colour looks in the theme in use: for what goes to wgpu.
    pub const fn rgba(&self, colour: Colour) -> Rgba {
        colour.mark(self.look.theme)
    }

    /// The look in use.
    pub const fn look(&self) -> Look {
        self.look
    }

    /// Logical to physical pixels. imgui's C++ crashes on what is not finite, so such a coordinate goes to the edge.
    fn at(&self, point: [f32; 2]) -> [f32; 2] {
        point.map(|value| if value.is_finite() { (value * self.scale).clamp(-32_768.0, 32_768.0) } else { 0.0 })
    }

    /// The nearest position at which a line of twice `half` pixels covers whole pixels.
    fn crisp(pixels: f32, half: f32) -> f32 {
        (pixels - half).round() + half
    }

    /// Width of a text in logical pixels.
    pub fn text_width(&self, style: Style, text: &str) -> f32 {
        let _font = self.ui.push_font(self.fonts.face(style.size, style.strong));
        self.runs(style, text).map(|run| run.width).sum::<f32>() / self.scale
    }

    /// A text cut into what is written at one go, in the font that is pushed: numbers that change all the time have their digits in
    /// cells of one width, so that they do not dance.
    fn runs<'text>(&self, style: Style, text: &'text str) -> impl Iterator<Item = Run<'text>> {
        let tabular = style.size == Type::Value;
        let cell = if tabular { self.ui.calc_text_size("0")[0] } else { 0.0 };
        let is_digit = move |letter: char| tabular && letter.is_ascii_digit();
        let mut rest = text;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = if is_digit(first) { 1 } else { rest.find(is_digit).unwrap_or(rest.len()) };
            let (text, after) = rest.split_at(end);
            rest = after;
            let letters = self.ui.calc_text_size(text)[0];
            let width = if is_digit(first) { cell } else { letters };
            Some(Run { text, width, indent: 0.5 * (width - letters) })
        })
    }

    /// Height of a style's letters in logical pixels.
    pub const fn text_height(&self, style: Style) -> f32 {
        style.size.pixels(self.look.presenting)
    }

    /// Writes a text whose vertical middle is `position`'s y; gives its width.
    pub fn text(&self, position: [f32; 2], align: Align, style: Style, text: &str) -> f32 {
        self.write(position, align, style, text, true)
    }

    fn write(&self, position: [f32; 2], align: Align, style: Style, text: &str, whole: bool) -> f32 {
        let _font = self.ui.push_font(self.fonts.face(style.size, style.strong));
        let width = self.runs(style, text).map(|run| run.width).sum::<f32>();
        let [x, y] = self.at(position);
        let left = match align {
            Align::Left => x,
            Align::Centre => x - width * 0.5,
            Align::Right => x - width,
        };
        let top = (y - self.ui.current_font_size() * 0.5).round();
        let mut at = left.round();
        for run in self.runs(style, text) {
            self.list.add_text([(at + run.indent).round(), top], style.colour.ink(self.look.theme), run.text);
            at += run.width;
        }
        self.note(left, y, [width / self.scale, self.text_height(style)], text, whole);
        width / self.scale
    }

    /// Writes a text over at most `lines` lines of `width` logical pixels, the first one's middle at `position`'s y; gives the
    /// number of lines. What does not fit in the last one ends in ….
    pub fn text_wrapped(&self, position: [f32; 2], style: Style, text: &str, width: f32, lines: usize) -> usize {
        let pitch = self.text_height(style) * 1.35;
        let mut rest = text.trim();
        for line in 0..lines.max(1) {
            let y = position[1] + line as f32 * pitch;
            let fits = self.fitting_words(style, rest, width);
            if line + 1 == lines.max(1) || fits == 0 || fits == rest.len() {
                self.text_clipped([position[0], y], style, rest, width);
                return line + 1;
            }
            self.text([position[0], y], Align::Left, style, rest[..fits].trim_end());
            rest = rest[fits..].trim_start();
        }
        lines.max(1)
    }

    /// Lines that [`Self::text_wrapped`] needs for a text.
    pub fn wrapped_lines(&self, style: Style, text: &str, width: f32) -> usize {
        let (mut rest, mut lines) = (text.trim(), 1);
        loop {
            let fits = self.fitting_words(style, rest, width);
            if fits == 0 || fits == rest.len() {
                return lines;
            }
            rest = rest[fits..].trim_start();
            lines += 1;
        }
    }

    /// Bytes of the longest run of whole words that fits; 0 where not even the first does.
    fn fitting_words(&self, style: Style, text: &str, width: f32) -> usize {
        let mut fits = 0;
        for (end, _) in text.match_indices(' ').chain([(text.len(), "")]) {
            if self.text_width(style, &text[..end]) > width {
                break;
            }
            fits = end;
        }
        fits
    }

    /// Writes a text of ours in at most `width` logical pixels, its end replaced by … where it does not fit. Choose wordings that
    /// fit: the test of the layout takes a text that was cut for a fault.
    pub fn text_clipped(&self, position: [f32; 2], style: Style, text: &str, width: f32) -> f32 {
        match self.shortened(style, text, width) {
            None => self.text(position, Align::Left, style, text),
            Some(shown) => self.write(position, Align::Left, style, &shown, false),
        }
    }

    /// The same for a name that is not ours (an adapter's, a class's, a path), which may be longer than any room; the whole of it
    /// belongs into a tooltip.
    pub fn name_clipped(&self, position: [f32; 2], style: Style, name: &str, width: f32) -> f32 {
        self.text(position, Align::Left, style, self.shortened(style, name, width).as_deref().unwrap_or(name))
    }

    /// The same with what does not fit left out of the middle: for names that differ at their ends.
    pub fn name_with_both_ends(&self, position: [f32; 2], style: Style, name: &str, width: f32) -> f32 {
        let cut = |characters: &[char], length: usize| {
            let (head, tail) = (length.div_ceil(2), length / 2);
            let (head, tail) = (&characters[..head], &characters[characters.len() - tail..]);
            head.iter().chain(['…'].iter()).chain(tail).collect()
        };
        self.text(position, Align::Left, style, self.longest(style, name, width, cut).as_deref().unwrap_or(name))
    }

    /// The longest beginning of a text that fits with … after it; none where the whole fits.
    fn shortened(&self, style: Style, text: &str, width: f32) -> Option<String> {
        self.longest(style, text, width, |characters, length| characters[..length].iter().collect::<String>().trim_end().to_owned() + "…")
    }

    /// The longest of the cuts of a text that fits, `cut` keeping so many of its characters; none where the whole fits.
    fn longest(&self, style: Style, text: &str, width: f32, cut: impl Fn(&[char], usize) -> String) -> Option<String> {
        if self.text_width(style, text) <= width {
            return None;
        }
        let characters: Vec<char> = text.chars().collect();
        let shown = |length: usize| cut(&characters, length);
        // By bisection.
        let (mut fits, mut too_long) = (0, characters.len());
        while fits + 1 < too_long {
            let middle = (fits + too_long) / 2;
            if self.text_width(style, &shown(middle)) <= width {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        Some(shown(fits))
    }

    /// The first of some wordings, from the longest to the shortest, that fits into `width`; none if not even the last does.
    pub fn fitting<'text>(&self, style: Style, wordings: &[&'text str], width: f32) -> Option<&'text str> {
        wordings.iter().copied().find(|wording| self.text_width(style, wording) <= width)
    }

    /// A filled rectangle.
    pub fn fill(&self, rect: Rect, colour: Colour, rounding: f32) {
        self.list.add_rect(self.at(rect.min), self.at(rect.max), self.rgba(colour)).filled(true).rounding(rounding * self.scale).build();
    }

    /// The outline of a rectangle, inside its edges.
    pub fn outline(&self, rect: Rect, colour: Colour, rounding: f32, thickness: f32) {
        let inner = rect.inset(thickness * 0.5);
        self.list
            .add_rect(self.at(inner.min), self.at(inner.max), self.rgba(colour))
            .rounding(rounding * self.scale)
            .thickness(thickness * self.scale)
            .build();
    }

    /// A straight line.
    pub fn line(&self, from: [f32; 2], to: [f32; 2], colour: Colour, thickness: f32) {
        self.list.add_line(self.at(from), self.at(to), self.rgba(colour)).thickness((thickness * self.scale).max(1.0)).build();
    }

    /// A horizontal or vertical line of whole pixels.
    pub fn rule(&self, from: [f32; 2], to: [f32; 2], colour: Colour, thickness: f32) {
        let half = (thickness * self.scale).round().max(1.0) * 0.5;
        let (start, end) = (self.at(from), self.at(to));
        let (a, b) = if from[1] == to[1] {
            let y = Self::crisp(start[1], half);
            ([start[0], y - half], [end[0], y + half])
        } else {
            let x = Self::crisp(start[0], half);
            ([x - half, start[1]], [x + half, end[1]])
        };
        self.list.add_rect(a, b, self.rgba(colour)).filled(true).build();
    }

    /// A dashed horizontal or vertical line, dashes and gaps of `dash` each.
    pub fn dashes(&self, from: [f32; 2], to: [f32; 2], colour: Colour, thickness: f32, dash: f32) {
        let length = (to[0] - from[0]).abs().max((to[1] - from[1]).abs());
        let direction = [(to[0] - from[0]) / length.max(1e-3), (to[1] - from[1]) / length.max(1e-3)];
        if !(length.is_finite() && dash > 0.0) {
            return;
        }
        let mut start = 0.0;
        while start < length {
            let end = (start + dash).min(length);
            let point = |t: f32| [from[0] + direction[0] * t, from[1] + direction[1] * t];
            self.rule(point(start), point(end), colour, thickness);
            start += 2.0 * dash;
        }
    }

    /// A dashed rectangle.
    pub fn dashed_outline(&self, rect: Rect, colour: Colour, thickness: f32) {
        let r = rect.inset(thickness * 0.5);
        let [left, top] = r.min;
        let [right, bottom] = r.max;
        self.dashes([left, top], [right, top], colour, thickness, 5.0);
        self.dashes([left, bottom], [right, bottom], colour, thickness, 5.0);
        self.dashes([left, top], [left, bottom], colour, thickness, 5.0);
        self.dashes([right, top], [right, bottom], colour, thickness, 5.0);
    }

    /// A line through many points.
    pub fn polyline(&self, points: impl Iterator<Item = [f32; 2]>, colour: Colour, thickness: f32) {
        let points: Vec<[f32; 2]> = points.map(|point| self.at(point)).collect();
        if points.len() > 1 {
            self.list.add_polyline(points, self.rgba(colour)).thickness(thickness * self.scale).build();
        }
    }

    /// A dashed line through many points: dashes of 6, gaps of 4, by the way along it.
    pub fn dashed_polyline(&self, points: impl Iterator<Item = [f32; 2]>, colour: Colour, thickness: f32) {
        const DASH: f32 = 6.0;
        const GAP: f32 = 4.0;
        // Of the dash or the gap that is under way.
        let (mut is_dash, mut left) = (true, DASH);
        let mut dash: Vec<[f32; 2]> = Vec::new();
        let mut last: Option<[f32; 2]> = None;
        for point in points.filter(|point| point.iter().all(|value| value.is_finite())) {
            let Some(mut from) = last.replace(point) else {
                dash.push(point);
                continue;
            };
            loop {
                let rest = (point[0] - from[0]).hypot(point[1] - from[1]);
                if rest <= left {
                    left -= rest;
                    break;
                }
                let share = left / rest;
                from = [from[0] + (point[0] - from[0]) * share, from[1] + (point[1] - from[1]) * share];
                dash.push(from);
                if is_dash {
                    self.polyline(dash.drain(..), colour, thickness);
                } else {
                    dash = vec![from];
                }
                is_dash = !is_dash;
                left = if is_dash { DASH } else { GAP };
            }
            if is_dash {
                dash.push(point);
            }
        }
        if is_dash {
            self.polyline(dash.into_iter(), colour, thickness);
        }
    }

    /// A filled triangle.
    pub fn triangle(&self, a: [f32; 2], b: [f32; 2], c: [f32; 2], colour: Colour) {
        self.list.add_triangle(self.at(a), self.at(b), self.at(c), self.rgba(colour)).filled(true).build();
    }

    /// A filled dot.
    pub fn dot(&self, centre: [f32; 2], radius: f32, colour: Colour) {
        self.list.add_circle(self.at(centre), radius * self.scale, self.rgba(colour)).filled(true).build();
    }

    /// A ring.
    pub fn ring(&self, centre: [f32; 2], radius: f32, colour: Colour, thickness: f32) {
        self.list.add_circle(self.at(centre), radius * self.scale, self.rgba(colour)).thickness(thickness * self.scale).build();
    }

    /// A 2 px line with a filled head at `to`; horizontal or vertical.
    pub fn arrow(&self, from: [f32; 2], to: [f32; 2], colour: Colour) {
        let (length, half) = (8.0, 4.0);
        let [dx, dy] = [(to[0] - from[0]).signum(), (to[1] - from[1]).signum()];
        if from[0] == to[0] {
            self.rule(from, [to[0], to[1] - dy * (length - 1.0)], colour, 2.0);
            let base = to[1] - dy * length;
            self.triangle([to[0] - half, base], [to[0] + half, base], to, colour);
        } else {
            self.rule(from, [to[0] - dx * (length - 1.0), to[1]], colour, 2.0);
            let base = to[0] - dx * length;
            self.triangle([base, to[1] - half], [base, to[1] + half], to, colour);
        }
    }

    /// A chain of upward chevrons at `x` from `bottom` up to `top`, moved by `phase` (0 to 1 of a spacing): backward flow.
    pub fn chevrons_up(&self, x: f32, top: f32, bottom: f32, phase: f32, colour: Colour) {
        let (arm, spacing) = (4.0, 8.0);
        if !(top.is_finite() && bottom.is_finite()) {
            return;
        }
        let mut y = bottom - phase.rem_euclid(1.0) * spacing;
        while y - arm >= top {
            self.polyline([[x - arm, y], [x, y - arm], [x + arm, y]].into_iter(), colour, 2.0);
            y -= spacing;
        }
    }

    /// A keyboard key with its letter; gives its width. `position` is its left middle.
    pub fn key(&self, position: [f32; 2], letters: &str) -> f32 {
        let width = self.key_width(letters);
        let half = (self.text_height(Style::LABEL) * 0.78).round();
        let rect = Rect::new(position[0], position[1] - half, position[0] + width, position[1] + half);
        self.fill(rect, theme::RAISED, 4.0);
        self.outline(rect, theme::AXIS, 4.0, 1.0);
        let style = Style::new(Type::Label, true, theme::TEXT);
        self.text([position[0] + width * 0.5, position[1]], Align::Centre, style, letters);
        width
    }

    /// Width of [`Self::key`].
    pub fn key_width(&self, letters: &str) -> f32 {
        let high = (self.text_height(Style::LABEL) * 0.78).round() * 2.0;
        (self.text_width(Style::LABEL.strong(), letters) + 12.0).max(high)
    }

    /// A 44x24 switch around `centre`: on is filled with the knob at the right, off is an outline with it at the left.
    pub fn switch(&self, centre: [f32; 2], on: bool, hovered: bool) {
        let size = self.switch_size();
        let rect = Rect::new(centre[0] - 22.0 * size, centre[1] - 12.0 * size, centre[0] + 22.0 * size, centre[1] + 12.0 * size);
        if hovered {
            self.outline(rect.inset(-4.0), theme::AXIS, 16.0 * size, 1.0);
        }
        if on {
            self.fill(rect, theme::TEXT, 12.0 * size);
            self.dot([centre[0] + 10.0 * size, centre[1]], 9.0 * size, theme::GROUND);
        } else {
            self.fill(rect, theme::GROUND, 12.0 * size);
            self.outline(rect, theme::TEXT, 12.0 * size, 2.0);
            self.ring([centre[0] - 10.0 * size, centre[1]], 7.0 * size, theme::TEXT, 2.0);
        }
    }

    /// How much larger than 44x24 a switch is in the look in use.
    pub const fn switch_size(&self) -> f32 {
        if self.look.presenting { 1.25 } else { 1.0 }
    }
}
