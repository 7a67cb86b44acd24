//! The curves from each crop's frame in the image to its dot in the cloud: blue and solid for globals, green and dashed for locals.

use crate::view::layout::Rect;
use crate::view::theme;

use super::Looking;
use super::landing::Dots;
use super::marks;
use super::picture;

/// A cubic curve that leaves and arrives level; where it would run over the charts, whose pane begins at `[x, y]`, it leaves the more
/// steeply.
fn curve(from: [f32; 2], to: [f32; 2], [x, y]: [f32; 2]) -> Vec<[f32; 2]> {
    let all = [0.0, 0.25, 0.5, 0.75, 1.0].map(|steep| curved(from, to, steep));
    let clear = all.iter().position(|points| points.iter().all(|point| point[0] < x || point[1] < y - 6.0));
    all.into_iter().nth(clear.unwrap_or(4)).unwrap_or_default()
}

fn curved(from: [f32; 2], to: [f32; 2], steep: f32) -> Vec<[f32; 2]> {
    let reach = ((to[0] - from[0]) * 0.5).abs().max(24.0);
    let b = [from[0] + reach * (1.0 - 0.9 * steep), from[1] + (to[1] - from[1]) * 0.85 * steep];
    let c = [to[0] - reach, to[1]];
    let steps = 40;
    (0..=steps)
        .map(|step| {
            let t = step as f32 / steps as f32;
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            std::array::from_fn(|axis| weights[0] * from[axis] + weights[1] * b[axis] + weights[2] * c[axis] + weights[3] * to[axis])
        })
        .collect()
}

/// Paints the curves; the crop that stands out gets the thickest, the others step back. They keep off the charts, whose upper left
/// corner is `charts_begin`.
pub fn ui(looking: &Looking<'_, '_>, image: &Rect, dots: &Dots, charts_begin: [f32; 2]) {
    let paint = &looking.frame.paint;
    let globals = marks::globals(looking.inspection);
    let last = |crop: usize| looking.hovered == Some(crop);
    let mut order: Vec<_> = dots.student.iter().collect();
    order.sort_by_key(|dot| last(dot.crop));
    for dot in order {
        let Some(rect) = picture::place(image, looking.inspection, dot.crop) else { continue };
        let from = [rect.max[0], rect.centre()[1]];
        let (alpha, thickness) = match (last(dot.crop), looking.is_faded(dot.crop)) {
            (true, _) => (1.0, 3.0),
            (false, true) => (0.3, 1.5),
            (false, false) => (0.85, 2.0),
        };
        let colour = theme::with_alpha(marks::colour(dot.crop, globals), alpha);
        let points = curve(from, dot.at, charts_begin);
        if dot.crop < globals {
            paint.polyline(points.into_iter(), colour, thickness);
        } else {
            marks::dashes(paint, &points, colour, thickness);
        }
        paint.dot(from, 4.0, marks::colour(dot.crop, globals));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_joins_its_ends() {
        for (from, to) in [([10.0, 20.0], [300.0, 120.0]), ([180.0, 400.0], [300.0, 120.0])] {
            let points = curve(from, to, [200.0, 250.0]);
            assert_eq!((points.first(), points.last()), (Some(&from), Some(&to)));
            assert!(points.windows(2).all(|pair| pair[1][0] > pair[0][0]));
            assert!(points.iter().all(|point| point[0] < 200.0 || point[1] < 250.0), "{points:?}");
        }
    }
}
