//! Self-supervised methods: which heads there are, and what is compared with what.
//!
//! A method is one file and one line in [`build`].

pub mod byol;
pub mod dino;

use crate::config::{Method as MethodName, RunConfig};
use crate::gpu::{Tape, Tensor};
use crate::nn::{Group, Network, ParameterLayout, Patches, Roles};
use crate::ops::sum_parts::sum_parts;

/// Crops of a batch, and who looks at them.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    /// Sees all crops.
    pub student: Network<'a>,
    /// Sees the globals.
    pub teacher: Network<'a>,
    /// All crops, the globals first; shared by all learners or (L, ..).
    pub patches: &'a Patches,
    /// B, images in a view.
    pub batch: u32,
    /// Switches and dials (L, 1, words of `Learner`).
    pub learners: &'a Tensor,
    /// DINO's centre (L, 1, K).
    pub center: Option<&'a Tensor>,
}

/// What can be seen of a step, for meters and dumps. V views of B images: the globals' rows first.
pub struct Probes {
    /// What the student is compared with the teacher by (L, V · B, d): BYOL's q, DINO's logits.
    pub student_outputs: Tensor,
    /// The teacher's side of the comparison, of the globals (L, 2B, d).
    pub teacher_outputs: Tensor,
    /// The student's projections (L, V · B, d): where collapse is measured.
    pub student_projections: Tensor,
    /// The teacher's (L, 2B, d).
    pub teacher_projections: Tensor,
    /// The student's embeddings (L, V · B, embedding).
    pub student_embeddings: Tensor,
    /// The teacher's, of the globals (L, 2B, embedding).
    pub teacher_embeddings: Tensor,
    /// The loss's gradient with respect to `student_outputs`, once the backward is recorded.
    pub student_gradient: Option<Tensor>,
    /// With respect to `teacher_outputs`; none while every learner's stop-gradient is on.
    pub teacher_gradient: Option<Tensor>,
    /// Mean loss (L, 1, 1).
    pub loss: Tensor,
    /// What only a method with prototypes has.
    pub distributions: Option<Distributions>,
}

/// What can be seen of distributions over prototypes.
pub struct Distributions {
    /// The teacher's, of the globals (L, 2B, K).
    pub teacher: Tensor,
    /// Logarithm of the student's (L, V · B, K).
    pub student_log: Tensor,
    /// Mean cross-entropy of each pair of a teacher's global and a student's view (L, 2, V), 0 where they are the same crop.
    pub pairs: Tensor,
}

/// What a network makes of images.
pub struct Embedded {
    /// The encoder's output (L, images, embedding).
    pub embedding: Tensor,
    /// ViT: attention of the last block's CLS token (L, images · heads, tokens).
    pub attention: Option<Tensor>,
    /// The projection (L, images, d): BYOL's z, DINO's normalised bottleneck.
    pub projection: Tensor,
    /// DINO: logits of the prototypes (L, images, K).
    pub logits: Option<Tensor>,
    /// Outputs of the linear layers that are to be rescaled by data before the first step, in order, with the layers' names.
    pub rescaled: Vec<(&'static str, Tensor)>,
}

/// A method with its networks' shapes.
pub trait Method: Send {
    /// Its name in presets and dumps.
    fn name(&self) -> &'static str;

    /// Where every parameter lies.
    fn layout(&self) -> &ParameterLayout;

    /// Dimension of the projection.
    fn projection_size(&self) -> u32;

    /// Dimension of the embedding.
    fn embedding_size(&self) -> u32;

    /// K; 0 for methods without prototypes.
    fn prototypes(&self) -> u32 {
        0
    }

    /// Records what a network makes of images, `view_rows` of which are one view.
    fn embed(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches, view_rows: u32) -> Embedded;

    /// Records both networks' forward and the loss.
    fn compare(&self, tape: &mut Tape<'_>, compared: &Compared<'_>) -> Probes;
}

/// Records forward, loss and backward of a training step; gradients go to `roles.gradient`, the teacher's too if
/// `teacher_gradient`: some learner has its stop-gradient off.
pub fn record_step(method: &dyn Method, tape: &mut Tape<'_>, roles: &Roles, compared: &Compared<'_>, teacher_gradient: bool) -> Probes {
    compared.student.bind_gradients(tape, &roles.gradient, |_| true);
    // Without bound gradients the teacher's operations register no backward.
    if teacher_gradient {
        compared.teacher.bind_gradients(tape, &roles.gradient, |spec| spec.group != Group::Predictor);
    }
    tape.collect_sums(&roles.gradient, sum_parts);
    let mut probes = method.compare(tape, compared);
    tape.scope("backward", |tape| tape.backward(&probes.loss));
    probes.student_gradient = tape.written_gradient(&probes.student_outputs);
    probes.teacher_gradient = tape.written_gradient(&probes.teacher_outputs);
    probes
}

/// The method a configuration asks for.
pub fn build(config: &RunConfig) -> Box<dyn Method> {
    match config.method {
        MethodName::Byol => Box::new(byol::Byol::new(config)),
        MethodName::Dino => Box::new(dino::Dino::new(config)),
    }
}
