//! The roofline (Williams, Waterman, Patterson, 2009): what a kernel reaches over its arithmetic intensity, on logarithmic axes, under
//! what this adapter was measured to do at most.
//!
//! The axes hang on the roof alone, never on the kernels, so a kernel that gets faster is seen to rise.

/// What the adapter was measured to do at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// Arithmetic, GFLOP/s.
    pub gflops: f32,
    /// Memory, GB/s: a copy that no cache holds.
    pub gbps: f32,
    /// The fastest copy of any size, GB/s: what fits into a cache.
    pub cached_gbps: f32,
}

impl Ceiling {
    /// The intensity at which both limit, FLOP a byte.
    pub fn ridge(&self) -> f32 {
        self.gflops / self.gbps
    }

    /// The most that can be reached at an intensity, GFLOP/s.
    pub fn at(&self, intensity: f32) -> f32 {
        (intensity * self.gbps).min(self.gflops)
    }

    /// Whether both are measurements.
    pub fn is_sound(&self) -> bool {
        [self.gflops, self.gbps].into_iter().all(|value| value.is_finite() && value > 0.0)
    }
}

/// The axes: FLOP a byte to the right, GFLOP/s upwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// Least and largest intensity, FLOP a byte.
    pub intensity: [f32; 2],
    /// Least and largest rate, GFLOP/s.
    pub rate: [f32; 2],
}

/// How far the rates go below the arithmetic roof.
const BELOW: f32 = 1e-4;
/// And above it.
const ABOVE: f32 = 2.5;
/// Around the ridge, to the left and to the right: there the names stand.
const LEFT: f32 = 2e-3;
const RIGHT: f32 = 200.0;

impl Plane {
    /// Around a roof.
    pub fn new(ceiling: &Ceiling) -> Self {
        let ridge = ceiling.ridge();
        Self { intensity: [ridge * LEFT, ridge * RIGHT], rate: [ceiling.gflops * BELOW, ceiling.gflops * ABOVE] }
    }

    /// Where (intensity, rate) lies: shares of the plot from the left and from below. What lies beyond stays at the edge.
    pub fn place(&self, intensity: f32, rate: f32) -> [f32; 2] {
        let share = |value: f32, [least, most]: [f32; 2]| {
            let share = (value.max(least * 1e-3) / least).ln() / (most / least).ln();
            if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
        };
        [share(intensity, self.intensity), share(rate, self.rate)]
    }

    /// Whether the plot has room for it.
    pub fn shows(&self, intensity: f32, rate: f32) -> bool {
        let within = |value: f32, [least, most]: [f32; 2]| (least..=most).contains(&value);
        within(intensity, self.intensity) && within(rate, self.rate)
    }
}

/// The powers of ten in a range.
pub fn decades([least, most]: [f32; 2]) -> Vec<f32> {
    if !(least > 0.0 && most.is_finite() && least < most) {
        return Vec::new();
    }
    let exponents = least.log10().ceil() as i32..=most.log10().floor() as i32;
    exponents.map(|exponent| 10.0_f32.powi(exponent)).collect()
}

/// The radius of the circle whose area is a `share` of that of the circle with the radius `whole`.
pub fn radius(share: f32, whole: f32) -> f32 {
    whole * if share.is_finite() { share.clamp(0.0, 1.0).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CEILING: Ceiling = Ceiling { gflops: 80.0, gbps: 4.0, cached_gbps: 12.0 };

    #[test]
    fn the_roof_has_its_ridge() {
        assert_eq!(CEILING.ridge(), 20.0);
        assert_eq!([CEILING.at(1.0), CEILING.at(20.0), CEILING.at(500.0)], [4.0, 80.0, 80.0]);
        assert!(!Ceiling { gflops: f32::NAN, ..CEILING }.is_sound() && !Ceiling { gbps: 0.0, ..CEILING }.is_sound());
    }

    #[test]
    fn equal_factors_are_equal_lengths() {
        let plane = Plane::new(&CEILING);
        let places = [0.1, 1.0, 10.0, 100.0].map(|intensity| plane.place(intensity, 1.0)[0]);
        for triple in places.windows(3) {
            assert!((triple[2] - 2.0 * triple[1] + triple[0]).abs() < 1e-5, "{places:?}");
        }
        // Both roofs are inside, whatever the adapter.
        for ceiling in [CEILING, Ceiling { gflops: 24_100.0, gbps: 452.0, ..CEILING }, Ceiling { gflops: 3.0, gbps: 11.0, ..CEILING }] {
            let plane = Plane::new(&ceiling);
            assert!(plane.shows(ceiling.ridge(), ceiling.gflops));
        }
    }

    #[test]
    fn any_number_has_a_place() {
        let plane = Plane::new(&CEILING);
        for value in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-30, 3e38] {
            assert!(plane.place(value, value).into_iter().all(|share| (0.0..=1.0).contains(&share)), "{value}");
            assert!((0.0..=30.0).contains(&radius(value, 30.0)));
        }
        assert_eq!(decades([0.05, 120.0]), [0.1, 1.0, 10.0, 100.0]);
        assert!(decades([0.0, 5.0]).is_empty() && decades([f32::NAN, 5.0]).is_empty());
        assert!((radius(0.25, 40.0) - 20.0).abs() < 1e-5, "a quarter of the area is half the radius");
    }
}
