//! One training step: both networks forward, loss, backward, clip, AdamW, the teacher's average, the centre.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use burn::backend::wgpu::WgpuDevice;
use burn::backend::{Autodiff, Wgpu};
use burn::module::{AutodiffModule as _, Module as _, ModuleMapper, Param, ParamId};
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::record::AdaptorRecord;
use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, GradientsParams, Optimizer};
use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Tensor, TensorPrimitive};

use crate::dump::{self, Dump};
use crate::names::{Loader, Values, Visit, load, walk};
use crate::network::{Network, View, unit};

/// burn-wgpu, f32.
pub type Plain = Wgpu;
type Train = Autodiff<Plain>;
type Optimiser = OptimizerAdaptor<AdamW, Network<Train>, Train>;

/// Parameters of one learning rate and one decay: burn's AdamW has one of each.
struct Group {
    ids: Vec<ParamId>,
    rate: f64,
    optimiser: Optimiser,
}

/// The state of a training run, and what does not change in it.
pub struct Training {
    student: Network<Train>,
    teacher: Network<Plain>,
    groups: Vec<Group>,
    center: Option<Tensor<Plain, 2>>,
    views: Vec<View<Plain>>,
    hyper: Hyper,
}

struct Hyper {
    batch: usize,
    clip: f64,
    tau: f64,
    epsilon: f64,
    dino: Option<Dino>,
}

#[derive(Clone, Copy)]
struct Dino {
    centering: f64,
    teacher_temperature: f64,
    student_temperature: f64,
    center_momentum: f64,
}

impl Training {
    /// The state before the dumped step.
    pub fn new(dump: &Dump, device: &WgpuDevice) -> Self {
        let hyper = |key: &str| dump.number(&format!("/hyper/{key}"));
        let student = Network::<Train>::new(dump, device).map(&mut Loader::new(dump, "student.before.", device));
        let teacher = student.valid().without_predictor().map(&mut Loader::new(dump, "teacher.before.", device));
        let mut grouping = Grouping { dump, device, groups: Vec::new() };
        walk(&student, &mut grouping);
        let groups = grouping.groups.into_iter().map(|(rate, decay, records)| {
            let config = AdamWConfig::new().with_beta_1(hyper("beta1") as f32).with_beta_2(hyper("beta2") as f32);
            let config = config.with_epsilon(hyper("epsilon") as f32).with_weight_decay(decay as f32);
            let ids = records.iter().map(|(id, _)| *id).collect();
            Group { ids, rate, optimiser: Optimizer::<Network<Train>, Train>::load_record(config.init(), records.into_iter().collect()) }
        });
        let views = dump.views().into_iter().map(|patches| View {
            rows: Tensor::<Plain, 1>::from_data(&*patches.rows, device).reshape([-1, patches.features as i32]),
            grid: patches.grid,
        });
        Self {
            groups: groups.collect(),
            center: dump.tensor("center.before").map(|(_, center)| Tensor::<Plain, 1>::from_data(center, device).reshape([1, -1])),
            views: views.collect(),
            student,
            teacher,
            hyper: Hyper {
                batch: dump.size("/batch"),
                clip: hyper("clip_norm"),
                tau: hyper("tau"),
                epsilon: hyper("l2norm_epsilon"),
                dino: (dump.text("/method") == "dino").then(|| Dino {
                    centering: hyper("centering"),
                    teacher_temperature: hyper("teacher_temperature"),
                    student_temperature: hyper("student_temperature"),
                    center_momentum: hyper("center_momentum"),
                }),
            },
        }
    }

    /// One step; its loss.
    pub fn step(&mut self) -> Tensor<Plain, 1> {
        let z = self.teacher.forward(&self.views[..1]);
        let views: Vec<_> = self.views.iter().map(|view| View { rows: Tensor::from_inner(view.rows.clone()), grid: view.grid }).collect();
        let s = self.student.forward(&views);
        let loss = match (self.hyper.dino, &self.center) {
            (Some(dino), Some(center)) => dino_loss(s, z.clone(), center.clone(), dino, self.hyper.batch),
            _ => byol_loss(s, z.clone(), self.hyper.epsilon),
        };
        let mut gradients = loss.backward();
        let parts = self.groups.iter().map(|group| GradientsParams::from_params(&mut gradients, &self.student, &group.ids));
        let mut parts: Vec<_> = parts.collect();
        if self.hyper.clip > 0.0 {
            clip(&self.student, &mut parts, self.hyper.clip);
        }
        let mut student = self.student.clone();
        for (group, part) in self.groups.iter_mut().zip(parts) {
            student = group.optimiser.step(group.rate, student, part);
        }
        self.student = student;
        let mut average = Average { leaders: HashMap::new(), tau: self.hyper.tau };
        walk(&self.student.valid(), &mut average);
        self.teacher = self.teacher.clone().map(&mut average);
        if let (Some(dino), Some(center)) = (self.hyper.dino, &mut self.center) {
            *center = center.clone() * dino.center_momentum + z.mean_dim(0) * (1.0 - dino.center_momentum);
        }
        loss.inner()
    }

    /// The state after a step, named and shaped as in the dump.
    pub fn write(self, dump: &Dump, loss: Tensor<Plain, 1>, path: &Path) -> Result<()> {
        let mut values = Values { prefix: "student.after.".to_owned(), ..Values::default() };
        walk(&self.student.valid(), &mut values);
        values.prefix = "teacher.after.".to_owned();
        walk(&self.teacher, &mut values);
        let vector = |tensor: Tensor<Plain, 1>| tensor.into_data().to_vec().expect("f32");
        values.tensors.insert("loss".to_owned(), vector(loss));
        if let Some(center) = self.center {
            values.tensors.insert("center.after".to_owned(), vector(center.reshape([-1])));
        }
        dump::write(path, dump, &values.tensors)
    }
}

