//! The card of an image in the cloud: its two views, what it is, and how near student and teacher put them. The chosen image's card
//! stays, with its nearest neighbours. Where the stage is small, a line of text takes its place.
//!
//! Subtlety: pictures are drawn below everything that imgui paints, so the card's ground is a picture, too, and the card stays on
//! the stage, where no words are.

use std::sync::Arc;

use crate::snapshot::{Cloud, Snapshot};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::pictures::{Picture, packed};
use crate::view::theme;
use crate::view::tint::Tint;

/// Side of a view on the card.
const VIEW: f32 = 64.0;
/// Side of a neighbour.
const NEIGHBOUR: f32 = 44.0;
const MARGIN: f32 = 10.0;
const GAP: f32 = 6.0;
/// Height of a line of text.
const LINE: f32 = 19.0;

/// What there is to say of an image: its name, and lines below it.
fn about(snapshot: &Snapshot, cloud: &Cloud, image: u32, tint: Tint) -> (String, Vec<String>) {
    let class = cloud.class(image).and_then(|class| snapshot.class_names.get(class)).cloned();
    let name = class.unwrap_or_else(|| format!("image {image}"));
    let mut lines = Vec::new();
    if let Some(loss) = cloud.loss(image) {
        lines.push(format!("cos {:.2}, loss {loss:.2}", 1.0 - 0.5 * loss));
    }
    let at = image as usize;
    let cluster = cloud.clusters.get(at).map(|cluster| format!("cluster {}", u64::from(*cluster) + 1));
    let prototype = cloud.prototypes.get(at).map(|prototype| format!("prototype {prototype}"));
    match tint {
        Tint::Prototype => lines.extend(prototype),
        Tint::Cluster => lines.extend(cluster),
        Tint::Class | Tint::Loss => lines.extend(prototype),
    }
    (name, lines)
}

/// Whether there is room for cards.
pub fn fits(frame: &Frame<'_>, stage: &Rect) -> bool {
    !frame.presenting && stage.width() >= 380.0 && stage.height() >= 330.0
}

/// The line that stands for the card where there is no room for it.
pub fn caption(frame: &Frame<'_>, stage: &Rect, snapshot: &Snapshot, cloud: &Cloud, image: u32, tint: Tint) {
    let paint = &frame.paint;
    let (name, lines) = about(snapshot, cloud, image, tint);
    let text = std::iter::once(name).chain(lines).collect::<Vec<_>>().join(" · ");
    frame.tell(&text);
    let height = paint.text_height(Style::LABEL) + 12.0;
    let width = (paint.text_width(Style::LABEL, &text) + 2.0 * MARGIN).min(stage.width());
    let x = stage.centre()[0] - width * 0.5;
    let rect = Rect::new(x, stage.max[1] - height, x + width, stage.max[1]);
    paint.fill(rect, theme::PANEL, 4.0);
    paint.outline(rect, theme::AXIS, 4.0, 1.0);
    paint.text_clipped([x + MARGIN, rect.centre()[1]], Style::LABEL, &text, width - 2.0 * MARGIN);
}

fn ground(frame: &Frame<'_>, rect: Rect) {
    let colour = packed(frame.paint.rgba(theme::PANEL));
    frame.picture(Picture::of_cells(Arc::new([colour]), [1, 1], rect));
    frame.paint.outline(rect, theme::AXIS, 4.0, 1.0);
}

/// The two views, the student's framed and the teacher's outlined by a ring's colour, with what they are.
fn views(frame: &Frame<'_>, cloud: &Cloud, image: u32, left: f32, top: f32) {
    for view in 0..2 {
        let x = left + view as f32 * (VIEW + GAP);
        frame.picture(Picture::of_cloud(cloud, view, image, Rect::new(x, top, x + VIEW, top + VIEW)));
        let (colour, middle) = (if view == 0 { theme::STUDENT } else { theme::TEACHER }, x + VIEW * 0.5);
        frame.paint.fill(Rect::new(x, top + VIEW, x + VIEW, top + VIEW + 3.0), colour, 0.0);
        let name = if view == 0 { "student" } else { "teacher" };
        frame.paint.text([middle, top + VIEW + 13.0], Align::Centre, Style::LABEL, name);
    }
}

/// How large a card is: the hovered image's, or the chosen one's with so many neighbours.
fn size(frame: &Frame<'_>, name: &str, lines: &[String], neighbours: Option<usize>) -> [f32; 2] {
    let paint = &frame.paint;
    let texts = lines.iter().map(|line| paint.text_width(Style::LABEL, line)).fold(paint.text_width(Style::TITLE, name), f32::max);
    let inner = texts.clamp(2.0 * VIEW + GAP, 220.0).max(if neighbours.is_some() { 3.0 * NEIGHBOUR + 2.0 * 12.0 } else { 0.0 });
    let rows = neighbours.map_or(0.0, |count| 8.0 + LINE + count.div_ceil(3) as f32 * (NEIGHBOUR + LINE + 4.0));
    [inner + 2.0 * MARGIN, 2.0 * MARGIN + VIEW + 22.0 + LINE * (1 + lines.len()) as f32 + rows]
}

