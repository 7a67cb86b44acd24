//! Measuring an adapter's roof: product-sums in registers, copies of several sizes, and what dispatches, submissions and readbacks cost.
//!
//! By the wall clock over runs that take milliseconds, so that it works where timestamps do not; of several kernels and of repeated
//! runs the best counts, for whatever disturbs a run makes it longer. [`RoofMeter::advance`] does one measurement and waits for it,
//! for a fraction of a second; all of them take about two. [`recall_roof`] and [`remember_roof`] keep the outcome for an adapter, its
//! driver and this version of the program.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::context::Gpu;
use super::error::GpuError;
use super::kernel::Kernel;
use super::readback::Readback;
use super::tape::{Program, Tape};
use crate::profile::{CopySpeed, Roof};
use crate::{folders, save};

const MULTIPLY_ADD: Kernel = Kernel::new("roof/multiply_add.wgsl");
const MULTIPLY_ADD_SCALARS: Kernel = Kernel::new("roof/multiply_add_scalars.wgsl");
const COPY: Kernel = Kernel::new("roof/copy.wgsl");
const COPY_RUNS: Kernel = Kernel::new("roof/copy_runs.wgsl");
const COPY_PAIRS: Kernel = Kernel::new("roof/copy_pairs.wgsl");
const EMPTY: Kernel = Kernel::new("roof/empty.wgsl");

/// Operations of a thread, as the shaders say.
const FLOPS: [(Kernel, u64); 2] = [(MULTIPLY_ADD, 2 * 64 * 4 * 8 * 4), (MULTIPLY_ADD_SCALARS, 2 * 128 * 8 * 12)];
/// Threads of the product-sums: enough to fill a large GPU, and not too many for two cores.
const THREADS: [u32; 2] = [1 << 17, 1 << 13];
/// Bytes that the copies read and write together; software adapters do without the last.
const COPY_BYTES: [u64; 7] = [1 << 15, 1 << 17, 1 << 19, 1 << 21, 1 << 23, 1 << 25, 1 << 27];
/// Small copies are repeated in a pass until so many bytes are moved.
const PASS_BYTES: u64 = 1 << 22;
/// Empty dispatches in a pass.
const EMPTIES: u32 = 64;

/// A submission that takes this long is not spoilt by its own cost.
const LONG_ENOUGH: Duration = Duration::from_millis(2);
/// Repeats end after this, if there are a few.
const MOST: Duration = Duration::from_millis(60);
/// Those of product-sums, which decide on more.
const MOST_PEAK: Duration = Duration::from_millis(200);
/// Repeats at least.
const FEWEST: u32 = 3;
/// Repeats of what takes microseconds.
const SHORT_REPEATS: u32 = 30;

#[derive(Clone, Debug)]
enum Probe {
    /// Product-sums by a kernel, which does so many operations a thread.
    Peak(Kernel, u64),
    /// A copy by a kernel whose workgroups have so many bytes to read.
    Copy(Kernel, u64, u64),
    Dispatch,
    Submit,
    Readback,
}

/// A roof in the making.
pub struct RoofMeter {
    left: VecDeque<Probe>,
    roof: Roof,
}

impl RoofMeter {
    /// Nothing is measured yet.
    pub fn new(gpu: &Gpu) -> Self {
        let software = gpu.is_software();
        let largest = gpu.limits.max_storage_buffer_binding_size.min(gpu.limits.max_buffer_size);
        let sizes = COPY_BYTES.iter().copied().filter(|&bytes| bytes / 2 <= largest && !(software && bytes > 1 << 25));
        let mut copies = vec![(COPY, 4 << 10), (COPY_RUNS, 8 << 10)];
        if gpu.features.contains(wgpu::Features::SHADER_INT64) {
            copies.push((COPY_PAIRS, 4 << 10));
        }
        let mut left: VecDeque<Probe> = FLOPS.iter().map(|(kernel, flops)| Probe::Peak(kernel.clone(), *flops)).collect();
        left.extend(
            sizes
                .flat_map(|bytes| copies.iter().map(move |(kernel, group)| Probe::Copy(kernel.clone(), *group, bytes)).collect::<Vec<_>>()),
        );
        left.extend([Probe::Dispatch, Probe::Submit, Probe::Readback]);
        let roof = Roof {
            adapter: gpu.info.name.clone(),
            driver: gpu.driver(),
            peak_gflops: 0.0,
            copy: Vec::new(),
            dispatch_micros: 0.0,
            submit_micros: 0.0,
            readback_micros: 0.0,
        };
        Self { left, roof }
    }

