// Column sums over a workgroup of 256 threads = 8 rows of 32 columns, in a fixed order. All threads must call.
var<workgroup> column_scratch: array<f32, 256>;

fn column_total(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    column_scratch[lane] = value;
    workgroupBarrier();
    var sum = 0.0;
    for (var row = 0u; row < 8u; row++) { sum += column_scratch[row * 32u + lane % 32u]; }
    return sum;
}
