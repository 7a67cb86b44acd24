//! Colours, type sizes and fonts: the one place that knows how things look. All sizes are in logical pixels, at UI scale 1;
//! [`Fonts::install`] rasterises the fonts for the scale in use, so text is as sharp at scale 3 as at 1.
//!
//! A [`Colour`] is a meaning, not a number: [`Paint`](super::paint::Paint) asks it how it looks in the theme in use.

use imgui::{Context, FontConfig, FontGlyphRanges, FontId, FontSource, StyleColor};

/// Red, green, blue, alpha, each 0 to 1, as they go to the (non-sRGB) target.
pub type Rgba = [f32; 4];

/// Which ground everything stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// For a dark room.
    #[default]
    Dark,
    /// For a lit one.
    Light,
}

impl Theme {
    /// Both, as they are called on the command line.
    pub const NAMES: [(&'static str, Self); 2] = [("dark", Self::Dark), ("light", Self::Light)];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// A colour by what it means: it knows how it looks in both themes, as a mark and as text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    dark: Rgba,
    light: Rgba,
    light_text: Rgba,
}

const fn hex(rgb: u32) -> Rgba {
    [((rgb >> 16) & 255) as f32 / 255.0, ((rgb >> 8) & 255) as f32 / 255.0, (rgb & 255) as f32 / 255.0, 1.0]
}

impl Colour {
    const fn new(dark: u32, light: u32) -> Self {
        Self { dark: hex(dark), light: hex(light), light_text: hex(light) }
    }

    /// An accent: on a light ground its text has to be darker than its marks.
    const fn accent(dark: u32, light: u32, light_text: u32) -> Self {
        Self { dark: hex(dark), light: hex(light), light_text: hex(light_text) }
    }

    /// As a mark: a fill, a line, a dot.
    pub const fn mark(self, theme: Theme) -> Rgba {
        match theme {
            Theme::Dark => self.dark,
            Theme::Light => self.light,
        }
    }

    /// As text.
    pub const fn ink(self, theme: Theme) -> Rgba {
        match theme {
            Theme::Dark => self.dark,
            Theme::Light => self.light_text,
        }
    }

    /// As a fill with text on it, which has to be bright on a light ground, too.
    pub const fn under_text(self) -> Self {
        Self { light: self.dark, ..self }
    }

    /// The way from this colour (share 0) to another (share 1).
    pub fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |a: Rgba, b: Rgba| std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share);
        Self { dark: mix(self.dark, other.dark), light: mix(self.light, other.light), light_text: mix(self.light_text, other.light_text) }
    }
}

/// Behind everything.
pub const GROUND: Colour = Colour::new(0x0E1116, 0xFAFAF7);
/// Bars and plots.
pub const PANEL: Colour = Colour::new(0x13171D, 0xF1F2EF);
/// Buttons, the loss box, the selected row.
pub const RAISED: Colour = Colour::new(0x222933, 0xE2E5E8);
/// A button under the pointer.
pub const HOVERED: Colour = Colour::new(0x2E3744, 0xD3D7DC);
/// One-pixel lines between panes.
pub const SEPARATOR: Colour = Colour::new(0x2B323D, 0xD3D7DC);
/// Axes, reference lines, outlines of keys.
pub const AXIS: Colour = Colour::new(0x667182, 0x7C8693);
/// Text.
pub const TEXT: Colour = Colour::new(0xF2F4F7, 0x14181E);
/// Second level of text; there is no third.
pub const TEXT_2: Colour = Colour::new(0xB9C1CC, 0x454D59);
/// Text on a fill of an accent ([`Colour::under_text`]).
pub const ON_FILL: Colour = Colour::new(0x0E1116, 0x0E1116);
/// The student: filled.
pub const STUDENT: Colour = Colour::accent(0xE69F00, 0xC97F00, 0x704800);
/// The teacher: outlined.
pub const TEACHER: Colour = Colour::accent(0xB18CFF, 0x7A4FE0, 0x5B2FC0);
/// A global crop: solid frame.
pub const GLOBAL: Colour = Colour::accent(0x56B4E9, 0x1F86C7, 0x0A5480);
/// A local crop: dashed frame.
pub const LOCAL: Colour = Colour::accent(0x2BB673, 0x168A50, 0x0B5A34);
/// Local crops beside local crops, where [`LOCAL`] stands for them beside the whole.
pub const PIECES: Colour = Colour::accent(0x9EE3BF, 0x4FB582, 0x0B5A34);
/// A bar inside a matrix cell.
pub const CELL: Colour = Colour::new(0x3A4452, 0xCBD2DA);
/// Zero in a matrix of signed values.
pub const CELL_ZERO: Colour = Colour::new(0x171C24, 0xF1F2EF);
/// Above zero in a matrix: yellow, which nobody confuses with the blue below it.
pub const POSITIVE: Colour = Colour::new(0xF7E27A, 0x8A6400);
/// Below zero in a matrix.
pub const NEGATIVE: Colour = Colour::new(0x5C93FF, 0x1B45B8);
/// Collapse and alarms. Never text.
pub const ALARM: Colour = Colour::new(0xD55E00, 0xD55E00);

