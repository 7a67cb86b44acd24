//! Under the sphere: what the colours are. Classes, clusters and prototypes as bars of their colour with a picture and a name, as many
//! as fit; the loss as a scale.

use crate::snapshot::{Cloud, Snapshot};
use crate::view::charts::grouped;
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::panels::Frame;
use crate::view::pictures::Picture;
use crate::view::theme::{self, Colour};
use crate::view::tint::Tint;

/// One colour: its name, of how many images it is where that is counted, and one of them.
struct Entry {
    colour: Colour,
    name: String,
    more: String,
    image: Option<u32>,
}

/// Paints the legend into `area`.
pub fn ui(frame: &Frame<'_>, area: &Rect, snapshot: &Snapshot, tint: Tint) {
    let cloud = snapshot.cloud.as_ref();
    match (tint, cloud) {
        (Tint::Loss, _) => scale(frame, area),
        (Tint::Class, cloud) => bars(frame, area, &classes(snapshot, cloud), cloud),
        (Tint::Cluster, Some(cloud)) => bars(frame, area, &clusters(cloud), Some(cloud)),
        (Tint::Prototype, Some(cloud)) => bars(frame, area, &prototypes(cloud), Some(cloud)),
        _ => {}
    }
}

fn classes(snapshot: &Snapshot, cloud: Option<&Cloud>) -> Vec<Entry> {
    let mut firsts = vec![None; snapshot.class_names.len()];
    if let Some(cloud) = cloud {
        for image in 0..cloud.count {
            if let Some(first) = cloud.class(image).and_then(|class| firsts.get_mut(class)) {
                let _: &mut u32 = first.get_or_insert(image);
            }
        }
    }
    let entry = |(index, name): (usize, &String)| Entry {
        colour: theme::class_colour(index),
        name: name.clone(),
        more: String::new(),
        image: firsts[index],
    };
    snapshot.class_names.iter().enumerate().map(entry).collect()
}

/// How often each number occurs, and where first.
fn counted(numbers: &[u32]) -> Vec<(u32, usize, u32)> {
    let mut found: std::collections::BTreeMap<u32, (usize, u32)> = std::collections::BTreeMap::new();
    for (image, &number) in (0..).zip(numbers) {
        found.entry(number).or_insert((0, image)).0 += 1;
    }
    found.into_iter().map(|(number, (count, first))| (number, count, first)).collect()
}

fn clusters(cloud: &Cloud) -> Vec<Entry> {
    let entry = |(cluster, count, first): (u32, usize, u32)| Entry {
        colour: theme::class_colour(cluster as usize),
        name: format!("cluster {}", u64::from(cluster) + 1),
        more: grouped(count as u64),
        image: Some(first),
    };
    counted(&cloud.clusters).into_iter().map(entry).collect()
}

fn prototypes(cloud: &Cloud) -> Vec<Entry> {
    let mut all = counted(&cloud.prototypes);
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let entry = |(prototype, count, first): (u32, usize, u32)| Entry {
        colour: theme::prototype_colour(prototype),
        name: format!("no. {prototype}"),
        more: grouped(count as u64),
        image: Some(first),
    };
    all.into_iter().map(entry).collect()
}

/// The loss's colours with what they stand for, at even distances of the two projections.
fn scale(frame: &Frame<'_>, area: &Rect) {
    let paint = &frame.paint;
    let width = area.width().min(360.0);
    let left = area.centre()[0] - width * 0.5;
    let y = area.min[1] + 6.0;
    let pieces = 72;
    for piece in 0..pieces {
        let at = |piece: i32| left + width * piece as f32 / pieces as f32;
        let far = (piece as f32 + 0.5) / pieces as f32;
        paint.fill(Rect::new(at(piece), y, at(piece + 1), y + 10.0), theme::loss_colour(2.0 * far * far), 0.0);
    }
    for (loss, align, text) in [(0.0, Align::Left, "0 same"), (0.5, Align::Centre, "0.5"), (2.0, Align::Right, "2 unrelated")] {
        let x = left + width * (loss * 0.5_f32).sqrt();
        paint.text([x, y + 22.0], align, Style::LABEL, text);
    }
    if area.height() > 56.0 {
        paint.text([area.centre()[0], y + 42.0], Align::Centre, Style::LABEL, "2 − 2 cos of an image's two views");
    }
}

