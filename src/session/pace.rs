//! How much work to hand to the GPU at a time, so that frames get their turn.
//!
//! Every dispatch of a job has an estimated cost. Slices are timed with timestamps where the adapter has them and corrected from
//! what was measured; where it has none, the estimates stay as they began. At most two slices are under way.

use std::collections::HashMap;
use std::mem::discriminant;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::schedule::Job;
use crate::gpu::{Gpu, Program, Readback};

/// How far [`Session::advance`](super::Session::advance) goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Hand over about this much GPU time, less what is still under way.
    Budget(Duration),
    /// Hand over so many whole steps, with the measurements that are due.
    Steps(u32),
}

/// Holds training to a number of steps a second, by the moments at which steps begin. What a step computes does not hang on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpeedLimit {
    /// Steps a second; none: as fast as it goes.
    pub(super) limit: Option<u32>,
    next: Option<Instant>,
}

impl SpeedLimit {
    /// Another limit; the next step need not wait for the old one's.
    pub(super) const fn set(&mut self, limit: Option<u32>) {
        self.limit = limit;
        self.next = None;
    }

    /// Whether a step may begin now.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.limit.is_none() || self.next.is_none_or(|next| now >= next)
    }

    /// A step begins now. Keeps the beat; time that was lost is not caught up with.
    pub(super) fn began(&mut self, now: Instant) {
        let Some(limit) = self.limit else { return };
        let interval = Duration::from_secs(1) / limit.max(1);
        self.next = Some(match self.next {
            Some(next) if now < next + interval => next + interval,
            _ => now + interval,
        });
    }
}

/// Slices under way at most.
const MOST_IN_FLIGHT: u32 = 2;
/// Timers under way at most.
const TIMERS: u64 = 8;

struct Slice {
    job: Job,
    range: Range<usize>,
    estimate: f32,
}

pub(super) struct Pacer {
    /// Estimated milliseconds of each dispatch, by kind of job.
    costs: HashMap<std::mem::Discriminant<Job>, Vec<f32>>,
    first_guess: f32,
    in_flight: Arc<AtomicU32>,
    /// Estimated microseconds of the slices in flight.
    under_way: Arc<AtomicU32>,
    /// Estimated milliseconds of the slice that was encoded last.
    encoded: f32,
    timer: Option<Timer>,
    slices: HashMap<u64, Slice>,
    next_tag: u64,
}

struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    copies: Readback,
    millis_per_tick: f64,
}

