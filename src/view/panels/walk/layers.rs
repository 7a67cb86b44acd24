//! One bar a layer, on logarithmic scales: gradients, updates, the distance of the two networks.

use crate::snapshot::{Excerpt, Layer};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Paint, Style};
use crate::view::theme::{self, Colour};
use crate::view::walk::{norm, norms, precise};

use super::{Looking, rows};

/// A bar: a name, a value, and where it was before.
struct Bar {
    name: String,
    value: f32,
    before: Option<f32>,
    tip: String,
}

/// Layers joined by the first parts of their names until there are no more than `most`.
fn joined(layers: &[Layer], most: usize) -> Vec<Layer> {
    let depth = |name: &str| name.split('.').count();
    let mut all = layers.to_vec();
    let mut deepest = layers.iter().map(|layer| depth(&layer.name)).max().unwrap_or(1);
    while all.len() > most.max(1) && deepest > 1 {
        deepest -= 1;
        let mut fewer: Vec<Layer> = Vec::new();
        for layer in all {
            let name = layer.name.split('.').take(deepest).collect::<Vec<_>>().join(".");
            match fewer.last_mut().filter(|last| last.name == name) {
                Some(last) => {
                    last.parameters += layer.parameters;
                    last.squares = [0, 1].map(|which| last.squares[which] + layer.squares[which]);
                }
                None => fewer.push(Layer { name, ..layer }),
            }
        }
        all = fewer;
    }
    all
}

/// The decades that hold all positive values: exponents of the first and the last, at most eight of them.
fn decades(values: impl Iterator<Item = f32>) -> [i32; 2] {
    let (mut low, mut high) = (f32::INFINITY, 0.0_f32);
    for value in values.filter(|value| value.is_finite() && *value > 0.0) {
        (low, high) = (low.min(value), high.max(value));
    }
    if high <= 0.0 {
        return [-3, 0];
    }
    let last = high.log10().ceil() as i32;
    let first = (low.log10().floor() as i32).min(last - 1).max(last - 8);
    [first, last]
}

fn power(exponent: i32) -> String {
    match exponent {
        0 => "1".to_owned(),
        -3..=3 => format!("{}", 10.0_f64.powi(exponent)),
        _ => format!("1e{exponent}"),
    }
}

/// How bars look.
#[derive(Clone, Copy)]
struct Marks {
    colour: Colour,
    /// The teacher's are outlined.
    outlined: bool,
}

/// Draws bars on a common logarithmic scale.
fn bars(looking: &Looking<'_, '_>, area: &Rect, all: &[Bar], marks: Marks) {
    let (frame, paint) = (looking.frame, &looking.frame.paint);
    let label = paint.text_height(Style::LABEL);
    let names = all.iter().map(|bar| paint.text_width(Style::LABEL, &bar.name)).fold(0.0, f32::max).min(area.width() * 0.42);
    let values = all.iter().map(|bar| paint.text_width(Style::LABEL, &precise(bar.value))).fold(0.0, f32::max);
    let plot = Rect::new(area.min[0] + names + 10.0, area.min[1] + label * 1.5, area.max[0] - values - 10.0, area.max[1]);
    let [first, last] = decades(all.iter().flat_map(|bar| std::iter::once(bar.value).chain(bar.before)));
    let x_of = |value: f32| {
        let share = (value.log10() - first as f32) / (last - first) as f32;
        plot.min[0] + plot.width() * if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    };
    let pitch = (plot.height() / all.len().max(1) as f32).min(label * 3.2);
    let bottom = plot.min[1] + pitch * all.len() as f32;
    // As many powers of ten as have room for their names.
    let widest = (first..=last).map(|exponent| paint.text_width(Style::LABEL, &power(exponent))).fold(0.0, f32::max) + 12.0;
    let every = (widest * (last - first) as f32 / plot.width().max(1.0)).ceil().max(1.0) as i32;
    for exponent in (first..=last).filter(|exponent| (last - exponent) % every == 0) {
        let x = plot.min[0] + plot.width() * (exponent - first) as f32 / (last - first) as f32;
        paint.rule([x, plot.min[1]], [x, bottom], theme::SEPARATOR, 1.0);
        paint.text([x, area.min[1] + label * 0.5], Align::Centre, Style::LABEL, &power(exponent));
    }
    for (index, bar) in all.iter().enumerate() {
        let y = plot.min[1] + pitch * (index as f32 + 0.5);
        let half = (pitch * 0.34).min(label * 0.75);
        paint.name_clipped([area.min[0], y], Style::LABEL, &bar.name, names);
        if bar.value > 0.0 && bar.value.is_finite() {
            let rect = Rect::new(plot.min[0], y - half, x_of(bar.value).max(plot.min[0] + 1.0), y + half);
            if marks.outlined {
                paint.fill(rect, theme::GROUND.mixed(marks.colour, 0.3), 0.0);
                paint.outline(rect, marks.colour, 0.0, 1.5);
            } else {
                paint.fill(rect, marks.colour, 0.0);
            }
        }
        if let Some(before) = bar.before.filter(|before| *before > 0.0 && before.is_finite()) {
            let x = x_of(before);
            paint.rule([x, y - half - 2.0], [x, y + half + 2.0], theme::TEXT, 2.0);
        }
        paint.text([area.max[0], y], Align::Right, Style::LABEL.coloured(theme::TEXT), &precise(bar.value));
        let line = Rect::new(area.min[0], y - pitch * 0.5, area.max[0], y + pitch * 0.5);
        if frame.touch(&bar.name, line).hovered {
            frame.tooltip(&[&bar.tip]);
        }
    }
}