/// Pictures over bars of colour in one row, names below, on two lines where they need them; where that does not fit, pictures beside
/// their names in two rows; where it is low, bars and names alone.
fn bars(frame: &Frame<'_>, area: &Rect, entries: &[Entry], cloud: Option<&Cloud>) {
    let paint = &frame.paint;
    if entries.is_empty() {
        return;
    }
    let width = |text: &str| paint.text_width(Style::LABEL, text);
    let pictured = area.height() >= 64.0;
    let pitch = (area.width() / entries.len() as f32).min(96.0);
    let named = |entry: &Entry| lines(entry, &width, pitch - 4.0);
    if pictured && pitch >= 36.0 && entries.iter().all(|entry| named(entry).is_some()) {
        let left = area.centre()[0] - pitch * entries.len() as f32 * 0.5;
        for (index, entry) in entries.iter().enumerate() {
            let middle = left + (index as f32 + 0.5) * pitch;
            let side = (pitch - 6.0).min(36.0);
            let [start, end, top] = [middle - side * 0.5, middle + side * 0.5, area.min[1]];
            picture(frame, cloud, entry, Rect::new(start, top, end, top + side));
            paint.fill(Rect::new(start, top + side + 2.0, end, top + side + 5.0), entry.colour, 0.0);
            for (line, text) in named(entry).into_iter().flatten().enumerate() {
                paint.text([middle, top + side + 15.0 + 15.0 * line as f32], Align::Centre, Style::LABEL, &text);
            }
        }
        return;
    }
    let side = if pictured { 30.0 } else { 0.0 };
    let rows = if area.height() < 40.0 { 1 } else { 2 };
    let row_height = if area.height() < 56.0 { 21.0 } else { 28.0 };
    let widest = entries.iter().map(|entry| width(&label(entry))).fold(0.0, f32::max);
    let least = (widest + 17.0 + side).min(if pictured { 132.0 } else { area.width() }).max(30.0);
    let columns = entries.len().div_ceil(rows).min(((area.width() / least).floor() as usize).max(4)).max(1);
    let pitch = area.width() / columns as f32;
    let shown = entries.len().min(columns * rows);
    let more = entries.len() - shown;
    for (index, entry) in entries.iter().enumerate().take(shown) {
        let x = area.min[0] + (index % columns) as f32 * pitch;
        let row = (index / columns) as f32;
        let text = match more {
            more if more > 0 && index + 1 == shown => {
                let long = format!("+ {} more", more + 1);
                if width(&long) <= pitch - side - 17.0 { long } else { format!("+ {}", more + 1) }
            }
            _ => label(entry),
        };
        if pictured {
            let top = area.min[1] + row * (side + 8.0);
            picture(frame, cloud, entry, Rect::new(x, top, x + side, top + side));
            paint.fill(Rect::new(x + side, top, x + side + 3.0, top + side), entry.colour, 0.0);
            paint.text_clipped([x + side + 9.0, top + side * 0.5], Style::LABEL, &text, pitch - side - 17.0);
        } else {
            let top = area.min[1] + row * row_height;
            paint.fill(Rect::new(x, top, x + pitch - 8.0, top + 3.0), entry.colour, 0.0);
            paint.text_clipped([x, top + 12.0], Style::LABEL, &text, pitch - 8.0);
        }
    }
}

fn picture(frame: &Frame<'_>, cloud: Option<&Cloud>, entry: &Entry, rect: Rect) {
    if let Some((image, cloud)) = entry.image.zip(cloud) {
        frame.picture(Picture::of_cloud(cloud, 0, image, rect));
    }
}

/// A name and what there is to say on two lines, or a name alone on one or on two, broken at a space; each at most `room` wide.
fn lines(entry: &Entry, width: &impl Fn(&str) -> f32, room: f32) -> Option<Vec<String>> {
    let fits = |line: &str| width(line) <= room;
    if !entry.more.is_empty() {
        let both = vec![entry.name.clone(), format!("{} img.", entry.more)];
        return both.iter().all(|line| fits(line)).then_some(both);
    }
    if fits(&entry.name) {
        return Some(vec![entry.name.clone()]);
    }
    let mut breaks = entry.name.match_indices(' ').map(|(place, _)| [&entry.name[..place], &entry.name[place + 1..]]);
    breaks.find(|parts| parts.iter().all(|part| fits(part))).map(|parts| parts.map(str::to_owned).to_vec())
}

fn label(entry: &Entry) -> String {
    if entry.more.is_empty() { entry.name.clone() } else { format!("{}: {}", entry.name, entry.more) }
}
