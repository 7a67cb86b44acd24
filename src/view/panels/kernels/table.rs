//! The kernels as a table: a click on a head sorts, a click on a row chooses, the wheel scrolls. Where it is narrow, columns go.

use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme;
use crate::view::timing::table::{Column, Row, scrolled};
use crate::view::timing::units::{rate_text, share_text, time_text};

use super::{Kernels, Looking, text};

/// The columns, those that are kept longest first.
const KEPT: [Column; 8] =
    [Column::Kernel, Column::Share, Column::Median, Column::Roof, Column::Gflops, Column::Gbps, Column::Calls, Column::P95];
/// Between two columns.
const GAP: f32 = 16.0;
/// Length of the line on which a fraction of the roof is marked.
const SCALE: f32 = 36.0;
/// Widest bar of a share, and the least.
const BAR: [f32; 2] = [150.0, 48.0];

/// A column's place.
struct Place {
    column: Column,
    left: f32,
    right: f32,
}

/// The narrowest that a column can be.
fn least(paint: &Paint<'_>, column: Column) -> f32 {
    let head = paint.text_width(Style::LABEL.strong(), column.title());
    let number = |text: &str| paint.text_width(Style::TITLE, text);
    match column {
        Column::Kernel => head.max(number("matmul_workgroup")),
        Column::Share => head.max(BAR[1] + 8.0 + number("100 %")),
        Column::Roof => head.max(SCALE + 8.0 + number("100 %")),
        Column::Calls => head.max(number("999")),
        _ => head.max(number("99,900")),
    }
}

/// The columns that fit into a width, with their places.
fn places(paint: &Paint<'_>, inner: &Rect, longest: f32) -> Vec<Place> {
    let mut kept = 0;
    let mut needed = -GAP;
    for column in KEPT {
        needed += least(paint, column) + GAP;
        if needed > inner.width() {
            break;
        }
        kept += 1;
    }
    let shown: Vec<Column> = Column::ALL.into_iter().filter(|column| KEPT[..kept.max(1)].contains(column)).collect();
    let widths: f32 = shown.iter().map(|column| least(paint, *column)).sum::<f32>() + GAP * (shown.len() as f32 - 1.0);
    let mut spare = (inner.width() - widths).max(0.0);
    // What is left goes to the names, then to the bars, then between the columns.
    let name = (longest - least(paint, Column::Kernel)).clamp(0.0, spare);
    spare -= name;
    let bar = (BAR[0] - BAR[1]).clamp(0.0, spare);
    spare -= bar;
    let gap = GAP + spare / (shown.len() as f32 - 1.0).max(1.0);
    let mut left = inner.min[0];
    shown
        .into_iter()
        .map(|column| {
            let more = match column {
                Column::Kernel => name,
                Column::Share => bar,
                _ => 0.0,
            };
            let right = left + least(paint, column) + more;
            let place = Place { column, left, right };
            left = right + gap;
            place
        })
        .collect()
}

