//! Procedural images: what their classes are, and the naive f64 reference of the generator.
//!
//! The reference is SCIENCE section 1 written down formula by formula; the shaders (`shaders/data/weaves.wgsl`,
//! `shaders/shared/weaves.wgsl`, and `shapes`) fold the materials into one formula with coefficients. Both draw the same numbers.

use std::f64::consts::TAU;

use super::rng::{random4, uniform4};
use crate::config::Scene;

/// Mixed into every draw of a scene; `DATA_SET_SEED` in `shared/scene.wgsl`.
pub const DATA_SET_SEED: u32 = 0x0771_4115;

/// First identifier of held-out images; training images have this bit 0.
pub const HELD_OUT: u32 = 0x8000_0000;

/// Classes of `weaves` and `weaves-hard`.
pub const MATERIALS: [&str; 8] =
    ["vertical stripes", "horizontal stripes", "checks", "diagonal checks", "dots", "zigzag", "upright zigzag", "lattice"];

/// Classes of `shapes` and `shapes-grey`.
pub const SHAPES: [&str; 12] = [
    "plain disc",
    "striped disc",
    "checked disc",
    "plain square",
    "striped square",
    "checked square",
    "plain triangle",
    "striped triangle",
    "checked triangle",
    "plain cross",
    "striped cross",
    "checked cross",
];

/// The classes of a family of scenes.
pub const fn class_names(family: Scene) -> &'static [&'static str] {
    match family {
        Scene::Weaves | Scene::WeavesHard => &MATERIALS,
        Scene::Shapes | Scene::ShapesGrey => &SHAPES,
    }
}

/// The class of a scene.
pub const fn class(family: Scene, identifier: u32) -> u32 {
    identifier % class_names(family).len() as u32
}

/// Opacity of the clutter discs and largest amplitude of the illumination in a family of weaves.
pub const fn weaves_strength(family: Scene) -> [f32; 2] {
    match family {
        Scene::WeavesHard => [0.9, 0.35],
        _ => [0.6, 0.15],
    }
}

fn draw(identifier: u32, k: u32) -> [f64; 4] {
    uniform4(random4([DATA_SET_SEED, k], [identifier, 0])).map(f64::from)
}

fn between(low: f64, high: f64, uniform: f64) -> f64 {
    low + (high - low) * uniform
}

fn sharpen(t: f64) -> f64 {
    (0.5 + 1.6 * t).clamp(0.0, 1.0)
}

