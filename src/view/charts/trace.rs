//! What a line of thousands of noisy steps is drawn as: its running mean, and behind it, faintly, all that was measured from the
//! lowest to the highest value of each pixel column. No spike is lost and none is invented.
//!
//! The mean trails: it never shows an effect before its cause. Subtlety: over how many steps hangs on the length of the run and not
//! on what is shown of it or how large, so that a line ends at what its meter reads ([`super::reading`]).

use super::axis::Axis;
use super::reading::{is_dense, mean_of};

/// A line as it is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The strong line: (step, value), steps ascending.
    pub line: Vec<(f64, f32)>,
    /// Lowest and highest value of each pixel column; empty where the line itself shows every value.
    pub envelope: Vec<Option<[f32; 2]>>,
}

/// The trace of `points` over what `axis` shows, for a plot of so many pixel columns.
pub fn trace(points: &[(u64, f32)], axis: &Axis, columns: usize) -> Trace {
    let columns = columns.max(1);
    let steps = mean_of(axis.newest);
    let from = points.partition_point(|point| (point.0 as f64) < axis.first);
    let to = points.partition_point(|point| point.0 as f64 <= axis.last);
    // One point more at each side, so that lines run to the edges.
    let shown = &points[from.saturating_sub(1)..(to + 1).min(points.len())];
    if steps == 1 || !is_dense(points, steps) {
        return Trace { line: clipped(&thinned(shown.iter().copied(), axis, columns), axis), envelope: Vec::new() };
    }
    let mut envelope = vec![None; columns];
    for &(step, value) in points[from..to].iter().filter(|point| point.1.is_finite()) {
        let column = &mut envelope[column_of(step as f64, axis, columns)];
        *column = Some(column.map_or([value; 2], |[low, high]: [f32; 2]| [low.min(value), high.max(value)]));
    }
    let warm = points.partition_point(|point| (point.0 + steps) as f64 <= axis.first);
    let means = running_mean(&points[warm..(to + 1).min(points.len())], steps);
    let means = means.into_iter().filter(|point| point.0 as f64 >= axis.first);
    Trace { line: clipped(&thinned(means, axis, columns), axis), envelope }
}

fn column_of(step: f64, axis: &Axis, columns: usize) -> usize {
    (((step - axis.first) / axis.span() * columns as f64).max(0.0) as usize).min(columns - 1)
}

/// The mean of the finite values of the last `steps` steps, at each of them.
pub fn running_mean(points: &[(u64, f32)], steps: u64) -> Vec<(u64, f32)> {
    let finite: Vec<(u64, f32)> = points.iter().copied().filter(|point| point.1.is_finite()).collect();
    let (mut first, mut sum) = (0, 0.0_f64);
    let mut means = Vec::with_capacity(finite.len());
    for (index, &(step, value)) in finite.iter().enumerate() {
        sum += f64::from(value);
        while finite[first].0 + steps <= step {
            sum -= f64::from(finite[first].1);
            first += 1;
        }
        means.push((step, (sum / (index + 1 - first) as f64) as f32));
    }
    means
}

/// What so many pixel columns can show: the first, lowest, highest and last value of each. Values that are not finite are left out.
fn thinned(points: impl Iterator<Item = (u64, f32)>, axis: &Axis, columns: usize) -> Vec<(f64, f32)> {
    let finite: Vec<(f64, f32)> = points.filter(|point| point.1.is_finite()).map(|(step, value)| (step as f64, value)).collect();
    if finite.len() <= columns * 2 {
        return finite;
    }
    let mut kept = Vec::with_capacity(columns * 4);
    for column in finite.chunk_by(|a, b| column_of(a.0, axis, columns) == column_of(b.0, axis, columns)) {
        let by_value = |a: &&(f64, f32), b: &&(f64, f32)| a.1.total_cmp(&b.1);
        let mut four = [
            column[0],
            column.iter().min_by(by_value).copied().unwrap_or(column[0]),
            column.iter().max_by(by_value).copied().unwrap_or(column[0]),
            column[column.len() - 1],
        ];
        four.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept.extend(four);
    }
    kept.dedup_by_key(|point| point.0);
    kept
}

