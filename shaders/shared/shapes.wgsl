// A scene of the family `shapes`: its parameters, and its colour at (u, v). The importing shader declares `scenes`.

#import "shared/scene.wgsl"
#import "shared/sine.wgsl"

struct Scene {
    place: vec4<f32>,
    form: vec4<f32>,
    texture: vec4<f32>,
    ground: vec3<f32>,
    colour1: vec3<f32>,
    colour2: vec3<f32>,
    wave1: vec3<f32>,
    wave2: vec3<f32>,
    wave3: vec3<f32>,
    amplitude1: vec3<f32>,
    amplitude2: vec3<f32>,
    amplitude3: vec3<f32>,
    disc1: vec3<f32>,
    disc2: vec3<f32>,
    tint1: vec3<f32>,
    tint2: vec3<f32>,
}

// `base` is the scene's first vector.
fn load_scene(base: u32) -> Scene {
    return Scene(
        scenes[base],
        scenes[base + 1u],
        scenes[base + 2u],
        scenes[base + 3u].xyz,
        scenes[base + 4u].xyz,
        scenes[base + 5u].xyz,
        scenes[base + 6u].xyz,
        scenes[base + 7u].xyz,
        scenes[base + 8u].xyz,
        scenes[base + 9u].xyz,
        scenes[base + 10u].xyz,
        scenes[base + 11u].xyz,
        scenes[base + 12u].xyz,
        scenes[base + 13u].xyz,
        scenes[base + 14u].xyz,
        scenes[base + 15u].xyz,
    );
}

// Signed distance to the shape's edge, in radii, negative inside.
fn shape_distance(shape: f32, q: vec2<f32>) -> f32 {
    let a = abs(q);
    let disc = length(q) - 0.9;
    let square = max(a.x, a.y) - 0.8;
    let triangle = max(0.8660254 * a.x - 0.5 * q.y, q.y) - 0.55; // its top at v = -1.1
    let cross_ = min(max(a.x - 1.0, a.y - 0.33), max(a.x - 0.33, a.y - 1.0));
    return select(select(cross_, triangle, shape < 2.5), select(square, disc, shape < 0.5), shape < 1.5);
}

fn over_disc(colour: vec3<f32>, disc: vec3<f32>, tint: vec3<f32>, sharpness: f32, u: f32, v: f32) -> vec3<f32> {
    let inside = disc.z - length(vec2<f32>(u - disc.x, v - disc.y));
    return mix(colour, tint, saturate(inside * sharpness + 0.5));
}

// Edges are anti-aliased over one pixel: `sharpness` is the pixels in the picture's side. Alpha is the object's coverage.
fn scene_colour(scene: Scene, u: f32, v: f32, sharpness: f32) -> vec4<f32> {
    let d = vec2<f32>(u, v) - scene.place.xy;
    let q = vec2<f32>(scene.place.z * d.x + scene.place.w * d.y, scene.place.z * d.y - scene.place.w * d.x);
    let form = scene.form;
    let texture = scene.texture;
    let s = sine4_of_turns(vec4<f32>(
        scene.wave1.x * u + scene.wave1.y * v + scene.wave1.z,
        scene.wave2.x * u + scene.wave2.y * v + scene.wave2.z,
        scene.wave3.x * u + scene.wave3.y * v + scene.wave3.z,
        form.z * q.x + texture.x,
    ));
    var colour = scene.ground + scene.amplitude1 * s.x + scene.amplitude2 * s.y + scene.amplitude3 * s.z;
    colour = over_disc(colour, scene.disc1, scene.tint1, sharpness, u, v);
    colour = over_disc(colour, scene.disc2, scene.tint2, sharpness, u, v);
    let t = sharpen(form.w + texture.z * s.w + texture.w * s.w * sine_of_turns(form.z * q.y + texture.y));
    let coverage = saturate(0.5 - shape_distance(form.x, q) * form.y * sharpness);
    return vec4<f32>(mix(colour, mix(scene.colour2, scene.colour1, t), coverage), coverage);
}
