//! A profiled replay: one pass a dispatch, with timestamps at the pass boundaries where the adapter has them, wall-clock time
//! around each submission where it has not. Times are isolated: dispatches do not overlap as in the fast replay.

use std::time::Instant;

use super::context::Gpu;
use super::error::GpuError;
use super::tape::Program;

/// How the times were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// GPU timestamps.
    Timestamps,
    /// Wall clock around a submission of the single dispatch: includes the submission's own cost.
    WallClock,
}

/// The times of one profiled replay.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How they were taken.
    pub timing: Timing,
    /// Microseconds of each dispatch, in order.
    pub micros: Vec<f64>,
}

impl Profile {
    /// Runs `program` once, timed, and waits for it.
    pub fn measure(gpu: &Gpu, program: &Program) -> Result<Self, GpuError> {
        if gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY) {
            let micros = timestamps(gpu, program)?;
            // Some drivers report zeros or times that run backwards; those are no measurements.
            if micros.iter().all(|&time| time >= 0.0) && micros.iter().any(|&time| time > 0.0) {
                return Ok(Self { timing: Timing::Timestamps, micros });
            }
        }
        Ok(Self { timing: Timing::WallClock, micros: wall_clock(gpu, program)? })
    }
}

fn timestamps(gpu: &Gpu, program: &Program) -> Result<Vec<f64>, GpuError> {
    const PASSES: usize = (wgpu::QUERY_SET_MAX_QUERIES / 2) as usize;
    let mut micros = Vec::with_capacity(program.len());
    for first in (0..program.len()).step_by(PASSES) {
        let passes = PASSES.min(program.len() - first);
        let count = passes as u32 * 2;
        let queries =
            gpu.device.create_query_set(&wgpu::QuerySetDescriptor { label: Some("profile"), ty: wgpu::QueryType::Timestamp, count });
        let size = u64::from(count) * 8;
        let buffer =
            |usage| gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some("profile"), size, usage, mapped_at_creation: false });
        let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC);
        let staging = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("profile") });
        for pass in 0..passes {
            let index = pass as u32 * 2;
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(index),
                end_of_pass_write_index: Some(index + 1),
            };
            program.encode_range(&mut encoder, first + pass..first + pass + 1, Some(writes));
        }
        encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, size);
        gpu.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |_| ());
        gpu.wait()?;
        let view = staging.slice(..).get_mapped_range();
        let ticks: &[u64] = bytemuck::cast_slice(&view);
        let period = f64::from(gpu.queue.get_timestamp_period());
        micros.extend(ticks.chunks_exact(2).map(|pair| pair[1].wrapping_sub(pair[0]) as i64 as f64 * period / 1000.0));
    }
    Ok(micros)
}

fn wall_clock(gpu: &Gpu, program: &Program) -> Result<Vec<f64>, GpuError> {
    (0..program.len())
        .map(|index| {
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("profile") });
            program.encode_range(&mut encoder, index..index + 1, None);
            let start = Instant::now();
            gpu.queue.submit([encoder.finish()]);
            gpu.wait()?;
            Ok(start.elapsed().as_secs_f64() * 1e6)
        })
        .collect()
}
