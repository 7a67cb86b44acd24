//! The image that is looked at with its crops: which, and what came back of it.
//!
//! A look's numbers come back later than its pictures are made; pictures and numbers are shown together. So the next look waits for
//! the last one's numbers, and its pictures are then copied to where the picture is drawn from.

use super::meters::agreement;
use crate::config::GLOBAL_VIEWS;
use crate::data::views::{CROP_COLUMNS, UNLABELLED, crop_box};
use crate::gpu::{Gpu, GpuError, Readback, Tensor};
use crate::observe::inspect::{Inspector, Look, PairLosses, Subject};
use crate::snapshot::Inspection;
use crate::train::Trainer;

/// What is looked at, and the last look.
pub(super) struct Looking {
    inspector: Inspector,
    copies: Readback,
    watched: Watched,
    aimed: Subject,
    is_pending: bool,
    picture: Tensor,
    globals: Tensor,
    locals: Option<Tensor>,
    config: Shape,
    last: Option<Inspection>,
}

/// What the user wants to look at.
#[derive(Clone, Copy)]
enum Watched {
    /// The first image of each batch, with its crops.
    Batch,
    /// This one.
    Still(Subject),
}

struct Shape {
    global_side: u32,
    local_side: u32,
    patches: u32,
}

impl Looking {
    pub(super) fn new(gpu: &Gpu, trainer: &Trainer, axes: &Tensor) -> Result<Self, GpuError> {
        let inspector = Inspector::new(trainer, axes)?;
        let aimed = Subject::Batch { step: 1, draw: 0 };
        let look = inspector.look(aimed);
        let shown = |name: &str, like: &Tensor| gpu.tensor(name, like.shape());
        let bytes = numbers(look).iter().map(|tensor| u64::from(tensor.elements()) * 4).sum();
        let config = &trainer.config;
        Ok(Self {
            copies: Readback::new(gpu, bytes, 2),
            watched: Watched::Batch,
            aimed,
            is_pending: false,
            picture: shown("shown_picture", &look.picture)?,
            globals: shown("shown_globals", &look.globals)?,
            locals: look.locals.as_ref().map(|locals| shown("shown_locals", locals)).transpose()?,
            config: Shape {
                global_side: config.image_size,
                local_side: config.views.local_size,
                patches: (config.image_size / config.encoder.patch).pow(2),
            },
            last: None,
            inspector,
        })
    }

    /// Goes on with what another one looked at.
    pub(super) const fn follow(&mut self, other: &Self) {
        self.watched = other.watched;
    }

    /// Images that can be looked at.
    pub(super) const fn images(&self) -> u32 {
        self.inspector.images
    }

    pub(super) const fn show(&mut self, image: Option<u32>) {
        self.watched = match image {
            Some(number) => Watched::Still(Subject::Image { number: number % self.inspector.images, draw: 0 }),
            None => Watched::Batch,
        };
    }

    /// Other crops of the image that is looked at; the batch is not followed any longer.
    pub(super) const fn resample(&mut self) {
        let still = match (self.watched, self.aimed) {
            (Watched::Still(Subject::Batch { step, draw }), _) | (Watched::Batch, Subject::Batch { step, draw }) => {
                Subject::Batch { step, draw: draw + 1 }
            }
            (Watched::Still(Subject::Image { number, draw }), _) | (Watched::Batch, Subject::Image { number, draw }) => {
                Subject::Image { number, draw: draw + 1 }
            }
        };
        self.watched = Watched::Still(still);
    }

    /// Whether a look may begin.
    pub(super) const fn is_free(&self) -> bool {
        !self.is_pending
    }

    pub(super) fn aim(&mut self, trainer: &Trainer, learner: u32) {
        self.aimed = match self.watched {
            Watched::Still(subject) => subject,
            Watched::Batch => Subject::Batch { step: (trainer.step() as u32).max(1), draw: 0 },
        };
        self.inspector.aim(trainer, learner, self.aimed);
    }

    /// The program of the look that was aimed.
    pub(super) const fn look(&self) -> &Look {
        self.inspector.look(self.aimed)
    }

    pub(super) fn read(&mut self, encoder: &mut wgpu::CommandEncoder, learner: u32) {
        let look = self.inspector.look(self.aimed);
        self.is_pending = self.copies.record_of(encoder, &numbers(look), learner, 0);
    }

    pub(super) fn submitted(&mut self) {
        self.copies.submitted();
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.copies.is_waiting()
    }