impl Pacer {
    pub(super) fn new(gpu: &Gpu) -> Self {
        let timer = gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY).then(|| Timer {
            queries: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("slices"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * TIMERS as u32,
            }),
            resolved: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("slices"),
                size: wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT * TIMERS,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            copies: Readback::new(gpu, 16, TIMERS as usize),
            millis_per_tick: f64::from(gpu.queue.get_timestamp_period()) * 1e-6,
        });
        Self {
            costs: HashMap::new(),
            first_guess: if gpu.is_software() { 0.6 } else { 0.03 },
            in_flight: Arc::default(),
            under_way: Arc::default(),
            encoded: 0.0,
            timer,
            slices: HashMap::new(),
            next_tag: 0,
        }
    }

    /// Milliseconds that may be handed over now.
    pub(super) fn room(&self, budget: Duration) -> f32 {
        if self.in_flight.load(Ordering::Acquire) >= MOST_IN_FLIGHT { 0.0 } else { budget.as_secs_f32() * 1e3 }
    }

    fn costs(&mut self, job: Job, length: usize) -> &mut Vec<f32> {
        let guess = self.first_guess;
        let costs = self.costs.entry(discriminant(&job)).or_default();
        if costs.len() != length {
            *costs = vec![guess; length];
        }
        costs
    }

    /// The end of the slice of `job` that starts at `first` and costs about `millis`, and its cost. At least one dispatch.
    pub(super) fn cut(&mut self, job: Job, first: usize, length: usize, millis: f32) -> (usize, f32) {
        let costs = self.costs(job, length);
        let (mut end, mut cost) = (first + 1, costs[first]);
        while end < length && cost + costs[end] <= millis {
            cost += costs[end];
            end += 1;
        }
        (end, cost)
    }

    /// Encodes a slice, timed if a timer is free.
    pub(super) fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, job: Job, range: Range<usize>) {
        let estimate = self.costs(job, program.len())[range.clone()].iter().sum();
        self.encoded = estimate;
        let Some(timer) = self.timer.as_mut().filter(|timer| timer.copies.has_room()) else {
            program.encode_range(encoder, range, None);
            return;
        };
        let tag = self.next_tag;
        self.next_tag += 1;
        let place = tag % TIMERS;
        let first = 2 * place as u32;
        let writes = wgpu::ComputePassTimestampWrites {
            query_set: &timer.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        };
        program.encode_range(encoder, range.clone(), Some(writes));
        let offset = place * wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT;
        encoder.resolve_query_set(&timer.queries, first..first + 2, &timer.resolved, offset);
        timer.copies.record(encoder, &timer.resolved, offset, 16, tag);
        self.slices.insert(tag, Slice { job, range, estimate });
    }

    /// A slice is encoded by someone else.
    pub(super) fn note(&mut self, job: Job, length: usize, range: Range<usize>) {
        self.encoded = self.costs(job, length)[range].iter().sum();
    }

    /// To be called after the slice's encoder has been submitted.
    pub(super) fn submitted(&mut self, gpu: &Gpu) {
        if let Some(timer) = &mut self.timer {
            timer.copies.submitted();
        }
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        let micros = (std::mem::take(&mut self.encoded) * 1e3).clamp(0.0, 1e7) as u32;
        self.under_way.fetch_add(micros, Ordering::AcqRel);
        let (in_flight, under_way) = (self.in_flight.clone(), self.under_way.clone());
        gpu.queue.on_submitted_work_done(move || {
            in_flight.fetch_sub(1, Ordering::AcqRel);
            under_way.fetch_sub(micros, Ordering::AcqRel);
        });
    }

    /// Estimated GPU time of the slices in flight.
    pub(super) fn under_way(&self) -> Duration {
        Duration::from_micros(self.under_way.load(Ordering::Acquire).into())
    }

    /// Corrects the estimates by what has been measured.
    pub(super) fn collect(&mut self) {
        let mut measured = Vec::new();
        if let Some(timer) = &mut self.timer {
            let millis_per_tick = timer.millis_per_tick;
            timer.copies.collect(|tag, bytes| {
                let ticks: [u64; 2] = std::array::from_fn(|index| {
                    let mut word = [0; 8];
                    word.copy_from_slice(&bytes[8 * index..8 * index + 8]);
                    u64::from_le_bytes(word)
                });
                measured.push((tag, ticks[1].wrapping_sub(ticks[0]) as i64 as f64 * millis_per_tick));
            });
        }
        for (tag, millis) in measured {
            let Some(Slice { job, range, estimate }) = self.slices.remove(&tag) else { continue };
            // Drivers without real timestamps report zeros; those say nothing.
            if millis <= 0.0 || !(millis < 10_000.0) || estimate <= 0.0 {
                continue;
            }
            // Half of the way, so that one disturbed measurement does not swing the next slices.
            let factor = (1.0 + millis as f32 / estimate) / 2.0;
            if let Some(costs) = self.costs.get_mut(&discriminant(&job))
                && costs.len() >= range.end
            {
                costs[range].iter_mut().for_each(|cost| *cost = (*cost * factor).clamp(1e-3, 1e3));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_over_time_and_lost_time_is_lost() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let mut speed = SpeedLimit::default();
        speed.set(Some(5));
        let mut began = Vec::new();
        // Asked every 7 ms, except for a second in which nobody asks.
        for millis in (0..4000).step_by(7).filter(|millis| !(1500..2500).contains(millis)) {
            if speed.allows(at(millis)) {
                speed.began(at(millis));
                began.push(millis);
            }
        }
        assert_eq!(began.len(), 8 + 8, "{began:?}");
        assert!(began.windows(2).all(|pair| pair[1] - pair[0] >= 190), "{began:?}");
        speed.set(None);
        assert!(speed.allows(at(4000)));
        speed.began(at(4000));
        assert!(speed.allows(at(4000)));
    }
}
