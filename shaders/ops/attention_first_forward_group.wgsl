// Attention of each image's one query: p = softmax(scale q k^T) over the image's keys, y = p v; a workgroup an image and head, one
// key a thread, then one dimension a thread (GPUs).
// q, y (L, images, D); kv (L, rows, 2 D): keys, then values; probabilities (L, images heads, longest), zero beyond an image.
// Overwrites y and probabilities.
#import "shared/reduce_max.wgsl"
#import "shared/sequences.wgsl"

struct Params { images: u32, rows: u32, heads: u32, longest: u32, count0: u32, length0: u32, length1: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read_write> probabilities: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Dimensions of a head.
override HEAD: u32 = 16u;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let number = group.y * 32768u + group.x;
    let lines = params.images * params.heads;
    if (number >= lines) { return; }
    let image_number = number / params.heads;
    let head = number - image_number * params.heads;
    let image = sequence_of(image_number, params.count0, params.length0, params.length1);
    let of_query = ((group.z * params.images + image_number) * params.heads + head) * HEAD;
    let width = 2u * params.heads * HEAD;
    let keys = (group.z * params.rows + image.first) * width + head * HEAD;
    let values = keys + params.heads * HEAD;
    let line = (group.z * lines + number) * params.longest;
    var largest = -3.0e38;
    for (var j = lane; j < image.length; j += 64u) {
        var score = 0.0;
        for (var c = 0u; c < HEAD; c++) { score += q[of_query + c] * kv[keys + j * width + c]; }
        score *= params.scale;
        probabilities[line + j] = score;
        largest = max(largest, score);
    }
    largest = group_max(lane, largest);
    var total = 0.0;
    for (var j = lane; j < image.length; j += 64u) {
        let p = exp(probabilities[line + j] - largest);
        probabilities[line + j] = p;
        total += p;
    }
    let share = 1.0 / group_sum(lane, total);
    for (var j = lane; j < params.longest; j += 64u) {
        // What lies beyond the image may hold anything.
        probabilities[line + j] = select(0.0, share * probabilities[line + j], j < image.length);
    }
    storageBarrier();
    for (var c = lane; c < HEAD; c += 64u) {
        var sum = 0.0;
        for (var j = 0u; j < image.length; j++) { sum += probabilities[line + j] * kv[values + j * width + c]; }
        y[of_query + c] = sum;
    }
}
