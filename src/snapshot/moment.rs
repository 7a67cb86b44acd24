//! What a walked step's tensors hold after a sub-step: small excerpts and norms, read back from the GPU, and the buffers of its
//! pictures, which stay there.

use std::sync::Arc;

/// The first rows and columns of a matrix whose rows are images.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// What it is, e.g. "projection z".
    pub name: &'static str,
    /// Rows and columns of the whole matrix (all views of all images).
    pub shape: [u32; 2],
    /// Rows here: the first images.
    pub rows: usize,
    /// Columns here.
    pub columns: usize,
    /// Row by row.
    pub values: Arc<[f32]>,
}

impl Excerpt {
    /// One image's row.
    pub fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    /// The largest magnitude in it that is a number.
    pub fn largest(&self) -> f32 {
        self.values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).fold(0.0, f32::max)
    }
}

/// A layer's part of the parameters, with two sums of squares over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name, as in checkpoints, without `weight` and `bias`.
    pub name: String,
    /// Number of its parameters.
    pub parameters: u64,
    /// The sums of squares; [`Tensors`] says of what.
    pub squares: [f64; 2],
}

/// Where a crop lies in its image: left, top, width, height as shares of it; and whether it is mirrored.
pub type CropFrame = ([f32; 4], bool);

/// The pictures of a batch, where they are.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchPictures {
    /// Images of which there are pictures and rows here: the first of the batch.
    pub images: u32,
    /// Images in the batch.
    pub batch: u32,
    /// The whole images, stretched to squares, RGBA8 packed in u32.
    pub whole: wgpu::Buffer,
    /// Side of a whole image in pixels.
    pub whole_side: u32,
    /// Width and height of each whole image, of which only the ratio counts.
    pub shapes: Vec<[u32; 2]>,
    /// The global views: view 1 of every image of the batch, then view 2.
    pub globals: wgpu::Buffer,
    /// Side of a global view in pixels.
    pub global_side: u32,
    /// The local views, likewise; none where there are none.
    pub locals: Option<wgpu::Buffer>,
    /// Side of a local view in pixels.
    pub local_side: u32,
    /// Where the crops lie: one list an image, globals first.
    pub frames: Vec<Vec<CropFrame>>,
}

/// The tensors of the moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensors {
    /// The batch's pictures are all there is.
    Views,
    /// Activations of a network from its encoder to its output.
    Forward {
        /// The view whose rows these are: 1 or 2.
        view: u32,
        /// In the order in which they are computed.
        matrices: Vec<Excerpt>,
    },
    /// BYOL: the student's predictions of view 1 and the teacher's projections of view 2.
    Cosines {
        /// Mean loss of the batch, both ways.
        mean: f32,
        /// q
        student: Excerpt,
        /// z
        teacher: Excerpt,
        /// cos(q, z) of each image.
        cosines: Vec<f32>,
    },
    /// DINO: the student's distributions of view 1 and the teacher's of view 2.
    Distributions {
        /// Mean loss of the batch, all pairs.
        mean: f32,
        /// Shares, not logarithms.
        student: Excerpt,
        /// Shares.
        teacher: Excerpt,
        /// Cross-entropy of each image, where all prototypes are in the excerpts.
        losses: Vec<Option<f32>>,
    },
    /// Gradients, before clipping. A layer's squares: of the gradient; of the weights.
    Gradients {
        /// Layers in the order of the forward pass.
        layers: Vec<Layer>,
        /// The loss's gradient with respect to the student's outputs of view 1.
        student: Option<Excerpt>,
        /// With respect to the teacher's outputs of view 2; none with the stop-gradient on.
        teacher: Option<Excerpt>,
        /// The gradient is scaled down to this norm; 0 never.
        clip: f32,
    },
    /// A layer's squares: of the change; of the weights before it.
    Update {
        /// Layers in the order of the forward pass.
        layers: Vec<Layer>,
    },
    /// A layer's squares: of student less teacher before; and after.
    Ema {
        /// Layers that the teacher has, in the order of the forward pass.
        layers: Vec<Layer>,
    },
    /// DINO's centre.
    Center {
        /// Before.
        before: Arc<[f32]>,
        /// After.
        after: Arc<[f32]>,
    },
}

/// What is shown of a sub-step.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The batch that is walked.
    pub pictures: BatchPictures,
    /// The tensors of the sub-step: a row an image.
    pub tensors: Tensors,
    /// The same of the batch's first image alone; none where the tensors are of no image.
    pub of_one: Option<OfOne>,
}

/// The tensors of one image: a row a crop, globals first.
#[derive(Clone, Debug, PartialEq)]
pub struct OfOne {
    /// The tensors. What the teacher's rows are compared with: see [`OfOne::target`].
    pub tensors: Tensors,
    /// Loss of each pair: row = the teacher's global, column = the student's crop; none where they are the same crop. Empty before
    /// the loss.
    pub losses: Vec<Vec<Option<f32>>>,
}

impl OfOne {
    /// The teacher's global with which a crop of the student's is shown: the first that is another crop.
    pub const fn target(crop: usize) -> usize {
        if crop == 0 { 1 } else { 0 }
    }
}
