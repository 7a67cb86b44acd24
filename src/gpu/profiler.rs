//! Timing a program dispatch by dispatch while it does its work: one pass a dispatch instead of one for all. Times are isolated:
//! dispatches do not overlap as they may in the fast replay. What is computed is the same, to the bit.
//!
//! [`DispatchTimer`] takes timestamps at the boundaries of the passes and brings them back without waiting. Where an adapter has
//! none that make sense, [`timed_by_wall_clock`] waits for each dispatch.
//!
//! Subtlety: once something has been drawn, llvmpipe takes a timestamp only when the next one is asked for, as if it were part of a
//! picture. A pass's begin is then taken after its dispatch, and what the dispatch took lies between the end before it and that
//! begin ([`Stamps::micros`]). So on software adapters an empty pass goes before each slice, for the end before its first dispatch.

use std::collections::HashMap;
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
/// Slices of a replay that get an empty pass before them, at most.
const MARKS: usize = 128;
/// Dispatches that take less than this share of the time from the first begin to the last end have begins that were taken late.
const LATE: f64 = 0.2;

/// Timestamps of every dispatch of one program; made once for it. Use: [`encode`](Self::encode) all of the program, slice by
/// slice if need be, [`finish`](Self::finish) in the last slice's encoder, [`submitted`](Self::submitted), and later
/// [`collect`](Self::collect).
pub struct DispatchTimer {
    queries: Vec<wgpu::QuerySet>,
    /// Of the empty passes; none on GPUs.
    marks: Option<wgpu::QuerySet>,
    /// Where the slices of the replay that is being encoded begin.
    starts: Vec<usize>,
    /// Where those of the replays begin whose times are on their way back.
    sent: HashMap<u64, Vec<usize>>,
    resolved: wgpu::Buffer,
    copies: Readback,
    micros_per_tick: f64,
    dispatches: usize,
}

/// When each dispatch of one replay began and ended.
pub struct Stamps<'a> {
    ticks: &'a [[u64; 2]],
    /// Of the empty passes before the slices.
    marks: &'a [[u64; 2]],
    /// The first dispatches of the slices.
    starts: &'a [usize],
    micros_per_tick: f64,
}

