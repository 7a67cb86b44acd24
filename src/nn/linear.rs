//! A linear layer, y = x Wᵀ + b, with PyTorch's names and layout: weight `[out, in]`.

use super::parameters::{Group, Network, ParameterId, ParameterLayout, Start};
use crate::gpu::{Tape, Tensor};
use crate::ops::linear::{Features, Then, layer};

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
        self.layer(tape, network, &x.into(), Then::Nothing).values
    }

    /// The same with what follows.
    pub fn layer(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Features, then: Then<'_>) -> Features {
        layer(tape, x, &network.parameter(self.weight), Some(&network.parameter(self.bias)), then)
    }
}
