// The generator's bits and uniforms for counters (row, row * 0x9E3779B9): words, uniforms (1, R, 4); overwrites. For tests.

#import "shared/rng.wgsl"

struct Params {
    rows: u32,
    key_low: u32,
    key_high: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> words: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> uniforms: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if gid.x >= params.rows {
        return;
    }
    let bits = random4(vec2<u32>(params.key_low, params.key_high), vec2<u32>(gid.x, gid.x * 0x9E3779B9u));
    words[gid.x] = bits;
    uniforms[gid.x] = uniform4(bits);
}
