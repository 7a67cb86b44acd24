//! Times of profiled steps, dispatch by dispatch and kernel by kernel.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Clock, Dispatch, Roof, Work};

/// A share of the roof that no kernel reaches under a roof that was measured well.
const BEATEN: f64 = 1.05;

/// One profiled step.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Which step it was, from 1.
    pub step: u64,
    /// Microseconds of each dispatch.
    pub micros: Vec<f64>,
    /// From the first dispatch's begin to the last one's end, gaps between them included; gaps between slices are not.
    pub span_micros: f64,
}

/// A kernel's dispatches together.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTimes {
    /// Stem of the shader's file.
    pub name: String,
    /// Its dispatches, by their place in the step.
    pub dispatches: Vec<usize>,
    /// Median of all its calls in all the steps.
    pub median_micros: f64,
    /// 95 % of its calls took no longer.
    pub p95_micros: f64,
    /// In a step: the sum of its dispatches' medians.
    pub total_micros: f64,
    /// In a step.
    pub work: Work,
    /// Of the whole step's time, 0 to 1.
    pub share: f64,
}

impl KernelTimes {
    /// Dispatches a step.
    pub const fn calls(&self) -> usize {
        self.dispatches.len()
    }
}

/// The last profiled steps of a run, all of one program.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTimes {
    /// What the adapter's timestamps are worth, and so how times were taken.
    pub clock: Clock,
    /// Steps they are of.
    pub steps: usize,
    /// The last of them.
    pub last_step: u64,
    /// The step's dispatches in order.
    pub dispatches: Arc<[Dispatch]>,
    /// Where each begins when all are laid end to end, each as long as its median.
    pub start_micros: Vec<f64>,
    /// Median of each dispatch.
    pub median_micros: Vec<f64>,
    /// 95 % of the steps took no longer for it.
    pub p95_micros: Vec<f64>,
    /// Median of what each step's dispatches took together. Not the sum of the medians: whatever disturbs the machine for a moment
    /// lengthens one dispatch of a step, and no dispatch's median.
    pub busy_micros: f64,
    /// Median of the steps' spans, see [`Measured::span_micros`].
    pub span_micros: f64,
    /// Kernels, the one with the largest share first.
    pub kernels: Vec<KernelTimes>,
    /// What the adapter does at best, once that has been measured.
    pub roof: Option<Arc<Roof>>,
}

/// The least of `sorted` that a share `part` (0 to 1) of them do not exceed; 0 of nothing.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

impl StepTimes {
    /// Profiled steps that are kept.
    pub const CAPACITY: usize = 64;

    /// Medians of steps, each with a time for every dispatch.
    pub fn of(clock: Clock, dispatches: Arc<[Dispatch]>, steps: &VecDeque<Measured>, roof: Option<Arc<Roof>>) -> Self {
        let times = |index: usize| steps.iter().map(move |step| step.micros[index]);
        let each: Vec<Vec<f64>> = (0..dispatches.len()).map(|index| sorted(times(index).collect())).collect();
        let median_micros: Vec<f64> = each.iter().map(|times| quantile(times, 0.5)).collect();
        let total: f64 = median_micros.iter().sum();
        let mut kernels: Vec<KernelTimes> = Vec::new();
        for (index, dispatch) in dispatches.iter().enumerate() {
            match kernels.iter_mut().find(|kernel| kernel.name == dispatch.kernel) {
                Some(kernel) => kernel.dispatches.push(index),
                None => kernels.push(KernelTimes {
                    name: dispatch.kernel.clone(),
                    dispatches: vec![index],
                    median_micros: 0.0,
                    p95_micros: 0.0,
                    total_micros: 0.0,
                    work: Work::default(),
                    share: 0.0,
                }),
            }
        }
        for kernel in &mut kernels {
            let calls = sorted(kernel.dispatches.iter().flat_map(|&index| times(index)).collect());
            kernel.median_micros = quantile(&calls, 0.5);
            kernel.p95_micros = quantile(&calls, 0.95);
            kernel.total_micros = kernel.dispatches.iter().map(|&index| median_micros[index]).sum();
            kernel.work = kernel.dispatches.iter().map(|&index| dispatches[index].work).sum();
            kernel.share = if total > 0.0 { kernel.total_micros / total } else { 0.0 };
        }
        kernels.sort_by(|a, b| b.total_micros.total_cmp(&a.total_micros).then_with(|| a.name.cmp(&b.name)));
        let ends = median_micros.iter().scan(0.0, |end, micros| {
            let start = *end;
            *end += micros;
            Some(start)
        });
        Self {
            clock,
            steps: steps.len(),
            last_step: steps.back().map_or(0, |step| step.step),
            start_micros: ends.collect(),
            p95_micros: each.iter().map(|times| quantile(times, 0.95)).collect(),
            busy_micros: quantile(&sorted(steps.iter().map(|step| step.micros.iter().sum()).collect()), 0.5),
            span_micros: quantile(&sorted(steps.iter().map(|step| step.span_micros).collect()), 0.5),
            median_micros,
            dispatches,
            kernels,
            roof,
        }
    }

