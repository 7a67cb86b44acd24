// Eigenvalues (descending) and eigenvectors of a symmetric positive semi-definite matrix by one-sided Jacobi; see eigen.wgsl.
// One workgroup a learner, four threads a pair of rows (GPUs).
// matrix, work, vectors (L, n, n), vectors in rows; values (L, 1, n); n = 4 quads <= 128. Overwrites work, values and vectors.
#import "shared/jacobi.wgsl"

struct Params { quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> work: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> vectors: array<vec4<f32>>;

var<workgroup> rotated: atomic<u32>;
var<workgroup> sweep_rotated: u32;
var<workgroup> partial: array<vec3<f32>, 256>;
var<workgroup> squared_lengths: array<f32, 128>;

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let quads = params.quads;
    let n = 4u * quads;
    let base = group.z * n * quads;
    // Scaled to trace 1, so that a collapsed (tiny) matrix is as exact as any.
    var trace = 0.0;
    for (var i = 0u; i < n; i++) { trace += matrix[base + i * quads + i / 4u][i % 4u]; }
    let scale = select(0.0, 1.0 / trace, trace > 1e-36);
    for (var i = lane; i < n * quads; i += 256u) { work[base + i] = matrix[base + i] * scale; }
    let inside = lane / 4u < n / 2u;
    let member = lane % 4u;
    for (var sweep = 0u; sweep < MAX_SWEEPS; sweep++) {
        if (lane == 0u) { atomicStore(&rotated, 0u); }
        var turned = false;
        for (var round = 0u; round < n - 1u; round++) {
            storageBarrier();
            let rows = base + pair(n, round, lane / 4u) * quads;
            if (inside) {
                var sums = vec3(0.0);
                for (var j = member; j < quads; j += 4u) {
                    let a = work[rows.x + j];
                    let b = work[rows.y + j];
                    sums += vec3(dot(a, a), dot(b, b), dot(a, b));
                }
                partial[lane] = sums;
            }
            workgroupBarrier();
            if (inside) {
                let first = lane - member;
                let sums = partial[first] + partial[first + 1u] + partial[first + 2u] + partial[first + 3u];
                if (must_rotate(sums.x, sums.y, sums.z)) {
                    turned = true;
                    let turn = rotation(sums.x, sums.y, sums.z);
                    for (var j = member; j < quads; j += 4u) {
                        let a = work[rows.x + j];
                        let b = work[rows.y + j];
                        work[rows.x + j] = turn.x * a - turn.y * b;
                        work[rows.y + j] = turn.y * a + turn.x * b;
                    }
                }
            }
        }
        if (turned) { atomicStore(&rotated, 1u); }
        workgroupBarrier();
        if (lane == 0u) { sweep_rotated = atomicLoad(&rotated); }
        if (workgroupUniformLoad(&sweep_rotated) == 0u) { break; }
    }
    storageBarrier();
    if (lane < n) {
        var squares = 0.0;
        for (var j = 0u; j < quads; j++) {
            let a = work[base + lane * quads + j];
            squares += dot(a, a);
        }
        squared_lengths[lane] = squares;
    }
    workgroupBarrier();
    if (lane < n) {
        let mine = squared_lengths[lane];
        var place = 0u;
        for (var other = 0u; other < n; other++) {
            let theirs = squared_lengths[other];
            if (theirs > mine || (theirs == mine && other < lane)) { place += 1u; }
        }
        let length = sqrt(mine);
        values[group.z * n + place] = length * trace;
        let unit = select(0.0, 1.0 / length, mine > ZERO_SQUARED);
        for (var j = 0u; j < quads; j++) { vectors[base + place * quads + j] = work[base + lane * quads + j] * unit; }
    }
}
