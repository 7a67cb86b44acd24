//! From values to heights: linear, or logarithmic with honest decades. The range is fixed by the meter's references and never
//! follows the data; zeros and negative numbers have no place on a logarithmic axis and stay at its lower edge, marked.

use std::cmp::Ordering;

/// The value axis of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From the first to the second value.
    Linear([f32; 2]),
    /// Likewise, both above 0, equal factors at equal distances.
    Logarithmic([f32; 2]),
}

impl Scale {
    /// The value's height as a share of the plot, 0 to 1; what lies beyond stays at the edge.
    pub fn share(&self, value: f32) -> f32 {
        let share = match *self {
            Self::Linear([low, high]) => (value - low) / (high - low),
            Self::Logarithmic([low, high]) => (value.max(low * 1e-3) / low).ln() / (high / low).ln(),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// Where a value lies that the plot cannot show: above, or below.
    pub fn beyond(&self, value: f32) -> Option<Ordering> {
        let (Self::Linear([low, high]) | Self::Logarithmic([low, high])) = *self;
        // Rounding alone is no excursion.
        let margin = if let Self::Linear(_) = self { 1e-3 * (high - low) } else { 0.0 };
        match value {
            value if value > high + margin => Some(Ordering::Greater),
            value if value < low - margin => Some(Ordering::Less),
            _ => None,
        }
    }

    /// The powers of ten inside a logarithmic range, from the top.
    pub fn decades(&self) -> Vec<f32> {
        let Self::Logarithmic([low, high]) = *self else { return Vec::new() };
        let exponents = (low.log10().ceil() as i32)..=(high.log10().floor() as i32);
        exponents.rev().map(|exponent| 10.0_f32.powi(exponent)).collect()
    }
}

/// A power of ten, without an exponent: "0.001".
pub fn decade_text(decade: f32) -> String {
    let decimals = (-decade.log10()).round().clamp(0.0, 9.0) as usize;
    format!("{decade:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_factors_at_equal_distances() {
        let scale = Scale::Logarithmic([1e-4, 1.0]);
        let heights = [1.0, 0.1, 0.01, 1e-3, 1e-4].map(|value| scale.share(value));
        for pair in heights.windows(2) {
            assert!((pair[0] - pair[1] - 0.25).abs() < 1e-5, "{heights:?}");
        }
        assert_eq!(scale.decades().iter().map(|decade| decade_text(*decade)).collect::<Vec<_>>(), ["1", "0.1", "0.01", "0.001", "0.0001"]);
        assert!(Scale::Linear([0.0, 1.0]).decades().is_empty());
    }

    #[test]
    fn any_number_has_a_height() {
        for scale in [Scale::Linear([0.0, 2.0]), Scale::Logarithmic([1e-4, 4.0])] {
            for value in [0.0, -1.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-30, 3e38] {
                assert!((0.0..=1.0).contains(&scale.share(value)), "{value} on {scale:?}");
            }
            assert_eq!(scale.beyond(f32::INFINITY), Some(Ordering::Greater));
            assert_eq!(scale.beyond(-1.0), Some(Ordering::Less));
            assert_eq!(scale.beyond(1.0), None);
        }
        assert_eq!(Scale::Logarithmic([1e-4, 4.0]).beyond(0.0), Some(Ordering::Less), "zero is no place on a logarithmic axis");
        assert_eq!(Scale::Linear([0.0, 2.0]).beyond(0.0), None);
    }
}
