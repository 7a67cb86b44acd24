// A procedural scene: 16 vec4 of parameters, written once a scene (data/weaves.wgsl, data/shapes.wgsl), read by every pixel.
// Every random draw of a scene comes from its identifier alone.

#import "shared/rng.wgsl"

const SCENE_VECTORS = 16u;
const DATA_SET_SEED = 0x7714115u;
const TURN = 6.283185307179586;

// The k-th four uniforms of a scene.
fn scene_draw(identifier: u32, k: u32) -> vec4<f32> {
    return uniform4(random4(vec2<u32>(DATA_SET_SEED, k), vec2<u32>(identifier, 0u)));
}

fn between(low: f32, high: f32, uniform_draw: f32) -> f32 {
    return low + (high - low) * uniform_draw;
}

// A soft square wave out of a sine: 0.5 + 1.6 t, clipped.
fn sharpen(t: f32) -> f32 {
    return saturate(0.5 + 1.6 * t);
}
