//! Names in a row over the things that they name: each as near above its own as the others leave room.

/// The left ends of names, from their middles and widths (middles ascending), at least `gap` apart and between `left` and `right`;
/// none where they do not fit.
pub fn in_a_row(wanted: &[(f32, f32)], [left, right]: [f32; 2], gap: f32) -> Option<Vec<f32>> {
    let needed = wanted.iter().map(|(_, width)| width + gap).sum::<f32>() - gap;
    if !(needed <= right - left) {
        return None;
    }
    let mut ends: Vec<f32> = Vec::with_capacity(wanted.len());
    let mut least = left;
    for (middle, width) in wanted {
        let start = (middle - width * 0.5).max(least);
        ends.push(start);
        least = start + width + gap;
    }
    let mut most = right;
    for (start, (_, width)) in ends.iter_mut().zip(wanted).rev() {
        *start = start.min(most - width);
        most = *start - gap;
    }
    Some(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_apart_and_over_their_own() {
        assert_eq!(in_a_row(&[(50.0, 20.0), (200.0, 20.0)], [0.0, 300.0], 8.0), Some(vec![40.0, 190.0]));
        // At the right edge they move to the left, and push.
        let crowded = [(280.0, 40.0), (290.0, 40.0), (299.0, 40.0)];
        assert_eq!(in_a_row(&crowded, [0.0, 300.0], 8.0), Some(vec![164.0, 212.0, 260.0]));
        assert_eq!(in_a_row(&crowded, [0.0, 130.0], 8.0), None);
        assert_eq!(in_a_row(&[], [0.0, 0.0], 8.0), Some(Vec::new()));
        assert_eq!(in_a_row(&[(f32::NAN, f32::NAN)], [0.0, 100.0], 8.0), None);
    }
}
