//! Views: each image with its crops framed, and below it what was made of them.

use crate::snapshot::{BatchPictures, OfOne};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::crops::{free_corner, marks};
use crate::view::pictures::Picture;
use crate::view::theme;

use super::Looking;

/// What a row's picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// This view of the row's image, from 0; of one image: the row's crop.
    View(u32),
    /// What the row is compared with: view 2; of one image: the first global that is another crop.
    Target,
}

/// Draws what a row is of.
pub(super) fn subject(looking: &Looking<'_, '_>, subject: Subject, row: usize, rect: Rect) {
    let (crop, image) = match (looking.of_one, subject) {
        (true, Subject::View(_)) => (row, 0),
        (true, Subject::Target) => (OfOne::target(row), 0),
        (false, Subject::View(view)) => (view as usize, row),
        (false, Subject::Target) => (1, row),
    };
    view(looking, crop as u32, image as u32, rect);
    if !looking.of_one {
        return;
    }
    marks::frame(&looking.frame.paint, rect, crop < GLOBALS, 2.0);
    let size = [24.0_f32.min(rect.width()), 16.0];
    if rect.height() > 30.0 {
        marks::tag(
            &looking.frame.paint,
            rect.min,
            size.map(|side| side * looking.frame.paint.text_height(Style::LABEL) / 13.0),
            crop,
            GLOBALS,
        );
    }
}

/// A crop's name.
pub(super) fn name(crop: usize) -> String {
    marks::name(crop, GLOBALS)
}

/// Global views of an image.
const GLOBALS: usize = 2;

/// Draws one view of an image; `view` from 0, locals after the globals.
fn view(looking: &Looking<'_, '_>, view: u32, image: u32, rect: Rect) {
    let pictures = &looking.moment.pictures;
    match (view.checked_sub(2), &pictures.locals) {
        (Some(local), Some(pixels)) => {
            looking.frame.picture(Picture::of_buffer(pixels, pictures.local_side, local * pictures.batch + image, rect));
        }
        (Some(_), None) => {}
        (None, _) => {
            looking.frame.picture(Picture::of_buffer(&pictures.globals, pictures.global_side, view * pictures.batch + image, rect))
        }
    }
}

/// One image with the places of its crops, and below it the crops as the networks get them.
pub(super) fn one(looking: &Looking<'_, '_>, body: &Rect) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let pictures = &looking.moment.pictures;
    let Some(crops) = pictures.frames.first() else { return };
    let gap = 12.0;
    let pitch = (body.width() + gap) / crops.len().max(1) as f32;
    let side = (pitch - gap).min(body.height() * 0.26).clamp(8.0, 140.0).floor();
    let label = paint.text_height(Style::LABEL);
    let cell = Rect::new(body.min[0], body.min[1] + 4.0, body.max[0], body.max[1] - side - label * 1.5 - 2.0 * gap - 8.0);
    let square = cell.width().min(cell.height()).max(8.0);
    let [x, y] = [cell.centre()[0], cell.min[1] + square * 0.5];
    let shape = pictures.shapes.first().copied().unwrap_or([1, 1]);
    let rect = fitted(Rect::new(x - square * 0.5, y - square * 0.5, x + square * 0.5, y + square * 0.5), shape);
    frame.picture(Picture::of_buffer(&pictures.whole, pictures.whole_side, 0, rect));
    let size = marks::tag_size(paint);
    let places: Vec<(usize, Rect)> = crops.iter().enumerate().map(|(index, crop)| (index, placed(&rect, crop.0))).collect();
    for (index, place) in &places {
        marks::frame(paint, *place, *index < GLOBALS, 3.0);
    }
    // Small crops have the fewest places for their tag, so they choose first.
    let mut taken = Vec::new();
    for (index, place) in places.iter().rev() {
        let tag = free_corner(place, &rect, &taken, size);
        marks::tag(paint, tag.min, size, *index, GLOBALS);
        taken.push(tag);
    }
    let top = cell.min[1] + square + gap;
    let left = body.centre()[0] - (pitch.min(side * 1.4) * crops.len() as f32 - gap) * 0.5;
    for index in 0..crops.len() {
        let x = (left + pitch.min(side * 1.4) * index as f32).round();
        subject(looking, Subject::View(0), index, Rect::new(x, top, x + side, top + side));
    }
    let shown = format!("the first of {} images; below it the crops as the networks get them", pictures.batch);
    if let Some(text) = paint.fitting(Style::LABEL, &[&shown, &format!("the first of {} images", pictures.batch)], body.width()) {
        paint.text([body.centre()[0], top + side + label + 2.0], Align::Centre, Style::LABEL, text);
    }
}

