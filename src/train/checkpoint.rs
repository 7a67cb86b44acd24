//! A run on disk: safetensors with PyTorch's names and `[out, in]` layouts; configuration, step and switches in the metadata.
//!
//! Names: `student.{parameter}`, `teacher.{parameter}` (no predictor), `moment1.{parameter}`, `moment2.{parameter}` for learner 0,
//! `center` with DINO, and the same behind `learner1.`, `learner2.`, ... for the others.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::learner::crop_seed;
use super::trainer::{TrainError, Trainer, Watch};
use crate::config::{Gathering, Hyper, Learner, Population, RunConfig};
use crate::data::views::Images;
use crate::gpu::{Gpu, GpuError, Tensor};
use crate::nn::{ParameterLayout, TorchParameter};
use crate::{methods, save};

/// Bytes of a checkpoint that are read at most.
const MAXIMUM_BYTES: u64 = 2 << 30;

/// What is wrong with a checkpoint.
#[derive(Debug, Error)]
#[error("checkpoint {path}: {problem}")]
pub struct CheckpointError {
    /// The file.
    pub path: PathBuf,
    /// What and how to mend it.
    pub problem: String,
}

/// A run's state, in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The configuration the run began with.
    pub config: RunConfig,
    /// The learners with their switches and dials.
    pub learners: Vec<Learner>,
    /// Completed steps.
    pub step: u64,
    /// What the observers want to have back, as JSON.
    pub observers: String,
    /// DINO's centre, all learners.
    center: Option<Vec<f32>>,
    /// Flat buffers by role, all learners.
    roles: Vec<(&'static str, Vec<f32>)>,
}

fn tensor_name(role: &str, learner: usize, parameter: &str) -> String {
    if learner == 0 { format!("{role}.{parameter}") } else { format!("learner{learner}.{role}.{parameter}") }
}

fn holds(role: &str, parameter: &TorchParameter<'_>) -> bool {
    role != "teacher" || parameter.in_teacher()
}

const ROLES: [&str; 4] = ["student", "teacher", "moment1", "moment2"];

/// Floats as little-endian bytes.
pub fn float_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Writes named f32 tensors and metadata as safetensors, aside, synced, renamed.
pub fn write_safetensors(path: &Path, tensors: &[(String, Vec<usize>, Vec<u8>)], metadata: HashMap<String, String>) -> std::io::Result<()> {
    let invalid = |error: safetensors::SafeTensorError| std::io::Error::other(error.to_string());
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(invalid)?)))
        .collect::<std::io::Result<Vec<_>>>()?;
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(invalid)?;
    save::atomically(path, |file| file.write_all(&bytes))
}

impl Checkpoint {
    /// Reads the state back from the GPU, waiting for it.
    pub fn capture(trainer: &Trainer, observers: String) -> Result<Self, GpuError> {
        let roles = trainer.roles.state().into_iter().map(|(name, tensor)| Ok((name, trainer.gpu.download(tensor)?)));
        Ok(Self {
            config: trainer.config.clone(),
            learners: trainer.learners.clone(),
            step: trainer.step(),
            observers,
            roles: roles.collect::<Result<_, GpuError>>()?,
            center: trainer.roles.center.as_ref().map(|center| trainer.gpu.download(center)).transpose()?,
        })
    }

