//! Where the name of a reference line stands: above or below its line, at the left, at the right or anywhere between, wherever no
//! data run; else in the gutter beside the plot. Only where there is no free place does it get a backing and stand over the data; where
//! it would lie on another name, it is left out.
//!
//! A name stays where it was as long as that place is free, so names do not jump while data grow. Coordinates are relative to the
//! plot's upper left corner.

use crate::view::layout::Rect;

/// A place for a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The name's left end.
    pub left: f32,
    /// The name's middle.
    pub y: f32,
    /// Something lies behind it: it needs a backing.
    pub covered: bool,
}

/// What already is in a plot.
#[derive(Clone, Debug)]
pub struct Ground {
    size: [f32; 2],
    /// Of each pixel column, the highest and lowest place that lines take.
    lines: Vec<Option<[f32; 2]>>,
    /// The same of faint marks.
    faint: Vec<Option<[f32; 2]>>,
    boxes: Vec<Rect>,
    /// Names that have found their places.
    names: Vec<Rect>,
}

fn widen(column: &mut Option<[f32; 2]>, top: f32, bottom: f32) {
    *column = Some(column.map_or([top, bottom], |[a, b]| [a.min(top), b.max(bottom)]));
}

/// Air between a name and anything else.
const AIR: f32 = 2.0;
/// A name may hang out of its plot so far: there is air above and below each.
const OUT: f32 = 6.0;

impl Ground {
    /// An empty plot.
    pub fn new(size: [f32; 2]) -> Self {
        let columns = (size[0].clamp(1.0, 16_384.0).ceil() as usize).max(1);
        Self { size, lines: vec![None; columns], faint: vec![None; columns], boxes: Vec::new(), names: Vec::new() }
    }

    /// A line 2 px thick through these points.
    pub fn add_line(&mut self, points: &[[f32; 2]]) {
        let last = self.lines.len() - 1;
        for pair in points.windows(2) {
            let ([x0, y0], [x1, y1]) = (pair[0], pair[1]);
            let span = (x1 - x0).max(1e-3);
            let at = |x: f32| y0 + (y1 - y0) * ((x - x0) / span).clamp(0.0, 1.0);
            for column in (x0.max(0.0) as usize)..=(x1.max(0.0) as usize).min(last) {
                let [a, b] = [at(column as f32), at(column as f32 + 1.0)];
                widen(&mut self.lines[column], a.min(b) - 1.0, a.max(b) + 1.0);
            }
        }
    }

    /// A faint mark in a pixel column.
    pub fn add_faint(&mut self, column: usize, top: f32, bottom: f32) {
        if let Some(column) = self.faint.get_mut(column) {
            widen(column, top, bottom);
        }
    }

    /// Anything rectangular: a marker, the end of a line, a text.
    pub fn add_box(&mut self, rect: Rect) {
        self.boxes.push(rect);
    }

    /// How much lies in `rect`: 0 is free.
    pub fn cost(&self, rect: &Rect) -> f32 {
        let from = (rect.min[0] - AIR).max(0.0) as usize;
        let to = ((rect.max[0] + AIR).max(0.0) as usize).min(self.lines.len() - 1);
        let meets = |column: &Option<[f32; 2]>| column.is_some_and(|[top, bottom]| bottom > rect.min[1] - 1.0 && top < rect.max[1] + 1.0);
        let count =
            |columns: &[Option<[f32; 2]>]| columns.get(from..=to).unwrap_or_default().iter().filter(|column| meets(column)).count() as f32;
        let boxes = self.boxes.iter().filter(|other| {
            other.min[0] < rect.max[0] + AIR && other.max[0] > rect.min[0] - AIR && other.min[1] < rect.max[1] && other.max[1] > rect.min[1]
        });
        // Data are worse to cover than a marker's line, and another text worst of all.
        let boxes = boxes.map(|other| if other.width() > 3.0 { 400.0 } else { 8.0 });
        2.0 * count(&self.lines) + 0.3 * count(&self.faint) + boxes.sum::<f32>()
    }

    fn rect(&self, spot: Spot, size: [f32; 2]) -> Rect {
        Rect::new(spot.left, spot.y - size[1] * 0.5, spot.left + size[0], spot.y + size[1] * 0.5)
    }

