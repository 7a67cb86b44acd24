//! The encoder that a configuration asks for: one row matrix of patches in, one embedding an image out.

use super::parameters::{Network, ParameterLayout};
use super::pyramid::Pyramid;
use super::vit::{Vit, VitShape};
use crate::config::{self, EncoderKind};
use crate::gpu::{Tape, Tensor};
use crate::ops::sequences::Sequences;

/// The encoder's input: all views' patches in one row matrix.
#[derive(Clone, Debug)]
pub struct Patches {
    /// (L, rows, patch*patch*3), rows (view, image, patch).
    pub rows: Tensor,
    /// Where each view's patches begin.
    pub sequences: Sequences,
}

impl Patches {
    /// The patches of the first `images` views, which are all of the first length.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn first(&self, images: u32) -> Self {
        assert!(images <= self.sequences.counts[0], "{}: {images} of {:?} views", self.rows.name, self.sequences.counts);
        let sequences = Sequences::uniform(images, self.sequences.lengths[0]);
        Self { rows: self.rows.first_rows(sequences.rows()), sequences }
    }
}

/// What an encoder makes of images.
pub struct Encoded {
    /// (L, images, embedding)
    pub embedding: Tensor,
    /// ViT: attention of the last block's CLS token, (L, images · heads, tokens of the longest image).
    pub attention: Option<Tensor>,
}

/// An encoder.
#[derive(Clone, Debug)]
pub enum Encoder {
    /// Plain matrix products.
    Pyramid(Pyramid),
    /// Attention.
    Vit(Vit),
}

impl Encoder {
    /// Adds the encoder's parameters to the layout; global views have `image_size` pixels a side.
    pub fn new(layout: &mut ParameterLayout, config: &config::Encoder, image_size: u32) -> Self {
        let &config::Encoder { kind, patch, widths, dim, depth, heads, mlp_ratio } = config;
        match kind {
            EncoderKind::Pyramid => Self::Pyramid(Pyramid::new(layout, patch, widths)),
            EncoderKind::Vit => Self::Vit(Vit::new(layout, VitShape { patch, dim, depth, heads, mlp_ratio, grid: image_size / patch })),
        }
    }

    /// Dimension of the embedding.
    pub const fn embedding(&self) -> u32 {
        match self {
            Self::Pyramid(pyramid) => pyramid.embedding(),
            Self::Vit(vit) => vit.embedding(),
        }
    }

    /// Patches → embeddings.
    pub fn forward(&self, tape: &mut Tape<'_>, network: Network<'_>, patches: &Patches) -> Encoded {
        let Patches { rows, sequences } = patches;
        match self {
            Self::Pyramid(pyramid) => Encoded { embedding: pyramid.forward(tape, network, rows, *sequences), attention: None },
            Self::Vit(vit) => {
                let encoded = vit.forward(tape, network, rows, *sequences, false);
                Encoded { embedding: encoded.embedding, attention: Some(encoded.attention) }
            }
        }
    }
}
