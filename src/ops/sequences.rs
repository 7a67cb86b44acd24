//! Which rows of a row matrix belong to which image, where images may have two lengths: global crops and local ones.

use crate::gpu::Record;

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
    /// Images of one length.
    pub const fn uniform(images: u32, length: u32) -> Self {
        Self { counts: [images, 0], lengths: [length, length] }
    }

    /// Number of images.
    pub const fn images(&self) -> u32 {
        self.counts[0] + self.counts[1]
    }

    /// Rows of all images.
    pub const fn rows(&self) -> u32 {
        self.counts[0] * self.lengths[0] + self.counts[1] * self.lengths[1]
    }

    /// The first row of an image.
    pub const fn offset(&self, image: u32) -> u32 {
        if image < self.counts[0] {
            image * self.lengths[0]
        } else {
            self.counts[0] * self.lengths[0] + (image - self.counts[0]) * self.lengths[1]
        }
    }

    /// The rows of an image.
    pub const fn length(&self, image: u32) -> u32 {
        if image < self.counts[0] { self.lengths[0] } else { self.lengths[1] }
    }

    /// The rows of the longest image.
    pub const fn longest(&self) -> u32 {
        if self.counts[1] > 0 && (self.counts[0] == 0 || self.lengths[1] > self.lengths[0]) { self.lengths[1] } else { self.lengths[0] }
    }

    /// The same images with one row more each: the CLS token in front.
    #[must_use]
    pub const fn with_extra_row(&self) -> Self {
        Self { counts: self.counts, lengths: [self.lengths[0] + 1, self.lengths[1] + 1] }
    }

    /// How many pieces of at most `size` rows there are, no piece reaching into two images.
    pub const fn pieces(&self, size: u32) -> u32 {
        self.counts[0] * self.lengths[0].div_ceil(size) + self.counts[1] * self.lengths[1].div_ceil(size)
    }

    /// The image and the place in it of each row.
    pub fn places(self) -> impl Iterator<Item = (u32, u32)> {
        (0..self.images()).flat_map(move |image| (0..self.length(image)).map(move |place| (image, place)))
    }
}

/// What every kernel over sequences is told of them: `count0`, `length0`, `length1` of `shaders/shared/sequences.wgsl`.
pub(super) trait SetSequences {
    /// Sets the three fields.
    #[must_use]
    fn sequences(self, sequences: Sequences) -> Self;
}

impl SetSequences for Record<'_, '_> {
    fn sequences(self, Sequences { counts, lengths }: Sequences) -> Self {
        self.set("count0", counts[0]).set("length0", lengths[0]).set("length1", lengths[1])
    }
}
