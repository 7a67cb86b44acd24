// The gradient of the BYOL loss with respect to one of its two sides; one row a thread (software adapters).
// The pairing of rows is its own inverse, so q and z only change places: x is the side, other the other one.
// x, other, dx (L, 2B, d); dloss (L, 1, 1). dx is overwritten, or added to if `accumulate`; the teacher's side is multiplied
// by the learner's teacher_gradient, and is an exact 0 where that is 0.
#import "shared/learner.wgsl"

struct Params { batch: u32, columns: u32, least: f32, teacher: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read> learners: array<Learner>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = 2u * params.batch;
    if (gid.x >= rows) { return; }
    let first = (gid.z * rows + gid.x) * params.columns;
    let first_other = (gid.z * rows + (gid.x + params.batch) % rows) * params.columns;
    var squares = 0.0;
    var squares_other = 0.0;
    var product = 0.0;
    for (var c = 0u; c < params.columns; c++) {
        squares += x[first + c] * x[first + c];
        squares_other += other[first_other + c] * other[first_other + c];
        product += x[first + c] * other[first_other + c];
    }
    let factor = select(1.0, learners[gid.z].teacher_gradient, params.teacher != 0u);
    let weight = -factor * dloss[gid.z] / f32(params.batch);
    let length = max(sqrt(squares), params.least);
    let length_other = max(sqrt(squares_other), params.least);
    // Below `least` the length is a constant, and no radial part is taken out.
    let radial = select(0.0, product / length / length_other / length, sqrt(squares) > params.least);
    for (var c = 0u; c < params.columns; c++) {
        let slope = (other[first_other + c] / length_other - x[first + c] * radial) / length;
        let value = select(weight * slope, 0.0, factor == 0.0);
        if (params.accumulate != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
    }
}
