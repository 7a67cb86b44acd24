//! Timing a program dispatch by dispatch while it does its work: one pass a dispatch instead of one for all. Times are isolated:
//! dispatches do not overlap as they may in the fast replay. What is computed is the same, to the bit.
//!
//! [`DispatchTimer`] takes timestamps at the boundaries of the passes and brings them back without waiting. Where an adapter has
//! none that make sense, [`timed_by_wall_clock`] waits for each dispatch.
//!
//! Subtlety: once something has been drawn, llvmpipe takes a timestamp only when the next one is asked for, as if it were part of a
//! picture. A pass then begins when its dispatch has run, and what it took lies between the passes. So whoever draws must not use
//! timestamps on software adapters.

use std::ops::Range;
use std::time::Instant;

use super::context::Gpu;
use super::error::GpuError;
use super::readback::Readback;
use super::tape::Program;
use crate::profile::Clock;

/// Passes whose timestamps fit a query set.
const PASSES: usize = (wgpu::QUERY_SET_MAX_QUERIES / 2) as usize;
/// Copies of timestamps under way at most.
const SLOTS: usize = 4;
/// Empty submissions of which the shortest counts.
const EMPTY: u32 = 3;

/// Timestamps of every dispatch of one program; made once for it. Use: [`encode`](Self::encode) all of the program, slice by
/// slice if need be, [`finish`](Self::finish) in the last slice's encoder, [`submitted`](Self::submitted), and later
/// [`collect`](Self::collect).
pub struct DispatchTimer {
    queries: Vec<wgpu::QuerySet>,
    resolved: wgpu::Buffer,
    copies: Readback,
    micros_per_tick: f64,
    dispatches: usize,
}

/// When each dispatch of one replay began and ended.
pub struct Stamps<'a> {
    ticks: &'a [[u64; 2]],
    micros_per_tick: f64,
}

impl Stamps<'_> {
    fn micros_between(&self, begin: u64, end: u64) -> f64 {
        end.wrapping_sub(begin) as i64 as f64 * self.micros_per_tick
    }

    /// Microseconds of each dispatch; negative where it ends before it begins.
    pub fn micros(&self) -> Vec<f64> {
        self.ticks.iter().map(|&[begin, end]| self.micros_between(begin, end)).collect()
    }

    /// Microseconds from the begin of the first of some dispatches to the end of the last.
    pub fn span_micros(&self, dispatches: Range<usize>) -> f64 {
        match self.ticks.get(dispatches) {
            Some([one]) => self.micros_between(one[0], one[1]),
            Some([first, .., last]) => self.micros_between(first[0], last[1]),
            _ => 0.0,
        }
    }
}

impl DispatchTimer {
    /// A timer for programs of so many dispatches; none where the adapter has no timestamps.
    pub fn new(gpu: &Gpu, dispatches: usize) -> Option<Self> {
        if !gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY) || dispatches == 0 {
            return None;
        }
        let set = |first: usize| {
            let count = 2 * PASSES.min(dispatches - first) as u32;
            gpu.device.create_query_set(&wgpu::QuerySetDescriptor { label: Some("dispatches"), ty: wgpu::QueryType::Timestamp, count })
        };
        let bytes = 16 * dispatches as u64;
        Some(Self {
            queries: (0..dispatches).step_by(PASSES).map(set).collect(),
            resolved: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("dispatches"),
                size: bytes,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            copies: Readback::new(gpu, bytes, SLOTS),
            micros_per_tick: f64::from(gpu.queue.get_timestamp_period()) / 1e3,
            dispatches,
        })
    }

    /// Whether the times of a replay that is begun now would find room on their way back.
    pub fn has_room(&self) -> bool {
        self.copies.has_room()
    }

    /// Whether times are on their way back.
    pub fn is_waiting(&self) -> bool {
        self.copies.is_waiting()
    }

    /// Encodes some of the program's dispatches, each in a pass of its own.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder, program: &Program, range: Range<usize>) {
        for index in range {
            let query = 2 * (index % PASSES) as u32;
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: &self.queries[index / PASSES],
                beginning_of_pass_write_index: Some(query),
                end_of_pass_write_index: Some(query + 1),
            };
            program.encode_range(encoder, index..index + 1, Some(writes));
        }
    }

    /// Sends the times of a whole replay back; `tag` comes with them. Full ring: they are dropped.
    pub fn finish(&mut self, encoder: &mut wgpu::CommandEncoder, tag: u64) {
        for (set, first) in self.queries.iter().zip((0..self.dispatches).step_by(PASSES)) {
            let count = 2 * PASSES.min(self.dispatches - first) as u32;
            encoder.resolve_query_set(set, 0..count, &self.resolved, 16 * first as u64);
        }
        self.copies.record(encoder, &self.resolved, 0, self.resolved.size(), tag);
    }

    /// To be called after an encoder that was finished into has been submitted.
    pub fn submitted(&mut self) {
        self.copies.submitted();
    }

    /// Hands over what has arrived, oldest first.
    pub fn collect(&mut self, mut take: impl FnMut(u64, &Stamps<'_>)) {
        let micros_per_tick = self.micros_per_tick;
        self.copies.collect(|tag, bytes| {
            let words: Vec<u64> = bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect();
            let (ticks, _) = words.as_chunks::<2>();
            take(tag, &Stamps { ticks, micros_per_tick });
        });
    }
}

/// The times of one replay, waited for.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How they were taken.
    pub clock: Clock,
    /// Microseconds of each dispatch, in order.
    pub micros: Vec<f64>,
}

impl Profile {
    /// Runs `program` once, timed, and waits for it; by the wall clock, where timestamps make no sense, once more.
    pub fn measure(gpu: &Gpu, program: &Program) -> Result<Self, GpuError> {
        let mut clock = Clock::Unsupported;
        if let Some(mut timer) = DispatchTimer::new(gpu, program.len()) {
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("profile") });
            timer.encode(&mut encoder, program, 0..program.len());
            timer.finish(&mut encoder, 0);
            gpu.queue.submit([encoder.finish()]);
            timer.submitted();
            gpu.wait()?;
            let mut micros = Vec::new();
            timer.collect(|_, stamps| micros = stamps.micros());
            clock = Clock::judged(&micros);
            if clock.is_valid() {
                return Ok(Self { clock, micros });
            }
        }
        Ok(Self { clock, micros: timed_by_wall_clock(gpu, program, 0..program.len())? })
    }
}

/// Runs some of a program's dispatches, each submitted and waited for alone: microseconds of each without what an empty submission
/// takes, one at least.
pub fn timed_by_wall_clock(gpu: &Gpu, program: &Program, range: Range<usize>) -> Result<Vec<f64>, GpuError> {
    gpu.wait()?;
    let timed = |dispatches: Range<usize>| {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("profile") });
        program.encode_range(&mut encoder, dispatches, None);
        let commands = encoder.finish();
        let start = Instant::now();
        gpu.queue.submit([commands]);
        gpu.wait()?;
        Ok::<f64, GpuError>(start.elapsed().as_secs_f64() * 1e6)
    };
    let mut empty = f64::INFINITY;
    for _ in 0..EMPTY {
        empty = empty.min(timed(range.start..range.start)?);
    }
    range.map(|index| Ok((timed(index..index + 1)? - empty).max(1.0))).collect()
}
