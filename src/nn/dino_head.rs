//! DINO's head (arXiv 2104.14294, appendix C): Linear → GELU → Linear, L2-normalised to the bottleneck, then the cosine with each
//! of K prototypes. Named as the reference implementation's `DINOHead` names it.
//!
//! The last layer is weight-normalised with its gain frozen at 1 and has no bias: its rows are normalised where they are used,
//! and `last_layer.weight_g` exists only in exports, all ones.

use super::linear::Linear;
use super::parameters::{Group, Network, ParameterId, ParameterLayout};
use crate::gpu::{Tape, Tensor};
use crate::ops::l2norm::l2norm;
use crate::ops::linear::{Features, Then, linear};

/// The sizes of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DinoHeadShape {
    /// Length of the embedding.
    pub inputs: u32,
    /// Length between the linear layers.
    pub hidden: u32,
    /// Length of the normalised bottleneck.
    pub bottleneck: u32,
    /// K, prototypes.
    pub prototypes: u32,
    /// Linear layers before the prototypes: 2 or 3.
    pub layers: u32,
}

/// Where a head's parameters lie.
#[derive(Clone, Debug)]
pub struct DinoHead {
    layers: Vec<Linear>,
    prototypes: ParameterId,
}

/// What a head makes of embeddings.
#[derive(Clone, Debug)]
pub struct DinoOutputs {
    /// The L2-normalised bottleneck (L, R, bottleneck).
    pub bottleneck: Tensor,
    /// Its cosines with the prototypes (L, R, K).
    pub logits: Tensor,
}

impl DinoHead {
    /// Adds `{name}.mlp.0`, `.2` and, of three layers, `.4`, then `{name}.last_layer.weight_v` to the layout.
    ///
    /// # Panics
    /// If the layers are neither 2 nor 3.
    pub fn new(layout: &mut ParameterLayout, name: &str, shape: DinoHeadShape) -> Self {
        let DinoHeadShape { inputs, hidden, bottleneck, prototypes, layers } = shape;
        assert!((2..=3).contains(&layers), "{name}: {layers} layers");
        let linear = |layer: u32| {
            let from = if layer == 0 { inputs } else { hidden };
            let to = if layer + 1 == layers { bottleneck } else { hidden };
            Linear::new(layout, &format!("{name}.mlp.{}", 2 * layer), from, to, Group::Shared)
        };
        Self {
            layers: (0..layers).map(linear).collect(),
            prototypes: layout.matrix(format!("{name}.last_layer.weight_v"), prototypes, bottleneck, Group::Prototypes),
        }
    }

    /// Embeddings (L, R, inputs) → bottleneck and logits.
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor) -> DinoOutputs {
        let (last, others) = self.layers.split_last().expect("a head has layers");
        let mut hidden = Features::from(x);
        for layer in others {
            hidden = layer.layer(tape, network, &hidden, Then::Gelu);
        }
        let y = last.layer(tape, network, &hidden, Then::Nothing).values;
        let bottleneck = l2norm(tape, &y);
        let prototypes = l2norm(tape, &network.parameter(self.prototypes));
        let logits = linear(tape, &bottleneck, &prototypes, None);
        DinoOutputs { bottleneck, logits }
    }
}
