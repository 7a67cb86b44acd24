// The meters of a learner's distributions out of those of its rows and columns, in order; one learner a thread (software
// adapters). rows (L, R, 2), columns (L, K, 2); teacher_entropy, mean_entropy, used (L, 1, 1), overwritten.
struct Params { learners: u32, rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<storage, read> columns: array<f32>;
@group(0) @binding(3) var<storage, read_write> teacher_entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean_entropy: array<f32>;
@group(0) @binding(5) var<storage, read_write> used: array<f32>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.learners) { return; }
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let row_count = params.rows + gid.y;
    let column_count = params.columns + gid.y;
    var entropy = 0.0;
    for (var r = gid.x * row_count; r < (gid.x + 1u) * row_count; r++) { entropy += rows[2u * r]; }
    var sums = vec2<f32>();
    for (var c = gid.x * column_count; c < (gid.x + 1u) * column_count; c++) { sums += vec2<f32>(columns[2u * c], columns[2u * c + 1u]); }
    teacher_entropy[gid.x] = entropy / f32(row_count);
    mean_entropy[gid.x] = sums.x;
    used[gid.x] = sums.y / f32(column_count);
}
