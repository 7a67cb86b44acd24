//! Colours, type sizes and fonts: the one place that knows how things look. All sizes are in logical pixels, at UI scale 1;
//! [`Fonts::install`] rasterises the fonts for the scale in use, so text is as sharp at scale 3 as at 1.
//!
//! Subtlety: the font crate ships one weight. Semi-bold text is the same font drawn twice, the second time from a copy whose
//! glyphs sit a fraction of a pixel to the right.

use imgui::{Context, FontConfig, FontGlyphRanges, FontId, FontSource, StyleColor};

/// Red, green, blue, alpha, each 0 to 1, as they go to the (non-sRGB) target.
pub type Colour = [f32; 4];

const fn hex(rgb: u32) -> Colour {
    [((rgb >> 16) & 255) as f32 / 255.0, ((rgb >> 8) & 255) as f32 / 255.0, (rgb & 255) as f32 / 255.0, 1.0]
}

/// Behind everything.
pub const GROUND: Colour = hex(0x0E1116);
/// Bars and plots.
pub const PANEL: Colour = hex(0x13171D);
/// Buttons, the loss box, the selected row.
pub const RAISED: Colour = hex(0x222933);
/// One-pixel lines between panes.
pub const SEPARATOR: Colour = hex(0x2B323D);
/// Axes, reference lines, outlines of keys.
pub const AXIS: Colour = hex(0x667182);
/// Text.
pub const TEXT: Colour = hex(0xF2F4F7);
/// Second level of text; there is no third.
pub const TEXT_2: Colour = hex(0xB9C1CC);
/// The student: filled.
pub const STUDENT: Colour = hex(0xE69F00);
/// The teacher: outlined.
pub const TEACHER: Colour = hex(0xB18CFF);
/// A global crop: solid frame.
pub const GLOBAL: Colour = hex(0x56B4E9);
/// A local crop: dashed frame.
pub const LOCAL: Colour = hex(0x2BB673);
/// A bar inside a matrix cell.
pub const CELL: Colour = hex(0x3A4452);
/// Collapse and alarms. Never text.
pub const ALARM: Colour = hex(0xD55E00);

/// The ten class colours, repeated beyond ten classes; the last entry is "no label".
pub const CLASSES: [Colour; 11] = [
    hex(0xE08A98),
    hex(0x9A94EE),
    hex(0xE0D080),
    hex(0x5DBB7B),
    hex(0x8FD0F0),
    hex(0xC9719A),
    hex(0x5CC6B4),
    hex(0xBDBD62),
    hex(0xD188C6),
    hex(0xC9CED6),
    hex(0xB9C1CC),
];

/// The colour of class `index`.
pub fn class_colour(index: usize) -> Colour {
    CLASSES[index % 10]
}

/// The same colour at another opacity.
pub const fn with_alpha(colour: Colour, alpha: f32) -> Colour {
    [colour[0], colour[1], colour[2], alpha]
}

/// The grid's unit in logical pixels.
pub const UNIT: f32 = 8.0;

/// The sizes of text, in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// 13: labels, axes, keys.
    Label,
    /// 15: body, names, titles.
    Body,
    /// 16: the caption.
    Caption,
    /// 22: the current value of a meter.
    Value,
}

impl Type {
    const ALL: [Self; 4] = [Self::Label, Self::Body, Self::Caption, Self::Value];

    /// Height in logical pixels.
    pub const fn pixels(self) -> f32 {
        match self {
            Self::Label => 13.0,
            Self::Body => 15.0,
            Self::Caption => 16.0,
            Self::Value => 22.0,
        }
    }
}

/// The rasterised fonts of one UI scale.
#[derive(Clone, Debug)]
pub struct Fonts {
    regular: Vec<FontId>,
    shifted: Vec<FontId>,
}

/// Latin, Greek, punctuation, super- and subscripts, letterlike and mathematical signs.
const TEXT_GLYPHS: &[u32] = &[0x20, 0x17F, 0x370, 0x3FF, 0x2010, 0x205E, 0x2070, 0x209F, 0x2100, 0x214F, 0x2200, 0x22FF, 0];
/// Arrows, mathematical signs and geometric shapes, which the text font lacks.
const SYMBOL_GLYPHS: &[u32] = &[0x2190, 0x21FF, 0x2200, 0x22FF, 0x2300, 0x23FF, 0x25A0, 0x25FF, 0];

impl Fonts {
    /// Puts the fonts for `scale` into the context's (emptied) atlas; the renderer's font texture has to be reloaded after it.
    pub fn install(imgui: &mut Context, scale: f32) -> Self {
        imgui.fonts().clear();
        let mut add = |size: f32, shift: f32| {
            let config = |glyphs: &'static [u32]| FontConfig {
                oversample_h: 2,
                oversample_v: 1,
                pixel_snap_h: false,
                glyph_offset: [shift, 0.0],
                rasterizer_multiply: 1.25,
                glyph_ranges: FontGlyphRanges::from_slice(glyphs),
                ..FontConfig::default()
            };
            let size_pixels = (size * scale * 1.1).round();
            imgui.fonts().add_font(&[
                FontSource::TtfData { data: epaint_default_fonts::UBUNTU_LIGHT, size_pixels, config: Some(config(TEXT_GLYPHS)) },
                FontSource::TtfData { data: epaint_default_fonts::HACK_REGULAR, size_pixels, config: Some(config(SYMBOL_GLYPHS)) },
            ])
        };
        // The body face comes first: imgui's own widgets use the atlas's first font.
        let body = add(Type::Body.pixels(), 0.0);
        let mut regular = Vec::new();
        let mut shifted = Vec::new();
        for size in Type::ALL {
            regular.push(if size == Type::Body { body } else { add(size.pixels(), 0.0) });
            shifted.push(add(size.pixels(), 0.45 * scale * size.pixels() / 15.0));
        }
        Self { regular, shifted }
    }

    /// The face of a size.
    pub fn regular(&self, size: Type) -> FontId {
        self.regular[size as usize]
    }

    /// The same face, moved right by the thickness of a semi-bold stroke.
    pub fn shifted(&self, size: Type) -> FontId {
        self.shifted[size as usize]
    }
}

/// Colours and sizes of imgui's own widgets (tooltips, dialogs, the path field) at a UI scale.
/// `base` is the context's style as it was created, for sizes are scaled from there.
pub fn style(imgui: &mut Context, base: &imgui::Style, scale: f32) {
    let style = imgui.style_mut();
    *style = *base;
    style.use_dark_colors();
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
        (StyleColor::ButtonHovered, hex(0x2E3744)),
        (StyleColor::ButtonActive, hex(0x3A4452)),
        (StyleColor::Separator, SEPARATOR),
        (StyleColor::TextSelectedBg, hex(0x3A4452)),
        (StyleColor::NavHighlight, TEXT),
        (StyleColor::ModalWindowDimBg, with_alpha(GROUND, 0.6)),
    ] {
        style[index] = colour;
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
