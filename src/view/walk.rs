//! What is said of a walked step: plain numbers out of the tensors of the moment, and the sentence below the picture. Nothing here
//! draws.

use crate::config::Method;
use crate::snapshot::{Excerpt, Layer, Snapshot, SubStep, Tensors, Walk};

use super::charts::short;

/// A number with three digits, also where it is small: 0.0123, 4.56e-7.
pub fn precise(value: f32) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "not finite".to_owned(),
        0.0 => "0".to_owned(),
        s if s >= 0.0995 => short(value),
        s if s >= 0.00995 => format!("{value:.4}"),
        s if s >= 0.000995 => format!("{value:.5}"),
        _ => format!("{value:.2e}").replace(".00e", "e"),
    }
}

/// The end of a scale that holds `largest`: 1, 2 or 5 times a power of ten.
pub fn nice(largest: f32) -> f32 {
    if !(largest.is_finite() && largest > 1e-30) {
        return 1.0;
    }
    let power = 10.0_f32.powf(largest.log10().floor());
    let most = [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|&end| end >= largest * 0.9999);
    most.filter(|end| end.is_finite() && *end > 0.0).unwrap_or(largest)
}

/// Norm over all layers of one of their sums of squares.
pub fn norm(layers: &[Layer], which: usize) -> f32 {
    layers.iter().map(|layer| layer.squares[which]).sum::<f64>().sqrt() as f32
}

/// One layer's two norms.
pub fn norms(layer: &Layer) -> [f32; 2] {
    layer.squares.map(|square| square.sqrt() as f32)
}

/// How alike the rows of different images are: their mean cosine, 1 where all images get the same. None below two rows.
pub fn alikeness(excerpt: &Excerpt) -> Option<f32> {
    let unit = |row: &[f32]| -> Vec<f32> {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter().map(|value| value / length).collect()
    };
    let rows: Vec<Vec<f32>> = (0..excerpt.rows).map(|row| unit(excerpt.row(row))).collect();
    let (mut sum, mut pairs) = (0.0, 0);
    for (index, one) in rows.iter().enumerate() {
        for other in &rows[index + 1..] {
            sum += one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / pairs as f32).filter(|mean| mean.is_finite())
}

/// A sub-step within a sentence.
const fn phrase(sub: SubStep) -> &'static str {
    match sub {
        SubStep::Views => "new views",
        SubStep::Student => "the student's forward pass",
        SubStep::Teacher => "the teacher's forward pass",
        SubStep::Loss => "the loss",
        SubStep::Backward => "the backward pass",
        SubStep::Update => "the student's update",
        SubStep::Ema => "the teacher follows",
        SubStep::Center => "the centre follows",
    }
}

/// What the next W does.
pub fn next(walk: &Walk, method: Method) -> String {
    let all = SubStep::of(method);
    match walk.at.place(method).and_then(|place| all.get(place + 1)).filter(|_| !walk.is_complete) {
        Some(next) => format!("W: {}.", phrase(*next)),
        None => "The step is complete; W begins the next.".to_owned(),
    }
}

/// Where the walk stands, e.g. "step 341, 3 of 7".
pub fn place(walk: &Walk, method: Method) -> String {
    let place = walk.at.place(method).map_or(0, |place| place + 1);
    format!("step {}, {place} of {}", walk.step, SubStep::of(method).len())
}