    /// All dispatches' medians together.
    pub fn total_micros(&self) -> f64 {
        self.median_micros.iter().sum()
    }

    /// The least time by the roof over the time it took, of one dispatch; none before the roof was measured.
    pub fn dispatch_roof_fraction(&self, index: usize) -> Option<f64> {
        let least = self.roof.as_ref()?.least_micros(self.dispatches[index].work);
        (self.median_micros[index] > 0.0).then(|| least / self.median_micros[index])
    }

    /// A kernel was faster than the roof allows, beyond what noise explains: proof that the roof is too low.
    pub fn beats_roof(&self) -> bool {
        self.steps >= 3 && self.kernels.iter().any(|kernel| self.roof_fraction(kernel).is_some_and(|fraction| fraction > BEATEN))
    }

    /// The same of a kernel: its dispatches' least times over the times they took.
    pub fn roof_fraction(&self, kernel: &KernelTimes) -> Option<f64> {
        let roof = self.roof.as_ref()?;
        let least: f64 = kernel.dispatches.iter().map(|&index| roof.least_micros(self.dispatches[index].work)).sum();
        (kernel.total_micros > 0.0).then(|| least / kernel.total_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CopySpeed;
    use super::*;

    fn dispatch(label: &str, flops: u64) -> Dispatch {
        let kernel = label.rsplit('/').next().unwrap_or(label).to_owned();
        Dispatch { label: label.to_owned(), kernel, work: Work { flops, bytes: 0 }, groups: [1; 3] }
    }

    fn measured(step: u64, micros: [f64; 3]) -> Measured {
        Measured { step, micros: micros.to_vec(), span_micros: micros.iter().sum::<f64>() + 1.0 }
    }

    #[test]
    fn kernels_gather_their_calls() {
        let dispatches: Arc<[Dispatch]> = [dispatch("a/product", 4000), dispatch("a/sum", 0), dispatch("b/product", 2000)].into();
        let steps = (1..=3).map(|step| measured(step, [step as f64, 10.0, 4.0])).collect();
        let roof = Roof {
            adapter: String::new(),
            driver: String::new(),
            peak_gflops: 2.0,
            copy: vec![CopySpeed { bytes: 1, gbps: 1.0 }],
            dispatch_micros: 1.0,
            submit_micros: 1.0,
            readback_micros: 1.0,
        };
        let times = StepTimes::of(Clock::Valid, dispatches, &steps, Some(Arc::new(roof)));
        assert_eq!((times.steps, times.last_step, times.busy_micros, times.span_micros), (3, 3, 16.0, 17.0));
        assert_eq!(times.median_micros, [2.0, 10.0, 4.0]);
        assert_eq!(times.p95_micros, [3.0, 10.0, 4.0]);
        assert_eq!(times.start_micros, [0.0, 2.0, 12.0]);
        let names: Vec<_> = times.kernels.iter().map(|kernel| (kernel.name.as_str(), kernel.calls())).collect();
        assert_eq!(names, [("sum", 1), ("product", 2)]);
        let product = &times.kernels[1];
        assert_eq!((product.median_micros, product.p95_micros, product.total_micros), (3.0, 4.0, 6.0));
        assert_eq!((product.work.flops, product.share), (6000, 6.0 / 16.0));
        // 6000 operations at 2 a nanosecond take 3 microseconds of the 6.
        assert_eq!(times.roof_fraction(product), Some(0.5));
        assert_eq!(times.dispatch_roof_fraction(0), Some(1.0));
        assert!(!times.beats_roof());
        let low = Roof { peak_gflops: 0.9, ..(**times.roof.as_ref().expect("a roof")).clone() };
        assert!(StepTimes { roof: Some(Arc::new(low)), ..times.clone() }.beats_roof(), "6000 operations in less than 6.7 microseconds");
        assert_eq!(times.kernels.iter().map(|kernel| kernel.share).sum::<f64>(), 1.0);
    }

    #[test]
    fn no_steps_are_no_times() {
        let times = StepTimes::of(Clock::Valid, [dispatch("a", 1)].into(), &VecDeque::new(), None);
        assert_eq!((times.steps, times.total_micros()), (0, 0.0));
        assert_eq!(times.roof_fraction(&times.kernels[0]), None);
    }
}
