// attention_first_spread for llvmpipe: four elements of k and of v a thread, two a load. HEAD a multiple of 4; shapes as there.
// Overwrites dkv, or adds to it if `accumulate`.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, factor: f32, accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<storage, read_write> dkv: array<vec2<u64>>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let width = params.heads * HEAD / 4u;
    let row = gid.x / width;
    if (row >= params.rows) { return; }
    let quad = gid.x - row * width;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    let image = gid.z * params.images + place.x;
    let weight = (image * params.heads + quad * 4u / HEAD) * params.longest + place.y;
    let to = (gid.z * params.rows + row) * 2u * width + quad;
    var dk = params.factor * slopes[weight] * unpack(q[image * width + quad]);
    var dv = probabilities[weight] * unpack(dy[image * width + quad]);
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    if (params.accumulate + gid.y != 0u) {
        dk += unpack(dkv[to]);
        dv += unpack(dkv[to + width]);
    }
    dkv[to] = pack(dk);
    dkv[to + width] = pack(dv);
}