/// Paints the table and answers to the pointer.
pub fn ui(kernels: &mut Kernels, looking: &Looking<'_, '_>, area: &Rect) {
    let (frame, step) = (looking.frame, looking.step);
    let paint = &frame.paint;
    let body = paint.text_height(Style::BODY);
    let inner = Rect::new(area.min[0] + 16.0, area.min[1], area.max[0] - 24.0, area.max[1]);
    let mut rows: Vec<&Row<'_>> = step.rows.iter().collect();
    kernels.order.sort(&mut rows);
    let longest = rows.iter().map(|row| paint.text_width(Style::TITLE, row.name)).fold(0.0, f32::max);
    let places = places(paint, &inner, longest);
    kernels.columns = places.iter().map(|place| place.column).collect();

    let title = inner.min[1] + 1.5 * body;
    let head = title + 1.9 * body;
    let first = head + 0.95 * body;
    let pitch = (1.75 * body).round();
    let room = (((inner.max[1] - first - 4.0) / pitch) as usize).min(rows.len());
    let whole = Rect::new(area.min[0], first, area.max[0], area.max[1]);
    if !frame.blocked && whole.contains(frame.pointer()) {
        kernels.turned = (kernels.turned - frame.wheel).clamp(-50.0, 50.0);
        let by = kernels.turned.trunc();
        kernels.turned -= by;
        kernels.first_row = kernels.first_row.saturating_add_signed(by as isize);
    }
    let chosen = rows.iter().position(|row| row.name == looking.chosen);
    kernels.first_row = scrolled(kernels.first_row, chosen.filter(|_| kernels.seek), room, rows.len());
    kernels.seek = false;

    heading(looking, [inner.min[0], title], inner.width(), rows.len(), room);
    heads(kernels, looking, &places, head);
    paint.rule([inner.min[0], first - 3.0], [inner.max[0], first - 3.0], theme::SEPARATOR, 1.0);
    let most = rows.iter().map(|row| row.share).filter(|share| share.is_finite()).fold(0.0, f32::max);
    for (index, row) in rows.iter().skip(kernels.first_row).take(room).enumerate() {
        let top = first + index as f32 * pitch;
        let rect = Rect::new(area.min[0] + 8.0, top, area.max[0] - 16.0, top + pitch);
        let touch = frame.touch(&format!("kernel-{}", row.name), rect);
        let is_chosen = row.name == looking.chosen;
        if is_chosen || touch.hovered {
            paint.fill(rect, if is_chosen { theme::RAISED } else { theme::PANEL }, 0.0);
        }
        if is_chosen {
            paint.fill(Rect { max: [rect.min[0] + 4.0, rect.max[1]], ..rect }, theme::TEXT, 0.0);
        }
        cells(paint, &places, row, rect.centre()[1], is_chosen, most);
        if touch.hovered {
            describe(looking, row);
        }
        if touch.clicked {
            kernels.choose(row.name);
        }
    }
    if room < rows.len() {
        let track = Rect::new(area.max[0] - 11.0, first, area.max[0] - 8.0, first + room as f32 * pitch);
        let at = |row: usize| track.min[1] + track.height() * row as f32 / rows.len() as f32;
        paint.fill(track, theme::RAISED, 1.5);
        paint.fill(Rect::new(track.min[0], at(kernels.first_row), track.max[0], at(kernels.first_row + room)), theme::AXIS, 1.5);
    }
}

/// Title, and how many rows there are.
fn heading(looking: &Looking<'_, '_>, [left, y]: [f32; 2], room: f32, count: usize, shown: usize) {
    let paint = &looking.frame.paint;
    let width = paint.text([left, y], Align::Left, Style::TITLE, "Kernels");
    let all = format!("{count} of them; arrows choose, Enter sorts by the next column");
    let some = format!("{shown} of {count} shown; the wheel scrolls, arrows choose, Enter sorts by the next column");
    let few = [format!("{shown} of {count}"), format!("{shown} of {count}; the wheel scrolls, arrows choose")];
    let wordings = if shown < count { [some.as_str(), few[1].as_str(), few[0].as_str()] } else { [all.as_str(), "", ""] };
    if let Some(words) = paint.fitting(Style::LABEL, &wordings, room - width - 12.0) {
        let wide = width + 12.0 + paint.text([left + width + 12.0, y + 1.0], Align::Left, Style::LABEL, words);
        let half = paint.text_height(Style::LABEL) * 0.6;
        let about = format!(
            "The kernels of one training step, {count} of them, all dispatches of a kernel together; medians over the timed steps, the chosen \
             one white here, in the timeline and in the roofline."
        );
        looking.frame.about("about-kernels", Rect::new(left, y - half, left + wide, y + half), &[&about]);
    }
}

/// The columns' heads; a click sorts.
fn heads(kernels: &mut Kernels, looking: &Looking<'_, '_>, places: &[Place], y: f32) {
    let frame = looking.frame;
    let paint = &frame.paint;
    let half = paint.text_height(Style::LABEL) * 0.9;
    for Place { column, left, right } in places {
        let sorts = kernels.order.column == *column;
        let rect = Rect::new(left - 6.0, y - half, right + 6.0, y + half);
        let touch = frame.touch(&format!("head-{}", column.title()), rect);
        let style = if sorts { Style::LABEL.strong().coloured(theme::TEXT) } else { Style::LABEL };
        let style = if touch.hovered { style.coloured(theme::TEXT) } else { style };
        let width = paint.text_width(style, column.title());
        let is_left = matches!(column, Column::Kernel | Column::Share);
        let start = if is_left { *left } else { right - width };
        paint.text([start, y], Align::Left, style, column.title());
        if sorts {
            // In the gap between two columns, on the side where nothing is written.
            let x = if is_left { start + width + 4.0 } else { start - 13.0 };
            let tip = if kernels.order.reversed { -4.0 } else { 4.0 };
            paint.triangle([x, y - tip], [x + 9.0, y - tip], [x + 4.5, y + tip], theme::TEXT);
        }
        if touch.hovered {
            frame.tooltip(&[column.tip(), "A click sorts by it, another one the other way round. Enter goes to the next column."]);
        }
        if touch.clicked {
            kernels.order = kernels.order.by(*column);
        }
    }
}

