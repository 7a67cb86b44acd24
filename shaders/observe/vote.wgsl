// The class of each query by its k = 20 nearest bank rows (or all, if fewer): weights exp((similarity - 1) / 0.07), the largest
// sum wins, ties go to the smaller class; among equal similarities the smaller bank index is nearer. A query a thread.
// Rows without a label (0xffffffff) are neighbours that do not vote.
// (llvmpipe ends all loops after 65,535 iterations: enough for n = 2048 even if every row is nearer than the one before.)
// similarities (L, block, 4 quads), learners 4 learner_quads apart, columns from n on unused; bank_labels (1, n, 1) u32; predictions (L, m, 1) u32, 0xffffffff: no vote.
// Overwrites the rows [first, first + block) of predictions.
struct Params { first: u32, block: u32, queries: u32, bank: u32, quads: u32, learner_quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> similarities: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bank_labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> predictions: array<u32>;

const NEIGHBOURS: u32 = 20u;
const TEMPERATURE: f32 = 0.07;
const NONE: u32 = 0xffffffffu;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.block) { return; }
    let first = gid.z * params.learner_quads + gid.x * params.quads;
    // Descending by similarity; an equal one that comes later goes behind.
    var nearest: array<f32, 20>;
    var labels: array<u32, 20>;
    for (var i = 0u; i < NEIGHBOURS; i++) {
        nearest[i] = -3.0;
        labels[i] = NONE;
    }
    var bar = -3.0;
    for (var j = 0u; j < params.quads; j++) {
        let four = similarities[first + j];
        if (!any(four > vec4(bar))) { continue; }
        for (var lane = 0u; lane < 4u; lane++) {
            let similarity = four[lane];
            if (!(similarity > bar) || 4u * j + lane >= params.bank) { continue; }
            var place = NEIGHBOURS - 1u;
            while (place > 0u && nearest[place - 1u] < similarity) {
                nearest[place] = nearest[place - 1u];
                labels[place] = labels[place - 1u];
                place -= 1u;
            }
            nearest[place] = similarity;
            labels[place] = bank_labels[4u * j + lane];
            bar = nearest[NEIGHBOURS - 1u];
        }
    }
    var best = NONE;
    var best_weight = 0.0;
    for (var i = 0u; i < NEIGHBOURS; i++) {
        let label = labels[i];
        if (label == NONE) { continue; }
        var weight = 0.0;
        for (var other = 0u; other < NEIGHBOURS; other++) {
            if (labels[other] == label) { weight += exp((nearest[other] - 1.0) / TEMPERATURE); }
        }
        if (weight > best_weight || (weight == best_weight && label < best)) {
            best = label;
            best_weight = weight;
        }
    }
    predictions[gid.z * params.queries + params.first + gid.x] = best;
}
