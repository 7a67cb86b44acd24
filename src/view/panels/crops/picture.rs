//! The image, as large as fits and in its own shape, with the frame of every crop where the crop was taken. Also decides where the
//! attention pictures go: beside the image or under it, whichever leaves the image larger.

use crate::snapshot::Inspection;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Looking;
use super::attention;
use super::marks;
use super::text;

/// The parts of the middle pane.
pub struct Panes {
    /// The whole pane within its margins.
    pub inner: Rect,
    /// The image.
    pub picture: Rect,
    /// The crops as the networks get them.
    pub thumbnails: Rect,
    /// The attention pictures, or the sentence that there are none.
    pub attention: Rect,
    /// The attention pictures stand in a column beside the image.
    pub column: bool,
}

/// Height of the title row.
const HEAD: f32 = 42.0;

/// Width over height of the image, within reason.
pub fn aspect(inspection: &Inspection) -> f32 {
    let [width, height] = inspection.shape.map(|side| side.max(1) as f32);
    (width / height).clamp(0.05, 20.0)
}

/// The largest rectangle of an aspect in the middle of `area`.
fn fit(area: &Rect, aspect: f32) -> Rect {
    let width = area.width().min(area.height() * aspect);
    let height = width / aspect;
    let [x, y] = area.centre();
    Rect::new((x - width * 0.5).round(), (y - height * 0.5).round(), (x + width * 0.5).round(), (y + height * 0.5).round())
}

/// Divides the middle pane.
pub fn split(area: &Rect, inspection: &Inspection, presenting: bool) -> Panes {
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 16.0, area.max[1] - 12.0);
    let aspect = aspect(inspection);
    if presenting || inner.height() < 300.0 {
        // A room and a low window need the picture; the crops stand beside their losses.
        let free = Rect::new(inner.min[0], inner.min[1] + if presenting { 48.0 } else { HEAD }, inner.max[0], inner.max[1]);
        let [none, picture] = [Rect::default(), fit(&free, aspect)];
        return Panes { inner, picture, thumbnails: none, attention: none, column: false };
    }
    let thumbnails_height = super::thumbnails::height(&inner, marks::count(inspection));
    let top = inner.min[1] + HEAD;
    // In a small window the image needs what the attention's pictures would take.
    let hidden = inner.height() < 340.0 && attention::cells(inspection) > 0;
    let cells = if hidden { 0 } else { attention::cells(inspection) };
    let place = |column: bool| {
        let middle = inner.max[1] - thumbnails_height - 10.0;
        let (picture, attention, thumbnails) = if column {
            let width = attention::column_width(middle - top, aspect, cells).min(inner.width() * 0.4);
            let picture = fit(&Rect::new(inner.min[0] + width + 16.0, top, inner.max[0], middle), aspect);
            // What the image's shape leaves free beside it is theirs.
            let free = inner.width() - picture.width() - 16.0;
            let rect = Rect::new(inner.min[0], top, inner.min[0] + free, middle);
            let used = attention::used([free, middle - top], aspect, cells).max(width);
            (Rect::new(inner.min[0] + used + 16.0, top, inner.max[0], middle), rect, inner.max[1])
        } else {
            let least = attention::row_height(inner.width(), inner.height(), aspect, cells);
            let picture = fit(&Rect::new(inner.min[0], top, inner.max[0], middle - least - 6.0), aspect);
            let free = middle - 16.0 - (top + picture.height());
            let height = if cells == 0 { least } else { attention::filled(inner.width(), free.max(least), aspect, cells) };
            let rect = Rect::new(inner.min[0], inner.max[1] - height, inner.max[0], inner.max[1]);
            (Rect::new(inner.min[0], top, inner.max[0], middle - height - 6.0), rect, inner.max[1] - height - 6.0)
        };
        Panes {
            inner,
            picture: fit(&picture, aspect),
            thumbnails: Rect::new(inner.min[0], thumbnails - thumbnails_height, inner.max[0], thumbnails),
            attention,
            column,
        }
    };
    let row = place(false);
    if cells == 0 {
        return if hidden { Panes { attention: Rect::default(), ..row } } else { row };
    }
    let beside = place(true);
    let size = |panes: &Panes| panes.picture.width() * panes.picture.height();
    if size(&beside) > size(&row) { beside } else { row }
}