impl Stamps<'_> {
    fn micros_between(&self, begin: u64, end: u64) -> f64 {
        end.wrapping_sub(begin) as i64 as f64 * self.micros_per_tick
    }

    /// Microseconds of each dispatch; negative where it ends before it begins.
    pub fn micros(&self) -> Vec<f64> {
        let plain: Vec<f64> = self.ticks.iter().map(|&[begin, end]| self.micros_between(begin, end)).collect();
        if !self.has_late_begins(&plain) {
            return plain;
        }
        let late = |index: usize| self.end_before(index).map(|before| self.micros_between(before, self.ticks[index][0]));
        plain.iter().enumerate().map(|(index, &plain)| late(index).unwrap_or(plain)).collect()
    }

    /// Whether begins were taken after their dispatches: only where there are empty passes to tell.
    fn has_late_begins(&self, plain: &[f64]) -> bool {
        let ends = self.starts.iter().skip(1).copied().chain([self.ticks.len()]);
        let spans = self.starts.iter().zip(ends).map(|(&start, end)| self.span_of(start..end));
        !self.marks.is_empty() && plain.iter().sum::<f64>() < LATE * spans.sum::<f64>()
    }

    /// The end before a dispatch: its neighbour's, or the empty pass's before its slice.
    fn end_before(&self, index: usize) -> Option<u64> {
        match self.starts.iter().position(|&start| start == index) {
            Some(slice) => self.marks.get(slice).map(|mark| mark[1]),
            None => index.checked_sub(1).and_then(|before| self.ticks.get(before)).map(|before| before[1]),
        }
    }

    fn span_of(&self, dispatches: Range<usize>) -> f64 {
        match self.ticks.get(dispatches) {
            Some([one]) => self.micros_between(one[0], one[1]),
            Some([first, .., last]) => self.micros_between(first[0], last[1]),
            _ => 0.0,
        }
    }

    /// Microseconds from the begin of the first of some dispatches to the end of the last.
    pub fn span_micros(&self, dispatches: Range<usize>) -> f64 {
        let first = dispatches.start;
        let span = self.span_of(dispatches);
        let plain: Vec<f64> = self.ticks.iter().map(|&[begin, end]| self.micros_between(begin, end)).collect();
        match self.end_before(first) {
            // What the first one took lies before its begin.
            Some(before) if self.has_late_begins(&plain) => span + self.micros_between(before, self.ticks[first][0]),
            _ => span,
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
        let marks = gpu.is_software().then(|| {
            let (ty, count) = (wgpu::QueryType::Timestamp, 2 * MARKS as u32);
            gpu.device.create_query_set(&wgpu::QuerySetDescriptor { label: Some("slices"), ty, count })
        });
        let bytes = match marks {
            // Sets are resolved to multiples of 256 bytes.
            Some(_) => (16 * dispatches as u64).next_multiple_of(wgpu::QUERY_RESOLVE_BUFFER_ALIGNMENT) + 16 * MARKS as u64,
            None => 16 * dispatches as u64,
        };
        Some(Self {
            queries: (0..dispatches).step_by(PASSES).map(set).collect(),
            marks,
            starts: Vec::new(),
            sent: HashMap::new(),
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
    pub fn encode(&mut self, encoder: &mut wgpu::CommandEncoder, program: &Program, range: Range<usize>) {
        if range.start == 0 {
            self.starts.clear();
        }
        if let Some(marks) = self.marks.as_ref().filter(|_| self.starts.len() < MARKS) {
            let query = 2 * self.starts.len() as u32;
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: marks,
                beginning_of_pass_write_index: Some(query),
                end_of_pass_write_index: Some(query + 1),
            };
            drop(encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("slice"), timestamp_writes: Some(writes) }));
        }
        self.starts.push(range.start);
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
        if let Some(marks) = &self.marks {
            let count = 2 * self.starts.len().min(MARKS) as u32;
            encoder.resolve_query_set(marks, 0..count, &self.resolved, self.resolved.size() - 16 * MARKS as u64);
        }
        self.sent.insert(tag, std::mem::take(&mut self.starts));
        self.copies.record(encoder, &self.resolved, 0, self.resolved.size(), tag);
    }

    /// To be called after an encoder that was finished into has been submitted.
    pub fn submitted(&mut self) {
        self.copies.submitted();
    }

    /// Hands over what has arrived, oldest first.
    pub fn collect(&mut self, mut take: impl FnMut(u64, &Stamps<'_>)) {
        let Self { micros_per_tick, dispatches, ref mut sent, .. } = *self;
        let place = if self.marks.is_some() { (self.resolved.size() / 16) as usize - MARKS } else { usize::MAX };
        self.copies.collect(|tag, bytes| {
            let words: Vec<u64> = bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect();
            let (ticks, _) = words.as_chunks::<2>();
            let starts = sent.remove(&tag).unwrap_or_default();
            let (ticks, marks) = (&ticks[..dispatches.min(ticks.len())], ticks.get(place..).unwrap_or_default());
            take(tag, &Stamps { ticks, marks, starts: &starts, micros_per_tick });
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

/// Runs some of a program's dispatches, each submitted and waited for alone: microseconds of each, its submission included.
pub fn timed_by_wall_clock(gpu: &Gpu, program: &Program, range: Range<usize>) -> Result<Vec<f64>, GpuError> {
    gpu.wait()?;
    range
        .map(|index| {
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("profile") });
            program.encode_range(&mut encoder, index..index + 1, None);
            let commands = encoder.finish();
            let start = Instant::now();
            gpu.queue.submit([commands]);
            gpu.wait()?;
            Ok(start.elapsed().as_secs_f64() * 1e6)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(ticks: &[[u64; 2]], marks: &[[u64; 2]], starts: &[usize]) -> (Vec<f64>, f64) {
        let stamps = Stamps { ticks, marks, starts, micros_per_tick: 1.0 };
        (stamps.micros(), stamps.span_micros(starts[0]..ticks.len()))
    }

    #[test]
    fn begins_that_come_late_are_seen_through() {
        // Dispatches of 100, 50, 300 and 80 microseconds, 2 between them, in slices of three and one.
        let marks = [[8, 10], [1008, 1010]];
        let good = [[10, 110], [112, 162], [164, 464], [1010, 1090]];
        assert_eq!(micros(&good, &marks, &[0, 3]), (vec![100.0, 50.0, 300.0, 80.0], 1080.0));
        // Each begin when the dispatch has run, each end right before the next dispatch.
        let late = [[110, 112], [162, 164], [464, 466], [1090, 1092]];
        assert_eq!(micros(&late, &marks, &[0, 3]), (vec![100.0, 50.0, 300.0, 80.0], 1082.0));
        // Without empty passes (a GPU) nothing is guessed.
        assert_eq!(micros(&late, &[], &[0, 3]).0, [2.0; 4]);
        // A slice more than there are empty passes for keeps what was measured.
        assert_eq!(micros(&late, &marks[..1], &[0, 3]).0, [100.0, 50.0, 300.0, 2.0]);
        assert_eq!(micros(&[[5, 5]], &marks, &[0]), (vec![0.0], 0.0));
    }
}