/// The ten class colours, repeated beyond ten classes; the last entry is "no label".
pub const CLASSES: [Colour; 11] = [
    Colour::new(0xE08A98, 0xC2566B),
    Colour::new(0x9A94EE, 0x5A50CC),
    Colour::new(0xE0D080, 0xA68E22),
    Colour::new(0x5DBB7B, 0x23854A),
    Colour::new(0x8FD0F0, 0x2F8DBA),
    Colour::new(0xC9719A, 0xA03A6C),
    Colour::new(0x5CC6B4, 0x1D8B79),
    Colour::new(0xBDBD62, 0x7D7D20),
    Colour::new(0xD188C6, 0xA64B9B),
    Colour::new(0xC9CED6, 0x6B7480),
    Colour::new(0xB9C1CC, 0x454D59),
];

/// The colour of class `index`.
pub const fn class_colour(index: usize) -> Colour {
    CLASSES[index % 10]
}

/// The loss 2 − 2 cos of a pair: 0, 0.5, and 2 and more.
const LOSS: [Colour; 3] = [Colour::new(0x5A86E8, 0x2C5CC5), Colour::new(0x62C9A4, 0x1B8A6B), Colour::new(0xFBE36A, 0xB27600)];

/// The colour of a pair's loss, 2 − 2 cos. It is even in the distance of the two projections, the loss's square root.
pub fn loss_colour(loss: f32) -> Colour {
    let far = (loss.max(0.0) * 0.5).sqrt().min(1.0) * 2.0;
    if far < 1.0 { LOSS[0].mixed(LOSS[1], far) } else { LOSS[1].mixed(LOSS[2], far - 1.0) }
}

/// The colour of prototype `number`: always the same, and unlike those of its neighbours (hues a golden angle apart, in three
/// lightnesses; OKLCH by Ottosson, 2020).
pub fn prototype_colour(number: u32) -> Colour {
    let turn = f64::from(number) * 0.618_033_988_75 % 1.0;
    let step = ((number.wrapping_mul(0x9E37_79B9) >> 16) % 3) as f32;
    let hue = turn as f32 * std::f32::consts::TAU;
    let dark = oklch(0.66 + 0.09 * step, 0.125, hue);
    let light = oklch(0.48 + 0.07 * step, 0.13, hue);
    Colour { dark, light, light_text: light }
}

fn oklch(lightness: f32, chroma: f32, hue: f32) -> Rgba {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let encoded = |linear: f32| {
        let linear = linear.clamp(0.0, 1.0);
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
    };
    [
        encoded(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
        encoded(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s),
        encoded(-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s),
        1.0,
    ]
}

/// The same colour at another opacity.
pub const fn with_alpha(colour: Colour, alpha: f32) -> Colour {
    const fn at(rgba: Rgba, alpha: f32) -> Rgba {
        [rgba[0], rgba[1], rgba[2], alpha]
    }
    Colour { dark: at(colour.dark, alpha), light: at(colour.light, alpha), light_text: at(colour.light_text, alpha) }
}

/// How everything looks: on which ground, and for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Look {
    /// The ground.
    pub theme: Theme,
    /// For a room: large type, and only what the room needs.
    pub presenting: bool,
}

/// The grid's unit in logical pixels.
pub const UNIT: f32 = 8.0;

/// The sizes of text, in logical pixels: to work with, and to present with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 13 and 20: labels, axes, keys.
    Label,
    /// 15 and 24: body, names, titles.
    Body,
    /// 16 and 30: the caption.
    Caption,
    /// 22 and 36: the current value of a meter.
    Value,
}

impl Type {
    const ALL: [Self; 4] = [Self::Label, Self::Body, Self::Caption, Self::Value];

    /// Height in logical pixels.
    pub const fn pixels(self, presenting: bool) -> f32 {
        match (self, presenting) {
            (Self::Label, false) => 13.0,
            (Self::Body, false) => 15.0,
            (Self::Caption, false) => 16.0,
            (Self::Value, false) => 22.0,
            (Self::Label, true) => 20.0,
            (Self::Body, true) => 24.0,
            (Self::Caption, true) => 30.0,
            (Self::Value, true) => 36.0,
        }
    }
}

/// The rasterised fonts of one UI scale and one set of sizes.
#[derive(Clone, Debug)]
pub struct Fonts {
    regular: Vec<FontId>,
    strong: Vec<FontId>,
}

/// Inter, by the Inter Project Authors (`assets/fonts/LICENSE-Inter.txt`).
const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// Latin, Greek, punctuation, super- and subscripts, letterlike and mathematical signs, arrows.
const TEXT_GLYPHS: &[u32] = &[0x20, 0x17F, 0x370, 0x3FF, 0x2010, 0x205E, 0x2070, 0x209F, 0x2100, 0x214F, 0x2190, 0x21FF, 0x2200, 0x22FF, 0];
/// Arrows, mathematical signs and geometric shapes, where the text font lacks them.
const SYMBOL_GLYPHS: &[u32] = &[0x2190, 0x21FF, 0x2200, 0x22FF, 0x2300, 0x23FF, 0x25A0, 0x25FF, 0];

