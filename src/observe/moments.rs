//! What a walked step's tensors hold after each sub-step: a few rows of each matrix, norms of each layer, the batch's pictures whole.
//!
//! [`Moments::before`] keeps what a sub-step will overwrite, [`Moments::after`] measures behind it and says what to read back,
//! [`Moments::decode`] makes a [`Moment`] of it. Nothing here writes to a tensor of the step, so a walked step stays the step it is.
//! All of it is of one learner.

use std::ops::Range;

use crate::config::Method;
use crate::data::views::{CROP_COLUMNS, crop_box, record_stretched};
use crate::gpu::{Gpu, GpuError, Program, Tape, Tensor};
use crate::ops::segment_squares::{pieces, segment_squares};
use crate::snapshot::{BatchPictures, Excerpt, Layer, Moment, OfOne, SubStep, Tensors};
use crate::train::Trainer;

/// Images whose rows are shown.
pub const IMAGES: u32 = 16;
/// Elements of an excerpt at most.
const MOST_ELEMENTS: u32 = 1 << 16;
/// Side of a whole image in pixels.
const WHOLE_SIDE: u32 = 64;

/// A range of a buffer to read back: first byte, bytes.
pub type Part = (wgpu::Buffer, u64, u64);

/// Where an excerpt lies.
struct Rows {
    name: &'static str,
    tensor: Tensor,
    first: u32,
    rows: u32,
    /// From a row to the next.
    stride: u32,
    columns: u32,
}

impl Rows {
    /// Of one learner's part.
    fn new(name: &'static str, tensor: Tensor, first: u32, rows: u32) -> Self {
        let columns = tensor.columns.min(MOST_ELEMENTS / rows.max(1));
        Self { name, tensor, first, rows, stride: 1, columns }
    }

    /// The first image's row in each view of so many images.
    fn of_one(name: &'static str, tensor: Tensor, batch: u32) -> Self {
        let rows = tensor.rows / batch.max(1);
        Self { stride: batch, ..Self::new(name, tensor, 0, rows) }
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        let Self { tensor, first, rows, stride, columns, .. } = self;
        let part = |row: u32, elements: u32| {
            let place = tensor.offset + u64::from(row) * u64::from(tensor.columns) * 4;
            (tensor.buffer.clone(), place, u64::from(elements) * 4)
        };
        let whole = *columns == tensor.columns && *stride == 1;
        let runs = if whole { 0..1 } else { 0..*rows };
        runs.map(move |run| if whole { part(*first, rows * columns) } else { part(first + run * stride, *columns) })
    }

    fn decode(&self, values: &mut Values<'_>) -> Excerpt {
        let (rows, columns) = (self.rows as usize, self.columns as usize);
        let taken = values.take(rows * columns);
        Excerpt { name: self.name, shape: [self.tensor.rows, self.tensor.columns], rows, columns, values: taken.into() }
    }
}

/// Words that came back, taken from the front.
struct Values<'a>(&'a [u8]);

impl Values<'_> {
    fn words(&mut self, count: usize) -> Vec<u32> {
        let (taken, rest) = self.0.split_at((4 * count).min(self.0.len()));
        self.0 = rest;
        let mut words: Vec<u32> = taken.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        words.resize(count, 0);
        words
    }

    fn take(&mut self, count: usize) -> Vec<f32> {
        self.words(count).into_iter().map(f32::from_bits).collect()
    }
}

/// Two sums of squares over every layer.
struct Squares {
    program: Program,
    sums: [Tensor; 2],
}

impl Squares {
    /// Of `one` and of `other`, each a less share · b.
    fn new(gpu: &Gpu, pieces: &Tensor, pairs: [(&Tensor, &Tensor, f32); 2]) -> Result<Self, GpuError> {
        let mut tape = Tape::new(gpu);
        let sums = pairs.map(|(a, b, share)| segment_squares(&mut tape, a, b, share, pieces));
        Ok(Self { program: tape.freeze()?, sums })
    }
}

