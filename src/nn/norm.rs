//! A normalisation with its gain and shift, and the activation that follows.

use super::parameters::{Group, Network, ParameterId, ParameterLayout, Start};
use crate::gpu::{Tape, Tensor};
use crate::ops::activation::Activation;
use crate::ops::batchnorm::batchnorm;
use crate::ops::layernorm::layernorm;

/// Over what is normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// The features of each row.
    Layer,
    /// Each feature over the rows of one view: this many consecutive rows.
    Batch {
        /// Rows of a view.
        rows: u32,
    },
}

/// Where gain and shift lie.
#[derive(Clone, Copy, Debug)]
pub struct Norm {
    gain: ParameterId,
    shift: ParameterId,
}

impl Norm {
    /// Adds `{name}.weight` (ones) and `{name}.bias` (zeros) to the layout.
    pub fn new(layout: &mut ParameterLayout, name: &str, features: u32, group: Group) -> Self {
        Self {
            gain: layout.vector(format!("{name}.weight"), features, group, Start::Ones),
            shift: layout.vector(format!("{name}.bias"), features, group, Start::Zeros),
        }
    }

    /// (L, R, C) → (L, R, C)
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, kind: NormKind, activation: Activation) -> Tensor {
        let (gain, shift) = (network.parameter(self.gain), network.parameter(self.shift));
        match kind {
            NormKind::Layer => layernorm(tape, x, &gain, &shift, activation),
            NormKind::Batch { rows } => batchnorm(tape, x, &gain, &shift, rows, activation),
        }
    }
}
