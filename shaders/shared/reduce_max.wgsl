// The largest value over a workgroup of 64 threads. All threads must call.
#import "shared/reduce.wgsl"

fn group_max(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    reduce_scratch[lane] = value;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { reduce_scratch[lane] = max(reduce_scratch[lane], reduce_scratch[lane + half]); }
    }
    workgroupBarrier();
    return reduce_scratch[0];
}