/// A large number with what it is behind it; gives where it ends.
fn headline(paint: &Paint<'_>, body: &Rect, value: &str, wordings: &[&str]) -> f32 {
    let y = body.min[1] + paint.text_height(Style::VALUE) * 0.5;
    let x = body.min[0] + paint.text([body.min[0], y], Align::Left, Style::VALUE, value) + 10.0;
    if let Some(text) = paint.fitting(Style::LABEL, wordings, body.max[0] - x) {
        paint.text([x, y], Align::Left, Style::LABEL, text);
    }
    body.min[1] + paint.text_height(Style::VALUE) + 10.0
}

/// Rows that fit.
fn most(paint: &Paint<'_>, height: f32) -> usize {
    let label = paint.text_height(Style::LABEL);
    ((height - label * 1.5) / (label * 1.2)).floor().max(1.0) as usize
}

/// The gradient: of the outputs, where it begins, and then layer by layer back to the patches.
pub(super) fn gradients(looking: &Looking<'_, '_>, body: &Rect, layers: &[Layer], outputs: [Option<&Excerpt>; 2], clip: f32) {
    let paint = &looking.frame.paint;
    let length = norm(layers, 0);
    let clipped = format!("norm of the gradient; clipped to {}", precise(clip));
    let plain = if clip > 0.0 && length > clip { clipped.as_str() } else { "norm of the gradient, from the output back to the patches" };
    let top = headline(paint, body, &precise(length), &[plain, "norm of the gradient"]);
    let all = body.max[1] - top;
    let strip = (all * 0.34).clamp(0.0, 190.0);
    let mut rest = Rect::new(body.min[0], top, body.max[0], body.max[1]);
    if strip >= paint.text_height(Style::LABEL) * 7.0
        && let Some(student) = outputs[0]
    {
        let middle = body.centre()[0];
        let [left, right] =
            [Rect::new(body.min[0], top, middle - 12.0, top + strip), Rect::new(middle + 12.0, top, body.max[0], top + strip)];
        rows::strip(looking, &left, student, "∂loss/∂student", theme::STUDENT, 0);
        match outputs[1] {
            Some(teacher) => rows::strip(looking, &right, teacher, "∂loss/∂teacher", theme::TEACHER, 1),
            None => stopped(paint, &right),
        }
        rest.min[1] = top + strip + 14.0;
    }
    let bar = |layer: &Layer| {
        let [gradient, weights] = norms(layer);
        let tip = format!("{}: gradient {}, weights {}, {} parameters", layer.name, precise(gradient), precise(weights), layer.parameters);
        Bar { name: layer.name.clone(), value: gradient, before: None, tip }
    };
    let shown: Vec<Bar> = joined(layers, most(paint, rest.height())).iter().rev().map(bar).collect();
    bars(looking, &rest, &shown, Marks { colour: theme::STUDENT, outlined: false });
}

