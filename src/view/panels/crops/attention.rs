//! Where the encoder's CLS token looks in its last block: one small picture a head, and their mean, the image under a veil that is
//! clear where the attention is largest. Pointing at one puts it over the large image; a click keeps it there.

use crate::snapshot::Inspection;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Looking;
use super::picture::{Panes, aspect};

/// Said where there is no attention to show.
const NONE: &str = "The pyramid has no attention: choose a ViT preset.";
/// Gap between two pictures, and what stands above and under each.
const GAP: f32 = 10.0;
const LABEL: f32 = 22.0;
const TITLE: f32 = 24.0;
/// The title in a column has two lines.
const TITLES: f32 = 42.0;
/// The narrowest column, for its title's sake.
const NARROWEST: f32 = 104.0;
/// Heads shown at most; the mean is over all.
const MOST_HEADS: usize = 8;

/// Heads whose shares are really there.
pub fn heads(inspection: &Inspection) -> usize {
    let cells = patches(inspection);
    inspection.attention.len().checked_div(cells).unwrap_or(0).min(inspection.attention_heads as usize)
}

/// Pictures: a head each, and the mean where there are several.
pub fn cells(inspection: &Inspection) -> usize {
    match heads(inspection) {
        0 => 0,
        1 => 1,
        heads => heads.min(MOST_HEADS) + 1,
    }
}

fn patches(inspection: &Inspection) -> usize {
    (inspection.attention_side as usize).saturating_mul(inspection.attention_side as usize)
}

/// The shares of a head, or of the mean where `head` is the number of heads.
pub fn shares(inspection: &Inspection, head: usize) -> Option<Vec<f32>> {
    let (heads, patches) = (heads(inspection), patches(inspection));
    let of = |head: usize| inspection.attention.get(head * patches..(head + 1) * patches);
    match head {
        _ if heads == 0 || head > heads => None,
        _ if head < heads => of(head).map(<[f32]>::to_vec),
        _ => {
            let mean = |patch: usize| (0..heads).filter_map(of).map(|shares| shares[patch]).sum::<f32>() / heads as f32;
            Some((0..patches).map(mean).collect())
        }
    }
}

/// The opacities of the veil over attention shares: clear where the share is largest.
pub fn veil(shares: &[f32]) -> impl Iterator<Item = f32> + '_ {
    let largest = shares.iter().copied().filter(|share| share.is_finite()).fold(0.0, f32::max).max(1e-12);
    shares.iter().map(move |share| {
        let share = if share.is_finite() { (share / largest).clamp(0.0, 1.0) } else { 0.0 };
        VEIL * (1.0 - share.powf(0.7))
    })
}

/// The veil where there is no attention. The notes' 0.62 leaves bright images too bright for a projector.
const VEIL: f32 = 0.8;

/// Height of the pictures' part under an image that may take all the height but this.
pub fn row_height(width: f32, height: f32, aspect: f32, cells: usize) -> f32 {
    if cells == 0 {
        return LABEL;
    }
    let widest = (width + GAP) / cells as f32 - GAP;
    TITLE + (widest / aspect).min(height * 0.13).max(16.0) + LABEL
}

/// Width of the pictures' part beside an image that may take all the width but this.
pub fn column_width(height: f32, aspect: f32, cells: usize) -> f32 {
    let side = ((height - TITLES) / cells.max(1) as f32 - LABEL).clamp(24.0, 168.0);
    (side * aspect).clamp(NARROWEST, 200.0)
}

/// Columns of the pictures, and the width of one, so that they are as large as `size` allows.
fn arrange([width, height]: [f32; 2], aspect: f32, cells: usize) -> (usize, f32) {
    let fit = |columns: usize| {
        let rows = cells.div_ceil(columns);
        let wide = (width + GAP) / columns as f32 - GAP;
        let high = (height / rows as f32 - LABEL) * aspect;
        (columns, wide.min(high).max(4.0))
    };
    // Of equals the one with the fewest columns.
    (1..=cells.max(1)).rev().map(fit).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((1, 4.0))
}

/// Width that the pictures take in a column of `size`.
pub fn used([width, height]: [f32; 2], aspect: f32, cells: usize) -> f32 {
    let (columns, cell) = arrange([width, height - TITLES], aspect, cells);
    columns as f32 * (cell + GAP) - GAP
}

