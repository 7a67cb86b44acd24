// Sums and maxima over a subgroup of exactly 8 lanes, in a fixed order; the same in each lane.

fn lanes_total(v: f32) -> f32 {
    let front = (subgroupBroadcast(v, 0u) + subgroupBroadcast(v, 1u)) + (subgroupBroadcast(v, 2u) + subgroupBroadcast(v, 3u));
    let back = (subgroupBroadcast(v, 4u) + subgroupBroadcast(v, 5u)) + (subgroupBroadcast(v, 6u) + subgroupBroadcast(v, 7u));
    return front + back;
}

fn lanes_sum(quad: vec4<f32>) -> f32 { return lanes_total((quad.x + quad.y) + (quad.z + quad.w)); }

fn lanes_totals(quad: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(lanes_total(quad.x), lanes_total(quad.y), lanes_total(quad.z), lanes_total(quad.w));
}

fn lanes_largest(v: f32) -> f32 {
    let front = max(max(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u)), max(subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u)));
    let back = max(max(subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u)), max(subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u)));
    return max(front, back);
}
