//! Results as a picture: a curve a seed, coloured by its condition and named at its right end; a map as a grid of coloured cells; local
//! crops as points over their number.

use std::path::Path;

use image::RgbImage;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};
use thiserror::Error;

use super::results::{Outcome, Ran, Results};
use super::study::{Budget, StudyKind};
use super::table::verdicts;
use crate::config::{MapAxes, Method};
use crate::save::Aside;

/// Width and height of the picture.
const SIZE: (u32, u32) = (1280, 800);
const GROUND: RGBColor = RGBColor(0x10, 0x13, 0x18);
const INK: RGBColor = RGBColor(0xF2, 0xF4, 0xF7);
const QUIET: RGBColor = RGBColor(0xA9, 0xB2, 0xBF);
const LINE: RGBColor = RGBColor(0x3A, 0x42, 0x4E);
/// Collapse, as everywhere in the program.
const ALARM: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// Paul Tol's muted palette, lightened for a dark ground.
const COLOURS: [RGBColor; 12] = [
    RGBColor(0xF2, 0xF4, 0xF7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x2B, 0xB6, 0x73),
    RGBColor(0xB1, 0x8C, 0xFF),
    RGBColor(0xDD, 0xCC, 0x77),
    RGBColor(0xEE, 0x88, 0x99),
    RGBColor(0x88, 0xCC, 0xEE),
    RGBColor(0xAA, 0xBB, 0x55),
    RGBColor(0xCC, 0x99, 0xBB),
    RGBColor(0x99, 0xDD, 0xBB),
    RGBColor(0x7F, 0x9F, 0xFF),
];

/// A plot that could not be drawn.
#[derive(Debug, Error)]
#[error("the plot cannot be drawn: {0}")]
pub struct PlotError(String);

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError(error.to_string())
}

type Area<'a> = DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>;

fn words(size: f64, colour: RGBColor, horizontal: HPos) -> TextStyle<'static> {
    TextStyle { font: ("inter", size).into_font(), color: colour.to_backend_color(), pos: Pos::new(horizontal, VPos::Center) }
}

/// The picture.
pub fn plot(results: &Results) -> Result<RgbImage, PlotError> {
    // Registering twice does no harm.
    let _ = register_font("inter", FontStyle::Normal, include_bytes!("../../assets/fonts/Inter-Regular.otf"));
    let (width, height) = SIZE;
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, SIZE).into_drawing_area();
        area.fill(&GROUND).map_err(failed)?;
        let (head, body) = area.split_vertically(72);
        title(&head, results)?;
        match (results.study.kind, &results.study.axes) {
            (StudyKind::Map, Some(axes)) => map(&body, results, axes)?,
            (StudyKind::Multicrop, _) => locals(&body, results)?,
            _ => curves(&body, results)?,
        }
        area.present().map_err(failed)?;
    }
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| PlotError("no picture".to_owned()))
}

/// Draws it and saves it: aside, synced, renamed.
pub fn write_plot(results: &Results, path: &Path) -> Result<(), PlotError> {
    let file = Aside::new(path).map_err(failed)?;
    plot(results)?.save_with_format(file.aside(), image::ImageFormat::Png).map_err(failed)?;
    file.finish().map_err(failed)
}

fn title(area: &Area<'_>, results: &Results) -> Result<(), PlotError> {
    let study = &results.study;
    let config = &study.conditions[0].config;
    let name = match (study.kind, study.method) {
        (StudyKind::Byol, _) => "BYOL: each ingredient left out alone",
        (StudyKind::Dino, _) => "DINO: centering, sharpening, momentum",
        (StudyKind::Multicrop, _) => "Local crops: from a piece to the whole",
        (StudyKind::Map, Method::Byol) => "The map of collapse, BYOL: embedding std",
        (StudyKind::Map, Method::Dino) => "The map of collapse, DINO: mutual information Hm − Ht",
    };
    let place = results.machine.as_ref().map_or_else(String::new, |machine| format!(" · {}, {}", machine.adapter, machine.date));
    let seeds = if study.seeds == 1 { "1 seed".to_owned() } else { format!("{} seeds", study.seeds) };
    area.draw_text(name, &words(24.0, INK, HPos::Left), (32, 28)).map_err(failed)?;
    let about = format!("preset {} on {}, {seeds}{place}", config.preset, config.data);
    area.draw_text(&about, &words(15.0, QUIET, HPos::Left), (32, 56)).map_err(failed)
}

/// Places of labels at least so far from each other, in the order of `wanted`, near what is wanted.
fn spread(wanted: &[i32], pitch: i32, least: i32, most: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&index| wanted[index]);
    let mut places = vec![0; wanted.len()];
    let mut next = least;
    for &index in &order {
        places[index] = wanted[index].max(next);
        next = places[index] + pitch;
    }
    let mut ceiling = most;
    for &index in order.iter().rev() {
        places[index] = places[index].min(ceiling);
        ceiling = places[index] - pitch;
    }
    places
}

