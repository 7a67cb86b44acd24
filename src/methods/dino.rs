//! DINO (Caron et al., arXiv 2104.14294, section 3.1 and algorithm 1): the student learns the teacher's distribution over prototypes,
//! which is centred (no prototype may dominate) and sharpened (no uniform distribution).
//!
//! The teacher sees the global crops only; the loss is the mean cross-entropy over all pairs of a teacher's global and a student's
//! crop but a crop with itself.

use super::{Compared, Distributions, Embedded, Method, Probes};
use crate::config::{GLOBAL_VIEWS, RunConfig};
use crate::gpu::{Tape, Tensor};
use crate::nn::{DinoHead, DinoHeadShape, Encoded, Encoder, Network, ParameterLayout, Patches};
use crate::ops::cross_entropy::cross_entropy;
use crate::ops::softmax::teacher_softmax;

/// The networks of DINO.
pub struct Dino {
    layout: ParameterLayout,
    encoder: Encoder,
    head: DinoHead,
    shape: DinoHeadShape,
}

impl Dino {
    /// The networks a configuration asks for.
    pub fn new(config: &RunConfig) -> Self {
        let mut layout = ParameterLayout::default();
        let encoder = Encoder::new(&mut layout, &config.encoder, config.image_size);
        let shape = DinoHeadShape {
            inputs: encoder.embedding(),
            hidden: config.projector_hidden,
            bottleneck: config.projector_output,
            prototypes: config.prototypes,
            layers: config.head_layers,
        };
        let head = DinoHead::new(&mut layout, "head", shape);
        Self { layout, encoder, head, shape }
    }

    /// Embedding, projection and logits.
    fn logits(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches) -> [Tensor; 3] {
        let embedded = self.embed(tape, network, patches, 0);
        [embedded.embedding, embedded.projection, embedded.logits.expect("the head has prototypes")]
    }
}

impl Method for Dino {
    fn name(&self) -> &'static str {
        "dino"
    }

    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn projection_size(&self) -> u32 {
        self.shape.bottleneck
    }

    fn embedding_size(&self) -> u32 {
        self.encoder.embedding()
    }

    fn prototypes(&self) -> u32 {
        self.shape.prototypes
    }

    fn embed(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches, _: u32) -> Embedded {
        let Encoded { embedding, attention } = tape.scope("encoder", |tape| self.encoder.forward(tape, network, patches));
        let head = tape.scope("head", |tape| self.head.forward(tape, network, &embedding));
        Embedded { embedding, attention, projection: head.bottleneck, logits: Some(head.logits), rescaled: Vec::new() }
    }

    fn compare(&self, tape: &mut Tape<'_>, compared: &Compared<'_>) -> Probes {
        let &Compared { student, teacher, patches, batch, learners, center } = compared;
        let center = center.expect("a method with prototypes has a centre");
        let [student_embeddings, z, logits] = tape.scope("student", |tape| self.logits(tape, student, patches));
        let globals = patches.first(GLOBAL_VIEWS * batch);
        let [teacher_embeddings, teacher_z, teacher_logits] = tape.scope("teacher", |tape| self.logits(tape, teacher, &globals));
        let (distributions, loss) = tape.scope("loss", |tape| {
            let teacher = teacher_softmax(tape, &teacher_logits, center, learners);
            let loss = cross_entropy(tape, &teacher, &logits, learners, batch);
            (Distributions { teacher, student_log: loss.student_log, pairs: loss.pairs }, loss.mean)
        });
        Probes {
            student_projections: z,
            student_outputs: logits,
            teacher_projections: teacher_z,
            teacher_outputs: teacher_logits,
            student_embeddings,
            teacher_embeddings,
            student_gradient: None,
            teacher_gradient: None,
            loss,
            distributions: Some(distributions),
        }
    }
}
