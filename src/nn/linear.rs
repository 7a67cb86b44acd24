//! A linear layer, y = x Wᵀ + b, with PyTorch's names and layout: weight `[out, in]`.

use super::parameters::{Group, Network, ParameterId, ParameterLayout, Start};
use crate::gpu::{Tape, Tensor};
use crate::ops::matmul::linear;

/// Where the weight and the bias lie.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: ParameterId,
    /// `[out]`
    pub bias: ParameterId,
}

impl Linear {
    /// Adds `{name}.weight` and `{name}.bias` to the layout.
    pub fn new(layout: &mut ParameterLayout, name: &str, inputs: u32, outputs: u32, group: Group) -> Self {
        Self {
            weight: layout.matrix(format!("{name}.weight"), outputs, inputs, group),
            bias: layout.vector(format!("{name}.bias"), outputs, group, Start::Zeros),
        }
    }

    /// (L, R, in) → (L, R, out)
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor) -> Tensor {
        linear(tape, x, &network.parameter(self.weight), Some(&network.parameter(self.bias)))
    }
}
