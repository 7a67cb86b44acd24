//! A training step walked sub-step by sub-step: which sub-steps there are, and where the walk stands.
//!
//! The order is the order in which the trainer records them: a sub-step is a run of dispatches under one scope
//! ([`SubStep::scope`]), and `tests/walk.rs` holds the two against each other.

use super::Moment;
use crate::config::Method;

/// A part of one training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubStep {
    /// Images are drawn, cropped and coloured.
    Views,
    /// The student's forward pass.
    Student,
    /// The teacher's forward pass.
    Teacher,
    /// The two are compared.
    Loss,
    /// The loss's gradient with respect to every weight.
    Backward,
    /// AdamW changes the student's weights.
    Update,
    /// The teacher follows the student.
    Ema,
    /// DINO's centre follows the teacher's logits.
    Center,
}

impl SubStep {
    /// The sub-steps of a method, in the order in which they are done.
    pub const fn of(method: Method) -> &'static [Self] {
        use SubStep::{Backward, Center, Ema, Loss, Student, Teacher, Update, Views};
        match method {
            Method::Byol => &[Views, Student, Teacher, Loss, Backward, Update, Ema],
            Method::Dino => &[Views, Student, Teacher, Loss, Backward, Update, Ema, Center],
        }
    }

    /// Its place among a method's sub-steps, from 0; none where the method does not have it.
    pub fn place(self, method: Method) -> Option<usize> {
        Self::of(method).iter().position(|&other| other == self)
    }

    /// The scope under which its dispatches are recorded.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Student => "student",
            Self::Teacher => "teacher",
            Self::Loss => "loss",
            Self::Backward => "backward",
            Self::Update => "update",
            Self::Ema => "ema",
            Self::Center => "center",
        }
    }

    /// The name on screen; one word, so that a row of them stays short.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ema => "EMA",
            Self::Center => "centre",
            _ => self.scope(),
        }
    }

    /// One plain sentence: what it does.
    pub const fn sentence(self, method: Method) -> &'static str {
        match (self, method) {
            (Self::Views, _) => "Images are drawn; each view is cropped and coloured by chance.",
            (Self::Student, Method::Byol) => "Every view goes through the student: encoder, projector, predictor.",
            (Self::Student, Method::Dino) => "Every view goes through the student: encoder and head, to its logits.",
            (Self::Teacher, Method::Byol) => "The global views go through the teacher: encoder and projector.",
            (Self::Teacher, Method::Dino) => "The global views go through the teacher: encoder and head, to its logits.",
            (Self::Loss, Method::Byol) => "The student's prediction of a view meets the teacher's other view.",
            (Self::Loss, Method::Dino) => "The student's distribution of a view meets the teacher's of another.",
            (Self::Backward, _) => "The loss's gradient goes back through the student, layer by layer.",
            (Self::Update, _) => "AdamW moves every weight of the student a little, against its gradient.",
            (Self::Ema, _) => "teacher ← τ·teacher + (1−τ)·student, weight by weight.",
            (Self::Center, _) => "The centre moves towards the mean of the teacher's logits in this batch.",
        }
    }
}

/// Where a walk through one training step stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The step that is walked: 1 for the first.
    pub step: u64,
    /// The sub-step that has just been done.
    pub at: SubStep,
    /// It was the last one: the step is complete, and the next sub-step belongs to the next step.
    pub is_complete: bool,
    /// Changes of switches, dials and crops that wait for the step to be complete.
    pub waiting: usize,
    /// What the step's tensors hold now.
    pub moment: Option<Moment>,
}