    pub(super) fn collect(&mut self, gpu: &Gpu) {
        let mut arrived = None;
        self.copies.collect(|_, bytes| arrived = Some(bytes.to_vec()));
        let Some(bytes) = arrived else { return };
        self.is_pending = false;
        let look = self.inspector.look(self.aimed);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("looked at") });
        let pairs = [(&look.picture, &self.picture), (&look.globals, &self.globals)];
        for (from, to) in pairs.into_iter().chain(look.locals.iter().zip(&self.locals)) {
            encoder.copy_buffer_to_buffer(&from.buffer, from.offset, &to.buffer, to.offset, to.bytes());
        }
        gpu.queue.submit([encoder.finish()]);
        let inspection = self.decode(look, &bytes);
        self.last = Some(inspection);
    }

    pub(super) fn inspection(&self) -> Option<Inspection> {
        self.last.clone()
    }

    fn decode(&self, look: &Look, bytes: &[u8]) -> Inspection {
        let mut rest = bytes;
        let mut take = |tensor: &Tensor| -> Vec<u32> {
            let (part, after) = rest.split_at(tensor.elements() as usize * 4);
            rest = after;
            part.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
        };
        let floats = |words: Vec<u32>| -> Vec<f32> { words.into_iter().map(f32::from_bits).collect() };
        let image = take(&look.image);
        let mut plans = take(&look.global_plans);
        plans.extend(look.local_plans.as_ref().map(&mut take).unwrap_or_default());
        let crops = plans.chunks_exact(CROP_COLUMNS as usize).map(|plan| crop_box(&floats(plan[..4].to_vec()))).collect::<Vec<_>>();
        let views = crops.len();
        let (PairLosses::CrossEntropy(tensor) | PairLosses::Cosine(tensor)) = &look.losses;
        let of_pairs = floats(take(tensor));
        let loss = |value: f32| if matches!(look.losses, PairLosses::Cosine(_)) { 2.0 - 2.0 * value } else { value };
        let losses = of_pairs
            .chunks_exact(views)
            .enumerate()
            .map(|(global, row)| row.iter().enumerate().map(|(view, &value)| (view != global).then(|| loss(value))).collect())
            .collect();
        let cosines = floats(take(&look.cosines));
        let agreement = agreement(&cosines);
        let dots = |values: Vec<f32>| values.chunks_exact(8).map(|point| [point[0], point[1], point[2]]).collect();
        let student_dots = dots(floats(take(&look.student_dots)));
        let teacher_dots = dots(floats(take(&look.teacher_dots)));
        let (mut attention, mut attention_heads) = (Vec::new(), 0);
        if let Some(tensor) = &look.attention {
            // Column 0 is what CLS pays to itself.
            for row in floats(take(tensor)).chunks_exact(tensor.columns as usize) {
                attention.extend_from_slice(&row[1..=self.config.patches as usize]);
            }
            attention_heads = tensor.rows;
        }
        let [mut teacher_logits, mut teacher_distribution, mut student_distribution] = [Vec::new(), Vec::new(), Vec::new()];
        if let Some([logits, distributions, student_log]) = &look.distributions {
            let prototypes = logits.columns as usize;
            teacher_logits = floats(take(logits))[..prototypes].to_vec();
            teacher_distribution = floats(take(distributions))[..prototypes].to_vec();
            student_distribution = floats(take(student_log))[prototypes..2 * prototypes].iter().map(|log| log.exp()).collect();
        }
        let (of_batch, number, draw) = match self.aimed {
            Subject::Batch { step, draw } => (draw == 0, None, if draw == 0 { step } else { draw }),
            Subject::Image { number, draw } => (false, Some(number), draw),
        };
        Inspection {
            of_batch,
            image: number,
            draw: draw.into(),
            class: Some(image[1]).filter(|&class| class != UNLABELLED),
            picture: self.picture.buffer.clone(),
            picture_side: self.picture.columns.isqrt(),
            shape: [image[2], image[3]],
            crops,
            globals: GLOBAL_VIEWS,
            global_pixels: self.globals.buffer.clone(),
            global_side: self.config.global_side,
            local_pixels: self.locals.as_ref().map(|locals| locals.buffer.clone()),
            local_side: self.config.local_side,
            losses,
            student_dots,
            teacher_dots,
            agreement,
            attention,
            attention_heads,
            attention_side: self.config.patches.isqrt(),
            teacher_logits,
            teacher_distribution,
            student_distribution,
        }
    }
}

/// What is read back of a look, in this order.
fn numbers(look: &Look) -> Vec<&Tensor> {
    let (PairLosses::CrossEntropy(losses) | PairLosses::Cosine(losses)) = &look.losses;
    let mut tensors = vec![&look.image, &look.global_plans];
    tensors.extend(&look.local_plans);
    tensors.extend([losses, &look.cosines, &look.student_dots, &look.teacher_dots]);
    tensors.extend(&look.attention);
    tensors.extend(look.distributions.iter().flatten());
    tensors
}