fn contents(frame: &Frame<'_>, rect: &Rect, cloud: &Cloud, image: u32, name: &str, lines: &[String]) -> f32 {
    let paint = &frame.paint;
    let [left, top] = [rect.min[0] + MARGIN, rect.min[1] + MARGIN];
    views(frame, cloud, image, left, top);
    let mut y = top + VIEW + 22.0 + LINE * 0.5;
    paint.text_clipped([left, y], Style::TITLE, name, rect.width() - 2.0 * MARGIN);
    for line in lines {
        y += LINE;
        paint.text_clipped([left, y], Style::LABEL, line, rect.width() - 2.0 * MARGIN);
    }
    y + LINE * 0.5
}

/// The card of the image under the pointer, beside its spot.
pub fn hovered(frame: &Frame<'_>, stage: &Rect, snapshot: &Snapshot, cloud: &Cloud, image: u32, at: [f32; 2], tint: Tint) {
    let (name, lines) = about(snapshot, cloud, image, tint);
    frame.tell(&format!("{name}: {}", lines.join(", ")));
    let [width, height] = size(frame, &name, &lines, None);
    let beside = |at: f32, extent: f32, low: f32, high: f32| {
        let after = at + 18.0;
        let start = if after + extent <= high { after } else { at - 18.0 - extent };
        start.clamp(low, (high - extent).max(low))
    };
    let x = beside(at[0], width, stage.min[0] + 4.0, stage.max[0] - 4.0);
    let y = beside(at[1], height, stage.min[1] + 4.0, stage.max[1] - 4.0);
    let rect = Rect::new(x, y, x + width, y + height);
    ground(frame, rect);
    contents(frame, &rect, cloud, image, &name, &lines);
}

/// The chosen image's card in a lower corner of the stage: the left one if `left`. Gives its place, and the
/// neighbour that was clicked on.
pub fn chosen(frame: &Frame<'_>, stage: &Rect, snapshot: &Snapshot, cloud: &Cloud, tint: Tint, left: bool) -> Option<(Rect, Option<u32>)> {
    let selection = cloud.selection.as_ref()?;
    let paint = &frame.paint;
    let (name, mut lines) = about(snapshot, cloud, selection.image, tint);
    let count = if stage.height() < 440.0 { 3 } else { 6 }.min(cloud.count.saturating_sub(1) as usize);
    if name != format!("image {}", selection.image) {
        lines.push(format!("image {} of the cloud", selection.image));
    }
    let [width, height] = size(frame, &name, &lines, Some(count));
    let x = if left { stage.min[0] + 6.0 } else { stage.max[0] - 6.0 - width };
    let y = stage.max[1] - 6.0 - height;
    let rect = Rect::new(x, y, x + width, y + height);
    ground(frame, rect);
    let mut y = contents(frame, &rect, cloud, selection.image, &name, &lines) + 8.0;
    let [inner, right] = [rect.min[0] + MARGIN, rect.max[0] - MARGIN];
    paint.rule([inner, y - 3.0], [right, y - 3.0], theme::SEPARATOR, 1.0);
    paint.text([inner, y + LINE * 0.5], Align::Left, Style::LABEL, "nearest, by cosine");
    y += LINE + 2.0;
    if selection.neighbours.is_empty() && count > 0 {
        paint.text([inner, y + 12.0], Align::Left, Style::LABEL, "being measured");
    }
    let mut clicked = None;
    for (index, &(image, cosine)) in selection.neighbours.iter().enumerate().take(count) {
        let x = inner + (index % 3) as f32 * (NEIGHBOUR + 12.0);
        let y = y + (index / 3) as f32 * (NEIGHBOUR + LINE + 4.0);
        frame.picture(Picture::of_cloud(cloud, 0, image, Rect::new(x, y, x + NEIGHBOUR, y + NEIGHBOUR)));
        paint.fill(Rect::new(x, y + NEIGHBOUR, x + NEIGHBOUR, y + NEIGHBOUR + 3.0), tint.colour(cloud, image), 0.0);
        paint.text([x + NEIGHBOUR * 0.5, y + NEIGHBOUR + 12.0], Align::Centre, Style::LABEL, &format!("{cosine:.2}"));
        let touch = frame.touch(&format!("neighbour {index}"), Rect::new(x, y, x + NEIGHBOUR, y + NEIGHBOUR + LINE));
        clicked = clicked.or(touch.clicked.then_some(image));
        if touch.hovered {
            let class = cloud.class(image).and_then(|class| snapshot.class_names.get(class)).map_or("no label", String::as_str);
            frame.tooltip(&[&format!(
                "{class}, image {image}: cosine {cosine:.3} with the chosen one, in all {} dimensions.",
                cloud.dimensions
            )]);
        }
    }
    // The rest of the card is not the ground that a click lets go on.
    let about = "The chosen image with its two views and its nearest neighbours; a click on one chooses it, Esc lets go.";
    if frame.touch("card", rect).hovered {
        frame.tell(about);
    }
    Some((rect, clicked))
}