/// What just happened, with the number that was measured.
pub fn happened(walk: &Walk, snapshot: &Snapshot) -> String {
    let Some(moment) = &walk.moment else { return walk.at.sentence(snapshot.method).to_owned() };
    let alike = |excerpt: Option<&Excerpt>| match excerpt.and_then(alikeness) {
        Some(cosine) => format!("; those of two images have a mean cosine of {}", short(cosine)),
        None => String::new(),
    };
    match &moment.tensors {
        Tensors::Views => {
            let locals = if snapshot.local_crops > 0 { format!(" and {} local ones", snapshot.local_crops) } else { String::new() };
            format!("{} images were drawn, and 2 views of each{locals}.", moment.pictures.batch)
        }
        Tensors::Forward { matrices, .. } => {
            let last = matrices.last();
            let [rows, columns] = last.map_or([0, 0], |excerpt| excerpt.shape);
            let (who, what) = match (walk.at, snapshot.method) {
                (SubStep::Teacher, Method::Byol) => ("teacher", "projections"),
                (SubStep::Teacher, Method::Dino) => ("teacher", "rows of logits"),
                (_, Method::Byol) => ("student", "predictions"),
                (_, Method::Dino) => ("student", "rows of logits"),
            };
            format!("The {who} made {rows} {what} of {columns} numbers{}.", alike(last))
        }
        Tensors::Cosines { mean: loss, .. } => {
            // The loss of a pair is 2 - 2 cos.
            format!("The loss is {}: prediction and target have a cosine of {} on average.", short(*loss), short(1.0 - loss * 0.5))
        }
        Tensors::Distributions { mean: loss, .. } => {
            format!("The loss is {}: the mean cross-entropy of student and teacher.", short(*loss))
        }
        Tensors::Gradients { layers, teacher, .. } => {
            let length = precise(norm(layers, 0));
            if teacher.is_some() {
                format!("The gradient has a norm of {length}; some of it came through the teacher.")
            } else {
                format!("The gradient has a norm of {length}; the stop-gradient ends it before the teacher.")
            }
        }
        Tensors::Update { layers } => {
            let share = norm(layers, 0) / norm(layers, 1).max(f32::MIN_POSITIVE);
            format!("AdamW changed the student's weights by {} % of their norm.", precise(100.0 * share))
        }
        Tensors::Ema { layers } => {
            let [before, after] = [0, 1].map(|which| precise(norm(layers, which)));
            let way = if snapshot.switches.ema { format!(", τ = {}", short(snapshot.dials.tau)) } else { ", EMA off".to_owned() };
            format!("The teacher moved towards the student: their distance went from {before} to {after}{way}.")
        }
        Tensors::Center { before, after } => {
            let moved = before.iter().zip(&**after).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
            let length = after.iter().map(|value| value * value).sum::<f32>().sqrt();
            format!("The centre moved by {} and now has a norm of {}.", precise(moved), precise(length))
        }
    }
}

/// The sentence below the picture.
pub fn caption(walk: &Walk, snapshot: &Snapshot) -> String {
    format!("{} {}", happened(walk, snapshot), next(walk, snapshot.method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_what_is_on_them() {
        for (largest, end) in [(0.3, 0.5), (1.0, 1.0), (1.01, 2.0), (4.9, 5.0), (7.0, 10.0), (0.0021, 0.005)] {
            assert!((nice(largest) - end).abs() < 1e-6 * end, "{largest}: {}", nice(largest));
        }
        for odd in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-40, f32::MAX] {
            assert!(nice(odd) > 0.0 && nice(odd).is_finite(), "{odd}");
        }
    }

    #[test]
    fn numbers_keep_three_digits() {
        for (value, text) in
            [(0.0, "0"), (1.234, "1.23"), (0.5, "0.500"), (0.01234, "0.0123"), (0.001234, "0.00123"), (1.2e-5, "1.20e-5"), (1e-4, "1e-4")]
        {
            assert_eq!(precise(value), text);
        }
        assert_eq!(precise(f32::NAN), "not finite");
    }

    #[test]
    fn alikeness_is_the_mean_cosine() {
        let excerpt = |values: &[f32]| Excerpt { name: "", shape: [3, 2], rows: values.len() / 2, columns: 2, values: values.into() };
        assert_eq!(alikeness(&excerpt(&[1.0, 0.0])), None);
        assert!(alikeness(&excerpt(&[1.0, 0.0, 2.0, 0.0])).is_some_and(|cosine| (cosine - 1.0).abs() < 1e-6));
        assert!(alikeness(&excerpt(&[1.0, 0.0, 0.0, 3.0])).is_some_and(|cosine| cosine.abs() < 1e-6));
        assert_eq!(alikeness(&excerpt(&[1.0, 0.0, f32::NAN, 3.0])), None);
    }
}
