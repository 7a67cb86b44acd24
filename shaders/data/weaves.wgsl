// Parameters of the scenes `weaves` and `weaves-hard`: scenes (L, B, 64) f32 from images (L, B, 4) u32; overwrites.
// The eight materials are one formula, T = sharpen(c0 + c1 s1 + c2 s2 + c12 s1 s2 + cmax max(s1, s2)) with
// s1 = sine(wave 1), s2 = sine(wave 2 + bend sine(wave 3)): the class is in the coefficients, and no pixel branches.

#import "shared/rng.wgsl"
#import "shared/colour.wgsl"
#import "shared/scene.wgsl"

struct Params {
    rows: u32,
    clutter_opacity: f32,
    illumination: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> scenes: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let scene = gid.z * params.rows + gid.x;
    let image = images[scene];
    let identifier = image.x;
    let material = image.y;
    let base = scene * SCENE_VECTORS;

    let geometry = scene_draw(identifier, 0u);
    let angle = between(-0.2, 0.2, geometry.x);
    let frequency = between(0.85, 1.15, geometry.y) / 0.15; // turns per unit
    // a and b as linear functions (per u, per v, at the origin), in turns
    let a = vec3<f32>(frequency * cos(angle), -frequency * sin(angle), geometry.z);
    let b = vec3<f32>(frequency * sin(angle), frequency * cos(angle), geometry.w);

    var wave1 = a;
    var wave2 = b;
    var wave3 = vec3<f32>(0.0);
    var bend = 0.0;
    var c0 = 0.0;
    var c1 = 0.0;
    var c2 = 0.0;
    var c12 = 0.0;
    var cmax = 0.0;
    switch material {
        case 0u: { c1 = 1.0; } // vertical stripes
        case 1u: { c2 = 1.0; } // horizontal stripes
        case 2u: { c12 = 1.5; } // checks
        case 3u: { c12 = 1.4; wave1 = 0.8 * (a + b); wave2 = 0.8 * (a - b); } // diagonal checks
        case 4u: { c0 = -0.35; c1 = 0.6; c2 = 0.6; } // dots
        case 5u: { c2 = 1.0; wave3 = 0.7 * a; bend = 1.6 / TURN; } // zigzag
        case 6u: { c2 = 1.0; wave2 = a; wave3 = 0.7 * b; bend = 1.6 / TURN; } // upright zigzag
        default: { c0 = -0.45; cmax = 1.0; } // lattice
    }
    scenes[base] = vec4<f32>(wave1, c0);
    scenes[base + 1u] = vec4<f32>(wave2, bend);
    scenes[base + 2u] = vec4<f32>(wave3, c1);
    scenes[base + 3u] = vec4<f32>(c2, c12, cmax, params.clutter_opacity);

    let colours = scene_draw(identifier, 1u);
    let colours2 = scene_draw(identifier, 2u);
    let saturation = between(0.3, 0.9, colours.z);
    scenes[base + 4u] = vec4<f32>(hsv_to_rgb(colours.x, saturation, between(0.55, 0.9, colours.w)), 0.0);
    scenes[base + 5u] =
        vec4<f32>(hsv_to_rgb(colours.x + between(0.2, 0.8, colours.y), saturation, between(0.15, 0.45, colours2.x)), 0.0);

    for (var i = 0u; i < 3u; i++) {
        let disc = scene_draw(identifier, 3u + i);
        scenes[base + 6u + i] = vec4<f32>(disc.x, disc.y, between(0.12, 0.28, disc.z), 0.0);
        scenes[base + 9u + i] = vec4<f32>(hsv_to_rgb(disc.w, saturation, 0.6), 0.0);
        let light = scene_draw(identifier, 6u + i);
        scenes[base + 12u + i] = vec4<f32>(
            between(-6.0, 6.0, light.x) / TURN,
            between(-6.0, 6.0, light.y) / TURN,
            light.z,
            between(0.3, 1.0, light.w) * params.illumination,
        );
    }
    scenes[base + 15u] = vec4<f32>(0.0);
}
