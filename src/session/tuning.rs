//! Which kernel variants suit an adapter: measured on the very step that is to be trained, and remembered.
//!
//! [`suit`] takes what was measured before on this adapter with this driver by this version of the program, or measures it. What a family
//! costs is the wall time of its dispatches in one submission, the best of a few; another variant is taken only where it is
//! clearly faster, so that noise does not change results. Families that cost next to nothing keep what suits the kind of
//! adapter, and so do all that are left when the time is over. Subtlety: a choice changes the last bits of a run, so nothing is
//! measured while one goes on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::start::{self, LoadedData};
use super::{SessionError, read};
use crate::config::RunConfig;
use crate::folders;
use crate::gpu::{Choices, Consulted, Family, Gpu, GpuError, Program, Variant};
use crate::observe;
use crate::save;
use crate::train::Trainer;

/// Where the choice of variants comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tuning {
    /// What is remembered of this adapter, else a short measurement.
    #[default]
    Remembered,
    /// A measurement of everything, whatever is remembered.
    Again,
    /// What suits the kind of adapter; nothing is measured, read or written.
    Off,
}

/// At the first start nobody wants to wait for kernels that may be a little faster.
const FIRST_START: Duration = Duration::from_millis(2000);
/// Who asks for it again has time.
const AGAIN: Duration = Duration::from_secs(120);
/// Share of the step's time below which a family is not worth a measurement.
const WORTH_IT: f64 = 0.01;
/// Another variant must need at most this share of the time.
const CLEARLY: f64 = 0.9;
/// Runs of which the best counts, after one that compiles.
const RUNS: u32 = 5;

/// What a family's variants were measured at.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredFamily {
    /// The family's name.
    pub family: &'static str,
    /// Microseconds a step by variant.
    pub micros: BTreeMap<&'static str, f64>,
    /// The variant taken; none: what suits the kind of adapter.
    pub taken: Option<&'static str>,
}

/// What is remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    /// Variant by family.
    choices: BTreeMap<String, String>,
    /// Microseconds a step, by family and variant: for whoever opens the file.
    measured: BTreeMap<String, BTreeMap<String, f64>>,
}

/// Sets `gpu` to the variants that suit it best for a run of `config`. `tell` hears what takes time and what came of it. A cache that
/// cannot be read or written is no error.
pub fn suit(gpu: &Arc<Gpu>, config: &RunConfig, how: Tuning, tell: &mut dyn FnMut(&str)) -> Result<(), SessionError> {
    let limit = match how {
        Tuning::Off => return Ok(()),
        Tuning::Again => AGAIN,
        Tuning::Remembered => {
            if let Some(choices) = remembered(gpu) {
                gpu.set_choices(choices);
                return Ok(());
            }
            FIRST_START
        }
    };
    tell(&format!("measuring which kernels suit {} (once; --retune measures again)", gpu.info.name));
    let measured = measure(gpu, config, limit)?;
    let mut choices = Choices::default();
    for row in &measured {
        if let Some(family) = observe::families().find(|family| family.name == row.family)
            && let Some(variant) = row.taken.and_then(|name| family.variant(name))
        {
            choices.set(family, Some(variant));
            let time = |name: &str| row.micros.get(name).copied().unwrap_or(f64::NAN) / 1e3;
            let usual =
                row.micros.iter().filter(|(name, _)| **name != variant.name).map(|(name, _)| format!("{name} {:.2} ms", time(name)));
            let others: Vec<String> = usual.collect();
            tell(&format!("{}: {} at {:.2} ms a step (others: {})", row.family, variant.name, time(variant.name), others.join(", ")));
        }
    }
    gpu.set_choices(choices);
    if let Some(path) = place(gpu)
        && let Err(error) = remember(&path, &measured)
    {
        log::info!("{} cannot be written: {error}", path.display());
    }
    Ok(())
}

fn place(gpu: &Gpu) -> Option<PathBuf> {
    folders::remembered("kernels", &gpu.info.name, &gpu.driver())
}

/// What was remembered of an adapter; none if nothing was, if the file is broken, or if the adapter has it no more.
pub fn remembered(gpu: &Gpu) -> Option<Choices> {
    const MOST_BYTES: u64 = 1 << 20;
    let path = place(gpu)?;
    if fs::metadata(&path).ok()?.len() > MOST_BYTES {
        return None;
    }
    let remembered: Remembered = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    let mut choices = Choices::default();
    for (family, variant) in &remembered.choices {
        let family = observe::families().find(|known| known.name == family)?;
        choices.set(family, Some(family.offered(gpu).find(|offered| offered.name == variant)?));
    }
    Some(choices)
}

fn remember(path: &Path, measured: &[MeasuredFamily]) -> std::io::Result<()> {
    let mut remembered = Remembered::default();
    for row in measured {
        remembered.choices.extend(row.taken.map(|taken| (row.family.to_owned(), taken.to_owned())));
        let micros = row.micros.iter().map(|(name, micros)| ((*name).to_owned(), *micros)).collect();
        remembered.measured.insert(row.family.to_owned(), micros);
    }
    let text = serde_json::to_string_pretty(&remembered).map_err(std::io::Error::other)?;
    save::atomically(path, |file| std::io::Write::write_all(file, text.as_bytes()))
}