    /// Does the next measurement, and waits for it; the roof after the last.
    pub fn advance(&mut self, gpu: &Gpu) -> Result<Option<Roof>, GpuError> {
        let Some(probe) = self.left.pop_front() else { return Ok(Some(self.roof.clone())) };
        let roof = &mut self.roof;
        match probe {
            Probe::Peak(kernel, flops) => {
                let threads = THREADS[usize::from(gpu.is_software())];
                let micros = best_micros(gpu, &product_sums(gpu, &kernel, threads)?, MOST_PEAK)?;
                roof.peak_gflops = roof.peak_gflops.max(flops as f64 * f64::from(threads) / micros / 1e3);
            }
            Probe::Copy(kernel, group_bytes, bytes) => {
                let program = copies(gpu, &kernel, group_bytes, bytes)?;
                let gbps = (bytes * program.len() as u64) as f64 / best_micros(gpu, &program, MOST)? / 1e3;
                match roof.copy.last_mut().filter(|copy| copy.bytes == bytes) {
                    Some(copy) => copy.gbps = copy.gbps.max(gbps),
                    None => roof.copy.push(CopySpeed { bytes, gbps }),
                }
            }
            Probe::Dispatch => roof.dispatch_micros = best_micros(gpu, &empties(gpu, EMPTIES)?, MOST)? / f64::from(EMPTIES),
            Probe::Submit => {
                let program = empties(gpu, 1)?;
                roof.submit_micros = best_of(SHORT_REPEATS, || run(gpu, &program, 1))?.as_secs_f64() * 1e6;
            }
            Probe::Readback => roof.readback_micros = readback(gpu)?.as_secs_f64() * 1e6,
        }
        Ok(self.left.is_empty().then(|| self.roof.clone()))
    }
}

/// Measures all of it; what is remembered stays as it is.
pub fn measure_roof(gpu: &Gpu) -> Result<Roof, GpuError> {
    let mut meter = RoofMeter::new(gpu);
    loop {
        if let Some(roof) = meter.advance(gpu)? {
            return Ok(roof);
        }
    }
}

fn product_sums(gpu: &Gpu, kernel: &Kernel, threads: u32) -> Result<Program, GpuError> {
    let mut tape = Tape::new(gpu);
    let y = tape.tensor("sums", [1, 1, threads]);
    tape.dispatch(kernel).write("y", &y).over([threads, 1, 1]);
    tape.freeze()
}

fn copies(gpu: &Gpu, kernel: &Kernel, group_bytes: u64, bytes: u64) -> Result<Program, GpuError> {
    let elements = (bytes / 8) as u32;
    let x = gpu.tensor("copied", [1, 1, elements])?;
    let mut tape = Tape::new(gpu);
    let y = tape.tensor("copy", [1, 1, elements]);
    for _ in 0..(PASS_BYTES / bytes).max(1) {
        tape.dispatch(kernel).read("x", &x).write("y", &y).over([(bytes / 2 / group_bytes) as u32 * 64, 1, 1]);
    }
    tape.freeze()
}

fn empties(gpu: &Gpu, count: u32) -> Result<Program, GpuError> {
    let mut tape = Tape::new(gpu);
    (0..count).for_each(|_| tape.dispatch(&EMPTY).over([1, 1, 1]));
    tape.freeze()
}

/// So many runs of a program in one submission.
fn run(gpu: &Gpu, program: &Program, runs: u32) -> Result<Duration, GpuError> {
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("roof") });
    (0..runs).for_each(|_| program.encode(&mut encoder));
    let commands = encoder.finish();
    let began = Instant::now();
    gpu.queue.submit([commands]);
    gpu.wait()?;
    Ok(began.elapsed())
}