/// The part of a line between the axis's ends; where it crosses one, it ends there.
fn clipped(points: &[(f64, f32)], axis: &Axis) -> Vec<(f64, f32)> {
    let mut inside = Vec::with_capacity(points.len());
    let cross = |a: (f64, f32), b: (f64, f32), at: f64| (at, a.1 + (b.1 - a.1) * ((at - a.0) / (b.0 - a.0)) as f32);
    for (index, &point) in points.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| points[index]);
        if let Some(before) = before {
            for edge in [axis.first, axis.last] {
                if before.0 < edge && edge < point.0 {
                    inside.push(cross(before, point, edge));
                }
            }
        }
        if (axis.first..=axis.last).contains(&point.0) {
            inside.push(point);
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(steps: u64) -> Vec<(u64, f32)> {
        (1..=steps).map(|step| (step, 0.5 + 0.3 * ((step * 7919 % 101) as f32 / 101.0 - 0.5))).collect()
    }

    #[test]
    fn a_noisy_trace_reads_as_a_line_and_keeps_its_spikes() {
        let mut points = noisy(5000);
        points[1234].1 = 9.0;
        points[99].1 = f32::NAN;
        let axis = Axis::new(5000);
        let trace = trace(&points, &axis, 250);
        assert_eq!(mean_of(axis.newest), 20);
        assert!(trace.line.len() <= 1000);
        let beside_the_spike = |point: &&(f64, f32)| !(1235.0..1260.0).contains(&point.0);
        let roughest = trace.line.iter().skip(8).filter(beside_the_spike).map(|point| (point.1 - 0.5).abs()).fold(0.0, f32::max);
        assert!(roughest < 0.1, "the mean still swings by {roughest}");
        let highest = trace.envelope.iter().flatten().map(|column| column[1]).fold(0.0, f32::max);
        assert_eq!(highest, 9.0, "the spike is in the envelope");
        assert!(trace.line.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(trace.line.iter().all(|point| point.1.is_finite()));
    }

    #[test]
    fn the_mean_never_comes_before_its_cause() {
        let points: Vec<(u64, f32)> = (1..=2000).map(|step| (step, if step <= 1000 { 1.0 } else { 0.0 })).collect();
        let line = trace(&points, &Axis::new(2000), 250).line;
        assert!(line.iter().filter(|point| point.0 <= 1000.0).all(|point| point.1 == 1.0));
        let settled = 1000.0 + mean_of(2000) as f64;
        assert!(line.iter().filter(|point| point.0 > settled).all(|point| point.1.abs() < 1e-6));
    }

    #[test]
    fn few_steps_and_rare_values_are_drawn_as_they_are() {
        let few = noisy(50);
        assert_eq!(trace(&few, &Axis::new(50), 250).line.len(), 50);
        let rare: Vec<(u64, f32)> = (0..30).map(|index| (index * 100, index as f32)).collect();
        let trace = trace(&rare, &Axis::new(2900), 250);
        assert_eq!(trace.line.len(), 30);
        assert!(trace.envelope.is_empty());
    }

    #[test]
    fn a_window_cuts_lines_at_its_edges() {
        let points: Vec<(u64, f32)> = (0..=10).map(|index| (index * 100, index as f32)).collect();
        let axis = Axis { first: 250.0, last: 650.0, newest: 1000, hovered: None };
        let line = trace(&points, &axis, 250).line;
        assert_eq!(line.first().copied(), Some((250.0, 2.5)));
        assert_eq!(line.last().copied(), Some((650.0, 6.5)));
        assert_eq!(line.len(), 6);
        let between = Axis { first: 210.0, last: 260.0, newest: 1000, hovered: None };
        assert_eq!(trace(&points, &between, 250).line.len(), 2, "a line without a point inside is seen all the same");
        assert!(trace(&[], &axis, 250).line.is_empty());
        assert!(trace(&[(1, f32::NAN); 3], &Axis::new(10), 0).line.is_empty());
    }

    #[test]
    fn a_running_mean_of_gappy_steps() {
        let means = running_mean(&[(1, 1.0), (2, 3.0), (3, f32::NAN), (30, 5.0)], 10);
        assert_eq!(means, [(1, 1.0), (2, 2.0), (30, 5.0)]);
    }
}
