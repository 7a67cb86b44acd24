//! The vision transformer (Dosovitskiy et al., arXiv 2010.11929), pre-norm, with timm's names: patches → Linear, CLS token and
//! learned positions; blocks of attention and MLP on a residual stream; a last LayerNorm.
//!
//! The losses look at the CLS token alone, so the last block computes queries, projection and MLP for it only, keys and values for
//! all: same values, same gradients, almost half the work at depth 2. Small crops see the positions interpolated to their grid.

use super::linear::Linear;
use super::norm::{Norm, NormKind};
use super::parameters::{Form, Group, Network, ParameterId, ParameterLayout, Start};
use crate::gpu::{Tape, Tensor};
use crate::ops::activation::Activation;
use crate::ops::attention::{Queries, attention};
use crate::ops::first_rows::first_rows;
use crate::ops::linear::Then;
use crate::ops::positions::interpolate_positions;
use crate::ops::sequences::Sequences;
use crate::ops::tokens::tokens;

/// Deviation of the CLS token and the positions at the start, timm's.
const TOKEN_DEVIATION: f32 = 0.02;

/// The sizes of a ViT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VitShape {
    /// Pixels along a patch's side.
    pub patch: u32,
    /// D: features of a token.
    pub dim: u32,
    /// Blocks.
    pub depth: u32,
    /// Heads of each attention.
    pub heads: u32,
    /// The MLP's hidden features over D.
    pub mlp_ratio: u32,
    /// Patches along the side of a global view: as many positions as its square.
    pub grid: u32,
}

#[derive(Clone, Debug)]
struct Block {
    norm1: Norm,
    query: Linear,
    key_value: Linear,
    projection: Linear,
    norm2: Norm,
    hidden: Linear,
    output: Linear,
}

/// The encoder.
#[derive(Clone, Debug)]
pub struct Vit {
    shape: VitShape,
    cls: ParameterId,
    positions: ParameterId,
    patches: Linear,
    blocks: Vec<Block>,
    norm: Norm,
}

/// What the encoder makes of images.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The CLS tokens behind the last norm (L, images, D).
    pub embedding: Tensor,
    /// The last block's attention of the CLS tokens: (L, images · heads, tokens of the longest image), zero beyond an image's
    /// tokens; column 0 is CLS itself, the patches follow row by row.
    pub attention: Tensor,
    /// All tokens behind the last norm (L, rows + images, D), if asked for.
    pub tokens: Option<Tensor>,
}

impl Vit {
    /// Adds timm's names behind `encoder.` to the layout.
    ///
    /// # Panics
    /// Without blocks, or if the heads do not divide D.
    pub fn new(layout: &mut ParameterLayout, shape: VitShape) -> Self {
        let VitShape { patch, dim, depth, heads, mlp_ratio, grid } = shape;
        assert!(depth > 0 && heads > 0 && dim.is_multiple_of(heads), "a ViT of {shape:?}");
        let group = Group::Shared;
        let mut token =
            |name: &str, rows| layout.add(format!("encoder.{name}"), [rows, dim], Form::Tokens, group, Start::Normal(TOKEN_DEVIATION));
        let cls = token("cls_token", 1);
        let positions = token("pos_embed", 1 + grid * grid);
        let name = "encoder.patch_embed.proj";
        let patches = Linear {
            weight: layout.add(format!("{name}.weight"), [dim, patch * patch * 3], Form::Patches { patch }, group, Start::LecunNormal),
            bias: layout.vector(format!("{name}.bias"), dim, group, Start::Zeros),
        };
        let blocks = (0..depth).map(|index| Block::new(layout, &format!("encoder.blocks.{index}"), dim, mlp_ratio)).collect();
        let norm = Norm::new(layout, "encoder.norm", dim, group);
        Self { shape, cls, positions, patches, blocks, norm }
    }

    /// Dimension of the embedding.
    pub const fn embedding(&self) -> u32 {
        self.shape.dim
    }