/// The teacher gets none: the two bars of the diagram.
fn stopped(paint: &Paint<'_>, rect: &Rect) {
    let y = rect.min[1] + paint.text_height(Style::TITLE) * 0.5;
    let name = paint.fitting(Style::TITLE, &["∂loss/∂teacher", "teacher"], rect.width()).unwrap_or("");
    paint.text([rect.min[0], y], Align::Left, Style::TITLE.coloured(theme::TEACHER), name);
    let [x, middle] = [rect.min[0], y + paint.text_height(Style::LABEL) * 2.2];
    paint.fill(Rect::new(x, middle - 6.0, x + 48.0, middle - 2.0), theme::TEXT, 0.0);
    paint.fill(Rect::new(x, middle + 2.0, x + 48.0, middle + 6.0), theme::TEXT, 0.0);
    let says = ["none: the stop-gradient ends it", "none: stopped", "none"];
    if let Some(text) = paint.fitting(Style::LABEL, &says, rect.width() - 60.0) {
        paint.text([x + 60.0, middle], Align::Left, Style::LABEL, text);
    }
}

/// The change of each layer over its weights.
pub(super) fn update(looking: &Looking<'_, '_>, body: &Rect, layers: &[Layer]) {
    let paint = &looking.frame.paint;
    let ratio = |change: f32, weights: f32| change / weights.max(f32::MIN_POSITIVE);
    let all = ratio(norm(layers, 0), norm(layers, 1));
    let words = ["|Δw| / |w|: how much AdamW changed the weights, layer by layer", "|Δw| / |w|, layer by layer", "|Δw| / |w|"];
    let top = headline(paint, body, &precise(all), &words);
    let rest = Rect::new(body.min[0], top, body.max[0], body.max[1]);
    let bar = |layer: &Layer| {
        let [change, weights] = norms(layer);
        let tip =
            format!("{}: changed by {}, weights {} before, {} parameters", layer.name, precise(change), precise(weights), layer.parameters);
        // What began at 0 (a bias) has no size to compare with.
        Bar { name: layer.name.clone(), value: ratio(change, weights), before: None, tip }
    };
    let shown: Vec<Bar> = joined(layers, most(paint, rest.height())).iter().map(bar).collect();
    bars(looking, &rest, &shown, Marks { colour: theme::STUDENT, outlined: false });
}

/// The distance of the two networks, before and after.
pub(super) fn ema(looking: &Looking<'_, '_>, body: &Rect, layers: &[Layer]) {
    let paint = &looking.frame.paint;
    let snapshot = looking.snapshot;
    let [before, after] = [0, 1].map(|which| precise(norm(layers, which)));
    let tau = if snapshot.switches.ema { format!("τ = {}", precise(snapshot.dials.tau)) } else { "EMA off: τ = 0".to_owned() };
    let long = format!("distance |student − teacher|, {before} before; {tau}; the upright line is before");
    let middle = format!("|student − teacher|, {before} before; {tau}");
    let top = headline(paint, body, &after, &[&long, &middle, &tau]);
    let rest = Rect::new(body.min[0], top, body.max[0], body.max[1]);
    let bar = |layer: &Layer| {
        let [before, after] = norms(layer);
        let tip = format!("{}: {} before, {} after, {} parameters", layer.name, precise(before), precise(after), layer.parameters);
        Bar { name: layer.name.clone(), value: after, before: Some(before), tip }
    };
    let shown: Vec<Bar> = joined(layers, most(paint, rest.height())).iter().map(bar).collect();
    bars(looking, &rest, &shown, Marks { colour: theme::TEACHER, outlined: true });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, square: f64) -> Layer {
        Layer { name: name.to_owned(), parameters: 1, squares: [square, 1.0] }
    }

    #[test]
    fn layers_join_by_their_names_and_lose_nothing() {
        let all: Vec<Layer> = (0..4)
            .flat_map(|block| [layer(&format!("encoder.blocks.{block}.a"), 1.0), layer(&format!("encoder.blocks.{block}.b"), 2.0)])
            .collect();
        assert_eq!(joined(&all, 8).len(), 8);
        let blocks = joined(&all, 5);
        assert_eq!(
            blocks.iter().map(|layer| layer.name.as_str()).collect::<Vec<_>>(),
            ["encoder.blocks.0", "encoder.blocks.1", "encoder.blocks.2", "encoder.blocks.3"]
        );
        assert_eq!(blocks[0].squares, [3.0, 2.0]);
        for most in 0..9 {
            let fewer = joined(&all, most);
            assert_eq!(fewer.iter().map(|layer| layer.squares[0]).sum::<f64>(), 12.0);
        }
    }

    #[test]
    fn decades_hold_the_values() {
        assert_eq!(decades([0.02, 0.5].into_iter()), [-2, 0]);
        assert_eq!(decades([0.0, f32::NAN].into_iter()), [-3, 0]);
        assert_eq!(decades([1e-30, 1.0].into_iter()), [-8, 0]);
        assert_eq!(decades([1.0].into_iter()), [-1, 0]);
    }
}