    /// Finds a place for a name of `size` at the horizontal line at `y`, and takes it; none where it would lie on another name.
    /// `before` is where it stood; `gutter` is where names beside the plot begin, if this one may go there.
    pub fn place(&mut self, y: f32, size: [f32; 2], before: Option<Spot>, gutter: Option<f32>) -> Option<Spot> {
        let spot = self.find(y, size, before, gutter);
        let rect = self.rect(spot, size);
        let meets = |other: &Rect| (0..2).all(|axis| other.min[axis] < rect.max[axis] - 1.0 && other.max[axis] > rect.min[axis] + 1.0);
        if self.names.iter().any(meets) {
            return None;
        }
        self.add_box(rect);
        self.names.push(rect);
        Some(spot)
    }

    fn find(&self, y: f32, size: [f32; 2], before: Option<Spot>, gutter: Option<f32>) -> Spot {
        let half = size[1] * 0.5 + AIR;
        let sides: Vec<f32> = [y - half, y + half].into_iter().filter(|y| *y >= half - OUT && *y <= self.size[1] - half + OUT).collect();
        let (first, last) = (6.0, (self.size[0] - size[0] - 8.0).max(6.0));
        let cost = |spot: Spot| self.cost(&self.rect(spot, size));
        if let Some(spot) = before
            && sides.iter().any(|side| (side - spot.y).abs() < 0.5)
            && (first..=last).contains(&spot.left)
            && cost(spot) == 0.0
        {
            return Spot { covered: false, ..spot };
        }
        // The ends first, then places between, the earlier the better.
        let between = (1..=40).map(|index| first + (last - first) * index as f32 / 41.0);
        let lefts = [first, last].into_iter().chain(between).enumerate();
        let candidates = lefts.flat_map(|(rank, left)| sides.iter().map(move |&y| (rank, Spot { left, y, covered: false })));
        let judged = candidates.map(|(rank, spot)| (cost(spot), rank, spot));
        let best = judged.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        if let Some((0.0, _, spot)) = best {
            return spot;
        }
        if let Some(left) = gutter {
            let spot = Spot { left, y: y.clamp(half, (self.size[1] - half).max(half)), covered: false };
            if cost(spot) == 0.0 {
                return spot;
            }
        }
        best.map_or(Spot { left: first, y: y.clamp(half, (self.size[1] - half).max(half)), covered: true }, |(_, _, spot)| Spot {
            covered: true,
            ..spot
        })
    }
}