/// A layer's name, size and pieces.
struct Cut {
    name: String,
    parameters: u64,
    in_teacher: bool,
    pieces: Range<usize>,
}

/// Measures the moments of a trainer's recorded step. To be built anew when the step is recorded anew.
pub struct Moments {
    method: Method,
    learner: u32,
    images: u32,
    batch: u32,
    whole: Tensor,
    whole_program: Program,
    shapes: Rows,
    plans: Vec<Rows>,
    cuts: Vec<Cut>,
    student_before: Tensor,
    teacher_before: Tensor,
    center_before: Option<Tensor>,
    gradients: Squares,
    update: Squares,
    ema: Squares,
}

/// A layer is what shares a name but for its last part.
fn layer_of(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(layer, _)| layer)
}

impl Moments {
    /// Of this learner, for the step as it is recorded now.
    pub fn new(trainer: &Trainer, learner: u32) -> Result<Self, GpuError> {
        let gpu = &*trainer.gpu;
        let views = &trainer.recorded().views;
        let batch = trainer.config.batch;
        let images = batch.min(IMAGES);
        let mut tape = Tape::new(gpu);
        let whole = record_stretched(&mut tape, &trainer.images, &views.drawn.firsts(images), WHOLE_SIDE).pixels;
        let whole_program = tape.freeze()?;
        let plans = std::iter::once(&views.globals).chain(&views.locals).flat_map(|group| {
            let crops = group.crops.of_learner(learner);
            (0..crops.rows / batch).map(move |view| Rows::new("crops", crops.clone(), view * batch, images))
        });
        let (mut cuts, mut table) = (Vec::<Cut>::new(), Vec::new());
        for specs in trainer.method.layout().specs().chunk_by(|one, next| layer_of(&one.name) == layer_of(&next.name)) {
            let first = table.len();
            specs.iter().for_each(|spec| table.extend(pieces(spec.first..spec.first + spec.elements())));
            cuts.push(Cut {
                name: layer_of(&specs[0].name).to_owned(),
                parameters: specs.iter().map(|spec| u64::from(spec.elements())).sum(),
                in_teacher: specs[0].in_teacher(),
                pieces: first..table.len(),
            });
        }
        let pieces = gpu.tensor("pieces", [1, table.len() as u32, 2])?;
        gpu.upload(&pieces, &table.concat());
        let [student, teacher, gradient] =
            [&trainer.roles.student, &trainer.roles.teacher, &trainer.roles.gradient].map(|role| role.of_learner(learner));
        let student_before = gpu.tensor("student_before", student.shape())?;
        let teacher_before = gpu.tensor("teacher_before", teacher.shape())?;
        let center_before = trainer.roles.center.as_ref().map(|center| gpu.tensor("center_before", [1, center.rows, center.columns]));
        let squares = |pairs: [(&Tensor, &Tensor, f32); 2]| Squares::new(gpu, &pieces, pairs);
        Ok(Self {
            method: trainer.config.method,
            learner,
            images,
            batch,
            whole: whole.of_learner(learner),
            whole_program,
            shapes: Rows::new("images", views.drawn.images.of_learner(learner), 0, images),
            plans: plans.collect(),
            gradients: squares([(&gradient, &gradient, 0.0), (&student, &student, 0.0)])?,
            update: squares([(&student, &student_before, 1.0), (&student_before, &student_before, 0.0)])?,
            ema: squares([(&student, &teacher_before, 1.0), (&student, &teacher, 1.0)])?,
            cuts,
            student_before,
            teacher_before,
            center_before: center_before.transpose()?,
        })
    }

