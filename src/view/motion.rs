//! The cloud between two projections. Projections come every few steps; a dot is drawn on the straight way from where it was measured
//! before to where it was measured last, and takes for it the time that passed between the two. It is never beyond a measured place,
//! and where training stands still, or time does (a picture), it is where it was measured last.

use std::sync::Arc;

use glam::Vec3;

use crate::snapshot::{Cloud, place_in};

/// A way longer than this, in seconds, would be a rest and no motion.
const LONGEST: f64 = 2.0;

/// What moves where.
#[derive(Clone, Debug, Default)]
pub struct Motion {
    points: Option<wgpu::Buffer>,
    newest: u64,
    places: Arc<[f32]>,
    before: Option<(u64, Arc<[f32]>)>,
    /// When the newest projection was first seen, and how long after the one before.
    arrived: f64,
    interval: f64,
    share: f32,
}

impl Motion {
    /// Takes up the cloud of this frame; `now` in seconds, none where time stands still.
    pub fn follow(&mut self, cloud: Option<&Cloud>, now: Option<f64>, moves: bool) {
        let Some(cloud) = cloud else {
            *self = Self::default();
            return;
        };
        let time = now.unwrap_or(self.arrived);
        if self.points.as_ref() != Some(&cloud.points) || self.places.len() != cloud.places.len() || cloud.newest < self.newest {
            *self = Self { points: Some(cloud.points.clone()), arrived: time, ..Self::default() };
        } else if cloud.newest != self.newest {
            let is_kept = cloud.newest - self.newest < u64::from(cloud.slots / 2);
            self.before = is_kept.then(|| (self.newest, self.places.clone()));
            self.interval = time - self.arrived;
            self.arrived = time;
        }
        self.newest = cloud.newest;
        self.places = cloud.places.clone();
        let passed = ((time - self.arrived) / self.interval.max(1e-3)) as f32;
        let moving = now.is_some() && moves && self.before.is_some() && self.interval < LONGEST;
        self.share = if moving { passed.clamp(0.0, 1.0) } else { 1.0 };
    }

    /// Number of the projection that dots come from, of the one they go to, and how far they are on the way: 0 to 1.
    pub fn way(&self) -> (u64, u64, f32) {
        (self.before.as_ref().map_or(self.newest, |before| before.0), self.newest, self.share)
    }

    /// Where an image is drawn.
    pub fn place(&self, image: u32, teacher: bool) -> Option<Vec3> {
        let to = Vec3::from_array(place_in(&self.places, image, teacher)?);
        match &self.before {
            Some((_, places)) if self.share < 1.0 => Some(Vec3::from_array(place_in(places, image, teacher)?).lerp(to, self.share)),
            _ => Some(to),
        }
    }
}