/// One row's cells around the height `y`.
fn cells(paint: &Paint<'_>, places: &[Place], row: &Row<'_>, y: f32, chosen: bool, most: f32) {
    let style = if chosen { Style::TITLE } else { Style::BODY };
    for Place { column, left, right } in places {
        let number = |text: &str| {
            paint.text([*right, y], Align::Right, style, text);
        };
        match column {
            Column::Kernel => {
                paint.name_with_both_ends([*left, y], style, row.name, right - left);
            }
            Column::Calls => number(&row.calls.to_string()),
            Column::Median => number(&rate_text(row.median)),
            Column::P95 => number(&rate_text(row.p95)),
            Column::Gflops => number(&rate_text(row.gflops)),
            Column::Gbps => number(&rate_text(row.gbps)),
            Column::Share => {
                let text = share_text(row.share);
                let room = right - left - 8.0 - paint.text_width(Style::TITLE, "100 %");
                let length = share_bar(paint, [*left, y], row, room / most.max(1e-6), chosen);
                paint.text([left + length + 8.0, y], Align::Left, style, &text);
            }
            Column::Roof => {
                number(&row.of_roof.map_or_else(|| "–".to_owned(), |fraction| format!("{:.0} %", fraction * 100.0)));
                let Some(fraction) = row.of_roof.filter(|fraction| fraction.is_finite()) else { continue };
                let start = right - paint.text_width(Style::TITLE, "100 %") - 8.0 - SCALE;
                let x = start + SCALE * fraction.clamp(0.0, 1.0);
                paint.rule([start, y], [start + SCALE, y], theme::AXIS, 1.0);
                paint.fill(Rect::new(x - 1.5, y - 5.0, x + 1.5, y + 5.0), theme::TEXT, 0.0);
            }
        }
    }
}

/// The bar of a share, `whole` long for all of the step: the student's part filled, the teacher's outlined. Gives its length.
fn share_bar(paint: &Paint<'_>, [left, y]: [f32; 2], row: &Row<'_>, whole: f32, chosen: bool) -> f32 {
    let half = paint.text_height(Style::BODY) * 0.36;
    let mut x = left;
    for (part, colour) in row.sides.into_iter().zip([theme::STUDENT, theme::TEACHER, theme::TEXT_2]) {
        let length = if part.is_finite() { (part * whole).max(0.0) } else { 0.0 };
        if length < 0.5 {
            continue;
        }
        let rect = Rect::new(x, y - half, x + length.max(1.0), y + half);
        match colour {
            _ if chosen => paint.fill(rect, theme::TEXT, 0.0),
            theme::TEACHER if length > 3.0 => paint.outline(rect, colour, 0.0, 1.5),
            colour => paint.fill(rect, colour, 0.0),
        }
        x += length;
    }
    (x - left).max(1.0)
}

/// The tooltip of a row.
fn describe(looking: &Looking<'_, '_>, row: &Row<'_>) {
    let all = row.share * looking.step.kernels();
    let calls = if row.calls == 1 { "1 call".to_owned() } else { format!("{} calls", row.calls) };
    let times = format!("{calls}, {} of a step, {} of its kernels' time.", time_text(all), share_text(row.share));
    let intensity = match text::limit(looking.step, row) {
        Some(limit) if row.intensity > 0.0 => format!("{} FLOP a byte: {limit} is its limit.", rate_text(row.intensity)),
        Some(limit) => format!("It does no floating-point arithmetic: {limit} is its limit."),
        None => format!("{} FLOP a byte.", rate_text(row.intensity)),
    };
    looking.frame.tooltip(&[row.name, &times, &intensity, "A click chooses it: it turns white in timeline, table and roofline."]);
}
