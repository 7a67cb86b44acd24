// Colour of a scene of the family `weaves` at (u, v). The importing shader declares `scenes`; `base` is the scene's first vector.

#import "shared/scene.wgsl"
#import "shared/sine.wgsl"

// `footprint` (the pixel's side in units of the picture) is unused: the materials are soft by themselves. Alpha is 0: no object.
fn scene_colour(base: u32, u: f32, v: f32, footprint: f32) -> vec4<f32> {
    let wave1 = scenes[base];
    let wave2 = scenes[base + 1u];
    let wave3 = scenes[base + 2u];
    let mixing = scenes[base + 3u];
    let light1 = scenes[base + 12u];
    let light2 = scenes[base + 13u];
    let light3 = scenes[base + 14u];

    let s3 = sine4_of_turns(vec4<f32>(
        wave3.x * u + wave3.y * v + wave3.z,
        light1.x * u + light1.y * v + light1.z,
        light2.x * u + light2.y * v + light2.z,
        light3.x * u + light3.y * v + light3.z,
    ));
    let s1 = sine_of_turns(wave1.x * u + wave1.y * v + wave1.z);
    let s2 = sine_of_turns(wave2.x * u + wave2.y * v + wave2.z + wave2.w * s3.x);
    let t = sharpen(wave1.w + wave3.w * s1 + mixing.x * s2 + mixing.y * s1 * s2 + mixing.z * max(s1, s2));
    var colour = mix(scenes[base + 5u].xyz, scenes[base + 4u].xyz, t);
    for (var i = 0u; i < 3u; i++) {
        let disc = scenes[base + 6u + i];
        let inside = disc.z - length(vec2<f32>(u - disc.x, v - disc.y));
        colour = mix(colour, scenes[base + 9u + i].xyz, mixing.w * saturate(inside / 0.03 + 0.5));
    }
    return vec4<f32>(colour * (1.0 + light1.w * s3.y + light2.w * s3.z + light3.w * s3.w), 0.0);
}