    /// SHA-256 of the state in hexadecimal: for student, teacher, moment1, moment2 and, with DINO, center, the role's name, a zero byte, and
    /// the numbers of all learners as little-endian bytes.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let center = self.center.iter().map(|center| ("center", center));
        for (role, values) in self.roles.iter().map(|(role, values)| (*role, values)).chain(center) {
            hash.update(role.as_bytes());
            hash.update([0]);
            for part in values.chunks(1 << 14) {
                hash.update(float_bytes(part));
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Saves it.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let fail = |problem: String| CheckpointError { path: path.to_owned(), problem };
        let json = |value: serde_json::Result<String>| value.map_err(|error| fail(error.to_string()));
        let (seeds, hypers): (Vec<u64>, Vec<Hyper>) = self.learners.iter().map(|learner| (learner.seed, learner.hyper)).unzip();
        let metadata = HashMap::from([
            ("format".to_owned(), "pt".to_owned()),
            ("twinlens".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("config".to_owned(), json(serde_json::to_string(&self.config))?),
            ("hypers".to_owned(), json(serde_json::to_string(&hypers))?),
            ("seeds".to_owned(), json(serde_json::to_string(&seeds))?),
            ("step".to_owned(), self.step.to_string()),
            ("seed".to_owned(), self.config.seed.to_string()),
            ("observers".to_owned(), self.observers.clone()),
        ]);
        let method = methods::build(&self.config);
        let layout = method.layout();
        let mut tensors = Vec::new();
        for (role, values) in &self.roles {
            for (learner, flat) in values.chunks_exact(layout.total() as usize).enumerate() {
                for parameter in layout.torch_parameters().filter(|parameter| holds(role, parameter)) {
                    let name = tensor_name(role, learner, parameter.name());
                    tensors.push((name, parameter.shape(), float_bytes(&parameter.values(flat))));
                }
                if matches!(*role, "student" | "teacher") {
                    for (name, shape) in layout.torch_ones() {
                        let ones = vec![1.0; shape.iter().product()];
                        tensors.push((tensor_name(role, learner, &name), shape, float_bytes(&ones)));
                    }
                }
            }
        }
        if let Some(center) = &self.center {
            let prototypes = center.len() / self.learners.len();
            for (learner, values) in center.chunks_exact(prototypes).enumerate() {
                tensors.push((center_name(learner), vec![prototypes], float_bytes(values)));
            }
        }
        write_safetensors(path, &tensors, metadata).map_err(|error| fail(format!("cannot be written: {error}")))
    }

    /// Reads it, checking everything: the file may be broken or hostile.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let fail = |problem: String| CheckpointError { path: path.to_owned(), problem };
        let length = std::fs::metadata(path).map_err(|error| fail(format!("cannot be read: {error}")))?.len();
        if length > MAXIMUM_BYTES {
            return Err(fail(format!("is {length} bytes long, more than the {MAXIMUM_BYTES} that are read")));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
        let broken = |error: safetensors::SafeTensorError| fail(format!("is no intact safetensors file ({error})"));
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let entry = |key: &str| metadata.get(key).ok_or_else(|| fail(format!("has no '{key}' in its metadata; was it saved by twinlens?")));
        let config: RunConfig = serde_json::from_str(entry("config")?).map_err(|error| fail(format!("has a broken config: {error}")))?;
        config.validate().map_err(|error| fail(error.to_string()))?;
        let hypers: Vec<Hyper> = serde_json::from_str(entry("hypers")?).map_err(|error| fail(format!("has broken switches: {error}")))?;
        if hypers.len() != config.learners as usize {
            return Err(fail(format!("has switches for {} learners, but {} learners", hypers.len(), config.learners)));
        }
        for hyper in &hypers {
            RunConfig { hyper: *hyper, ..config.clone() }.validate().map_err(|error| fail(error.to_string()))?;
        }
        // Files of before learners had seeds of their own have none.
        let seeds = match metadata.get("seeds") {
            Some(text) => serde_json::from_str(text).map_err(|error| fail(format!("has broken seeds: {error}")))?,
            None => Population::from(config.clone()).learners.iter().map(|learner| learner.seed).collect::<Vec<u64>>(),
        };
        if seeds.len() != hypers.len() {
            return Err(fail(format!("has {} seeds for {} learners", seeds.len(), hypers.len())));
        }
        let learners: Vec<Learner> = seeds.into_iter().zip(hypers).map(|(seed, hyper)| Learner { seed, hyper }).collect();
        let step = entry("step")?
            .parse()
            .ok()
            .filter(|&step: &u64| step < u64::from(u32::MAX))
            .ok_or_else(|| fail("has a broken step".to_owned()))?;
        let method = methods::build(&config);
        let layout = method.layout();
        let read = |role| Ok((role, flat_role(&file, layout, role, config.learners as usize).map_err(fail)?));
        let roles = ROLES.into_iter().map(read).collect::<Result<_, CheckpointError>>()?;
        let prototypes = method.prototypes() as usize;
        let center = (prototypes > 0).then(|| read_center(&file, learners.len(), prototypes)).transpose().map_err(fail)?;
        Ok(Self { center, learners, step, observers: metadata.get("observers").cloned().unwrap_or_default(), roles, config })
    }

    /// The state of these learners of it, one after another; one may come twice. All go on on the crops of the first of them.
    ///
    /// # Panics
    /// If there is no such learner, or none at all is wanted.
    #[must_use]
    pub fn of_learners(&self, chosen: &[usize], gathering: Gathering) -> Self {
        let pick = |values: &[f32]| {
            let each = values.len() / self.learners.len();
            chosen.iter().flat_map(|&learner| values[learner * each..(learner + 1) * each].iter().copied()).collect::<Vec<f32>>()
        };
        let first = &self.learners[chosen[0]];
        let config = RunConfig {
            seed: crop_seed(&self.config, first),
            hyper: first.hyper,
            learners: chosen.len() as u32,
            own_crops: false,
            gathering,
            ..self.config.clone()
        };
        Self {
            config,
            learners: chosen.iter().map(|&learner| self.learners[learner]).collect(),
            step: self.step,
            observers: String::new(),
            center: self.center.as_deref().map(pick),
            roles: self.roles.iter().map(|(role, values)| (*role, pick(values))).collect(),
        }
    }

    /// A trainer that goes on from here, bit for bit.
    pub fn resume(&self, gpu: Arc<Gpu>, images: Images, watch: Watch) -> Result<Trainer, TrainError> {
        let population = Population { config: self.config.clone(), learners: self.learners.clone() };
        let mut trainer = Trainer::uninitialised(gpu, population, images, watch)?;
        for ((_, tensor), (_, values)) in trainer.roles.state().into_iter().zip(&self.roles) {
            upload_flat(&trainer.gpu, tensor, values);
        }
        if let (Some(tensor), Some(values)) = (&trainer.roles.center, &self.center) {
            trainer.gpu.upload(tensor, values);
        }
        trainer.set_step(self.step);
        Ok(trainer)
    }
}

fn center_name(learner: usize) -> String {
    if learner == 0 { "center".to_owned() } else { format!("learner{learner}.center") }
}

fn read_center(file: &SafeTensors<'_>, learners: usize, prototypes: usize) -> Result<Vec<f32>, String> {
    let mut values = Vec::with_capacity(learners * prototypes);
    for learner in 0..learners {
        values.extend(read_tensor(file, &center_name(learner), &[prototypes])?);
    }
    Ok(values)
}

fn upload_flat(gpu: &Gpu, tensor: &Tensor, values: &[f32]) {
    gpu.upload(tensor, values);
}

fn flat_role(file: &SafeTensors<'_>, layout: &ParameterLayout, role: &str, learners: usize) -> Result<Vec<f32>, String> {
    let total = layout.total() as usize;
    let mut values = vec![0.0; learners * total];
    for (learner, flat) in values.chunks_exact_mut(total).enumerate() {
        for parameter in layout.torch_parameters().filter(|parameter| holds(role, parameter)) {
            parameter.put(&read_tensor(file, &tensor_name(role, learner, parameter.name()), &parameter.shape())?, flat);
        }
    }
    Ok(values)
}

fn read_tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    let tensor = file.tensor(name).map_err(|_| format!("lacks '{name}'"))?;
    if tensor.dtype() != Dtype::F32 || tensor.shape() != shape {
        return Err(format!("'{name}' is {:?} {:?}, expected F32 {shape:?}", tensor.dtype(), tensor.shape()));
    }
    let bytes = tensor.data().chunks_exact(4);
    let values: Vec<f32> = bytes.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect();
    if values.iter().any(|value| !value.is_finite()) {
        return Err(format!("'{name}' holds numbers that are not finite"));
    }
    Ok(values)
}