    /// Patches (L, rows, patch · patch · 3), row by row, of images laid out by `sequences`. With `all_tokens` the last block
    /// computes them all.
    ///
    /// # Panics
    /// If the patches are not those of `sequences`, or an image is not square.
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Tensor, sequences: Sequences, all_tokens: bool) -> Encoded {
        let whole = sequences.with_extra_row();
        let mut x = tape.scope("tokens", |tape| {
            let embedded = self.patches.forward(tape, network, patches);
            let [first, second] = [0, 1].map(|index| self.positions(tape, network, sequences, index));
            tokens(tape, &embedded, &network.parameter(self.cls), [first.as_ref(), second.as_ref()], sequences)
        });
        let (last, others) = self.blocks.split_last().expect("a ViT has blocks");
        for (index, block) in others.iter().enumerate() {
            x = tape.scope(&format!("block{index}"), |tape| block.forward(tape, network, &x, self.shape.heads, whole));
        }
        let (x, attention) = tape.scope(&format!("block{}", others.len()), |tape| {
            let heads = self.shape.heads;
            if all_tokens {
                let attention = tape.no_grad(|tape| last.cls_attention(tape, network, &x, heads, whole));
                (last.forward(tape, network, &x, heads, whole), attention)
            } else {
                last.forward_cls(tape, network, &x, heads, whole)
            }
        });
        let x = self.norm.forward(tape, network, &x, NormKind::Layer, Activation::None);
        if all_tokens {
            Encoded { embedding: first_rows(tape, &x, whole), attention, tokens: Some(x) }
        } else {
            Encoded { embedding: x, attention, tokens: None }
        }
    }

    /// The positions of the images of one length, if there are any.
    fn positions(&self, tape: &mut Tape<'_>, network: Network<'_>, sequences: Sequences, index: usize) -> Option<Tensor> {
        let length = sequences.lengths[index];
        let grid = length.isqrt();
        assert_eq!(grid * grid, length, "an image of {length} patches is not square");
        let positions = network.parameter(self.positions);
        let grids = [self.shape.grid, grid];
        (sequences.counts[index] > 0).then(|| if grids[0] == grids[1] { positions } else { interpolate_positions(tape, &positions, grids) })
    }
}

impl Block {
    fn new(layout: &mut ParameterLayout, name: &str, dim: u32, mlp_ratio: u32) -> Self {
        let group = Group::Shared;
        let norm1 = Norm::new(layout, &format!("{name}.norm1"), dim, group);
        // One matrix in PyTorch; two here, so that the last block can compute queries for fewer rows than keys and values.
        let [query_weight, key_value_weight] =
            [dim, 2 * dim].map(|outputs| layout.matrix(format!("{name}.attn.qkv.weight"), outputs, dim, group));
        let [query_bias, key_value_bias] =
            [dim, 2 * dim].map(|outputs| layout.vector(format!("{name}.attn.qkv.bias"), outputs, group, Start::Zeros));
        Self {
            norm1,
            query: Linear { weight: query_weight, bias: query_bias },
            key_value: Linear { weight: key_value_weight, bias: key_value_bias },
            projection: Linear::new(layout, &format!("{name}.attn.proj"), dim, dim, group),
            norm2: Norm::new(layout, &format!("{name}.norm2"), dim, group),
            hidden: Linear::new(layout, &format!("{name}.mlp.fc1"), dim, dim * mlp_ratio, group),
            output: Linear::new(layout, &format!("{name}.mlp.fc2"), dim * mlp_ratio, dim, group),
        }
    }

    /// Tokens (L, rows, D) → (L, rows, D).
    fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, heads: u32, sequences: Sequences) -> Tensor {
        let normal = self.norm1.forward(tape, network, x, NormKind::Layer, Activation::None);
        let query = self.query.forward(tape, network, &normal);
        let key_value = self.key_value.forward(tape, network, &normal);
        let attended = attention(tape, &query, &key_value, heads, sequences, Queries::All);
        self.finish(tape, network, x, &attended.output)
    }

    /// Tokens (L, rows, D) → the CLS tokens (L, images, D) and their attention (L, images · heads, longest).
    fn forward_cls(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, heads: u32, sequences: Sequences) -> (Tensor, Tensor) {
        // What takes only the CLS rows is recorded before what takes all, so that in the backward a few rows are added to many, and
        // not many to a few and zeros.
        let cls = first_rows(tape, x, sequences);
        let normal = self.norm1.forward(tape, network, x, NormKind::Layer, Activation::None);
        let asking = first_rows(tape, &normal, sequences);
        let query = self.query.forward(tape, network, &asking);
        let key_value = self.key_value.forward(tape, network, &normal);
        let attended = attention(tape, &query, &key_value, heads, sequences, Queries::First);
        let output = self.finish(tape, network, &cls, &attended.output);
        (output, attended.probabilities.expect("one query an image keeps them"))
    }

    /// The attention of the CLS tokens alone.
    fn cls_attention(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, heads: u32, sequences: Sequences) -> Tensor {
        let normal = self.norm1.forward(tape, network, x, NormKind::Layer, Activation::None);
        let key_value = self.key_value.forward(tape, network, &normal);
        let asking = first_rows(tape, &normal, sequences);
        let query = self.query.forward(tape, network, &asking);
        attention(tape, &query, &key_value, heads, sequences, Queries::First).probabilities.expect("one query an image keeps them")
    }

    /// Both residuals: x + projection, then + MLP.
    fn finish(&self, tape: &mut Tape<'_>, network: Network<'_>, x: &Tensor, attended: &Tensor) -> Tensor {
        let x = self.projection.layer(tape, network, &attended.into(), Then::Add(x)).values;
        let normal = self.norm2.forward(tape, network, &x, NormKind::Layer, Activation::None);
        let hidden = self.hidden.layer(tape, network, &(&normal).into(), Then::Gelu);
        self.output.layer(tape, network, &hidden, Then::Add(&x)).values
    }
}
