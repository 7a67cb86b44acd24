// Colour of a scene of the family `shapes` at (u, v). The importing shader declares `scenes`; `base` is the scene's first vector.

#import "shared/scene.wgsl"
#import "shared/sine.wgsl"

// Signed distance to the shape's edge, in radii, negative inside.
fn shape_distance(shape: u32, q: vec2<f32>) -> f32 {
    let a = abs(q);
    switch shape {
        case 0u: { return length(q) - 0.9; } // disc
        case 1u: { return max(a.x, a.y) - 0.8; } // square
        case 2u: { return max(0.8660254 * a.x - 0.5 * q.y, q.y) - 0.55; } // triangle, its top at v = -1.1
        default: { return min(max(a.x - 1.0, a.y - 0.33), max(a.x - 0.33, a.y - 1.0)); } // cross
    }
}

// Edges are anti-aliased over one pixel, `footprint` being its side in units of the picture. Alpha is the object's coverage.
fn scene_colour(base: u32, u: f32, v: f32, footprint: f32) -> vec4<f32> {
    let place = scenes[base];
    let form = scenes[base + 1u];
    let texture = scenes[base + 2u];

    let wave1 = scenes[base + 6u];
    let wave2 = scenes[base + 7u];
    let wave3 = scenes[base + 8u];
    let s = sine4_of_turns(vec4<f32>(
        wave1.x * u + wave1.y * v + wave1.z,
        wave2.x * u + wave2.y * v + wave2.z,
        wave3.x * u + wave3.y * v + wave3.z,
        0.0,
    ));
    var colour =
        scenes[base + 3u].xyz + scenes[base + 9u].xyz * s.x + scenes[base + 10u].xyz * s.y + scenes[base + 11u].xyz * s.z;
    for (var i = 0u; i < 2u; i++) {
        let disc = scenes[base + 12u + i];
        let inside = disc.z - length(vec2<f32>(u - disc.x, v - disc.y));
        colour = mix(colour, scenes[base + 14u + i].xyz, saturate(inside / footprint + 0.5));
    }

    let d = vec2<f32>(u, v) - place.xy;
    let q = vec2<f32>(place.z * d.x + place.w * d.y, place.z * d.y - place.w * d.x);
    let coverage = saturate(0.5 - shape_distance(u32(form.x), q) * form.y / footprint);
    let s1 = sine_of_turns(form.z * q.x + texture.x);
    let s2 = sine_of_turns(form.z * q.y + texture.y);
    let t = sharpen(form.w + texture.z * s1 + texture.w * s1 * s2);
    return vec4<f32>(mix(colour, mix(scenes[base + 5u].xyz, scenes[base + 4u].xyz, t), coverage), coverage);
}
