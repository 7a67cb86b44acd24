//! How much work to hand to the GPU at a time, so that frames get their turn.
//!
//! Every dispatch of a job has an estimated cost ([`Costs`]). Slices are timed with timestamps where the adapter has them, by the
//! clock where it has none, and correct the costs. Subtlety: on Mesa's software adapter, handing a slice over waits until the one
//! before it is done; so who wants to stay awake hands the next one over only when little of the last is left.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::costs::Costs;
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
/// A slice that was handed over.
struct Slice {
    job: Job,
    range: Range<usize>,
    estimate: f32,
    timed: bool,
    /// It was waited for dispatch by dispatch: it began when it was noted.
    waited: bool,
    submitted: Instant,
    done: Option<Instant>,
    /// Milliseconds by timestamps.
    measured: Option<f32>,
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
    software: bool,
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
        }
    }

    /// Encodes a slice; `tag` comes back with its times.
    fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, range: Range<usize>, tag: u64) {
        let place = tag % TIMERS;
        let first = 2 * place as u32;
        let writes = wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        };
        program.encode_range(encoder, range, Some(writes));
        let offset = place * wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT;
        encoder.resolve_query_set(&self.queries, first..first + 2, &self.resolved, offset);
        self.copies.record(encoder, &self.resolved, offset, 16, tag);
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
            software: gpu.is_software(),
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

    /// Whether a dispatch is to be run alone and waited for, since it is not known what it costs.
    pub(super) fn is_unknown(&mut self, job: Job, at: usize, length: usize) -> bool {
        self.costs.is_unknown(job, at, length)
    }

    /// A dispatch, run alone and waited for, took so long.
    pub(super) fn measured_alone(&mut self, job: Job, at: usize, length: usize, time: Duration) {
        self.costs.measured_alone(job, at, length, time.as_secs_f32() * 1e3);
    }

    /// Encodes a slice, timed if a timer is free.
    pub(super) fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, job: Job, range: Range<usize>) {
        let tag = self.first_tag + self.slices.len() as u64;
        let timer = self.timer.as_mut().filter(|timer| timer.copies.has_room());
        let timed = timer.is_some();
        match timer {
            Some(timer) => timer.encode(encoder, program, range.clone(), tag),
            None => program.encode_range(encoder, range.clone(), None),
        }
        self.push(job, program.len(), range, timed);
    }

    /// A slice is encoded by someone else; `waited`: and will be waited for before it is submitted.
    pub(super) fn note(&mut self, job: Job, length: usize, range: Range<usize>, waited: bool) {
        self.push(job, length, range, false);
        if let Some(slice) = self.slices.back_mut() {
            slice.waited = waited;
        }
    }

    fn push(&mut self, job: Job, length: usize, range: Range<usize>, timed: bool) {
        let estimate = self.costs.sum(job, range.clone(), length);
        self.slices.push_back(Slice { job, range, estimate, timed, waited: false, submitted: Instant::now(), done: None, measured: None });
    }

    /// To be called after the slice's encoder has been submitted.
    pub(super) fn submitted(&mut self, gpu: &Gpu) {
        if let Some(timer) = &mut self.timer {
            timer.copies.submitted();
        }
        let Some(slice) = self.slices.back_mut() else { return };
        if !slice.waited {
            slice.submitted = Instant::now();
        }
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
                let ticks: [u64; 2] = bytemuck::pod_read_unaligned(bytes);
                if let Some(slice) = place(tag).and_then(|place| slices.get_mut(place)) {
                    slice.measured = Some((ticks[1].wrapping_sub(ticks[0]) as i64 as f64 * millis_per_tick) as f32);
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
        let Slice { job, range, submitted, measured, estimate, waited, .. } = slice;
        let start = self.lane.last_end().map_or(submitted, |end| submitted.max(end));
        let noticed = done.saturating_duration_since(start);
        // Without timestamps its end is known when it is noticed, at times late: that much is sure.
        let seen = noticed.as_secs_f32() * 1e3;
        let least = if waited { seen } else { seen.min(2.0 * estimate) };
        let millis = measured.filter(|&millis| millis > 0.0).unwrap_or(least);
        if self.software && measured.is_some() && range.len() > 1 {
            // The first dispatch is not in these times (see [`Costs`]).
            self.costs.measured(job, range.start + 1..range.end, millis);
        } else if range.len() > 1 {
            self.costs.measured(job, range, millis);
        }
        let took = Duration::from_secs_f32((millis.max(estimate) * 1e-3).clamp(0.0, 10.0));
        self.lane.push(SpanKind::Training, start, start + noticed.min(took), job.name());
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
