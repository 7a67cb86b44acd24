// Attention of each image's one query: p = softmax(scale q k^T) over the image's keys, y = p v; a subgroup of 8 lanes an image and
// head, each lane with every eighth key (llvmpipe). HEAD a multiple of 4.
// q, y (L, images, D); kv (L, rows, 2 D): keys, then values; probabilities (L, images heads, longest), zero beyond an image.
// Overwrites y and probabilities.
#import "shared/lanes.wgsl"
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

struct Params { images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> kv: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read_write> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2<u64>>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // group.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let heads = params.heads + group.y;
    let longest = params.longest + group.y;
    let quads = HEAD / 4u;
    let image_number = group.x / heads;
    let head = group.x - image_number * heads;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let of_query = ((group.z * params.images + image_number) * heads + head) * quads;
    let width = 2u * heads * quads;
    let keys = (group.z * params.rows + image.first) * width + head * quads;
    let values = keys + heads * quads;
    let line = (group.z * params.images * heads + group.x) * longest;
    var largest = -3.0e38;
    for (var j = lane; j < image.length; j += 8u) {
        var sum = vec4<f32>();
        for (var c = 0u; c < quads; c++) { sum += unpack(q[of_query + c]) * unpack(kv[keys + j * width + c]); }
        let score = params.scale * ((sum.x + sum.y) + (sum.z + sum.w));
        probabilities[line + j] = score;
        largest = max(largest, score);
    }
    largest = lanes_largest(largest);
    var total = 0.0;
    for (var j = lane; j < image.length; j += 8u) {
        let p = exp(probabilities[line + j] - largest);
        probabilities[line + j] = p;
        total += p;
    }
    let share = 1.0 / lanes_total(total);
    for (var j = lane; j < longest; j += 8u) {
        // What lies beyond the image may hold anything.
        probabilities[line + j] = select(0.0, share * probabilities[line + j], j < image.length);
    }
    for (var c = 0u; c < quads; c++) {
        var sum = vec4<f32>();
        for (var j = lane; j < image.length; j += 8u) { sum += probabilities[line + j] * unpack(kv[values + j * width + c]); }
        let mixed = lanes_totals(sum);
        if (lane == 0u) { y[of_query + c] = pack(mixed); }
    }
}
