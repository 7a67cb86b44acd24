//! One learner's cloud as it moves from projection to projection, and in its colours.

use std::sync::Arc;

use crate::snapshot::Cloud;
use crate::view::motion::Motion;
use crate::view::pictures::packed;
use crate::view::theme::Theme;
use crate::view::tint::Tint;

#[derive(Default)]
pub struct Seen {
    /// Whose.
    pub learner: usize,
    /// Where its images are on their way.
    pub motion: Motion,
    /// The colour of each image, packed.
    pub tints: Arc<[u32]>,
    /// What `tints` was made of: projection's numbers, meaning, theme.
    tinted: Option<(Arc<[f32]>, Tint, Theme)>,
}

impl Seen {
    /// Nothing yet of a learner.
    pub fn of(learner: usize) -> Self {
        Self { learner, ..Self::default() }
    }

    /// Takes up this frame's cloud; `now` and `moves` as in [`Motion::follow`].
    pub fn follow(&mut self, cloud: Option<&Cloud>, (now, moves): (Option<f64>, bool), (tint, theme): (Tint, Theme)) {
        self.motion.follow(cloud, now, moves);
        let Some(cloud) = cloud else { return };
        let known = self.tinted.as_ref();
        if known.is_none_or(|(places, of, on)| !Arc::ptr_eq(places, &cloud.places) || (*of, *on) != (tint, theme)) {
            self.tints = (0..cloud.count).map(|image| packed(tint.colour(cloud, image).mark(theme))).collect();
            self.tinted = Some((cloud.places.clone(), tint, theme));
        }
    }
}
