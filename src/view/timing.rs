//! A profiled step as scene 4 shows it: [`Step`] takes in what was measured, the modules below say what goes where. Plain
//! computation; [`panels::kernels`](super::panels::kernels) draws it.

pub mod flame;
pub mod frames;
pub mod labels;
pub mod roofline;
pub mod span;
pub mod table;
pub mod units;

use crate::profile::{Clock, StepTimes};

use flame::{Side, Timed};
use roofline::Ceiling;
use table::Row;

/// A step, kernel by kernel.
pub struct Step<'a> {
    /// What was measured.
    pub times: &'a StepTimes,
    /// The dispatches in the order in which they run.
    pub dispatches: Vec<Timed<'a>>,
    /// The kernels, the one with the largest share first.
    pub rows: Vec<Row<'a>>,
    /// What this adapter was measured to do at most, once it was.
    pub ceiling: Option<Ceiling>,
}

impl<'a> Step<'a> {
    /// Takes in what was measured; none before a step was.
    pub fn of(times: &'a StepTimes) -> Option<Self> {
        let micros = |values: &[f64], index: usize| values.get(index).map_or(0.0, |value| *value as f32);
        let dispatches: Vec<Timed<'_>> = times
            .dispatches
            .iter()
            .enumerate()
            .map(|(index, dispatch)| Timed {
                label: &dispatch.label,
                start: micros(&times.start_micros, index),
                micros: micros(&times.median_micros, index),
            })
            .collect();
        let all: f32 = times.total_micros() as f32;
        let rows = times.kernels.iter().map(|kernel| {
            let mut sides = [0.0; 3];
            for dispatch in kernel.dispatches.iter().filter_map(|index| dispatches.get(*index)) {
                sides[Side::of_label(dispatch.label) as usize] += dispatch.micros / all;
            }
            Row {
                name: &kernel.name,
                calls: kernel.calls(),
                median: kernel.median_micros as f32,
                p95: kernel.p95_micros as f32,
                gflops: kernel.work.gflops(kernel.total_micros) as f32,
                gbps: kernel.work.gbps(kernel.total_micros) as f32,
                intensity: kernel.work.intensity() as f32,
                share: kernel.share as f32,
                sides,
                of_roof: times.roof_fraction(kernel).map(|fraction| fraction as f32),
            }
        });
        let rows = rows.collect();
        let ceiling = times.roof.as_ref().map(|roof| {
            let cached = roof.copy.iter().map(|copy| copy.gbps).fold(0.0, f64::max);
            Ceiling { gflops: roof.peak_gflops as f32, gbps: roof.memory_gbps() as f32, cached_gbps: cached as f32 }
        });
        let ceiling = ceiling.filter(Ceiling::is_sound);
        (times.steps > 0 && !dispatches.is_empty()).then_some(Self { times, dispatches, rows, ceiling })
    }

    /// Microseconds of all kernels' medians together: what shares are shares of.
    pub fn kernels(&self) -> f32 {
        self.times.total_micros() as f32
    }

    /// Microseconds that all kernels of a step took together: the median of the steps. (The sum of their medians is less where
    /// something disturbs the machine.)
    pub fn busy(&self) -> f32 {
        self.times.busy_micros as f32
    }

    /// Microseconds from the first dispatch's begin to the last one's end, gaps between them included.
    pub fn wall(&self) -> f32 {
        self.times.span_micros as f32
    }

    /// When the last dispatch ends, as they are laid end to end; microseconds, at least 1.
    pub fn end(&self) -> f32 {
        self.dispatches.iter().map(Timed::end).filter(|end| end.is_finite()).fold(1.0, f32::max)
    }

    /// The kernel of a dispatch.
    pub fn kernel(&self, dispatch: usize) -> &'a str {
        self.times.dispatches.get(dispatch).map_or("", |dispatch| &dispatch.kernel)
    }

    /// The row of a kernel.
    pub fn row(&self, kernel: &str) -> Option<&Row<'a>> {
        self.rows.iter().find(|row| row.name == kernel)
    }
}

/// How the times were taken, in few words.
pub const fn clock_words(clock: Clock) -> &'static str {
    match clock {
        Clock::Valid => "GPU timestamps",
        Clock::Zero => "timestamps are all zero: wall clock",
        Clock::Negative => "timestamps run backwards: wall clock",
        Clock::Late => "timestamps come late: wall clock",
        Clock::Unsupported => "no timestamps: wall clock",
    }
}
