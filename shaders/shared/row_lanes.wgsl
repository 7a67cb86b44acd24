// A row of up to 128 columns (a multiple of 4), held by a subgroup of exactly 8 lanes: quad q of a lane is the row's quad
// lane + 8 q, and QUADS of them, a constant, cover the row. What lies past the row's end counts as zero.
#import "shared/lanes.wgsl"
#import "shared/pairs.wgsl"
override QUADS: u32 = 1u;

// Appends a quad and drops the first, so that a loop can load or store a whole row without indexing registers.
fn push(row: ptr<function, array<vec4<f32>, 4>>, quad: vec4<f32>) {
    if (QUADS > 1u) { (*row)[0] = (*row)[1]; }
    if (QUADS > 2u) { (*row)[1] = (*row)[2]; }
    if (QUADS > 3u) { (*row)[2] = (*row)[3]; }
    (*row)[QUADS - 1u] = quad;
}

// row = (row - mean) / sqrt(variance + eps); returns that factor.
fn normalise(row: ptr<function, array<vec4<f32>, 4>>, lane: u32, columns: u32, eps: f32) -> f32 {
    var sum = vec4<f32>();
    for (var q = 0u; q < QUADS; q++) { sum += f32(u32(4u * lane + 32u * q < columns)) * (*row)[q]; }
    let mean = lanes_sum(sum) / f32(columns);
    var squares = vec4<f32>();
    for (var q = 0u; q < QUADS; q++) {
        (*row)[q] = f32(u32(4u * lane + 32u * q < columns)) * ((*row)[q] - mean);
        squares += (*row)[q] * (*row)[q];
    }
    let scale = 1.0 / sqrt(lanes_sum(squares) / f32(columns) + eps);
    for (var q = 0u; q < QUADS; q++) { (*row)[q] = scale * (*row)[q]; }
    return scale;
}