fn curves(area: &Area<'_>, results: &Results) -> Result<(), PlotError> {
    let points = || results.done.iter().flat_map(|ran| &ran.learners).flat_map(|learner| &learner.curve);
    let last = points().map(|point| point.0).max().unwrap_or(1).max(1);
    let top = points().map(|point| point.1).filter(|value| value.is_finite()).fold(1.0_f32, f32::max) * 1.05;
    let (plot, names) = area.split_horizontally(SIZE.0 as i32 - 360);
    let name = if results.study.method == Method::Byol { "embedding std" } else { "mutual information Hm − Ht, nats" };
    let mut chart = ChartBuilder::on(&plot)
        .margin_left(24)
        .margin_right(8)
        .margin_bottom(8)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0..last, 0.0_f32..top)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .label_style(words(15.0, QUIET, HPos::Left))
        .axis_desc_style(words(15.0, INK, HPos::Left))
        .x_desc("steps")
        .y_desc(name)
        .draw()
        .map_err(failed)?;
    let mut ends = Vec::new();
    for (ran, colour) in results.done.iter().zip(COLOURS.iter().cycle()) {
        for learner in &ran.learners {
            let curve = learner.curve.iter().filter(|point| point.1.is_finite()).copied();
            chart.draw_series([PathElement::new(curve.collect::<Vec<_>>(), colour.mix(0.8).stroke_width(2))]).map_err(failed)?;
        }
        let finals: Vec<f32> = ran.learners.iter().filter_map(|learner| learner.curve.last()).map(|point| point.1).collect();
        let mean = finals.iter().sum::<f32>() / finals.len().max(1) as f32;
        let step = ran.learners.iter().filter_map(|learner| learner.curve.last()).map(|point| point.0).max().unwrap_or(0);
        ends.push(chart.backend_coord(&(step, mean.clamp(0.0, top))));
    }
    // The plot and its names begin at the same height.
    let (_, origin) = plot.get_base_pixel();
    let wanted: Vec<i32> = ends.iter().map(|end| end.1 - origin).collect();
    let places = spread(&wanted, 40, 20, SIZE.1 as i32 - 72 - 64);
    for ((ran, colour), &y) in results.done.iter().zip(COLOURS.iter().cycle()).zip(&places) {
        names.draw(&PathElement::new(vec![(4, y), (24, y)], colour.stroke_width(3))).map_err(failed)?;
        names.draw_text(&ran.condition, &words(16.0, *colour, HPos::Left), (32, y - 8)).map_err(failed)?;
        names.draw_text(&verdicts(ran), &words(14.0, QUIET, HPos::Left), (32, y + 10)).map_err(failed)?;
    }
    Ok(())
}

fn value_of(ran: &Ran, method: Method) -> Option<f32> {
    let of = |learner: &Outcome| if method == Method::Byol { learner.embedding_std } else { learner.mutual_information() };
    let values: Vec<f32> = ran.learners.iter().filter_map(of).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
}