/// A crop's place in the picture of its image.
fn placed(rect: &Rect, [left, top, width, height]: [f32; 4]) -> Rect {
    let at = |x: f32, y: f32| [rect.min[0] + x.clamp(0.0, 1.0) * rect.width(), rect.min[1] + y.clamp(0.0, 1.0) * rect.height()];
    let ([x0, y0], [x1, y1]) = (at(left, top), at(left + width, top + height));
    Rect::new(x0, y0, x1, y1)
}

/// The part of a square that an image of this shape takes.
fn fitted(cell: Rect, [width, height]: [u32; 2]) -> Rect {
    let [width, height] = [width.max(1) as f32, height.max(1) as f32];
    let scale = cell.width() / width.max(height);
    let [x, y] = cell.centre();
    let [half_width, half_height] = [width * scale * 0.5, height * scale * 0.5];
    Rect::new(x - half_width, y - half_height, x + half_width, y + half_height)
}

pub(super) fn ui(looking: &Looking<'_, '_>, body: &Rect) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let pictures = &looking.moment.pictures;
    let locals = pictures.frames.first().map_or(0, |frames| frames.len().saturating_sub(2)) as u32;
    let rows = 3 + if pictures.locals.is_some() { locals } else { 0 };
    let labels = paint.text_width(Style::LABEL, "local 8") + 12.0;
    let gap = 8.0;
    let tall = ((body.height() - gap * (rows - 1) as f32) / rows as f32).max(8.0);
    let room = body.width() - labels;
    let count = (((room + gap) / (tall + gap)).ceil() as u32).clamp(1, pictures.images.max(1));
    let side = tall.min((room - gap * (count - 1) as f32) / count as f32).min(160.0);
    let top = body.min[1] + ((body.height() - (side + gap) * rows as f32 + gap) * 0.5).clamp(0.0, 24.0);
    let scale = frame.scale;
    let snap = |value: f32| (value * scale).round() / scale;
    for row in 0..rows {
        let y = snap(top + row as f32 * (side + gap));
        let name = match row {
            0 => "image".to_owned(),
            1 | 2 => format!("view {row}"),
            local => format!("local {}", local - 2),
        };
        paint.text([body.min[0], y + side * 0.5], Align::Left, Style::LABEL, &name);
        for image in 0..count {
            let x = snap(body.min[0] + labels + image as f32 * (side + gap));
            let cell = Rect::new(x, y, x + side, y + side);
            if row == 0 {
                whole(looking, pictures, image, cell);
                continue;
            }
            view(looking, row - 1, image, cell);
            if row <= 2 {
                paint.outline(cell.inset(-1.0), theme::GLOBAL, 0.0, 2.0);
            } else {
                paint.dashed_outline(cell.inset(-1.0), theme::LOCAL, 2.0);
            }
        }
    }
    let y = top + rows as f32 * (side + gap) + paint.text_height(Style::LABEL) * 0.5;
    let shown = format!("the first {count} of {} images; the frames are where the views were cut", pictures.batch);
    if y + paint.text_height(Style::LABEL) * 0.5 <= body.max[1]
        && let Some(text) = paint.fitting(Style::LABEL, &[&shown, &format!("{count} of {} images", pictures.batch)], body.width())
    {
        paint.text([body.min[0], y], Align::Left, Style::LABEL, text);
    }
}

/// An image with the frames of its crops.
fn whole(looking: &Looking<'_, '_>, pictures: &BatchPictures, image: u32, cell: Rect) {
    let paint = &looking.frame.paint;
    let rect = fitted(cell, pictures.shapes.get(image as usize).copied().unwrap_or([1, 1]));
    looking.frame.picture(Picture::of_buffer(&pictures.whole, pictures.whole_side, image, rect));
    let frames = pictures.frames.get(image as usize).map(Vec::as_slice).unwrap_or_default();
    for (index, (place, _)) in frames.iter().enumerate().rev() {
        let crop = placed(&rect, *place);
        if index < 2 {
            paint.outline(crop, theme::GROUND, 0.0, 3.0);
            paint.outline(crop, theme::GLOBAL, 0.0, 2.0);
        } else {
            paint.dashed_outline(crop, theme::LOCAL, 1.5);
        }
        let tag = paint.text_height(Style::LABEL);
        if index < 2 && cell.width() > 3.5 * tag {
            let corner = if index == 0 { crop.min } else { [crop.max[0] - tag, crop.max[1] - tag * 1.15] };
            paint.fill(Rect::new(corner[0], corner[1], corner[0] + tag, corner[1] + tag * 1.15), theme::GLOBAL.under_text(), 0.0);
            let middle = [corner[0] + tag * 0.5, corner[1] + tag * 0.575];
            paint.text(middle, Align::Centre, Style::LABEL.coloured(theme::ON_FILL), &(index + 1).to_string());
        }
    }
}
