//! BYOL (Grill et al., arXiv 2006.07733, section 3.1 and eq. 2): the student predicts the teacher's projection of another view.
//!
//! z = projector(encoder(view)); q = p · predictor(z) + (1 - p) · z; the loss compares q of one view with the teacher's z of the
//! other. All views of a network go through a layer as one row matrix. With the stop-gradient off, the loss's gradient with
//! respect to the teacher's weights is added to the student's.

use super::{Compared, Embedded, Method, Probes};
use crate::config::{GLOBAL_VIEWS, Normalisation, RunConfig};
use crate::gpu::Tape;
use crate::nn::{Encoded, Encoder, Group, Mlp, Network, NormKind, ParameterLayout, Patches};
use crate::ops::blend::blend;
use crate::ops::byol_loss::byol_loss;

/// The networks of BYOL.
pub struct Byol {
    layout: ParameterLayout,
    encoder: Encoder,
    projector: Mlp,
    predictor: Mlp,
    normalisation: Normalisation,
    projection: u32,
}

impl Byol {
    /// The networks a configuration asks for.
    pub fn new(config: &RunConfig) -> Self {
        let mut layout = ParameterLayout::default();
        let encoder = Encoder::new(&mut layout, &config.encoder, config.image_size);
        let (hidden, projection) = (config.projector_hidden, config.projector_output);
        let projector = Mlp::new(&mut layout, "projector", [encoder.embedding(), hidden, projection], Group::Shared);
        let predictor = Mlp::new(&mut layout, "predictor", [projection, hidden, projection], Group::Predictor);
        Self { layout, encoder, projector, predictor, normalisation: config.normalisation, projection }
    }

    const fn norm(&self, view_rows: u32) -> NormKind {
        match self.normalisation {
            Normalisation::Layernorm => NormKind::Layer,
            Normalisation::Batchnorm => NormKind::Batch { rows: view_rows },
        }
    }
}

impl Method for Byol {
    fn name(&self) -> &'static str {
        "byol"
    }

    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn projection_size(&self) -> u32 {
        self.projection
    }

    fn embedding_size(&self) -> u32 {
        self.encoder.embedding()
    }

    fn embed(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches, view_rows: u32) -> Embedded {
        let Encoded { embedding, attention } = tape.scope("encoder", |tape| self.encoder.forward(tape, network, patches));
        let [hidden, projection] = tape.scope("projector", |tape| self.projector.forward(tape, network, &embedding, self.norm(view_rows)));
        let rescaled = vec![("projector.0", hidden), ("projector.3", projection.clone())];
        Embedded { embedding, attention, projection, logits: None, rescaled }
    }

    fn compare(&self, tape: &mut Tape<'_>, compared: &Compared<'_>) -> Probes {
        let &Compared { student, teacher, patches, batch, learners, .. } = compared;
        let globals = GLOBAL_VIEWS * batch;
        let (embedding, z, q) = tape.scope("student", |tape| {
            let Embedded { embedding, projection: z, .. } = self.embed(tape, student, patches, batch);
            let [_, predicted] = tape.scope("predictor", |tape| self.predictor.forward(tape, student, &z, self.norm(batch)));
            let q = blend(tape, &predicted, &z, learners);
            (embedding, z, q)
        });
        let embedded = tape.scope("teacher", |tape| self.embed(tape, teacher, &patches.first(globals), batch));
        let target = embedded.projection;
        let loss = tape.scope("loss", |tape| byol_loss(tape, &q, &target, learners, batch).mean);
        Probes {
            student_projections: z,
            student_outputs: q,
            teacher_projections: target.clone(),
            teacher_outputs: target,
            student_embeddings: embedding,
            teacher_embeddings: embedded.embedding,
            student_gradient: None,
            teacher_gradient: None,
            loss,
            distributions: None,
        }
    }
}
