//! The view of the cloud: an orbit around the centre of the unit sphere with a mild perspective. At zoom 1 the sphere's outline
//! has exactly the radius it was given in pixels, whatever the data do: collapse must look like collapse.

use glam::{Mat3, Vec2, Vec3};

/// Distance of the eye from the sphere's centre, in sphere radii.
pub const EYE_DISTANCE: f32 = 4.0;

/// Orbit, zoom and pan. All plain numbers; nothing eases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Turn about the upright axis, radians.
    pub yaw: f32,
    /// Tilt, radians, kept short of the poles.
    pub pitch: f32,
    /// Magnification, 1 at rest.
    pub zoom: f32,
    /// Shift on the screen, logical pixels.
    pub pan: Vec2,
}

impl Default for Camera {
    fn default() -> Self {
        Self { yaw: 0.5, pitch: 0.35, zoom: 1.0, pan: Vec2::ZERO }
    }
}

impl Camera {
    /// Turns by a drag of `delta` logical pixels over a sphere of `radius` logical pixels: the near side follows the pointer.
    pub fn orbit(&mut self, delta: [f32; 2], radius: f32) {
        let per_pixel = 1.0 / radius.max(1.0);
        self.yaw = (self.yaw + delta[0] * per_pixel).rem_euclid(std::f32::consts::TAU);
        self.pitch = (self.pitch + delta[1] * per_pixel).clamp(-1.5, 1.5);
    }

    /// Magnifies by `lines` of the wheel (fractions from trackpads).
    pub fn zoom_by(&mut self, lines: f32) {
        if lines.is_finite() {
            self.zoom = (self.zoom * (lines * 0.12).clamp(-2.0, 2.0).exp()).clamp(0.5, 8.0);
        }
    }

    /// The same with the world under `pointer` (logical pixels from the sphere's unpanned centre) staying there.
    pub fn zoom_at(&mut self, lines: f32, pointer: [f32; 2]) {
        let before = self.zoom;
        self.zoom_by(lines);
        let pointer = Vec2::from(pointer);
        if pointer.is_finite() {
            self.pan = pointer - (pointer - self.pan) * (self.zoom / before);
        }
    }

    /// Moves the sphere on the screen; part of it always stays in an area of `size`.
    pub fn pan_by(&mut self, delta: [f32; 2], size: [f32; 2]) {
        let limit = (Vec2::from(size) * 0.5 * self.zoom.max(1.0)).max(Vec2::splat(1.0));
        self.pan = (self.pan + Vec2::from(delta)).clamp(-limit, limit);
    }

    /// World to view: x right, y up, z towards the eye.
    pub fn view_from_world(&self) -> Mat3 {
        Mat3::from_rotation_x(self.pitch) * Mat3::from_rotation_y(self.yaw)
    }

    /// Pixels per tangent for a sphere whose outline has `radius` pixels at zoom 1.
    pub fn focal(&self, radius: f32) -> f32 {
        self.zoom * radius * (EYE_DISTANCE * EYE_DISTANCE - 1.0).sqrt()
    }

    /// Where a world point lands, in pixels from the sphere's centre (y down), for an outline of `radius` pixels.
    pub fn project(&self, world: Vec3, radius: f32) -> Vec2 {
        let view = self.view_from_world() * world;
        Vec2::new(view.x, -view.y) * self.focal(radius) / (EYE_DISTANCE - view.z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_has_the_radius_asked_for() {
        let camera = Camera::default();
        let mut farthest = 0.0_f32;
        for i in 0..200_000 {
            // A Fibonacci sphere.
            let y = 1.0 - 2.0 * (i as f32 + 0.5) / 200_000.0;
            let ring = (1.0 - y * y).sqrt();
            let turn = i as f32 * 2.399_963;
            let point = Vec3::new(ring * turn.cos(), y, ring * turn.sin());
            farthest = farthest.max(camera.project(point, 200.0).length());
        }
        assert!((farthest - 200.0).abs() < 0.05, "{farthest}");
    }

    #[test]
    fn a_drag_carries_the_near_side_along() {
        let mut camera = Camera { yaw: 0.0, pitch: 0.0, ..Camera::default() };
        camera.orbit([20.0, 10.0], 200.0);
        let moved = camera.project(Vec3::Z, 200.0);
        assert!(moved.x > 5.0 && moved.y > 2.0, "{moved}");
    }

    #[test]
    fn zoom_stays_in_range_for_any_wheel() {
        let mut camera = Camera::default();
        for lines in [1e9, -1e9, f32::NAN, 3.0, -0.01] {
            camera.zoom_by(lines);
            assert!((0.5..=8.0).contains(&camera.zoom));
        }
    }
}
