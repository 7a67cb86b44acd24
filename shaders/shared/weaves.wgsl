// A scene of the family `weaves`: its parameters, and its colour at (u, v). The importing shader declares `scenes`.

#import "shared/scene.wgsl"
#import "shared/sine.wgsl"

struct Scene {
    wave1: vec4<f32>,
    wave2: vec4<f32>,
    wave3: vec4<f32>,
    mixing: vec4<f32>,
    colour1: vec3<f32>,
    colour2: vec3<f32>,
    disc1: vec3<f32>,
    disc2: vec3<f32>,
    disc3: vec3<f32>,
    tint1: vec3<f32>,
    tint2: vec3<f32>,
    tint3: vec3<f32>,
    light1: vec4<f32>,
    light2: vec4<f32>,
    light3: vec4<f32>,
}

// `base` is the scene's first vector.
fn load_scene(base: u32) -> Scene {
    return Scene(
        scenes[base],
        scenes[base + 1u],
        scenes[base + 2u],
        scenes[base + 3u],
        scenes[base + 4u].xyz,
        scenes[base + 5u].xyz,
        scenes[base + 6u].xyz,
        scenes[base + 7u].xyz,
        scenes[base + 8u].xyz,
        scenes[base + 9u].xyz,
        scenes[base + 10u].xyz,
        scenes[base + 11u].xyz,
        scenes[base + 12u],
        scenes[base + 13u],
        scenes[base + 14u],
    );
}

// A translucent disc (centre, radius) over a colour, its edge .03 wide.
fn under_disc(colour: vec3<f32>, disc: vec3<f32>, tint: vec3<f32>, opacity: f32, u: f32, v: f32) -> vec3<f32> {
    let inside = disc.z - length(vec2<f32>(u - disc.x, v - disc.y));
    return mix(colour, tint, opacity * saturate(inside * (1.0 / 0.03) + 0.5));
}

// `sharpness` (pixels in the picture's side) is unused: the materials are soft by themselves. Alpha is 0: there is no object.
fn scene_colour(scene: Scene, u: f32, v: f32, sharpness: f32) -> vec4<f32> {
    let s3 = sine4_of_turns(vec4<f32>(
        scene.wave3.x * u + scene.wave3.y * v + scene.wave3.z,
        scene.light1.x * u + scene.light1.y * v + scene.light1.z,
        scene.light2.x * u + scene.light2.y * v + scene.light2.z,
        scene.light3.x * u + scene.light3.y * v + scene.light3.z,
    ));
    let s1 = sine_of_turns(scene.wave1.x * u + scene.wave1.y * v + scene.wave1.z);
    let s2 = sine_of_turns(scene.wave2.x * u + scene.wave2.y * v + scene.wave2.z + scene.wave2.w * s3.x);
    let mixing = scene.mixing;
    let t = sharpen(scene.wave1.w + scene.wave3.w * s1 + mixing.x * s2 + mixing.y * s1 * s2 + mixing.z * max(s1, s2));
    var colour = mix(scene.colour2, scene.colour1, t);
    colour = under_disc(colour, scene.disc1, scene.tint1, mixing.w, u, v);
    colour = under_disc(colour, scene.disc2, scene.tint2, mixing.w, u, v);
    colour = under_disc(colour, scene.disc3, scene.tint3, mixing.w, u, v);
    let light = 1.0 + scene.light1.w * s3.y + scene.light2.w * s3.z + scene.light3.w * s3.w;
    return vec4<f32>(colour * light, 0.0);
}
