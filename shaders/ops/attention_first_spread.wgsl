// The gradient of the one-query attention with respect to keys and values: dk = factor slope q, dv = p dy; one element of k and
// the same of v a thread.
// q, dy (L, images, D); probabilities, slopes (L, images heads, longest); dkv (L, rows, 2 D), overwritten, or added to if
// `accumulate`.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, factor: f32, accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<storage, read_write> dkv: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let width = params.heads * HEAD;
    let row = item / width;
    if (row >= params.rows) { return; }
    let column = item - row * width;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    let source = gid.z * params.images + place.x;
    let weight = (source * params.heads + column / HEAD) * params.longest + place.y;
    let to = (gid.z * params.rows + row) * 2u * width + column;
    var dk = params.factor * slopes[weight] * q[source * width + column];
    var dv = probabilities[weight] * dy[source * width + column];
    if (params.accumulate != 0u) {
        dk += dkv[to];
        dv += dkv[to + width];
    }
    dkv[to] = dk;
    dkv[to + width] = dv;
}