fn map(area: &Area<'_>, results: &Results, axes: &MapAxes) -> Result<(), PlotError> {
    let study = &results.study;
    let (columns, rows) = (axes.x.values.len() as i32, axes.y.values.len() as i32);
    let (left, top, bottom) = (200, 16, 88);
    let height = SIZE.1 as i32 - 72 - top - bottom;
    let (wide, high) = ((SIZE.0 as i32 - left - 48) / columns, height / rows);
    let corner = |column: i32, row: i32| (left + column * wide, top + row * high);
    let collapsed = |column: i32, row: i32| {
        let condition = study.conditions.get((row * columns + column) as usize)?;
        let ran = results.of(&condition.name)?;
        Some(2 * ran.learners.iter().filter(|learner| learner.is_collapsed()).count() > ran.learners.len())
    };
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = corner(column, row);
            let Some(ran) = study.conditions.get((row * columns + column) as usize).and_then(|condition| results.of(&condition.name))
            else {
                continue;
            };
            let dead = collapsed(column, row) == Some(true);
            let value = value_of(ran, study.method);
            let strength = match study.method {
                Method::Byol => value.unwrap_or(0.0),
                Method::Dino => value.unwrap_or(0.0) / (study.conditions[0].config.prototypes.max(2) as f32).ln(),
            };
            let fill = if dead { ALARM.mix(0.28) } else { INK.mix(0.08 + 0.3 * f64::from(strength.clamp(0.0, 1.0))) };
            area.draw(&Rectangle::new([(x + 2, y + 2), (x + wide - 2, y + high - 2)], fill.filled())).map_err(failed)?;
            let middle = (x + wide / 2, y + high / 2);
            let number = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
            area.draw_text(&number, &words(if columns > 8 { 15.0 } else { 22.0 }, INK, HPos::Center), (middle.0, middle.1 - 8))
                .map_err(failed)?;
            if columns <= 8 {
                let word = ran.learners.first().map_or("", |learner| learner.verdict.as_str());
                let colour = if dead { ALARM } else { QUIET };
                area.draw_text(word, &words(15.0, colour, HPos::Center), (middle.0, middle.1 + 16)).map_err(failed)?;
            }
        }
    }
    // The boundary between life and collapse.
    for row in 0..rows {
        for column in 0..columns {
            let here = collapsed(column, row);
            let border = |other: Option<bool>, from: (i32, i32), to: (i32, i32)| {
                let parts = matches!((here, other), (Some(here), Some(other)) if here != other);
                if parts { area.draw(&PathElement::new(vec![from, to], INK.stroke_width(3))).map_err(failed) } else { Ok(()) }
            };
            border(collapsed(column + 1, row).filter(|_| column + 1 < columns), corner(column + 1, row), corner(column + 1, row + 1))?;
            border(collapsed(column, row + 1).filter(|_| row + 1 < rows), corner(column, row + 1), corner(column + 1, row + 1))?;
        }
    }
    for (row, value) in (0..).zip(&axes.y.values) {
        area.draw_text(value, &words(16.0, INK, HPos::Right), (left - 12, corner(0, row).1 + high / 2)).map_err(failed)?;
    }
    for (column, value) in (0..).zip(&axes.x.values) {
        area.draw_text(value, &words(16.0, INK, HPos::Center), (corner(column, 0).0 + wide / 2, top + rows * high + 16)).map_err(failed)?;
    }
    area.draw_text(&axes.y.key, &words(15.0, QUIET, HPos::Left), (24, top + rows * high / 2)).map_err(failed)?;
    area.draw_text(&axes.x.key, &words(15.0, QUIET, HPos::Center), (left + columns * wide / 2, top + rows * high + 48)).map_err(failed)
}

/// A meter of the multi-crop study: its name, its value.
type Meter = (&'static str, fn(&Outcome) -> Option<f32>);

const METERS: [Meter; 3] = [
    ("kNN, whole images", |learner| learner.knn_accuracy),
    ("fragment to whole", |learner| learner.fragments.map(|fragments| fragments[0])),
    ("fragment to fragment", |learner| learner.fragments.map(|fragments| fragments[1])),
];

/// Three panels, a meter each: a dot a seed over the number of local crops; filled at equal steps, ringed at equal compute.
fn locals(area: &Area<'_>, results: &Results) -> Result<(), PlotError> {
    let (body, foot) = area.split_vertically(SIZE.1 as i32 - 72 - 40);
    for ((name, value), panel) in METERS.iter().zip(body.split_evenly((1, METERS.len()))) {
        let mut chart = ChartBuilder::on(&panel)
            .margin(16)
            .caption(name, words(18.0, INK, HPos::Left))
            .x_label_area_size(48)
            .y_label_area_size(48)
            .build_cartesian_2d(-0.8_f32..8.8, 0.0_f32..1.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(LINE)
            .axis_style(LINE)
            .x_labels(5)
            .x_label_formatter(&|locals| format!("{locals:.0}"))
            .label_style(words(15.0, QUIET, HPos::Left))
            .axis_desc_style(words(15.0, INK, HPos::Left))
            .x_desc("local crops")
            .draw()
            .map_err(failed)?;
        for ran in &results.done {
            let Some(condition) = results.study.condition(&ran.condition) else { continue };
            let equal_compute = matches!(condition.budget, Budget::ComputeOf(..));
            let x = condition.config.views.locals as f32 + if equal_compute { 0.25 } else { -0.25 };
            let style = if equal_compute { COLOURS[2].stroke_width(2) } else { COLOURS[1].filled() };
            let dots = ran.learners.iter().filter_map(value).map(|y| Circle::new((x, y), 6, style));
            chart.draw_series(dots).map_err(failed)?;
        }
    }
    foot.draw(&Circle::new((40, 16), 6, COLOURS[1].filled())).map_err(failed)?;
    foot.draw_text("equal steps", &words(15.0, INK, HPos::Left), (56, 16)).map_err(failed)?;
    foot.draw(&Circle::new((180, 16), 6, COLOURS[2].stroke_width(2))).map_err(failed)?;
    foot.draw_text("equal compute", &words(15.0, INK, HPos::Left), (196, 16)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_apart() {
        let places = spread(&[100, 101, 99, 700], 40, 20, 600);
        let mut sorted = places.clone();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= 40), "{places:?}");
        assert!(places.iter().all(|&place| (20..=600).contains(&place)));
        assert!(places[2] < places[0] && places[0] < places[1]);
    }
}
