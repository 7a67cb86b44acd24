//! How much work to hand to the GPU at a time, so that frames get their turn.
//!
//! Every dispatch of a job has an estimated cost ([`Costs`]). Slices are timed with timestamps where the adapter has them, by the
//! clock where it has none, and correct the costs. Subtlety: on Mesa's software adapter, handing a slice over waits until the one
//! before it is done; so who wants to stay awake hands the next one over only when little of the last is left.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::costs::{Costs, Timing};
use super::lane::Lane;
use super::schedule::Job;
use crate::gpu::{Gpu, Program, Readback};
use crate::snapshot::SpanKind;

/// How far [`Session::advance`](super::Session::advance) goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Hand over about this much GPU time; where there is something to do, at least one dispatch.
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

/// What a slice that is not done has left at least.
const LEAST_LEFT: Duration = Duration::from_micros(200);
/// Timers under way at most.
const TIMERS: u64 = 8;
/// Dispatches that are timed one by one in a slice at most.
const MOST_EACH: usize = 128;
/// Bytes of a timer's results.
const TIMER_BYTES: u64 = (2 * MOST_EACH * size_of::<u64>()) as u64;

/// A slice that was handed over.
struct Slice {
    job: Job,
    range: Range<usize>,
    estimate: f32,
    timing: Timing,
    timed: bool,
    submitted: Instant,
    done: Option<Instant>,
    /// Milliseconds of each dispatch or of the whole, as `timing` says.
    measured: Option<Vec<f32>>,
}

/// Cuts jobs into slices, and knows what is under way.
pub(super) struct Pacer {
    costs: Costs,
    timer: Option<Timer>,
    /// Slices whose end or whose times are not known yet, oldest first; the first one's tag.
    slices: VecDeque<Slice>,
    first_tag: u64,
    /// When slices were done, by tag; callbacks write it.
    done: Arc<Mutex<Vec<(u64, Instant)>>>,
    lane: Lane,
}

struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    copies: Readback,
    millis_per_tick: f64,
}

impl Timer {
    fn new(gpu: &Gpu) -> Self {
        Self {
            queries: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("slices"),
                ty: wgpu::QueryType::Timestamp,
                count: TIMERS as u32 * 2 * MOST_EACH as u32,
            }),
            resolved: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("slices"),
                size: TIMER_BYTES.next_multiple_of(wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT) * TIMERS,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            copies: Readback::new(gpu, TIMER_BYTES, TIMERS as usize),
            millis_per_tick: f64::from(gpu.queue.get_timestamp_period()) * 1e-6,
        }
    }

    /// Encodes a slice in one pass or, to time `each` dispatch, in many; `tag` comes back with the times.
    fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, range: Range<usize>, each: bool, tag: u64) {
        let place = tag % TIMERS;
        let first = place as u32 * 2 * MOST_EACH as u32;
        let mut next = first;
        let mut pass = |range: Range<usize>| {
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: &self.queries,
                beginning_of_pass_write_index: Some(next),
                end_of_pass_write_index: Some(next + 1),
            };
            next += 2;
            program.encode_range(encoder, range, Some(writes));
        };
        if each {
            range.for_each(|at| pass(at..at + 1));
        } else {
            pass(range);
        }
        let offset = place * TIMER_BYTES.next_multiple_of(wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT);
        encoder.resolve_query_set(&self.queries, first..next, &self.resolved, offset);
        self.copies.record(encoder, &self.resolved, offset, u64::from(next - first) * 8, tag);
    }
}

