//! Projector and predictor: Linear → norm → ReLU → Linear (BYOL, arXiv 2006.07733, section 3.3), named as PyTorch's
//! `Sequential` names them: 0 and 3 are linear, 1 is the norm.

use super::linear::Linear;
use super::norm::{Norm, NormKind};
use super::parameters::{Group, Network, ParameterLayout};
use crate::gpu::{Tape, Tensor};
use crate::ops::activation::Activation;

/// A two-layer head.
#[derive(Clone, Copy, Debug)]
pub struct Mlp {
    /// inputs → hidden
    pub first: Linear,
    norm: Norm,
    /// hidden → outputs
    pub last: Linear,
}

impl Mlp {
    /// Adds `{name}.0`, `{name}.1` and `{name}.3` to the layout.
    pub fn new(layout: &mut ParameterLayout, name: &str, [inputs, hidden, outputs]: [u32; 3], group: Group) -> Self {
        Self {
            first: Linear::new(layout, &format!("{name}.0"), inputs, hidden, group),
            norm: Norm::new(layout, &format!("{name}.1"), hidden, group),
            last: Linear::new(layout, &format!("{name}.3"), hidden, outputs, group),
        }
    }

    /// (L, R, inputs) → (L, R, hidden) before the norm, and (L, R, outputs).
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, norm: NormKind) -> [Tensor; 2] {
        let hidden = self.first.forward(tape, network, x);
        let active = self.norm.forward(tape, network, &hidden, norm, Activation::Relu);
        let output = self.last.forward(tape, network, &active);
        [hidden, output]
    }
}
