//! The patch pyramid: an encoder of plain matrix products.
//!
//! Patches → Linear → LayerNorm → GELU; then twice: 2x2 neighbours concatenated → Linear → LayerNorm → GELU; then the mean over
//! the remaining positions (2x2 for 32x32 images in 4x4 patches). Patch rows come in Morton order, in which 2x2 neighbours are
//! four consecutive rows: concatenating them (row, column, channel) is a reshape and costs nothing.

use super::linear::Linear;
use super::norm::{Norm, NormKind};
use super::parameters::{Group, Network, ParameterLayout};
use crate::gpu::{Tape, Tensor};
use crate::ops::activation::Activation;
use crate::ops::pool::mean_pool_sequences;
use crate::ops::sequences::Sequences;

/// The encoder.
#[derive(Clone, Debug)]
pub struct Pyramid {
    stages: Vec<(Linear, Norm)>,
    widths: [u32; 3],
}

impl Pyramid {
    /// Adds `encoder.stages.{i}.linear` and `.norm` to the layout.
    pub fn new(layout: &mut ParameterLayout, patch: u32, widths: [u32; 3]) -> Self {
        let inputs = [patch * patch * 3, widths[0] * 4, widths[1] * 4];
        let stages = (0..3)
            .map(|stage| {
                let name = format!("encoder.stages.{stage}");
                let linear = Linear::new(layout, &format!("{name}.linear"), inputs[stage], widths[stage], Group::Shared);
                (linear, Norm::new(layout, &format!("{name}.norm"), widths[stage], Group::Shared))
            })
            .collect();
        Self { stages, widths }
    }

    /// Dimension of the embedding.
    pub const fn embedding(&self) -> u32 {
        self.widths[2]
    }

    /// Patches (L, rows, patch · patch · 3) in Morton order → embeddings (L, images, last width).
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Tensor, sequences: Sequences) -> Tensor {
        let mut x = patches.clone();
        for (index, (linear, norm)) in self.stages.iter().enumerate() {
            x = tape.scope(&format!("stage{index}"), |tape| {
                let rows = if index == 0 { x.clone() } else { x.reshaped(x.rows / 4, x.columns * 4) };
                let y = linear.forward(tape, network, &rows);
                norm.forward(tape, network, &y, NormKind::Layer, Activation::Gelu)
            });
        }
        mean_pool_sequences(tape, &x, Sequences { lengths: sequences.lengths.map(|length| length.div_ceil(16)), ..sequences })
    }
}
