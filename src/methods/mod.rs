//! Self-supervised methods: which heads there are, and what is compared with what.
//!
//! A method is one file and one line in [`build`].

pub mod byol;

use crate::config::{Method as MethodName, RunConfig};
use crate::gpu::{Tape, Tensor};
use crate::nn::{Network, ParameterLayout, Roles};

/// What a step of any method is given.
pub struct StepInputs<'a> {
    /// The views as patches (L or 1, views · B · positions, patch vector), rows (view, image, position).
    pub patches: &'a Tensor,
    /// B, images in a view.
    pub batch: u32,
    /// Switches and dials (L, 1, words of `Learner`).
    pub learners: &'a Tensor,
    /// Record the gradient with respect to the teacher too: some learner has its stop-gradient off.
    pub teacher_gradient: bool,
}

/// What can be seen of a step, for meters and dumps.
pub struct Probes {
    /// What the student is compared with the teacher by (L, views · B, d): BYOL's q.
    pub student_outputs: Tensor,
    /// The teacher's side of the comparison (L, views · B, d).
    pub teacher_outputs: Tensor,
    /// The student's projections (L, views · B, d): where collapse is measured.
    pub student_projections: Tensor,
    /// Mean loss (L, 1, 1).
    pub loss: Tensor,
}

/// What a network makes of images.
pub struct Embedded {
    /// The encoder's output (L, images, embedding).
    pub embedding: Tensor,
    /// Projector: before its norm (L, images, hidden).
    pub projector_hidden: Tensor,
    /// The projection (L, images, d).
    pub projection: Tensor,
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

    /// Records one network's view of images, `view_rows` images being one view.
    fn embed(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Tensor, images: u32, view_rows: u32) -> Embedded;

    /// Records forward, loss and backward of a training step; gradients go to `roles.gradient`.
    fn record_step(&self, tape: &mut Tape<'_>, roles: &Roles, inputs: &StepInputs<'_>) -> Probes;

    /// The linear layers to rescale by data before the first step, in order: prefix of their parameters' names.
    fn data_dependent_layers(&self) -> &'static [&'static str];
}

/// The method a configuration asks for.
pub fn build(config: &RunConfig) -> Box<dyn Method> {
    match config.method {
        MethodName::Byol => Box::new(byol::Byol::new(config)),
    }
}