    /// Keeps what the sub-step that comes next overwrites.
    pub fn before(&self, encoder: &mut wgpu::CommandEncoder, trainer: &Trainer, next: SubStep) {
        let mut keep = |from: &Tensor, to: &Tensor| {
            let from = from.of_learner(self.learner);
            encoder.copy_buffer_to_buffer(&from.buffer, from.offset, &to.buffer, to.offset, to.bytes());
        };
        match next {
            SubStep::Update => keep(&trainer.roles.student, &self.student_before),
            SubStep::Ema => keep(&trainer.roles.teacher, &self.teacher_before),
            SubStep::Center => {
                if let (Some(center), Some(before)) = (&trainer.roles.center, &self.center_before) {
                    keep(center, before);
                }
            }
            SubStep::Views | SubStep::Student | SubStep::Teacher | SubStep::Loss | SubStep::Backward => {}
        }
    }

    /// Measures what the sub-step that has just been done left; gives what is to be read back.
    pub fn after(&self, encoder: &mut wgpu::CommandEncoder, trainer: &Trainer, done: SubStep) -> Vec<Part> {
        let program = match done {
            SubStep::Views => Some(&self.whole_program),
            SubStep::Backward => Some(&self.gradients.program),
            SubStep::Update => Some(&self.update.program),
            SubStep::Ema => Some(&self.ema.program),
            SubStep::Student | SubStep::Teacher | SubStep::Loss | SubStep::Center => None,
        };
        if let Some(program) = program {
            program.encode(encoder);
        }
        let mut parts: Vec<Part> = std::iter::once(&self.shapes).chain(&self.plans).flat_map(Rows::parts).collect();
        let whole = |tensor: &Tensor| (tensor.buffer.clone(), tensor.offset, u64::from(tensor.elements()) * 4);
        match done {
            SubStep::Views => {}
            SubStep::Student | SubStep::Teacher | SubStep::Loss => {
                parts.extend(self.all_rows(trainer, done).iter().flat_map(Rows::parts));
                if done == SubStep::Loss {
                    parts.push(whole(&trainer.recorded().probes.loss.of_learner(self.learner)));
                }
            }
            SubStep::Backward => {
                parts.extend(self.gradients.sums.iter().map(whole));
                parts.extend(self.all_rows(trainer, done).iter().flat_map(Rows::parts));
            }
            SubStep::Update => parts.extend(self.update.sums.iter().map(whole)),
            SubStep::Ema => parts.extend(self.ema.sums.iter().map(whole)),
            SubStep::Center => {
                let center = trainer.roles.center.as_ref().map(|center| center.of_learner(self.learner));
                parts.extend(self.center_before.iter().chain(&center).map(whole));
            }
        }
        parts
    }

    /// The most that any sub-step reads back, in bytes.
    pub fn most_bytes(&self, trainer: &Trainer) -> u64 {
        let rows = |rows: &Rows| u64::from(rows.rows) * u64::from(rows.columns) * 4;
        let pictures: u64 = std::iter::once(&self.shapes).chain(&self.plans).map(rows).sum();
        let matrices = [SubStep::Student, SubStep::Teacher, SubStep::Loss, SubStep::Backward]
            .map(|sub| self.all_rows(trainer, sub).iter().map(rows).sum::<u64>());
        let sums = self.gradients.sums.iter().map(Tensor::bytes).sum::<u64>();
        let center = self.center_before.as_ref().map_or(0, |center| 2 * center.bytes());
        pictures + matrices.iter().sum::<u64>() + sums + center + 4
    }

    /// The matrices that a sub-step shows: of the images, and then of the first one's crops.
    fn all_rows(&self, trainer: &Trainer, done: SubStep) -> Vec<Rows> {
        let student = |name, tensor: &Tensor| Rows::new(name, tensor.of_learner(self.learner), 0, self.images);
        // The student's rows of view 1 and the teacher's of view 2 are compared.
        let teacher = |name, tensor: &Tensor| Rows::new(name, tensor.of_learner(self.learner), self.batch, self.images);
        let crops = |name, tensor: &Tensor| Rows::of_one(name, tensor.of_learner(self.learner), self.batch);
        let mut rows = self.rows(trainer, done, student, teacher);
        rows.extend(self.rows(trainer, done, crops, crops));
        rows
    }