/// Places near `targets` (ascending) that are at least `pitch` apart and between `low` and `high`, if there is room for that.
pub fn spread(targets: &[f32], pitch: f32, low: f32, high: f32) -> Vec<f32> {
    // Runs that touch stand around the mean of what they want.
    let mut runs: Vec<(f32, usize)> = Vec::new();
    for target in targets {
        runs.push((*target, 1));
        while let [.., (a, n), (b, m)] = runs[..]
            && b - (m as f32 - 1.0) * 0.5 * pitch < a + (n as f32 - 1.0) * 0.5 * pitch + pitch
        {
            runs.pop();
            runs.pop();
            let total = n + m;
            // Each run's middle, as the mean of its members' wishes.
            runs.push(((a * n as f32 + b * m as f32) / total as f32, total));
        }
    }
    let mut places = Vec::with_capacity(targets.len());
    for (middle, count) in runs {
        let first = middle - (count as f32 - 1.0) * 0.5 * pitch;
        places.extend((0..count).map(|index| first + index as f32 * pitch));
    }
    let mut least = low;
    for place in &mut places {
        *place = place.max(least);
        least = *place + pitch;
    }
    let mut most = high;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - pitch;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: [f32; 2] = [250.0, 90.0];
    const NAME: [f32; 2] = [80.0, 13.0];

    fn line(value: impl Fn(f32) -> f32) -> Vec<[f32; 2]> {
        (0..=250).map(|x| [x as f32, value(x as f32)]).collect()
    }

    fn overlaps(points: &[[f32; 2]], spot: Spot, size: [f32; 2]) -> bool {
        let inside = |[x, y]: [f32; 2]| (spot.left..=spot.left + size[0]).contains(&x) && (y - spot.y).abs() < size[1] * 0.5;
        points.iter().any(|point| inside(*point))
    }

    #[test]
    fn a_name_never_stands_on_data_where_there_is_a_free_place() {
        // Falling, rising, low, high, a spike, and noise that leaves a gap.
        let shapes: [Box<dyn Fn(f32) -> f32>; 6] = [
            Box::new(|x| x * 0.36),
            Box::new(|x| 90.0 - x * 0.36),
            Box::new(|_| 84.0),
            Box::new(|_| 8.0),
            Box::new(|x| if (120.0..125.0).contains(&x) { 4.0 } else { 70.0 }),
            Box::new(|x| if (90.0..190.0).contains(&x) { 20.0 } else { 45.0 + 40.0 * (x * 1.7).sin() }),
        ];
        for (index, shape) in shapes.iter().enumerate() {
            let points = line(shape);
            for y in [15.0, 45.0, 75.0, 90.0] {
                let mut ground = Ground::new(SIZE);
                ground.add_line(&points);
                let spot = ground.place(y, NAME, None, None).expect("a place");
                let free = (0..160).any(|left| {
                    [y - 8.5, y + 8.5].into_iter().filter(|y| (2.5..=87.5).contains(y)).any(|y| {
                        let rect = Rect::new(left as f32 + 6.0, y - 6.5, left as f32 + 86.0, y + 6.5);
                        rect.max[0] <= 242.0 && Ground { boxes: Vec::new(), ..ground.clone() }.cost(&rect) == 0.0
                    })
                });
                assert_eq!(spot.covered, !free, "shape {index} at {y}: {spot:?}");
                assert!(spot.covered || !overlaps(&points, spot, NAME), "shape {index} at {y}: {spot:?}");
            }
        }
    }

    #[test]
    fn names_do_not_meet_each_other_nor_markers() {
        let mut ground = Ground::new(SIZE);
        ground.add_box(Rect::new(60.0, 0.0, 61.0, 90.0));
        let [a, b] = [40.0, 46.0].map(|y| ground.place(y, NAME, None, None).expect("a place"));
        assert!(!a.covered && !b.covered);
        assert!((a.y - b.y).abs() >= 13.0 || (a.left - b.left).abs() >= 80.0, "{a:?} {b:?}");
        for spot in [a, b] {
            assert!(spot.left > 60.0 || spot.left + 80.0 < 60.0, "the marker at 60 cuts {spot:?}");
        }
    }

    #[test]
    fn a_name_stays_while_its_place_is_free() {
        let mut ground = Ground::new(SIZE);
        let before = Spot { left: 101.0, y: 45.0 - 8.5, covered: false };
        assert_eq!(ground.place(45.0, NAME, Some(before), None), Some(before));
        let mut ground = Ground::new(SIZE);
        ground.add_line(&line(|_| 36.0));
        let moved = ground.place(45.0, NAME, Some(before), None).expect("a place");
        assert!(!moved.covered && moved.y > 45.0, "{moved:?}");
    }

    #[test]
    fn the_gutter_comes_before_a_backing() {
        let full = |x: f32| if (x as u32).is_multiple_of(2) { 0.0 } else { 90.0 };
        let mut ground = Ground::new(SIZE);
        ground.add_line(&line(full));
        let mut place = |y: f32, gutter| ground.place(y, NAME, None, gutter);
        assert_eq!(place(45.0, Some(260.0)).map(|spot| spot.left), Some(260.0));
        assert!(place(45.0, None).is_some_and(|spot| spot.covered));
        assert!(place(20.0, Some(260.0)).is_some_and(|spot| !spot.covered), "there is more gutter");
    }

    #[test]
    fn a_name_that_would_lie_on_another_is_left_out() {
        let mut ground = Ground::new([100.0, 20.0]);
        assert!(ground.place(12.0, NAME, None, None).is_some());
        assert_eq!(ground.place(10.0, NAME, None, None), None);
    }

    #[test]
    fn any_plot_and_any_data_have_a_place() {
        for size in [[0.0, 0.0], [10.0, 4.0], [f32::NAN, 50.0], [1e9, 1e9]] {
            let mut ground = Ground::new(size);
            ground.add_line(&[[f32::NAN, 1.0], [5.0, f32::INFINITY], [-1e9, 3.0], [1e9, 3.0]]);
            ground.add_faint(usize::MAX, 0.0, 1.0);
            let spot = ground.place(3.0, NAME, None, Some(20.0)).expect("a place");
            assert!(spot.left.is_finite() && spot.y.is_finite(), "{size:?}: {spot:?}");
        }
    }

    #[test]
    fn places_are_pushed_apart() {
        assert_eq!(spread(&[10.0, 50.0], 16.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0], 16.0, 0.0, 100.0), [42.0, 58.0]);
        assert_eq!(spread(&[98.0, 99.0, 100.0], 16.0, 0.0, 100.0), [68.0, 84.0, 100.0]);
        assert_eq!(spread(&[0.0, 0.0], 16.0, 0.0, 100.0), [0.0, 16.0]);
        assert!(spread(&[], 16.0, 0.0, 100.0).is_empty());
        for pair in spread(&[1.0, 2.0, 3.0, 40.0, 41.0, 42.0, 90.0], 16.0, 0.0, 200.0).windows(2) {
            assert!(pair[1] - pair[0] >= 15.99);
        }
    }
}