/// The frame of a crop on the screen, inside the picture; none where it is not a place.
pub fn place(picture: &Rect, inspection: &Inspection, index: usize) -> Option<Rect> {
    let (share, _) = inspection.crops.get(index)?;
    if !share.iter().all(|value| value.is_finite()) {
        return None;
    }
    let x = |value: f32| (picture.min[0] + value.clamp(0.0, 1.0) * picture.width()).round();
    let y = |value: f32| (picture.min[1] + value.clamp(0.0, 1.0) * picture.height()).round();
    let [left, top, width, height] = *share;
    let rect = Rect::new(x(left), y(top), x(left + width), y(top + height));
    (rect.width() >= 2.0 && rect.height() >= 2.0).then_some(rect)
}

/// The title, the image under the frames of its crops; `head` puts that head's attention over the image.
pub fn ui(looking: &mut Looking<'_, '_>, panes: &Panes, head: Option<usize>) {
    let (frame, inspection) = (looking.frame, looking.inspection);
    let paint = &frame.paint;
    let (inner, picture) = (&panes.inner, panes.picture);
    let y = inner.min[1] + 22.0;
    let title = title(looking, inner, y);
    let room = inner.width() - title - 16.0;
    let note = match (looking.hovered, head) {
        (Some(index), _) => text::crop(inspection, index),
        (None, Some(head)) => text::head(inspection, head),
        (None, None) => text::image(looking.snapshot, inspection),
    };
    if let Some(note) = note.iter().find(|note| paint.text_width(Style::LABEL, note) <= room) {
        paint.text([inner.max[0], y + 1.0], Align::Right, Style::LABEL.coloured(theme::TEXT), note);
    }
    frame.about(
        "about-crops",
        Rect::new(inner.min[0], y - 12.0, inner.max[0], y + 12.0),
        &["One image of the data with the places of its crops: global ones solid and blue, local ones dashed and green."],
    );
    if picture.width() < 8.0 || picture.height() < 8.0 {
        return;
    }
    paint.outline(picture.inset(-1.0), theme::SEPARATOR, 0.0, 1.0);
    let over = head.and_then(|head| attention::shares(inspection, head));
    looking.image(picture, over.as_deref());

    let globals = marks::globals(inspection);
    let count = marks::count(inspection);
    let places: Vec<Option<Rect>> = (0..count).map(|index| place(&picture, inspection, index)).collect();
    if frame.touch("crops-picture", picture).hovered {
        let pointer = frame.pointer();
        let area = |rect: &Rect| rect.width() * rect.height();
        // The smallest under the pointer: a local inside a global is the one that is meant.
        let under = places.iter().enumerate().filter_map(|(index, place)| Some((index, place.filter(|rect| rect.contains(pointer))?)));
        looking.found = under.min_by(|a, b| area(&a.1).total_cmp(&area(&b.1))).map(|found| found.0);
        let said = looking.found.map_or_else(|| text::image(looking.snapshot, inspection), |index| text::crop(inspection, index));
        frame.tell(said.first().map_or("", String::as_str));
    }
    // Globals first, so that locals lie over them; the one that stands out last.
    let order = (0..count).filter(|&index| looking.hovered != Some(index)).chain(looking.hovered);
    for index in order {
        let Some(rect) = places[index] else { continue };
        let global = index < globals;
        let thickness = match looking.hovered == Some(index) {
            true => 5.0,
            false => 3.0,
        };
        marks::frame(paint, rect, global, thickness);
    }
}

/// The title, which also says what the frames' colours mean; gives its width.
fn title(looking: &Looking<'_, '_>, inner: &Rect, y: f32) -> f32 {
    let globals = marks::globals(looking.inspection);
    let locals = marks::count(looking.inspection) - globals;
    let mut words = vec![(format!("{globals} global"), theme::GLOBAL)];
    if inner.width() > 500.0 {
        words.insert(0, ("One image,".to_owned(), theme::TEXT));
    }
    if locals > 0 {
        words.extend([("and".to_owned(), theme::TEXT), (format!("{locals} local"), theme::LOCAL)]);
    }
    words.push(("crops".to_owned(), theme::TEXT));
    let mut x = inner.min[0];
    for (word, colour) in words {
        x += looking.frame.paint.text([x, y], Align::Left, Style::TITLE.coloured(colour), &word) + 5.0;
    }
    x - inner.min[0]
}

