//! DINO (Caron et al., arXiv 2104.14294, section 3.1 and algorithm 1): the student learns the teacher's distribution over prototypes,
//! which is centred (no prototype may dominate) and sharpened (no uniform distribution).
//!
//! The teacher sees the global crops only; the loss is the mean cross-entropy over all pairs of a teacher's global and a student's
//! crop but a crop with itself. With the stop-gradient off, the loss's gradient with respect to the teacher's weights is added to
//! the student's. The centre moves after the loss, by this step's raw teacher logits.

use super::{Distributions, Embedded, Method, Probes, StepInputs};
use crate::config::{GLOBAL_VIEWS, RunConfig};
use crate::gpu::{Tape, Tensor};
use crate::nn::{DinoHead, Encoded, Encoder, Network, ParameterLayout, Patches, Roles};
use crate::ops::center::update_center;
use crate::ops::cross_entropy::cross_entropy;
use crate::ops::log_softmax::student_log_softmax;
use crate::ops::softmax::teacher_softmax;

/// The networks of DINO.
pub struct Dino {
    layout: ParameterLayout,
    encoder: Encoder,
    head: DinoHead,
    bottleneck: u32,
    prototypes: u32,
}

impl Dino {
    /// The networks a configuration asks for.
    pub fn new(config: &RunConfig) -> Self {
        let mut layout = ParameterLayout::default();
        let encoder = Encoder::new(&mut layout, &config.encoder, config.image_size);
        let (bottleneck, prototypes) = (config.projector_output, config.prototypes);
        let head = DinoHead::new(&mut layout, [encoder.embedding(), config.projector_hidden, bottleneck, prototypes], config.head_layers);
        Self { layout, encoder, head, bottleneck, prototypes }
    }

    fn logits(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches) -> [Tensor; 2] {
        let embedded = self.embed(tape, network, patches, 0);
        [embedded.projection, embedded.logits.expect("the head has prototypes")]
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
        self.bottleneck
    }

    fn embedding_size(&self) -> u32 {
        self.encoder.embedding()
    }

    fn prototypes(&self) -> u32 {
        self.prototypes
    }

    fn embed(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches, _: u32) -> Embedded {
        let Encoded { embedding, attention } = tape.scope("encoder", |tape| self.encoder.forward(tape, network, patches));
        let head = tape.scope("head", |tape| self.head.forward(tape, network, &embedding));
        Embedded { embedding, attention, projection: head.bottleneck, logits: Some(head.logits), rescaled: Vec::new() }
    }

    fn record_step(&self, tape: &mut Tape<'_>, roles: &Roles, inputs: &StepInputs<'_>) -> Probes {
        let &StepInputs { patches, batch, learners, teacher_gradient } = inputs;
        let globals = GLOBAL_VIEWS * batch;
        let student = Network { layout: &self.layout, flat: &roles.student };
        let teacher = Network { layout: &self.layout, flat: &roles.teacher };
        student.bind_gradients(tape, &roles.gradient, |_| true);
        if teacher_gradient {
            teacher.bind_gradients(tape, &roles.gradient, |_| true);
        }
        let center = roles.center.as_ref().expect("a method with prototypes has a centre");
        let [z, logits] = tape.scope("student", |tape| self.logits(tape, student, patches));
        let [teacher_z, teacher_logits] = tape.scope("teacher", |tape| self.logits(tape, teacher, &patches.first(globals)));
        let (distributions, loss) = tape.scope("loss", |tape| {
            let teacher = teacher_softmax(tape, &teacher_logits, center, learners);
            let student_log = student_log_softmax(tape, &logits, learners);
            let loss = cross_entropy(tape, &teacher, &student_log, batch);
            (Distributions { teacher, student_log, pairs: loss.pairs }, loss.mean)
        });
        tape.scope("backward", |tape| tape.backward(&loss));
        tape.scope("center", |tape| update_center(tape, center, &teacher_logits, learners));
        Probes {
            student_projections: z.first_rows(globals),
            student_outputs: logits,
            teacher_projections: teacher_z,
            teacher_outputs: teacher_logits,
            loss,
            distributions: Some(distributions),
        }
    }
}
