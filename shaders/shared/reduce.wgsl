// Sums over a workgroup of 64 threads in a fixed order (a tree), the same bits every run. All threads must call.
var<workgroup> reduce_scratch: array<f32, 64>;

fn group_sum(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    reduce_scratch[lane] = value;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { reduce_scratch[lane] += reduce_scratch[lane + half]; }
    }
    workgroupBarrier();
    return reduce_scratch[0];
}
