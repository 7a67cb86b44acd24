// One-sided Jacobi iteration on symmetric positive semi-definite matrices: rotations of pairs of rows, in round-robin order,
// make the rows orthogonal; their lengths are then the eigenvalues and their directions the eigenvectors.
// One subgroup of 8 lanes a learner (llvmpipe): the whole matrix lives in registers, a lane has 4 columns of up to 32 rows, and
// nothing is loaded meanwhile (a load costs llvmpipe as much as 50 multiplications).
// matrix, rotated (L, n, n); squared_lengths (L, 1, n) of the rows of `rotated`; n = 4 quads <= 32. Overwrites rotated, which
// has trace 1, and squared_lengths.
#import "shared/jacobi.wgsl"

struct Params { quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> rotated: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> squared_lengths: array<f32>;

// Registers cannot be indexed by a variable: loops look at row 0 and turn the rows round.
fn turn_round(rows: ptr<function, array<vec4<f32>, 16>>) {
    let first = (*rows)[0];
    (*rows)[0] = (*rows)[1];
    (*rows)[1] = (*rows)[2];
    (*rows)[2] = (*rows)[3];
    (*rows)[3] = (*rows)[4];
    (*rows)[4] = (*rows)[5];
    (*rows)[5] = (*rows)[6];
    (*rows)[6] = (*rows)[7];
    (*rows)[7] = (*rows)[8];
    (*rows)[8] = (*rows)[9];
    (*rows)[9] = (*rows)[10];
    (*rows)[10] = (*rows)[11];
    (*rows)[11] = (*rows)[12];
    (*rows)[12] = (*rows)[13];
    (*rows)[13] = (*rows)[14];
    (*rows)[14] = (*rows)[15];
    (*rows)[15] = first;
}

// The other way, with `first` as the new row 0 instead of the last.
fn turn_back(rows: ptr<function, array<vec4<f32>, 16>>, first: vec4<f32>) {
    (*rows)[15] = (*rows)[14];
    (*rows)[14] = (*rows)[13];
    (*rows)[13] = (*rows)[12];
    (*rows)[12] = (*rows)[11];
    (*rows)[11] = (*rows)[10];
    (*rows)[10] = (*rows)[9];
    (*rows)[9] = (*rows)[8];
    (*rows)[8] = (*rows)[7];
    (*rows)[7] = (*rows)[6];
    (*rows)[6] = (*rows)[5];
    (*rows)[5] = (*rows)[4];
    (*rows)[4] = (*rows)[3];
    (*rows)[3] = (*rows)[2];
    (*rows)[2] = (*rows)[1];
    (*rows)[1] = (*rows)[0];
    (*rows)[0] = first;
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let quads = params.quads;
    let n = 4u * quads;
    let base = group.z * n * quads + min(lane, quads - 1u);
    var diagonal = 0.0;
    for (var i = 0u; i < 4u; i++) { diagonal += matrix[base + min(4u * lane + i, n - 1u) * quads][i]; }
    let trace = subgroupAdd(select(0.0, diagonal, lane < quads));
    let scale = select(0.0, inverse_trace(trace), lane < quads);
    var top = array<vec4<f32>, 16>();
    var bottom = array<vec4<f32>, 16>();
    for (var i = 0u; i < 16u; i++) {
        top[0] = matrix[base + min(i, n - 1u) * quads] * select(0.0, scale, i < n);
        bottom[0] = matrix[base + min(i + 16u, n - 1u) * quads] * select(0.0, scale, i + 16u < n);
        turn_round(&top);
        turn_round(&bottom);
    }
    for (var sweep = 0u; sweep < MAX_SWEEPS; sweep++) {
        var turned = false;
        for (var round = 0u; round < 31u; round++) {
            for (var i = 0u; i < 16u; i++) {
                let a = top[0];
                let b = bottom[0];
                let sums = subgroupAdd(vec3(dot(a, a), dot(b, b), dot(a, b)));
                let must = must_rotate(sums.x, sums.y, sums.z);
                turned = turned || must;
                let turn = select(vec2(1.0, 0.0), rotation(sums.x, sums.y, sums.z), must);
                top[0] = turn.x * a - turn.y * b;
                bottom[0] = turn.y * a + turn.x * b;
                turn_round(&top);
                turn_round(&bottom);
            }
            // The next round's partners: the first of the top stays, all others move one place on, clockwise.
            let stays = top[0];
            let from_top = top[15];
            let from_bottom = bottom[0];
            turn_round(&bottom);
            bottom[15] = from_top;
            turn_back(&top, stays);
            top[1] = from_bottom;
        }
        if (!turned) { break; }
    }
    for (var i = 0u; i < 16u; i++) {
        let a = top[0];
        let b = bottom[0];
        let sums = subgroupAdd(vec2(dot(a, a), dot(b, b)));
        if (lane < quads && i < n) {
            rotated[base + i * quads] = a;
            if (lane == 0u) { squared_lengths[group.z * n + i] = sums.x; }
        }
        if (lane < quads && i + 16u < n) {
            rotated[base + (i + 16u) * quads] = b;
            if (lane == 0u) { squared_lengths[group.z * n + i + 16u] = sums.y; }
        }
        turn_round(&top);
        turn_round(&bottom);
    }
}
