// The three meters of the distributions p: mean entropy of its rows (nats), entropy of its mean row, and the share of columns that
// are some row's first largest. One workgroup a learner (GPUs): 32 lanes by 8 rows a round, then a column a thread.
// p (L, R, K); rows (L, R, 1) = column of each row's largest; teacher_entropy, mean_entropy, used (L, 1, 1). Overwrites all four.
struct Params { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> teacher_entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean_entropy: array<f32>;
@group(0) @binding(5) var<storage, read_write> used: array<f32>;

var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

// The sum over the workgroup, in a fixed order.
fn total(lane: u32, value: f32) -> f32 {
    workgroupBarrier();
    values[lane] = value;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if (lane < half) { values[lane] += values[lane + half]; }
    }
    workgroupBarrier();
    return values[0];
}

@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let begin = group.z * params.rows;
    let within = lane % 32u;
    var entropy = 0.0;
    for (var round = 0u; round < params.rows; round += 8u) {
        let r = round + lane / 32u;
        var largest = -1.0;
        var place = 0u;
        if (r < params.rows) {
            for (var c = within; c < params.columns; c += 32u) {
                let value = p[(begin + r) * params.columns + c];
                entropy -= value * log(max(value, 1e-37)); // 0 for 0; what is not a number stays
                if (value > largest) {
                    largest = value;
                    place = c;
                }
            }
        }
        workgroupBarrier();
        values[lane] = largest;
        places[lane] = place;
        for (var half = 16u; half > 0u; half /= 2u) {
            workgroupBarrier();
            if (within < half) {
                let other = lane + half;
                if (values[other] > values[lane] || (values[other] == values[lane] && places[other] < places[lane])) {
                    values[lane] = values[other];
                    places[lane] = places[other];
                }
            }
        }
        if (within == 0u && r < params.rows) { rows[begin + r] = f32(places[lane]); }
    }
    storageBarrier();
    workgroupBarrier();
    var mean_part = 0.0;
    var used_part = 0.0;
    for (var c = lane; c < params.columns; c += 256u) {
        var sum = 0.0;
        var is_used = 0.0;
        for (var r = begin; r < begin + params.rows; r++) {
            sum += p[r * params.columns + c];
            is_used = select(is_used, 1.0, rows[r] == f32(c));
        }
        let mean = sum / f32(params.rows);
        mean_part -= mean * log(max(mean, 1e-37));
        used_part += is_used;
    }
    let entropy_sum = total(lane, entropy);
    let mean_sum = total(lane, mean_part);
    let used_sum = total(lane, used_part);
    if (lane == 0u) {
        teacher_entropy[group.z] = entropy_sum / f32(params.rows);
        mean_entropy[group.z] = mean_sum;
        used[group.z] = used_sum / f32(params.columns);
    }
}
