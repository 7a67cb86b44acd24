//! What the pointer is on: the nearest dot, ring or thumbnail within reach, those in front first. And where thumbnails have room.

use glam::Vec2;

use crate::view::camera::{Camera, EYE_DISTANCE};
use crate::view::cloud::{Stage, TEACHER};
use crate::view::motion::Motion;

/// Reach around a dot, in logical pixels.
const REACH: f32 = 11.0;

/// Where something of the cloud is on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Which image.
    pub image: u32,
    /// The teacher's place of it; else the student's.
    pub teacher: bool,
    /// Logical pixels.
    pub at: Vec2,
    /// Towards the eye, −1 to 1 on the sphere.
    pub depth: f32,
}

/// The spot of an image; none where it has no place, or none in the stage.
pub fn spot(motion: &Motion, camera: &Camera, stage: &Stage, image: u32, teacher: bool) -> Option<Spot> {
    let world = motion.place(image, teacher)?;
    let depth = (camera.view_from_world() * world).z;
    let at = camera.project(world, stage.radius) + camera.pan + Vec2::from(stage.centre);
    let visible = at.is_finite() && depth < EYE_DISTANCE - 0.1 && stage.clip.contains(at.to_array());
    visible.then_some(Spot { image, teacher, at, depth })
}

/// All spots of `count` images, students and teachers.
pub fn spots<'a>(motion: &'a Motion, camera: &'a Camera, stage: &'a Stage, count: u32) -> impl Iterator<Item = Spot> + 'a {
    (0..count).flat_map(move |image| [false, true].into_iter().filter_map(move |teacher| spot(motion, camera, stage, image, teacher)))
}

/// What the pointer is on; `reach` is a spot's own size.
pub fn pick(spots: impl Iterator<Item = Spot>, pointer: [f32; 2], reach: impl Fn(&Spot) -> f32) -> Option<Spot> {
    let pointer = Vec2::from(pointer);
    // A spot a little farther from the pointer wins where it is in front.
    let score = |spot: &Spot| spot.at.distance(pointer) - 5.0 * spot.depth;
    spots.filter(|spot| spot.at.distance(pointer) < reach(spot).max(REACH)).min_by(|a, b| score(a).total_cmp(&score(b)))
}

/// The students of the near side that have room for a thumbnail of half a side `half`: those that had one keep it, then those in
/// front come first.
pub fn with_room(spots: impl Iterator<Item = Spot>, half: f32, shown: &[u32]) -> Vec<u32> {
    let mut all: Vec<Spot> = spots.filter(|spot| !spot.teacher && spot.depth > 0.15).collect();
    all.sort_by(|a, b| shown.contains(&b.image).cmp(&shown.contains(&a.image)).then(b.depth.total_cmp(&a.depth)));
    let mut placed: Vec<Spot> = Vec::new();
    for spot in all {
        if placed.iter().all(|other| (other.at - spot.at).abs().max_element() > 2.3 * half) {
            placed.push(spot);
        }
    }
    placed.iter().map(|spot| spot.image).collect()
}

/// Students and teachers of all images.
pub fn everything(count: u32) -> Vec<u32> {
    (0..count).map(|image| image | TEACHER).chain(0..count).collect()
}
