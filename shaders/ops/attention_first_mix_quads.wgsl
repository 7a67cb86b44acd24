// attention_first_mix for llvmpipe: four elements a thread, two a load. HEAD a multiple of 4; shapes as there. Overwrites y, or adds
// to it if `accumulate`.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params {
    images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, first_column: u32, factor: f32,
    accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2<u64>>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let width = params.heads * HEAD / 4u;
    let image_number = gid.x / width;
    if (image_number >= params.images) { return; }
    let quad = gid.x - image_number * width;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let line = (gid.z * params.images + image_number) * params.heads + quad * 4u / HEAD;
    let first = (gid.z * params.rows + image.first) * 2u * width + params.first_column / 4u + quad;
    var sum = vec4<f32>();
    for (var j = 0u; j < image.length; j++) { sum += weights[line * params.longest + j] * unpack(kv[first + j * 2u * width]); }
    let to = gid.z * params.images * width + gid.x;
    sum *= params.factor;
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    if (params.accumulate + gid.y != 0u) { sum += unpack(y[to]); }
    y[to] = pack(sum);
}
