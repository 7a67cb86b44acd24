// The three axes of the picture: an orthonormal basis of the first three eigenvectors' span, turned within that span so that it
// fits the previous axes best (orthogonal Procrustes), so the cloud neither flips nor jumps. A learner a thread.
// Where the data leave an axis open (an eigenvalue under 1e-6 of the first), the previous axis goes on; where the space has
// fewer than three dimensions, the axis is 0. Axes of all zeros mean "none yet": then each axis' largest component is positive.
// values (L, 1, n); vectors (L, n, n) in rows; basis (L, 3, n) scratch; axes (L, 3, n); explained (L, 1, 1) = the share of the
// eigenvalues' sum in the first three; n = 4 quads, of which `columns` are used. Overwrites basis and explained, updates axes.
#import "shared/polar.wgsl"

struct Params { learners: u32, quads: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> basis: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> axes: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> explained: array<f32>;

// A candidate's quad j: an eigenvector (0 to 2), a previous axis (3 to 5), or a unit vector (6 and on).
fn candidate_quad(learner: u32, candidate: u32, j: u32) -> vec4<f32> {
    let quads = params.quads;
    if (candidate < 3u) { return vectors[(learner * 4u * quads + candidate) * quads + j]; }
    if (candidate < 6u) { return axes[(learner * 3u + candidate - 3u) * quads + j]; }
    let place = candidate - 6u;
    return select(vec4(0.0), vec4<f32>(vec4(place % 4u) == vec4(0u, 1u, 2u, 3u)), place / 4u == j);
}

// Puts what is left of the candidate, orthogonal to the `count` vectors of the basis so far, into its row `count`; false if
// little is left. (Twice is enough: the second pass removes the first one's rounding.)
fn try_candidate(learner: u32, candidate: u32, count: u32) -> bool {
    let quads = params.quads;
    let row = (learner * 3u + count) * quads;
    for (var j = 0u; j < quads; j++) { basis[row + j] = candidate_quad(learner, candidate, j); }
    var squares = 0.0;
    for (var turn = 0u; turn < 2u; turn++) {
        for (var other = 0u; other < count; other++) {
            let other_row = (learner * 3u + other) * quads;
            var along = 0.0;
            for (var j = 0u; j < quads; j++) { along += dot(basis[row + j], basis[other_row + j]); }
            for (var j = 0u; j < quads; j++) { basis[row + j] -= along * basis[other_row + j]; }
        }
        squares = 0.0;
        for (var j = 0u; j < quads; j++) { squares += dot(basis[row + j], basis[row + j]); }
        // Of the unit vectors, the one that keeps most keeps at least (3 - 2) / 3.
        let kept = squares > 0.3;
        let scale = select(0.0, inverseSqrt(squares), kept);
        for (var j = 0u; j < quads; j++) { basis[row + j] *= scale; }
        if (!kept) { return false; }
    }
    return true;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let l = gid.x;
    if (l >= params.learners) { return; }
    let quads = params.quads;
    let first_value = l * 4u * quads;

    var total = 0.0;
    for (var i = 0u; i < 4u * quads; i++) { total += values[first_value + i]; }
    let shown = values[first_value] + values[first_value + 1u] + values[first_value + 2u];
    explained[l] = select(0.0, min(shown / total, 1.0), total > 0.0);

    for (var i = 0u; i < 3u; i++) {
        let open = !(values[first_value + i] > 1e-6 * values[first_value]);
        var found = !open && try_candidate(l, i, i);
        for (var candidate = 3u; !found && candidate < 6u + params.columns; candidate++) { found = try_candidate(l, candidate, i); }
    }

    let row = l * 3u * quads;
    var fit = mat3x3<f32>();  // column b, row a: previous axis a times basis vector b
    var previous = 0.0;
    for (var j = 0u; j < quads; j++) {
        for (var b = 0u; b < 3u; b++) {
            let vector = basis[row + b * quads + j];
            fit[b] += vec3(dot(axes[row + j], vector), dot(axes[row + quads + j], vector), dot(axes[row + 2u * quads + j], vector));
        }
        previous += dot(axes[row + j], axes[row + j]);
    }
    var turn = mat3x3<f32>(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
    if (previous > 0.0) {
        turn = nearest_orthogonal(fit);
    } else {
        for (var b = 0u; b < 3u; b++) {
            var largest = 0.0;
            for (var c = 0u; c < params.columns; c++) {
                let component = basis[row + b * quads + c / 4u][c % 4u];
                if (abs(component) > abs(largest)) { largest = component; }
            }
            if (largest < 0.0) { turn[b] = -turn[b]; }
        }
    }
    for (var a = 0u; a < 3u; a++) {
        for (var j = 0u; j < quads; j++) {
            axes[row + a * quads + j] =
                turn[0][a] * basis[row + j] + turn[1][a] * basis[row + quads + j] + turn[2][a] * basis[row + 2u * quads + j];
        }
    }
}