    fn rows(
        &self,
        trainer: &Trainer,
        done: SubStep,
        student: impl Fn(&'static str, &Tensor) -> Rows,
        teacher: impl Fn(&'static str, &Tensor) -> Rows,
    ) -> Vec<Rows> {
        let probes = &trainer.recorded().probes;
        match (done, self.method) {
            (SubStep::Student, Method::Byol) => vec![
                student("embedding", &probes.student_embeddings),
                student("projection z", &probes.student_projections),
                student("prediction q", &probes.student_outputs),
            ],
            (SubStep::Student, Method::Dino) => vec![
                student("embedding", &probes.student_embeddings),
                student("bottleneck", &probes.student_projections),
                student("logits", &probes.student_outputs),
            ],
            (SubStep::Teacher, Method::Byol) => {
                vec![teacher("embedding", &probes.teacher_embeddings), teacher("projection z", &probes.teacher_projections)]
            }
            (SubStep::Teacher, Method::Dino) => vec![
                teacher("embedding", &probes.teacher_embeddings),
                teacher("bottleneck", &probes.teacher_projections),
                teacher("logits", &probes.teacher_outputs),
            ],
            (SubStep::Loss, _) => match &probes.distributions {
                Some(distributions) => vec![student("student", &distributions.student_log), teacher("teacher", &distributions.teacher)],
                None => vec![student("prediction q", &probes.student_outputs), teacher("projection z", &probes.teacher_outputs)],
            },
            (SubStep::Backward, _) => {
                let flows = !trainer.learners[self.learner as usize].hyper.stop_gradient;
                let of_student = probes.student_gradient.as_ref().map(|gradient| student("student", gradient));
                let of_teacher = probes.teacher_gradient.as_ref().filter(|_| flows).map(|gradient| teacher("teacher", gradient));
                of_student.into_iter().chain(of_teacher).collect()
            }
            (SubStep::Views | SubStep::Update | SubStep::Ema | SubStep::Center, _) => Vec::new(),
        }
    }

    /// The moment out of what came back of [`Self::after`].
    pub fn decode(&self, trainer: &Trainer, done: SubStep, bytes: &[u8]) -> Moment {
        let mut values = Values(bytes);
        let pictures = self.pictures(trainer, &mut values);
        let matrices = |values: &mut Values<'_>| {
            let mut all: Vec<Excerpt> = self.all_rows(trainer, done).iter().map(|rows| rows.decode(values)).collect();
            let of_one = all.split_off(all.len() / 2);
            (all, of_one)
        };
        let mut of_one = None;
        let tensors = match done {
            SubStep::Views => Tensors::Views,
            SubStep::Student | SubStep::Teacher => {
                let (matrices, crops) = matrices(&mut values);
                let view = if done == SubStep::Student { 1 } else { 2 };
                of_one = Some(OfOne { tensors: Tensors::Forward { view, matrices: crops }, losses: Vec::new() });
                Tensors::Forward { view, matrices }
            }
            SubStep::Loss => {
                let (images, crops) = matrices(&mut values);
                let mean = values.take(1)[0];
                let pair = |matrices: Vec<Excerpt>| <[Excerpt; 2]>::try_from(matrices);
                of_one = pair(crops).ok().map(|[student, teacher]| compared_crops(self.method, student, &teacher));
                pair(images).map_or(Tensors::Views, |[student, teacher]| compared(self.method, mean, student, teacher))
            }
            SubStep::Backward => {
                let layers = self.layers(&mut values, |_| true);
                let (images, crops) = matrices(&mut values);
                let gradients = |matrices: Vec<Excerpt>| {
                    let (mut matrices, layers) = (matrices.into_iter(), layers.clone());
                    Tensors::Gradients { layers, student: matrices.next(), teacher: matrices.next(), clip: trainer.config.hyper.clip_norm }
                };
                of_one = Some(OfOne { tensors: gradients(crops), losses: Vec::new() });
                gradients(images)
            }
            SubStep::Update => Tensors::Update { layers: self.layers(&mut values, |_| true) },
            SubStep::Ema => Tensors::Ema { layers: self.layers(&mut values, |cut| cut.in_teacher) },
            SubStep::Center => {
                let prototypes = self.center_before.as_ref().map_or(0, |center| center.columns as usize);
                Tensors::Center { before: values.take(prototypes).into(), after: values.take(prototypes).into() }
            }
        };
        Moment { pictures, tensors, of_one }
    }

    fn layers(&self, values: &mut Values<'_>, wanted: impl Fn(&Cut) -> bool) -> Vec<Layer> {
        let count = self.gradients.sums[0].columns as usize;
        let sums = [values.take(count), values.take(count)];
        let of = |cut: &Cut| sums.each_ref().map(|sums| sums[cut.pieces.clone()].iter().map(|&sum| f64::from(sum)).sum());
        let cuts = self.cuts.iter().filter(|cut| wanted(cut));
        cuts.map(|cut| Layer { name: cut.name.clone(), parameters: cut.parameters, squares: of(cut) }).collect()
    }

    fn pictures(&self, trainer: &Trainer, values: &mut Values<'_>) -> BatchPictures {
        let views = &trainer.recorded().views;
        let images = self.images as usize;
        let shapes = values.words(4 * images).chunks_exact(4).map(|image| [image[2], image[3]]).collect();
        let mut frames = vec![Vec::new(); images];
        for _ in &self.plans {
            for frames in &mut frames {
                frames.push(crop_box(&values.take(CROP_COLUMNS as usize)[..4]));
            }
        }
        BatchPictures {
            images: self.images,
            batch: self.batch,
            whole: self.whole.buffer.clone(),
            whole_side: WHOLE_SIDE,
            shapes,
            globals: views.globals.pixels.buffer.clone(),
            global_side: trainer.config.image_size,
            locals: views.locals.as_ref().map(|locals| locals.pixels.buffer.clone()),
            local_side: trainer.config.views.local_size,
            frames,
        }
    }
}

/// One image's crops: each of the student's with its target, and the loss of every pair.
fn compared_crops(method: Method, student: Excerpt, teacher: &Excerpt) -> OfOne {
    let complete = student.columns == student.shape[1] as usize;
    let loss = |crop: usize, global: usize| -> Option<f32> {
        let (student, teacher) = (student.row(crop), teacher.row(global));
        match method {
            Method::Byol => Some(2.0 - 2.0 * cosine(student, teacher)),
            Method::Dino => complete.then(|| -student.iter().zip(teacher).map(|(log, p)| log * p).sum::<f32>()),
        }
    };
    let losses: Vec<Vec<Option<f32>>> = (0..teacher.rows)
        .map(|global| (0..student.rows).map(|crop| if crop == global { None } else { loss(crop, global) }).collect())
        .collect();
    let pairs = || losses.iter().flatten().flatten();
    let mean = pairs().sum::<f32>() / pairs().count().max(1) as f32;
    let targets = (0..student.rows).flat_map(|crop| teacher.row(OfOne::target(crop)).to_vec()).collect();
    let targets = Excerpt { rows: student.rows, values: targets, ..teacher.clone() };
    OfOne { tensors: compared(method, mean, student, targets), losses }
}

fn compared(method: Method, mean: f32, student: Excerpt, teacher: Excerpt) -> Tensors {
    let rows = student.rows;
    match method {
        Method::Byol => {
            let cosines = (0..rows).map(|row| cosine(student.row(row), teacher.row(row))).collect();
            Tensors::Cosines { mean, student, teacher, cosines }
        }
        Method::Dino => {
            let complete = student.columns == student.shape[1] as usize;
            let loss = |row: usize| -> f32 { -student.row(row).iter().zip(teacher.row(row)).map(|(log, p)| log * p).sum::<f32>() };
            let losses = (0..rows).map(|row| complete.then(|| loss(row))).collect();
            let values = student.values.iter().map(|log| log.exp()).collect();
            Tensors::Distributions { mean, student: Excerpt { values, ..student }, teacher, losses }
        }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum() };
    (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f64::MIN_POSITIVE)) as f32
}
