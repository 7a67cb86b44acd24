//! What a meter reads: the one number that charts, captions, cards, the badge and lessons give for it. It is where the meter's line
//! ends: the mean of the last steps where a value comes with every step, the last value where values are rare.
//!
//! Contract: what is drawn is what is quoted. Over how many steps hangs on the length of the run alone ([`mean_of`]), not on what a
//! chart shows of it, so nobody quotes another number after a zoom. A last value that is no number is not hidden behind the mean of
//! those before it.

use crate::lesson::Meter;
use crate::observe::verdict::MEAN_STEPS;
use crate::snapshot::{History, Series, Verdict};

/// Steps of the running mean in a run of so many steps; 1 is no mean at all. Never more than the verdict's, so no line lags behind
/// the badge.
pub fn mean_of(run: u64) -> u64 {
    const NICE: [u64; 5] = [1, 2, 5, 10, MEAN_STEPS];
    NICE.into_iter().rev().find(|steps| steps * 60 <= run).unwrap_or(1)
}

/// Whether values come often enough for a mean over `steps` to be one.
pub(super) fn is_dense(points: &[(u64, f32)], steps: u64) -> bool {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) => (last.0 - first.0) as f64 <= 0.5 * steps as f64 * points.len() as f64,
        _ => false,
    }
}

/// What a meter reads in a run of `run` steps.
pub fn reading(series: &Series, run: u64) -> Option<f32> {
    reading_at(series, u64::MAX, run)
}

/// What its line is at a step, or at the last one before it with a value.
pub fn reading_at(series: &Series, step: u64, run: u64) -> Option<f32> {
    let steps = mean_of(run);
    let upto = &series.points[..series.points.partition_point(|point| point.0 <= step)];
    let &(last, value) = upto.last()?;
    if steps == 1 || !value.is_finite() || !is_dense(&series.points, steps) {
        return Some(value);
    }
    let from = upto.partition_point(|point| point.0 + steps <= last);
    let finite = || upto[from..].iter().map(|point| f64::from(point.1)).filter(|value| value.is_finite());
    Some((finite().sum::<f64>() / finite().count() as f64) as f32)
}

/// a - b wherever both were measured at the same step.
pub fn difference(a: &Series, b: &Series) -> Series {
    let mut others = b.points.iter().copied().peekable();
    let mut points = Vec::with_capacity(a.points.len());
    for &(step, value) in &a.points {
        while others.next_if(|other| other.0 < step).is_some() {}
        if let Some(other) = others.next_if(|other| other.0 == step) {
            points.push((step, value - other.1));
        }
    }
    Series { points }
}

/// Entropy of the mean less mean entropy.
fn mutual_information(history: &History, run: u64) -> Option<f32> {
    // As many values as any mean takes.
    let newest = |series: &Series| {
        let from = series.points.len().saturating_sub(2 * MEAN_STEPS as usize);
        Series { points: series.points[from..].to_vec() }
    };
    reading(&difference(&newest(&history.mean_teacher_entropy), &newest(&history.teacher_entropy)), run)
}

/// What a lesson's meter reads.
pub fn of_lesson(meter: Meter, history: &History, run: u64) -> Option<f32> {
    match meter {
        Meter::Loss => reading(&history.loss, run),
        Meter::EmbeddingStd => reading(&history.embedding_std, run),
        Meter::KnnAccuracy => reading(&history.knn_accuracy, run),
        Meter::TeacherEntropy => reading(&history.teacher_entropy, run),
        Meter::MeanTeacherEntropy => reading(&history.mean_teacher_entropy, run),
        Meter::MutualInformation => mutual_information(history, run),
        Meter::Kl => reading(&history.kl, run),
    }
}

/// What the meter reads that a verdict names; before it has a value, that of the verdict.
pub fn of_verdict(verdict: &Verdict, history: &History, run: u64) -> f32 {
    let reading = match verdict.meter {
        "embedding std" => reading(&history.embedding_std, run),
        "effective rank" => reading(&history.effective_rank, run),
        "teacher entropy" => reading(&history.teacher_entropy, run),
        "mean teacher entropy" => reading(&history.mean_teacher_entropy, run),
        "mutual information" => mutual_information(history, run),
        _ => None,
    };
    reading.unwrap_or(verdict.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::charts::Axis;
    use crate::view::charts::trace::trace;

    #[test]
    fn differences_are_taken_at_common_steps() {
        let a = Series { points: vec![(1, 4.0), (2, 5.0), (4, 6.0), (9, 1.0)] };
        let b = Series { points: vec![(2, 1.0), (3, 9.0), (4, 2.0), (8, 0.0)] };
        assert_eq!(difference(&a, &b).points, [(2, 4.0), (4, 4.0)]);
        assert!(difference(&a, &Series::default()).points.is_empty());
    }

    #[test]
    fn a_meter_reads_where_its_line_ends() {
        for run in [30, 130, 400, 700, 3000] {
            let noisy: Vec<(u64, f32)> = (1..=run).map(|step| (step, (step * 7919 % 101) as f32 / 101.0)).collect();
            let rare: Vec<(u64, f32)> = noisy.iter().copied().filter(|point| point.0 % 25 == 0).collect();
            for points in [noisy, rare] {
                let series = Series { points };
                for columns in [40, 250, 1000] {
                    let line = trace(&series.points, &Axis::new(run), columns).line;
                    let (end, read) = (line.last().map(|point| point.1), reading(&series, run));
                    let apart = end.zip(read).map(|(end, read)| (end - read).abs());
                    assert!(apart.is_some_and(|apart| apart <= 1e-6), "run of {run}, {columns} columns: {end:?}, {read:?}");
                }
            }
        }
        assert_eq!(reading(&Series::default(), 100), None);
    }

    #[test]
    fn what_is_no_number_is_not_hidden() {
        let mut points: Vec<(u64, f32)> = (1..=1000).map(|step| (step, 1.0)).collect();
        points[990].1 = f32::NAN;
        assert_eq!(reading(&Series { points: points.clone() }, 1000), Some(1.0));
        points[999].1 = f32::NAN;
        let series = Series { points };
        assert!(reading(&series, 1000).is_some_and(f32::is_nan));
        assert_eq!(reading_at(&series, 500, 1000), Some(1.0));
        assert_eq!(reading_at(&series, 0, 1000), None);
    }

    #[test]
    fn no_mean_is_longer_than_the_verdicts() {
        assert_eq!([1, 119, 120, 300, 600, 1200, 1_000_000].map(mean_of), [1, 1, 2, 5, 10, 20, 20]);
    }
}
