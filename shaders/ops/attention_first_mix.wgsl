// y = factor times the sum over an image's keys of weight times a row of kv; one element of y a thread.
// weights (L, images heads, longest); kv (L, rows, 2 D), of which D columns from `first_column` are read; y (L, images, D),
// overwritten, or added to if `accumulate`.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, first_column: u32, factor: f32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let line = item / HEAD;
    if (line >= params.images * params.heads) { return; }
    let image_number = line / params.heads;
    let column = item - image_number * params.heads * HEAD;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let source = (gid.z * params.images * params.heads + line) * params.longest;
    let first = (gid.z * params.rows + image.first) * 2u * params.heads * HEAD + params.first_column + column;
    var sum = 0.0;
    for (var j = 0u; j < image.length; j++) { sum += weights[source + j] * kv[first + j * 2u * params.heads * HEAD]; }
    let to = gid.z * params.images * params.heads * HEAD + item;
    sum *= params.factor;
    if (params.accumulate != 0u) { sum += y[to]; }
    y[to] = sum;
}