fn best_of(repeats: u32, mut measure: impl FnMut() -> Result<Duration, GpuError>) -> Result<Duration, GpuError> {
    (0..repeats).try_fold(Duration::MAX, |best, _| Ok(best.min(measure()?)))
}

/// Microseconds of one run of a program: the best of several, each of as many runs in a submission as take long enough.
fn best_micros(gpu: &Gpu, program: &Program, most: Duration) -> Result<f64, GpuError> {
    // The first compiles.
    run(gpu, program, 1)?;
    let began = Instant::now();
    let (mut runs, mut best) = (1, run(gpu, program, 1)?);
    while best < LONG_ENOUGH && runs < 1 << 12 {
        runs *= 2;
        best = run(gpu, program, runs)?;
    }
    let mut repeats = 0;
    while repeats < FEWEST || began.elapsed() < most {
        best = best.min(run(gpu, program, runs)?);
        repeats += 1;
    }
    Ok(best.as_secs_f64() * 1e6 / f64::from(runs))
}

/// From a submission until four bytes are in the CPU's hands.
fn readback(gpu: &Gpu) -> Result<Duration, GpuError> {
    let source = gpu.tensor("readback", [1, 1, 1])?;
    let mut copies = Readback::new(gpu, 4, 1);
    best_of(SHORT_REPEATS, || {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("roof") });
        copies.record(&mut encoder, &source.buffer, 0, 4, 0);
        let commands = encoder.finish();
        let began = Instant::now();
        gpu.queue.submit([commands]);
        copies.submitted();
        gpu.wait()?;
        copies.collect(|_, _| ());
        Ok(began.elapsed())
    })
}

/// Bytes of a remembered roof at most.
const MOST_BYTES: u64 = 1 << 16;

/// What was remembered of this adapter with this driver; none if nothing was, or if the file is broken.
pub fn recall_roof(gpu: &Gpu) -> Option<Roof> {
    let path = folders::remembered("roof", &gpu.info.name, &gpu.driver())?;
    if fs::metadata(&path).ok()?.len() > MOST_BYTES {
        return None;
    }
    let roof: Roof = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    (roof.is_sound() && roof.adapter == gpu.info.name && roof.driver == gpu.driver()).then_some(roof)
}

/// How long ago what is remembered was measured.
pub fn roof_age(gpu: &Gpu) -> Option<Duration> {
    let path = folders::remembered("roof", &gpu.info.name, &gpu.driver())?;
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

/// What is remembered was measured long enough ago to be measured again where a kernel is faster: a kernel that is always faster
/// (it finds in registers what the roof counts as memory) shall not cost seconds at each start.
pub fn roof_may_be_low(gpu: &Gpu) -> bool {
    const SETTLED: Duration = Duration::from_secs(600);
    roof_age(gpu).is_none_or(|age| age > SETTLED)
}

/// Remembers the better of what is remembered and of what was measured anew; gives it.
pub fn improve_roof(gpu: &Gpu, anew: &Roof) -> Roof {
    let best = recall_roof(gpu).map_or_else(|| anew.clone(), |old| anew.best_of(&old));
    remember_roof(gpu, &best);
    best
}

/// Remembers a roof for the next start, in place of what was. A cache that cannot be written is no error.
pub fn remember_roof(gpu: &Gpu, roof: &Roof) {
    let Some(path) = folders::remembered("roof", &gpu.info.name, &gpu.driver()) else { return };
    let written = serde_json::to_string_pretty(roof)
        .map_err(std::io::Error::other)
        .and_then(|text| save::atomically(&path, |file| file.write_all(text.as_bytes())));
    if let Err(error) = written {
        log::info!("{} cannot be written: {error}", path.display());
    }
}

/// What is remembered, else a measurement, which is then remembered.
pub fn roof_of(gpu: &Gpu) -> Result<Roof, GpuError> {
    if let Some(roof) = recall_roof(gpu) {
        return Ok(roof);
    }
    let roof = measure_roof(gpu)?;
    remember_roof(gpu, &roof);
    Ok(roof)
}