/// Mean of 2 - 2 cos of the student's prediction of each view with the teacher's projection of the other.
fn byol_loss(s: Tensor<Train, 2>, z: Tensor<Plain, 2>, epsilon: f64) -> Tensor<Train, 1> {
    let mut halves = z.chunk(2, 0);
    halves.reverse();
    let other = Tensor::from_inner(unit(Tensor::cat(halves, 0), epsilon));
    (unit(s, epsilon) * other).sum_dim(1).mean() * -2.0 + 2.0
}

/// Mean over all pairs of a teacher's global and another crop of the student's of the batch-mean cross-entropy.
fn dino_loss(s: Tensor<Train, 2>, z: Tensor<Plain, 2>, center: Tensor<Plain, 2>, dino: Dino, batch: usize) -> Tensor<Train, 1> {
    let targets = softmax((z - center * dino.centering) / dino.teacher_temperature, 1).split(batch, 0);
    let logs = log_softmax(s / dino.student_temperature, 1).split(batch, 0);
    let pairs = (targets.len() * (logs.len() - 1)) as f64;
    let mut total = None;
    for (j, log) in logs.into_iter().enumerate() {
        let others = targets.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, target)| target.clone());
        let target = others.reduce(|a, b| a + b).expect("a global besides");
        let term = (Tensor::from_inner(target) * log).sum();
        total = Some(total.map_or_else(|| term.clone(), |sum: Tensor<Train, 1>| sum + term.clone()));
    }
    total.expect("crops") * (-1.0 / (pairs * batch as f64))
}

/// Sorts parameters by (learning rate, decay), with their dumped moments.
struct Grouping<'a> {
    dump: &'a Dump,
    device: &'a WgpuDevice,
    groups: Vec<(f64, f64, Vec<(ParamId, AdaptorRecord<AdamW, Train>)>)>,
}

impl Visit<Train> for Grouping<'_> {
    fn visit<const D: usize>(&mut self, id: ParamId, name: &str, transposed: bool, _: Tensor<Train, D>) {
        let hyper = |key: &str| self.dump.number(&format!("/hyper/{key}"));
        let multiplier = if name.starts_with("predictor.") { hyper("predictor_multiplier") } else { 1.0 };
        let matrix = transposed || name.ends_with("weight_v");
        let (rate, decay) = (hyper("learning_rate") * multiplier, if matrix { hyper("weight_decay") } else { 0.0 });
        let [moment1, moment2] =
            ["moment1", "moment2"].map(|kind| load::<Plain, D>(self.dump, &format!("{kind}.before.{name}"), transposed, self.device));
        let state = AdamWState::new(AdaptiveMomentumState::new(self.dump.size("/step") - 1, moment1, moment2));
        let record = (id, AdaptorRecord::from_state(state));
        match self.groups.iter_mut().find(|(a, b, _)| (*a, *b) == (rate, decay)) {
            Some((_, _, records)) => records.push(record),
            None => self.groups.push((rate, decay, vec![record])),
        }
    }
}

/// Scales all gradients so that their common norm is at most `limit`.
fn clip(student: &Network<Train>, parts: &mut [GradientsParams], limit: f64) {
    let mut squares = Squares { parts, sums: Vec::new() };
    walk(student, &mut squares);
    let norm = Tensor::cat(squares.sums, 0).sum().sqrt();
    walk(student, &mut Scale { parts, factor: (norm.recip() * limit).clamp_max(1.0) });
}

struct Squares<'a> {
    parts: &'a [GradientsParams],
    sums: Vec<Tensor<Plain, 1>>,
}

impl Visit<Train> for Squares<'_> {
    fn visit<const D: usize>(&mut self, id: ParamId, _: &str, _: bool, _: Tensor<Train, D>) {
        let gradients = self.parts.iter().filter_map(|part| part.get::<Plain, D>(id));
        self.sums.extend(gradients.map(|gradient| gradient.square().sum()));
    }
}

struct Scale<'a> {
    parts: &'a mut [GradientsParams],
    factor: Tensor<Plain, 1>,
}

impl Visit<Train> for Scale<'_> {
    fn visit<const D: usize>(&mut self, id: ParamId, _: &str, _: bool, _: Tensor<Train, D>) {
        for part in self.parts.iter_mut() {
            if let Some(gradient) = part.remove::<Plain, D>(id) {
                part.register(id, gradient * self.factor.clone().unsqueeze());
            }
        }
    }
}

/// teacher ← tau · teacher + (1 - tau) · student; walked through the student first, then mapped over the teacher.
struct Average {
    leaders: HashMap<ParamId, TensorPrimitive<Plain>>,
    tau: f64,
}

impl Visit<Plain> for Average {
    fn visit<const D: usize>(&mut self, id: ParamId, _: &str, _: bool, value: Tensor<Plain, D>) {
        self.leaders.insert(id, value.into_primitive());
    }
}

impl ModuleMapper<Plain> for Average {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<Plain, D>>) -> Param<Tensor<Plain, D>> {
        let leader = self.leaders.remove(&param.id).expect("the student has all that the teacher has");
        param.map(|follower| follower * self.tau + Tensor::<Plain, D>::from_primitive(leader) * (1.0 - self.tau))
    }
}
