// The gradient of the BYOL loss with respect to one of its two sides; one row a thread (software adapters).
// A row is compared with the rows of the same image in all other views of the other side, so q and z only change places: x is
// the side, other the other one. x, dx (L, views B, d); other (L, other_views B, d); dloss (L, 1, 1). dx is overwritten, or added
// to if `accumulate`; the teacher's side is multiplied by the learner's teacher_gradient, and is an exact 0 where that is 0.
#import "shared/learner.wgsl"

struct Params { batch: u32, views: u32, other_views: u32, terms: u32, columns: u32, least: f32, teacher: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read> learners: array<Learner>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let rows = params.views * params.batch;
    if (gid.x >= rows) { return; }
    let view = gid.x / params.batch;
    let first = (gid.z * rows + gid.x) * params.columns;
    let factor = select(1.0, learners[gid.z].teacher_gradient, params.teacher != 0u);
    // A mean over twice `terms` pairs, each of slope 2.
    let weight = -factor * dloss[gid.z] / f32(params.terms);
    let pairs = params.other_views - u32(view < params.other_views);
    for (var pair = 0u; pair < pairs; pair++) {
        let other_view = pair + u32(pair >= view);
        let first_other = ((gid.z * params.other_views + other_view) * params.batch + gid.x % params.batch) * params.columns;
        var squares = 0.0;
        var squares_other = 0.0;
        var product = 0.0;
        for (var c = 0u; c < params.columns; c++) {
            squares += x[first + c] * x[first + c];
            squares_other += other[first_other + c] * other[first_other + c];
            product += x[first + c] * other[first_other + c];
        }
        let length = max(sqrt(squares), params.least);
        let length_other = max(sqrt(squares_other), params.least);
        // Below `least` the length is a constant, and no radial part is taken out.
        let radial = select(0.0, product / length / length_other / length, sqrt(squares) > params.least);
        for (var c = 0u; c < params.columns; c++) {
            let slope = (other[first_other + c] / length_other - x[first + c] * radial) / length;
            let value = select(weight * slope, 0.0, factor == 0.0);
            if (params.accumulate + pair != 0u) { dx[first + c] += value; } else { dx[first + c] = value; }
        }
    }
}