/// Measures the variants of the families that a step of `config` uses, the costly families first, until `limit` is over. The
/// GPU's choices are as before afterwards.
pub fn measure(gpu: &Arc<Gpu>, config: &RunConfig, limit: Duration) -> Result<Vec<MeasuredFamily>, SessionError> {
    let before = gpu.choices();
    let measured = measure_with(gpu, config, Instant::now() + limit);
    gpu.set_choices(before);
    measured
}

fn measure_with(gpu: &Arc<Gpu>, config: &RunConfig, end: Instant) -> Result<Vec<MeasuredFamily>, SessionError> {
    gpu.set_choices(Choices::default());
    // The images themselves do not matter, their number and size do: drawing them is part of the step.
    let data: LoadedData = read(&config.data)?;
    let mut trainer = start::trainer_alone(gpu, config.clone(), &data)?;
    let program = &trainer.recorded().program;
    let mut families: Vec<(Consulted, f64)> = Vec::new();
    for consulted in program.consulted().iter().filter(|consulted| consulted.family.offered(gpu).count() > 1) {
        families.push((consulted.clone(), time(gpu, program, consulted.family, f64::INFINITY)?));
    }
    let total: f64 = families.iter().map(|(_, micros)| micros).sum();
    families.retain(|(_, micros)| *micros >= WORTH_IT * total);
    families.sort_by(|one, other| other.1.total_cmp(&one.1));
    families.into_iter().map(|(consulted, usual)| of_family(&mut trainer, &consulted, usual, end)).collect()
}

fn of_family(trainer: &mut Trainer, consulted: &Consulted, usual: f64, end: Instant) -> Result<MeasuredFamily, SessionError> {
    let gpu = trainer.gpu.clone();
    let family = consulted.family;
    let own = *consulted.chosen.first().expect("a family was asked, so it gave a variant");
    let mut measured = MeasuredFamily { family: family.name, micros: BTreeMap::from([(own, usual)]), taken: None };
    let mut best = usual;
    for variant in family.offered(&gpu).filter(|variant| !consulted.chosen.contains(variant.name)) {
        if Instant::now() >= end {
            break;
        }
        let Some(mut micros) = of_variant(trainer, family, Some(variant), best)? else { continue };
        if micros < CLEARLY * best {
            // Other programs may have been in the way: what won has to win again.
            let again = of_variant(trainer, family, measured.taken.and_then(|name| family.variant(name)), best)?;
            best = again.map_or(best, |again| again.min(best));
            micros = of_variant(trainer, family, Some(variant), best)?.map_or(micros, |again| again.min(micros));
            measured.micros.insert(measured.taken.unwrap_or(own), best);
        }
        measured.micros.insert(variant.name, micros);
        if micros < CLEARLY * best {
            (best, measured.taken) = (micros, Some(variant.name));
        }
    }
    Ok(measured)
}

/// Microseconds of a variant (none: of what suits the kind of adapter); none if no shape of the step is for it.
fn of_variant(
    trainer: &mut Trainer,
    family: &'static Family,
    variant: Option<&'static Variant>,
    usual: f64,
) -> Result<Option<f64>, SessionError> {
    let gpu = trainer.gpu.clone();
    let mut choices = Choices::default();
    choices.set(family, variant);
    gpu.set_choices(choices);
    trainer.record_again()?;
    let program = &trainer.recorded().program;
    let given = |name| program.consulted().iter().any(|consulted| consulted.family == family && consulted.chosen.contains(name));
    let taken = variant.is_none_or(|variant| given(variant.name));
    Ok(if taken { Some(time(&gpu, program, family, usual)?) } else { None })
}

/// Microseconds of the family's dispatches in one submission, without what an empty one takes. Where the first run is far slower than
/// `usual`, compiling or not, it is the only one.
fn time(gpu: &Gpu, program: &Program, family: &Family, usual: f64) -> Result<f64, GpuError> {
    const HOPELESS: f64 = 20.0;
    let stems: Vec<&str> = family.stems().collect();
    let run = |some: bool| {
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("tuning") });
        program.encode_kernels(&mut encoder, |stem| some && stems.contains(&stem));
        let start = Instant::now();
        gpu.queue.submit([encoder.finish()]);
        gpu.wait()?;
        Ok::<f64, GpuError>(start.elapsed().as_secs_f64() * 1e6)
    };
    let first = run(true)?;
    // Compiling a kernel takes a software driver up to a few hundred milliseconds.
    if first > HOPELESS * usual + 1e6 {
        return Ok(first);
    }
    let (mut best, mut empty) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..RUNS {
        best = best.min(run(true)?);
        empty = empty.min(run(false)?);
    }
    Ok((best - empty).max(0.1))
}