fn mix(from: [f64; 3], to: [f64; 3], share: f64) -> [f64; 3] {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

fn hsv(hue: f64, saturation: f64, value: f64) -> [f64; 3] {
    let sector = hue.rem_euclid(1.0) * 6.0;
    let fraction = sector.fract();
    let (p, q, t) = (value * (1.0 - saturation), value * (1.0 - saturation * fraction), value * (1.0 - saturation * (1.0 - fraction)));
    match sector as u32 {
        0 => [value, t, p],
        1 => [q, value, p],
        2 => [p, value, t],
        3 => [p, q, value],
        4 => [t, p, value],
        _ => [value, p, q],
    }
}

/// Red, green, blue (not clipped) and the object's coverage at (u, v) of a scene; `footprint` is a pixel's side in units of the
/// picture.
pub fn reference_colour(family: Scene, identifier: u32, u: f64, v: f64, footprint: f64) -> [f64; 4] {
    match family {
        Scene::Weaves | Scene::WeavesHard => weaves(family, identifier, u, v),
        Scene::Shapes | Scene::ShapesGrey => shapes(family == Scene::ShapesGrey, identifier, u, v, footprint),
    }
}

fn weaves(family: Scene, identifier: u32, u: f64, v: f64) -> [f64; 4] {
    let [opacity, illumination] = weaves_strength(family).map(f64::from);
    let [angle, frequency, phase_a, phase_b] = draw(identifier, 0);
    let (sine, cosine) = between(-0.2, 0.2, angle).sin_cos();
    let omega = TAU / 0.15 * between(0.85, 1.15, frequency);
    let a = omega * (cosine * u - sine * v) + TAU * phase_a;
    let b = omega * (sine * u + cosine * v) + TAU * phase_b;
    let t = sharpen(match class(family, identifier) {
        0 => a.sin(),
        1 => b.sin(),
        2 => 1.5 * a.sin() * b.sin(),
        3 => 1.4 * (0.8 * (a + b)).sin() * (0.8 * (a - b)).sin(),
        4 => 0.6 * a.sin() + 0.6 * b.sin() - 0.35,
        5 => (b + 1.6 * (0.7 * a).sin()).sin(),
        6 => (a + 1.6 * (0.7 * b).sin()).sin(),
        _ => a.sin().max(b.sin()) - 0.45,
    });
    let [hue, second_hue, saturation, value] = draw(identifier, 1);
    let saturation = between(0.3, 0.9, saturation);
    let first = hsv(hue, saturation, between(0.55, 0.9, value));
    let second = hsv(hue + between(0.2, 0.8, second_hue), saturation, between(0.15, 0.45, draw(identifier, 2)[0]));
    let mut colour = mix(second, first, t);
    let mut light = 1.0;
    for i in 0..3 {
        let [x, y, radius, hue] = draw(identifier, 3 + i);
        let disc = hsv(hue, saturation, 0.6);
        let inside = between(0.12, 0.28, radius) - (u - x).hypot(v - y);
        colour = mix(colour, disc, opacity * (inside / 0.03 + 0.5).clamp(0.0, 1.0));
        let [along_u, along_v, phase, amplitude] = draw(identifier, 6 + i);
        let wave = between(-6.0, 6.0, along_u) * u + between(-6.0, 6.0, along_v) * v + TAU * phase;
        light += illumination * between(0.3, 1.0, amplitude) * wave.sin();
    }
    let [r, g, b] = colour.map(|c| c * light);
    [r, g, b, 0.0]
}

fn shapes(grey: bool, identifier: u32, u: f64, v: f64, footprint: f64) -> [f64; 4] {
    let class = class(Scene::Shapes, identifier);
    let pick = |plain: [f64; 2], grey_range: [f64; 2], uniform| {
        let [low, high] = if grey { grey_range } else { plain };
        between(low, high, uniform)
    };
    let [x, y, radius, angle] = draw(identifier, 0);
    let [frequency, phase_1, phase_2, _] = draw(identifier, 1);
    let [hue, second_hue, saturation, value] = draw(identifier, 2);
    let [ground_value, ground_hue, darker, _] = draw(identifier, 3);
    let muted = if grey { 0.2 } else { 0.4 };

    let mut colour = hsv(ground_hue, muted, pick([0.1, 0.3], [0.42, 0.52], ground_value));
    for i in 0..3 {
        let [along_u, along_v, phase, _] = draw(identifier, 4 + i);
        let wave = between(-6.0, 6.0, along_u) * u + between(-6.0, 6.0, along_v) * v + TAU * phase;
        let amplitude = draw(identifier, 7 + i);
        (0..3).for_each(|channel| colour[channel] += between(0.01, 0.05, amplitude[channel]) * wave.sin());
    }
    for i in 0..2 {
        let [x, y, radius, hue] = draw(identifier, 10 + i);
        let inside = between(0.03, 0.07, radius) - (u - x).hypot(v - y);
        let disc = hsv(hue, muted, between(0.2, 0.7, draw(identifier, 12 + i)[0]));
        colour = mix(colour, disc, (inside / footprint + 0.5).clamp(0.0, 1.0));
    }

    let centre = [x, y].map(|uniform| pick([0.36, 0.64], [0.3, 0.7], uniform));
    let radius = pick([0.27, 0.37], [0.26, 0.38], radius);
    let (sine, cosine) = between(-0.6, 0.6, angle).sin_cos();
    let [dx, dy] = [(u - centre[0]) / radius, (v - centre[1]) / radius];
    let [p, q] = [cosine * dx + sine * dy, cosine * dy - sine * dx];
    let distance = match class / 3 {
        0 => p.hypot(q) - 0.9,
        1 => p.abs().max(q.abs()) - 0.8,
        2 => (0.75_f64.sqrt() * p.abs() - 0.5 * q).max(q) - 0.55,
        _ => (p.abs() - 1.0).max(q.abs() - 0.33).min((p.abs() - 0.33).max(q.abs() - 1.0)),
    };
    let coverage = (0.5 - distance * radius / footprint).clamp(0.0, 1.0);
    let frequency = 8.0 * between(0.9, 1.1, frequency);
    let stripes = (frequency * p + TAU * phase_1).sin();
    let t = match class % 3 {
        0 => 1.0,
        1 => sharpen(stripes),
        _ => sharpen(1.5 * stripes * (frequency * q + TAU * phase_2).sin()),
    };
    let hue = f64::from(class) / 12.0 + between(-0.15, 0.15, hue);
    let saturation = if grey { 0.2 } else { between(0.6, 1.0, saturation) };
    let value = match (grey, darker < 0.5) {
        (false, _) => between(0.7, 1.0, value),
        (true, true) => between(0.12, 0.28, value),
        (true, false) => between(0.75, 1.0, value),
    };
    let object = mix(hsv(hue + between(0.25, 0.75, second_hue), saturation, 0.45 * value), hsv(hue, saturation, value), t);
    let [r, g, b] = mix(colour, object, coverage);
    [r, g, b, coverage]
}

/// Packed RGBA8 of a whole scene at `size` x `size` pixels, no change applied, alpha 255.
pub fn reference_image(family: Scene, identifier: u32, size: u32) -> Vec<u32> {
    let along = |index: u32| (f64::from(index) + 0.5) / f64::from(size);
    let byte = |value: f64| (value.clamp(0.0, 1.0) * 255.0).round_ties_even() as u32;
    (0..size * size)
        .map(|pixel| {
            let [r, g, b, _] = reference_colour(family, identifier, along(pixel % size), along(pixel / size), 1.0 / f64::from(size));
            byte(r) | byte(g) << 8 | byte(b) << 16 | 255 << 24
        })
        .collect()
}