impl Fonts {
    /// Puts the fonts for `scale` into the context's (emptied) atlas; the renderer's font texture has to be reloaded after it.
    pub fn install(imgui: &mut Context, scale: f32, presenting: bool) -> Self {
        imgui.fonts().clear();
        let mut add = |size: Type, data: &'static [u8]| {
            let config = |glyphs: &'static [u32]| FontConfig {
                oversample_h: 2,
                oversample_v: 1,
                pixel_snap_h: false,
                glyph_ranges: FontGlyphRanges::from_slice(glyphs),
                ..FontConfig::default()
            };
            // imgui sizes a face by its ascent and descent, which is 1.21 times what designers call its size.
            let size_pixels = (size.pixels(presenting) * scale * 1.21).round();
            imgui.fonts().add_font(&[
                FontSource::TtfData { data, size_pixels, config: Some(config(TEXT_GLYPHS)) },
                FontSource::TtfData { data: epaint_default_fonts::HACK_REGULAR, size_pixels, config: Some(config(SYMBOL_GLYPHS)) },
            ])
        };
        // The body face comes first: imgui's own widgets use the atlas's first font.
        let body = add(Type::Body, REGULAR);
        let regular = Type::ALL.map(|size| if size == Type::Body { body } else { add(size, REGULAR) }).to_vec();
        let strong = Type::ALL.map(|size| add(size, SEMI_BOLD)).to_vec();
        Self { regular, strong }
    }

    /// The face of a size, semi-bold or not.
    pub fn face(&self, size: Type, strong: bool) -> FontId {
        if strong { self.strong[size as usize] } else { self.regular[size as usize] }
    }
}

/// Colours and sizes of imgui's own widgets (tooltips, dialogs, the path field) at a UI scale.
/// `base` is the context's style as it was created, for sizes are scaled from there.
pub fn style(imgui: &mut Context, base: &imgui::Style, scale: f32, theme: Theme) {
    let style = imgui.style_mut();
    *style = *base;
    match theme {
        Theme::Dark => style.use_dark_colors(),
        Theme::Light => style.use_light_colors(),
    };
    for (index, colour) in [
        (StyleColor::Text, TEXT),
        (StyleColor::TextDisabled, TEXT_2),
        (StyleColor::WindowBg, PANEL),
        (StyleColor::PopupBg, PANEL),
        (StyleColor::Border, AXIS),
        (StyleColor::FrameBg, RAISED),
        (StyleColor::FrameBgHovered, RAISED),
        (StyleColor::FrameBgActive, RAISED),
        (StyleColor::Button, RAISED),
        (StyleColor::ButtonHovered, HOVERED),
        (StyleColor::ButtonActive, CELL),
        (StyleColor::Separator, SEPARATOR),
        (StyleColor::TextSelectedBg, CELL),
        (StyleColor::NavHighlight, TEXT),
        (StyleColor::ModalWindowDimBg, with_alpha(GROUND, 0.6)),
    ] {
        style[index] = colour.mark(theme);
    }
    style.window_rounding = 4.0;
    style.popup_rounding = 4.0;
    style.frame_rounding = 4.0;
    style.window_border_size = 1.0;
    style.window_padding = [12.0, 12.0];
    style.frame_padding = [8.0, 5.0];
    style.item_spacing = [8.0, 8.0];
    style.anti_aliased_lines_use_tex = true;
    style.scale_all_sizes(scale);
    style.window_border_size = 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.1).
    fn luminance(rgba: Rgba) -> f32 {
        let linear = |value: f32| if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(rgba[0]) + 0.7152 * linear(rgba[1]) + 0.0722 * linear(rgba[2])
    }

    fn contrast(a: Rgba, b: Rgba) -> f32 {
        let [a, b] = [luminance(a), luminance(b)];
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_legible_in_both_themes() {
        for theme in [Theme::Dark, Theme::Light] {
            for ground in [GROUND, PANEL, RAISED] {
                for text in [TEXT, TEXT_2] {
                    let contrast = contrast(text.ink(theme), ground.mark(theme));
                    assert!(contrast >= 6.4, "{theme:?}: {contrast} of {text:?} on {ground:?}");
                }
            }
            for accent in [STUDENT, TEACHER, GLOBAL, LOCAL] {
                assert!(contrast(accent.ink(theme), GROUND.mark(theme)) >= 7.0, "{theme:?}: {accent:?}");
                assert!(contrast(ON_FILL.ink(theme), accent.under_text().mark(theme)) >= 7.0, "{theme:?}: on {accent:?}");
            }
            let measured = (0..40).map(|step| loss_colour(step as f32 * 0.06)).chain((0..400).map(prototype_colour));
            for mark in CLASSES.into_iter().chain(measured) {
                assert!(contrast(mark.mark(theme), GROUND.mark(theme)) >= 3.0, "{theme:?}: {mark:?}");
            }
        }
    }
}