/// The names of the crops in the corners of their frames, moved aside where two would lie on each other.
pub fn tags(looking: &Looking<'_, '_>, picture: &Rect) {
    let inspection = looking.inspection;
    let globals = marks::globals(inspection);
    let count = marks::count(inspection);
    let size = marks::tag_size(&looking.frame.paint);
    let mut taken: Vec<Rect> = Vec::new();
    // Small crops have the fewest places for their tag, so they choose first.
    let mut order: Vec<(usize, Rect)> = (0..count).filter_map(|index| Some((index, place(picture, inspection, index)?))).collect();
    order.sort_by(|a, b| (a.1.width() * a.1.height()).total_cmp(&(b.1.width() * b.1.height())));
    let mut corners = Vec::new();
    for (index, rect) in order {
        let tag = free_corner(&rect, picture, &taken, size);
        taken.push(tag);
        corners.push((index, tag));
    }
    corners.sort_by_key(|(index, _)| (looking.hovered == Some(*index), *index));
    for (index, tag) in corners {
        marks::tag(&looking.frame.paint, tag.min, size, index, globals);
    }
}

fn overlap(a: &Rect, b: &Rect) -> f32 {
    let width = a.max[0].min(b.max[0]) - a.min[0].max(b.min[0]);
    let height = a.max[1].min(b.max[1]) - a.min[1].max(b.min[1]);
    width.max(0.0) * height.max(0.0)
}

/// The place of a tag: the upper left corner of its frame, or the nearest place along the frame's edges that is free.
pub fn free_corner(rect: &Rect, picture: &Rect, taken: &[Rect], [wide, high]: [f32; 2]) -> Rect {
    let at = |x: f32, y: f32| {
        let x = x.min(picture.max[0] - wide).max(picture.min[0]);
        let y = y.min(picture.max[1] - high).max(picture.min[1]);
        Rect::new(x, y, x + wide, y + high)
    };
    let steps = |from: f32, to: f32, step: f32| {
        let count = ((to - from) / step).floor().clamp(0.0, 40.0) as usize;
        (0..=count).map(move |index| from + index as f32 * step)
    };
    let mut places = Vec::new();
    // A tag would hide most of a small crop, so it stands on it.
    if rect.width().min(rect.height()) < 72.0 && rect.min[1] - high >= picture.min[1] {
        places.push(at(rect.min[0], rect.min[1] - high));
    }
    places.extend(steps(rect.min[0], rect.max[0] - wide, wide + 2.0).map(|x| at(x, rect.min[1])));
    places.extend(steps(rect.min[1], rect.max[1] - high, high + 2.0).map(|y| at(rect.min[0], y)));
    places.push(at(rect.max[0] - wide, rect.min[1]));
    places.push(at(rect.min[0], rect.max[1] - high));
    places.push(at(rect.max[0] - wide, rect.max[1] - high));
    // Outside, above or below, for crops that are smaller than a tag.
    places.push(at(rect.min[0], rect.min[1] - high));
    places.push(at(rect.min[0], rect.max[1]));
    let covered = |place: &Rect| taken.iter().map(|other| overlap(place, other)).sum::<f32>();
    let mut best = places[0];
    for place in &places {
        if covered(place) < covered(&best) - 0.5 {
            best = *place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_crops_with_one_corner_lie_beside_each_other() {
        let picture = Rect::new(0.0, 0.0, 400.0, 400.0);
        let rect = Rect::new(10.0, 10.0, 300.0, 300.0);
        let mut taken = Vec::new();
        for _ in 0..10 {
            let tag = free_corner(&rect, &picture, &taken, [30.0, 22.0]);
            assert!(taken.iter().all(|other| overlap(&tag, other) < 0.5), "{tag:?} lies on {taken:?}");
            taken.push(tag);
        }
        assert_eq!(taken[0].min, rect.min);
    }

    #[test]
    fn the_picture_keeps_its_shape() {
        let area = Rect::new(0.0, 0.0, 500.0, 400.0);
        for aspect in [0.3, 1.0, 4.0] {
            let rect = fit(&area, aspect);
            assert!((rect.width() / rect.height() - aspect).abs() < 0.05 * aspect);
            assert!(rect.width() <= 500.0 && rect.height() <= 400.0);
        }
    }
}
