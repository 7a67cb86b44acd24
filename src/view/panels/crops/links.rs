//! The curves from each crop's frame in the image to its dot in the cloud: blue and solid for globals, green and dashed for locals.

use crate::view::layout::Rect;
use crate::view::theme;

use super::Looking;
use super::landing::Dots;
use super::marks;
use super::picture;

/// A cubic curve that leaves and arrives level.
fn curve(from: [f32; 2], to: [f32; 2]) -> Vec<[f32; 2]> {
    let reach = ((to[0] - from[0]) * 0.5).abs().max(24.0);
    let (b, c) = ([from[0] + reach, from[1]], [to[0] - reach, to[1]]);
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

/// Paints the curves; the crop that stands out gets the thickest, the others step back.
pub fn ui(looking: &Looking<'_, '_>, image: &Rect, dots: &Dots) {
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
        let points = curve(from, dot.at);
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
        let points = curve([10.0, 20.0], [300.0, 120.0]);
        assert_eq!(points.first(), Some(&[10.0, 20.0]));
        assert_eq!(points.last(), Some(&[300.0, 120.0]));
        assert!(points.windows(2).all(|pair| pair[1][0] > pair[0][0]));
    }
}
