// gelu_forward for llvmpipe: four elements a thread, two a load. x, y (L, R, C), R C a multiple of 4. Overwrites y.
#import "shared/activation.wgsl"
#import "shared/pairs.wgsl"

struct Params { elements: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let quads = params.elements / 4u;
    if (gid.x >= quads) { return; }
    let i = gid.z * quads + gid.x;
    let u = unpack(x[i]);
    y[i] = pack(vec4<f32>(activate(u.x), activate(u.y), activate(u.z), activate(u.w)));
}
