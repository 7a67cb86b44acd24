//! What a profile of a training step is made of, as plain data: what each dispatch has to do ([`Work`]), how long it took
//! ([`StepTimes`]), and what this adapter does at best ([`Roof`]). `gpu` measures, `session` collects, window and commands show.
//!
//! Floating-point operations are those that a dispatch needs for its outputs given its inputs: a product-sum is two, everything
//! else one, transcendental functions too; what a variant computes again instead of loading it counts nothing, integers neither.
//! Bytes are the compulsory traffic: each bound tensor once, twice where it is read and written.

pub mod export;
mod roof;
mod times;

use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

pub use roof::{CopySpeed, Roof};
pub use times::{KernelTimes, Measured, StepTimes};

/// What a dispatch has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Work {
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes read and written.
    pub bytes: u64,
}

impl Work {
    /// Operations a byte: the place on the roofline's axis; 0 for what only moves data.
    pub fn intensity(self) -> f64 {
        self.flops as f64 / self.bytes.max(1) as f64
    }

    /// 10⁹ operations a second, done in `micros`; 0 for no time.
    pub fn gflops(self, micros: f64) -> f64 {
        if micros > 0.0 { self.flops as f64 / micros / 1e3 } else { 0.0 }
    }

    /// 10⁹ bytes a second, done in `micros`; 0 for no time.
    pub fn gbps(self, micros: f64) -> f64 {
        if micros > 0.0 { self.bytes as f64 / micros / 1e3 } else { 0.0 }
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { flops: self.flops + other.flops, bytes: self.bytes + other.bytes }
    }
}

impl Sum for Work {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// A dispatch of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Scopes and kernel with its overrides, as in `student/encoder/stage0/matmul_nt_register`.
    pub label: String,
    /// Stem of the shader's file: dispatches of one kernel share a row in tables.
    pub kernel: String,
    /// What it has to do.
    pub work: Work,
    /// Workgroups along x, y and z.
    pub groups: [u32; 3],
}

impl Dispatch {
    /// The scopes it was recorded in, outermost first.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.label.rsplit_once('/').map_or("", |(scopes, _)| scopes);
        scopes.split('/').filter(|scope| !scope.is_empty())
    }
}

/// What the adapter's timestamps are worth. Without valid ones times are the wall clock's, taken around the submission of each
/// dispatch alone, which includes the submission's own cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Timestamps that make sense.
    #[default]
    Valid,
    /// All durations are zero.
    Zero,
    /// Some pass ends before it begins.
    Negative,
    /// Passes are said to begin when their dispatch has run: llvmpipe's, once something has been drawn.
    Late,
    /// The adapter has no timestamps.
    Unsupported,
}

impl Clock {
    /// What the microseconds of a step's passes say of the clock.
    pub fn judged(micros: &[f64]) -> Self {
        if micros.iter().any(|&time| !(time >= 0.0)) {
            Self::Negative
        } else if micros.iter().all(|&time| time == 0.0) {
            Self::Zero
        } else {
            Self::Valid
        }
    }

    /// Whether times are the GPU's own.
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Valid)
    }

    /// The state in a sentence.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Valid => "timestamps of the adapter, one pass a dispatch: isolated times",
            Self::Zero => "the adapter's timestamps are all zero; wall clock around each dispatch, less what an empty submission takes",
            Self::Negative => {
                "the adapter's timestamps run backwards; wall clock around each dispatch, less what an empty submission takes"
            }
            Self::Late => {
                "the adapter takes its timestamps late once a window is drawn; wall clock around each dispatch, less what an empty submission takes"
            }
            Self::Unsupported => "the adapter has no timestamps; wall clock around each dispatch, less what an empty submission takes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_judged_by_what_they_say() {
        assert_eq!(Clock::judged(&[0.0, 1.0]), Clock::Valid);
        assert_eq!(Clock::judged(&[0.0, 0.0]), Clock::Zero);
        assert_eq!(Clock::judged(&[5.0, -1.0]), Clock::Negative);
        assert_eq!(Clock::judged(&[5.0, f64::NAN]), Clock::Negative);
    }

    #[test]
    fn scopes_come_before_the_kernel() {
        let of = |label: &str| {
            let dispatch = Dispatch { label: label.to_owned(), kernel: String::new(), work: Work::default(), groups: [1; 3] };
            dispatch.scopes().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of("student/encoder/matmul"), ["student", "encoder"]);
        assert!(of("tick").is_empty());
    }
}
