// Parameters of the scenes `shapes` and `shapes-grey`: scenes (L, B, 64) f32 from images (L, B, 4) u32; overwrites.
// Class = 3 shape + texture. Left open by the design and settled here: the class hue is class/12 of a turn, object saturation
// is .6-1 (grey: the ground's .2), clutter discs have radius .03-.07 and lie behind the object.

#import "shared/rng.wgsl"
#import "shared/colour.wgsl"
#import "shared/scene.wgsl"

struct Params {
    rows: u32,
    grey: u32,
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
    let category = image.y;
    let base = scene * SCENE_VECTORS;
    let grey = params.grey != 0u;

    let place = scene_draw(identifier, 0u);
    let texture = scene_draw(identifier, 1u);
    let colours = scene_draw(identifier, 2u);
    let tones = scene_draw(identifier, 3u);

    let nearest = select(0.36, 0.3, grey);
    let centre = nearest + (1.0 - 2.0 * nearest) * place.xy;
    let radius = select(between(0.27, 0.37, place.z), between(0.26, 0.38, place.z), grey);
    let angle = between(-0.6, 0.6, place.w);
    scenes[base] = vec4<f32>(centre, cos(angle) / radius, sin(angle) / radius);
    // texture = sharpen(c0 + c1 s1 + c12 s1 s2), a phase in turns per radius
    let kind = category % 3u;
    let frequency = 8.0 * between(0.9, 1.1, texture.x) / TURN;
    scenes[base + 1u] = vec4<f32>(f32(category / 3u), radius, frequency, select(0.0, 1.0, kind == 0u));
    scenes[base + 2u] = vec4<f32>(texture.y, texture.z, select(0.0, 1.0, kind == 1u), select(0.0, 1.5, kind == 2u));

    let hue = f32(category) / 12.0 + between(-0.15, 0.15, colours.x);
    let saturation = select(between(0.6, 1.0, colours.z), 0.2, grey);
    let dark = grey && tones.z < 0.5;
    let grey_value = select(between(0.75, 1.0, colours.w), between(0.12, 0.28, colours.w), dark);
    let value = select(between(0.7, 1.0, colours.w), grey_value, grey);
    let ground_value = select(between(0.1, 0.3, tones.x), between(0.42, 0.52, tones.x), grey);
    scenes[base + 3u] = vec4<f32>(hsv_to_rgb(tones.y, select(0.4, 0.2, grey), ground_value), 0.0);
    scenes[base + 4u] = vec4<f32>(hsv_to_rgb(hue, saturation, value), 0.0);
    scenes[base + 5u] = vec4<f32>(hsv_to_rgb(hue + between(0.25, 0.75, colours.y), saturation, 0.45 * value), 0.0);

    for (var i = 0u; i < 3u; i++) {
        let wave = scene_draw(identifier, 4u + i);
        let amplitude = scene_draw(identifier, 7u + i);
        scenes[base + 6u + i] =
            vec4<f32>(between(-6.0, 6.0, wave.x) / TURN, between(-6.0, 6.0, wave.y) / TURN, wave.z, 0.0);
        scenes[base + 9u + i] = vec4<f32>(0.01 + 0.04 * amplitude.xyz, 0.0);
    }
    for (var i = 0u; i < 2u; i++) {
        let disc = scene_draw(identifier, 10u + i);
        let tint = scene_draw(identifier, 12u + i);
        scenes[base + 12u + i] = vec4<f32>(disc.x, disc.y, between(0.03, 0.07, disc.z), 0.0);
        scenes[base + 14u + i] = vec4<f32>(hsv_to_rgb(disc.w, select(0.4, 0.2, grey), between(0.2, 0.7, tint.x)), 0.0);
    }
}
