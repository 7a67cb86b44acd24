// y = softmax(scale q k') v for every query of an image and a head; a workgroup has 32 queries of one (image, head) (GPUs); heads
// of up to 64 dimensions. One pass over the keys with a running maximum.
// q, y (L, rows, D); kv (L, rows, 2 D), k then v; logarithms (L, rows, heads) = log2 of the sum of 2^score. Overwrites both.
#import "shared/attention_group.wgsl"

struct Params { rows: u32, heads: u32, count0: u32, length0: u32, length1: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> kv: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> logarithms: array<f32>;

@compute @workgroup_size(32, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let head = group.x % params.heads;
    let place = image_and_thing(group.x / params.heads, params.count0, (params.length0 + TILE - 1u) / TILE, (params.length1 + TILE - 1u) / TILE);
    let image = sequence_of(place.x, params.count0, params.length0, params.length1);
    let base = group.z * params.rows + image.first;
    let row = place.y * TILE + lane;
    let item = (base + min(row, image.length - 1u)) * params.heads + head;
    var mine: array<f32, 64>;
    var sum: array<f32, 64>;
    for (var c = 0u; c < HEAD; c++) { mine[c] = q[item * HEAD + c] * params.scale; }
    var maximum = -3.0e38;
    var total = 0.0;
    for (var start = 0u; start < image.length; start += chunk_rows()) {
        let count = min(chunk_rows(), image.length - start);
        workgroupBarrier();
        for (var i = lane; i < count * HEAD; i += TILE) {
            let source = ((base + start + i / HEAD) * 2u * params.heads + head) * HEAD + i % HEAD;
            front[i] = kv[source];
            back[i] = kv[source + params.heads * HEAD];
        }
        workgroupBarrier();
        for (var j = 0u; j < count; j++) {
            var score = 0.0;
            for (var c = 0u; c < HEAD; c++) { score += mine[c] * front[j * HEAD + c]; }
            let larger = max(maximum, score);
            let shrink = exp2(maximum - larger);
            let p = exp2(score - larger);
            maximum = larger;
            total = total * shrink + p;
            for (var c = 0u; c < HEAD; c++) { sum[c] = sum[c] * shrink + p * back[j * HEAD + c]; }
        }
    }
    if (row >= image.length) { return; }
    for (var c = 0u; c < HEAD; c++) { y[item * HEAD + c] = sum[c] / total; }
    logarithms[item] = maximum + log2(total);
}
