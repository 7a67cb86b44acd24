//! The roof: what this adapter was measured to do at best.

use serde::{Deserialize, Serialize};

use super::Work;

/// A copy of one size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CopySpeed {
    /// Bytes read and written together.
    pub bytes: u64,
    /// 10⁹ of them a second.
    pub gbps: f64,
}

/// What an adapter does at best, measured on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Roof {
    /// Adapter name.
    pub adapter: String,
    /// Backend, driver and its version.
    pub driver: String,
    /// 10⁹ f32 operations a second, in product-sums that hang on nothing but registers.
    pub peak_gflops: f64,
    /// Copies from small (they stay in a cache) to large, sizes ascending; never empty.
    pub copy: Vec<CopySpeed>,
    /// What each dispatch costs by itself, in a pass of many empty ones.
    pub dispatch_micros: f64,
    /// From the submission of an empty dispatch until its end is known.
    pub submit_micros: f64,
    /// The same with four bytes copied back and mapped.
    pub readback_micros: f64,
}

impl Roof {
    /// Bandwidth for so many bytes, 10⁹ a second: between two copies of the sizes next to it their times count, in proportion; beyond
    /// all of them the last one's bandwidth.
    pub fn gbps(&self, bytes: u64) -> f64 {
        let (Some(first), Some(last)) = (self.copy.first(), self.copy.last()) else { return 0.0 };
        let time = |copy: &CopySpeed| copy.bytes as f64 / copy.gbps;
        match self.copy.windows(2).find(|pair| (pair[0].bytes..pair[1].bytes).contains(&bytes)) {
            Some([below, above]) => {
                let share = (bytes - below.bytes) as f64 / (above.bytes - below.bytes) as f64;
                bytes as f64 / (time(below) + share * (time(above) - time(below)))
            }
            _ if bytes < first.bytes => first.gbps,
            _ => last.gbps,
        }
    }

    /// The bandwidth of the largest copy, which no cache holds.
    pub fn memory_gbps(&self) -> f64 {
        self.copy.last().map_or(0.0, |copy| copy.gbps)
    }

    /// The least time that the work could take: by operations or by bytes, whichever is longer.
    pub fn least_micros(&self, work: Work) -> f64 {
        let over = |amount: u64, giga: f64| if amount > 0 && giga > 0.0 { amount as f64 / giga / 1e3 } else { 0.0 };
        over(work.flops, self.peak_gflops).max(over(work.bytes, self.gbps(work.bytes)))
    }

    /// The better of two measurements, number by number: whatever disturbs one makes it worse. Copies are those of this one's sizes.
    pub fn best_of(&self, other: &Self) -> Self {
        let copy = self.copy.iter().map(|own| {
            let same = other.copy.iter().find(|copy| copy.bytes == own.bytes);
            CopySpeed { gbps: same.map_or(own.gbps, |copy| copy.gbps.max(own.gbps)), ..*own }
        });
        Self {
            peak_gflops: self.peak_gflops.max(other.peak_gflops),
            copy: copy.collect(),
            dispatch_micros: self.dispatch_micros.min(other.dispatch_micros),
            submit_micros: self.submit_micros.min(other.submit_micros),
            readback_micros: self.readback_micros.min(other.readback_micros),
            ..self.clone()
        }
    }

    /// Whether every number can be one that was measured: what is read from a file may be anything.
    pub fn is_sound(&self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let ascending = self.copy.windows(2).all(|pair| pair[0].bytes < pair[1].bytes);
        let times = [self.dispatch_micros, self.submit_micros, self.readback_micros];
        positive(self.peak_gflops)
            && !self.copy.is_empty()
            && ascending
            && self.copy.iter().all(|copy| copy.bytes > 0 && positive(copy.gbps))
            && times.into_iter().all(positive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roof() -> Roof {
        let copy = |bytes, gbps| CopySpeed { bytes, gbps };
        Roof {
            adapter: "a".into(),
            driver: "d".into(),
            peak_gflops: 100.0,
            copy: vec![copy(1 << 16, 20.0), copy(1 << 24, 5.0)],
            dispatch_micros: 1.0,
            submit_micros: 2.0,
            readback_micros: 3.0,
        }
    }

    #[test]
    fn the_better_of_two_is_taken_number_by_number() {
        let copy = |bytes, gbps| CopySpeed { bytes, gbps };
        let disturbed = Roof { peak_gflops: 60.0, copy: vec![copy(1 << 16, 22.0), copy(1 << 24, 3.0)], submit_micros: 9.0, ..roof() };
        let expected = Roof { copy: vec![copy(1 << 16, 22.0), copy(1 << 24, 5.0)], ..roof() };
        assert_eq!(roof().best_of(&disturbed), expected);
        assert_eq!(disturbed.best_of(&roof()), expected);
        let fewer = Roof { copy: vec![copy(1 << 16, 22.0)], ..roof() };
        assert_eq!(roof().best_of(&fewer), expected);
    }

    #[test]
    fn the_next_copies_and_the_longer_time_count() {
        let roof = roof();
        assert_eq!([1, 1 << 16, 1 << 24, 1 << 30].map(|bytes| roof.gbps(bytes)), [20.0, 20.0, 5.0, 5.0]);
        // Half way between two sizes, half of both times.
        let middle = ((1_u64 << 16) + (1 << 24)) / 2;
        let nanos = f64::from(1 << 16) / 20.0 + f64::from(1 << 24) / 5.0;
        assert!((roof.gbps(middle) - middle as f64 / (nanos / 2.0)).abs() < 1e-9);
        let work = |flops, bytes| roof.least_micros(Work { flops, bytes });
        assert!((work(200_000, 4_000) - 2.0).abs() < 1e-12);
        assert!((work(200_000, 50_000) - 2.5).abs() < 1e-12);
        assert_eq!(work(0, 0), 0.0);
    }

    #[test]
    fn what_cannot_have_been_measured_is_refused() {
        assert!(roof().is_sound());
        assert!(!Roof { peak_gflops: f64::NAN, ..roof() }.is_sound());
        assert!(!Roof { copy: Vec::new(), ..roof() }.is_sound());
        assert!(!Roof { submit_micros: 0.0, ..roof() }.is_sound());
        let mut reversed = roof();
        reversed.copy.reverse();
        assert!(!reversed.is_sound());
    }
}
