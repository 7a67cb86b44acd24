// add_gradient for llvmpipe: four elements a thread, two a load. dx, dy (L, R, C), R C a multiple of 4. Overwrites dx, or adds to
// it if `accumulate`.
#import "shared/pairs.wgsl"

struct Params { elements: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let quads = params.elements / 4u;
    if (gid.x >= quads) { return; }
    let i = gid.z * quads + gid.x;
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    if (params.accumulate + gid.y != 0u) {
        dx[i] = pack(unpack(dy[i]) + unpack(dx[i]));
    } else {
        dx[i] = dy[i];
    }
}