/// Height that the pictures fill of at most `height`, title included.
pub fn filled(width: f32, height: f32, aspect: f32, cells: usize) -> f32 {
    let (columns, cell) = arrange([width, height - TITLE], aspect, cells);
    TITLE + cells.div_ceil(columns) as f32 * (cell / aspect + LABEL)
}

/// Paints the pictures; gives the head under the pointer. `shown` is over the image; a click changes what is `kept` there.
pub fn ui(looking: &mut Looking<'_, '_>, panes: &Panes, shown: Option<usize>, kept: &mut Option<usize>) -> Option<usize> {
    let (frame, inspection) = (looking.frame, looking.inspection);
    let paint = &frame.paint;
    let area = &panes.attention;
    let cells = cells(inspection);
    if cells == 0 {
        if let Some(words) = paint.fitting(Style::QUIET, &[NONE, "The pyramid has no attention."], area.width()) {
            paint.text([area.min[0], area.centre()[1]], Align::Left, Style::QUIET, words);
        }
        return None;
    }
    let side = inspection.attention_side;
    let mut y = area.min[1] + 10.0;
    let grid = format!("{side} × {side} patches");
    let long = format!("the student's last block, head by head, {grid}; brightest = the head's largest share");
    let middle = format!("the student's last block, {grid}");
    if panes.column {
        paint.text([area.min[0], y], Align::Left, Style::TITLE, "CLS attention");
        y += 18.0;
        paint.text([area.min[0], y], Align::Left, Style::LABEL, &format!("last block, {side} × {side}"));
        y += 14.0;
    } else {
        let title = paint.text([area.min[0], y], Align::Left, Style::TITLE, "CLS attention");
        let room = area.width() - title - 20.0;
        if let Some(note) = [long, middle, grid].iter().find(|note| paint.text_width(Style::LABEL, note) <= room) {
            paint.text([area.max[0], y + 1.0], Align::Right, Style::LABEL, note);
        }
        y += 14.0;
    }
    frame.about(
        "about-attention",
        Rect::new(area.min[0], area.min[1], area.max[0], y),
        &["Where the last block's CLS token looks, as shares of its attention to patches; each picture's brightest patch is its largest share."],
    );
    let aspect = aspect(inspection);
    let (columns, width) = arrange([area.width(), area.max[1] - y], aspect, cells);
    let height = width / aspect;
    // Names stand below their pictures however narrow those are.
    let pitch = (width + GAP).max(56.0);
    let heads = heads(inspection);
    let mut found = None;
    for cell in 0..cells {
        // The mean comes last.
        let head = if cell + 1 == cells && heads > 1 { heads } else { cell };
        let Some(shares) = shares(inspection, head) else { continue };
        let [column, row] = [(cell % columns) as f32, (cell / columns) as f32];
        let corner = [area.min[0] + column * pitch, y + row * (height + LABEL)];
        let rect = Rect::new(corner[0].round(), corner[1].round(), (corner[0] + width).round(), (corner[1] + height).round());
        looking.image(rect, Some(&shares));
        let touch = frame.touch(&format!("head-{head}"), Rect::new(rect.min[0], rect.min[1], rect.max[0], rect.max[1] + LABEL));
        if touch.hovered {
            found = Some(head);
            let words = super::text::head(inspection, head);
            frame.tooltip(&[&format!("The {}, of all patches' 100 %. A click keeps it over the image.", words[0])]);
        }
        if touch.clicked {
            *kept = if *kept == Some(head) { None } else { Some(head) };
        }
        let over = shown == Some(head);
        paint.outline(rect.inset(-1.0), if over { theme::TEXT } else { theme::SEPARATOR }, 0.0, if over { 2.0 } else { 1.0 });
        let name = if head == heads && heads > 1 { "mean".to_owned() } else { format!("head {}", head + 1) };
        let style = if over { Style::LABEL.coloured(theme::TEXT) } else { Style::LABEL };
        paint.text([rect.min[0], rect.max[1] + 10.0], Align::Left, style, &name);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_veil_is_clear_where_attention_is_largest() {
        let opacities: Vec<f32> = veil(&[0.1, 0.4, 0.0, f32::NAN]).collect();
        assert_eq!(opacities[1], 0.0);
        assert!(opacities[0] > 0.0 && opacities[0] < opacities[2]);
        assert_eq!([opacities[2], opacities[3]], [VEIL, VEIL]);
        assert!(veil(&[0.0; 4]).all(f32::is_finite));
    }
}
