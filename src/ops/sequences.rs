//! Where each image's rows lie in a row matrix that holds images of two lengths: the globals', then the locals'.

/// Images of up to two lengths in one row matrix: first `counts[0]` images of `lengths[0]` rows each, then `counts[1]` of
/// `lengths[1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequences {
    /// Images of each length; the second may be 0.
    pub counts: [u32; 2],
    /// Rows of an image.
    pub lengths: [u32; 2],
}

impl Sequences {
    /// All of one length.
    pub const fn uniform(images: u32, length: u32) -> Self {
        Self { counts: [images, 0], lengths: [length, 1] }
    }

    /// Number of images.
    pub const fn images(&self) -> u32 {
        self.counts[0] + self.counts[1]
    }

    /// Number of rows.
    pub const fn rows(&self) -> u32 {
        self.counts[0] * self.lengths[0] + self.counts[1] * self.lengths[1]
    }
}