impl Pacer {
    pub(super) fn new(gpu: &Gpu) -> Self {
        Self {
            costs: Costs::new(if gpu.is_software() { 0.6 } else { 0.03 }),
            timer: gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY).then(|| Timer::new(gpu)),
            slices: VecDeque::new(),
            first_tag: 0,
            done: Arc::default(),
            lane: Lane::default(),
        }
    }

    /// Estimated milliseconds of a dispatch of a job of `length`.
    pub(super) fn cost(&mut self, job: Job, at: usize, length: usize) -> f32 {
        self.costs.one(job, at, length)
    }

    /// The end of the slice of `job` that starts at `first` and costs about `millis`, and its cost. At least one dispatch.
    pub(super) fn cut(&mut self, job: Job, first: usize, length: usize, millis: f32) -> (usize, f32) {
        self.costs.cut(job, first, length, millis)
    }

    /// Encodes a slice, timed if a timer is free.
    pub(super) fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, job: Job, range: Range<usize>) {
        let estimate = self.costs.sum(job, range.clone(), program.len());
        let timer = self.timer.as_mut().filter(|timer| timer.copies.has_room());
        let mut timing = self.costs.begin(job, range.clone(), program.len());
        if timing == Timing::Each && (timer.is_none() || range.len() > MOST_EACH) {
            timing = Timing::Whole;
        }
        let tag = self.first_tag + self.slices.len() as u64;
        let timed = timer.is_some();
        match timer {
            Some(timer) => timer.encode(encoder, program, range.clone(), timing == Timing::Each, tag),
            None => program.encode_range(encoder, range.clone(), None),
        }
        self.push(job, range, estimate, timing, timed);
    }

    fn push(&mut self, job: Job, range: Range<usize>, estimate: f32, timing: Timing, timed: bool) {
        self.slices.push_back(Slice { job, range, estimate, timing, timed, submitted: Instant::now(), done: None, measured: None });
    }

    /// A slice is encoded by someone else.
    pub(super) fn note(&mut self, job: Job, length: usize, range: Range<usize>) {
        let estimate = self.costs.sum(job, range.clone(), length);
        self.costs.begin(job, range.clone(), length);
        self.push(job, range, estimate, Timing::Nothing, false);
    }

    /// To be called after the slice's encoder has been submitted.
    pub(super) fn submitted(&mut self, gpu: &Gpu) {
        if let Some(timer) = &mut self.timer {
            timer.copies.submitted();
        }
        let Some(slice) = self.slices.back_mut() else { return };
        slice.submitted = Instant::now();
        let (tag, done) = (self.first_tag + self.slices.len() as u64 - 1, self.done.clone());
        gpu.queue.on_submitted_work_done(move || {
            let now = Instant::now();
            done.lock().unwrap_or_else(PoisonError::into_inner).push((tag, now));
        });
    }

    /// Estimated GPU time until everything that was handed over is done.
    pub(super) fn under_way(&self, now: Instant) -> Duration {
        let mut end = None;
        for slice in self.slices.iter().filter(|slice| slice.done.is_none()) {
            let start = end.unwrap_or(slice.submitted).max(slice.submitted);
            end = Some(start + Duration::from_secs_f32(slice.estimate * 1e-3));
        }
        end.map_or(Duration::ZERO, |end| end.saturating_duration_since(now).max(LEAST_LEFT))
    }

    /// Takes in what has ended: corrects the estimates by what has been measured, and notes what the queue did.
    pub(super) fn collect(&mut self) {
        let (slices, first_tag) = (&mut self.slices, self.first_tag);
        let place = |tag: u64| tag.checked_sub(first_tag).map(|place| place as usize);
        for (tag, at) in self.done.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if let Some(slice) = place(tag).and_then(|place| slices.get_mut(place)) {
                slice.done = Some(at);
            }
        }
        if let Some(timer) = &mut self.timer {
            let millis_per_tick = timer.millis_per_tick;
            timer.copies.collect(|tag, bytes| {
                let ticks: Vec<u64> = bytes.as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect();
                let millis = |pair: &[u64]| (pair[1].wrapping_sub(pair[0]) as i64 as f64 * millis_per_tick) as f32;
                if let Some(slice) = place(tag).and_then(|place| slices.get_mut(place)) {
                    slice.measured = Some(ticks.chunks_exact(2).map(millis).collect());
                }
            });
        }
        while let Some(slice) = self.slices.front() {
            let Some(done) = slice.done else { break };
            // Times that are long overdue will not come any more.
            if slice.timed && slice.measured.is_none() && self.slices.len() as u64 <= 2 * TIMERS {
                break;
            }
            if let Some(slice) = self.slices.pop_front() {
                self.first_tag += 1;
                self.learn(slice, done);
            }
        }
    }

    /// A slice has ended.
    fn learn(&mut self, slice: Slice, done: Instant) {
        let Slice { job, range, timing, submitted, measured, .. } = slice;
        let measured = measured.filter(|times| times.iter().sum::<f32>() > 0.0);
        // Where there are no timestamps, what passed since it was handed over or the one before it ended.
        let start = self.lane.last_end().map_or(submitted, |end| submitted.max(end));
        let millis = measured.as_ref().map_or(done.saturating_duration_since(start).as_secs_f32() * 1e3, |times| times.iter().sum());
        match (timing, &measured) {
            (Timing::Nothing, _) => {}
            (Timing::Each, Some(each)) => self.costs.measured_each(job, range, each),
            (Timing::Each | Timing::Whole, _) => self.costs.measured(job, range, millis),
        }
        let took = Duration::from_secs_f32((millis * 1e-3).clamp(0.0, 10.0));
        self.lane.push(SpanKind::Training, start, done.min(start + took), job.name());
    }

    /// A frame was drawn.
    pub(super) fn frame(&mut self, start: Instant, end: Instant) {
        self.lane.push(SpanKind::Drawing, start, end, "frame");
    }

    /// What the queue did.
    pub(super) const fn lane(&self) -> &Lane {
        &self.lane
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
