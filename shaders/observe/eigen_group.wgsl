// One-sided Jacobi iteration on symmetric positive semi-definite matrices: rotations of pairs of rows, in round-robin order,
// make the rows orthogonal; their lengths are then the eigenvalues and their directions the eigenvectors.
// One workgroup a learner, four threads a pair of rows.
// matrix, rotated (L, n, n); squared_lengths (L, 1, n) of the rows of `rotated`; n = 4 quads <= 128. Overwrites rotated, which
// has trace 1, and squared_lengths.
#import "shared/jacobi.wgsl"

struct Params { quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> rotated: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> squared_lengths: array<f32>;

var<workgroup> some_turned: atomic<u32>;
var<workgroup> goes_on: u32;
var<workgroup> partial: array<vec3<f32>, 256>;

// The two rows that meet as pair `k` of round `r` among n (even) rows: in n - 1 rounds everyone meets everyone once.
fn pair(n: u32, r: u32, k: u32) -> vec2<u32> {
    let circle = n - 1u;
    return vec2(select((r + k) % circle, circle, k == 0u), (r + circle - k) % circle);
}

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let quads = params.quads;
    let n = 4u * quads;
    let base = group.z * n * quads;
    var trace = 0.0;
    for (var i = 0u; i < n; i++) { trace += matrix[base + i * quads + i / 4u][i % 4u]; }
    let scale = inverse_trace(trace);
    for (var i = lane; i < n * quads; i += 256u) { rotated[base + i] = matrix[base + i] * scale; }
    let inside = lane / 4u < n / 2u;
    let member = lane % 4u;
    for (var sweep = 0u; sweep < MAX_SWEEPS; sweep++) {
        if (lane == 0u) { atomicStore(&some_turned, 0u); }
        var turned = false;
        for (var round = 0u; round < n - 1u; round++) {
            storageBarrier();
            let rows = base + pair(n, round, lane / 4u) * quads;
            if (inside) {
                var sums = vec3(0.0);
                for (var j = member; j < quads; j += 4u) {
                    let a = rotated[rows.x + j];
                    let b = rotated[rows.y + j];
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
                        let a = rotated[rows.x + j];
                        let b = rotated[rows.y + j];
                        rotated[rows.x + j] = turn.x * a - turn.y * b;
                        rotated[rows.y + j] = turn.y * a + turn.x * b;
                    }
                }
            }
        }
        if (turned) { atomicStore(&some_turned, 1u); }
        workgroupBarrier();
        if (lane == 0u) { goes_on = atomicLoad(&some_turned); }
        if (workgroupUniformLoad(&goes_on) == 0u) { break; }
    }
    storageBarrier();
    if (lane < n) {
        var squares = 0.0;
        for (var j = 0u; j < quads; j++) {
            let a = rotated[base + lane * quads + j];
            squares += dot(a, a);
        }
        squared_lengths[group.z * n + lane] = squares;
    }
}
