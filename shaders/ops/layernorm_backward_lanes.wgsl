// The gradients of layernorm_forward_lanes; 8 lanes a row (llvmpipe), chunk_rows rows a workgroup (chunk).
// x, dy, dx (L, R, C); gain, shift (L, 1, C); partials (L, chunks, 2 C) = gain's C, then shift's C, of each chunk, with a stride of their own. C as in
// row_lanes.wgsl, strides multiples of 4. dx is overwritten, or added to if `accumulate`; partials are overwritten.
// Measured on llvmpipe, 8192x32 with GELU: 3.4 ms, layernorm_backward and layernorm_backward_parameters 56 ms.
#import "shared/activation.wgsl"
#import "shared/row_lanes.wgsl"

struct Params { rows: u32, columns: u32, parameter_stride: u32, chunk_rows: u32, partials_stride: u32, eps: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> gain: array<vec2<u64>>;
@group(0) @binding(3) var<storage, read> shift: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec2<u64>>;
@group(0) @binding(6) var<storage, read_write> partials: array<vec2<u64>>;

fn slope(u: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(activation_derivative(u.x), activation_derivative(u.y), activation_derivative(u.z), activation_derivative(u.w));
}

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    // group.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let quads = params.columns / 4u + group.y;
    let count = (quads + 7u) / 8u;
    var gains = array<vec4<f32>, 4>();
    var shifts = array<vec4<f32>, 4>();
    let parameters = group.z * params.parameter_stride / 4u;
    for (var q = 0u; q < count; q++) {
        let quad = parameters + min(lane + 8u * q, quads - 1u);
        let inside = f32(u32(lane + 8u * q < quads));
        push(&gains, inside * unpack(gain[quad]));
        push(&shifts, unpack(shift[quad]));
    }
    var dgains = array<vec4<f32>, 4>();
    var dshifts = array<vec4<f32>, 4>();
    let end = min((group.x + 1u) * params.chunk_rows, params.rows);
    for (var r = group.x * params.chunk_rows; r < end; r++) {
        let first = (group.z * params.rows + r) * quads;
        var normal = array<vec4<f32>, 4>();
        var d = array<vec4<f32>, 4>();
        for (var q = 0u; q < count; q++) {
            let quad = first + min(lane + 8u * q, quads - 1u);
            push(&normal, unpack(x[quad]));
            push(&d, unpack(dy[quad]));
        }
        let scale = normalise(&normal, lane, params.columns, params.eps);
        var sum = vec4<f32>();
        var sum_normal = vec4<f32>();
        for (var q = 0u; q < QUADS; q++) {
            let du = d[q] * slope(gains[q] * normal[q] + shifts[q]);
            dgains[q] += du * normal[q];
            dshifts[q] += du;
            d[q] = du * gains[q];
            sum += d[q];
            sum_normal += d[q] * normal[q];
        }
        let mean = lanes_sum(sum) / f32(params.columns);
        let mean_normal = lanes_sum(sum_normal) / f32(params.columns);
        for (var q = 0u; q < QUADS; q++) { d[q] = scale * (d[q] - mean - normal[q] * mean_normal); }
        for (var q = 0u; q < count; q++) {
            if (lane + 8u * q < quads) {
                let to = first + lane + 8u * q;
                var value = d[0];
                if (params.accumulate + group.y != 0u) { value += unpack(dx[to]); }
                dx[to] = pack(value);
            }
            push(&d, d[0]);
        }
    }
    let block = group.z * params.partials_stride / 4u + group.x * 2u * quads;
    for (var q = 0u; q < count; q++) {
        if (lane + 8u * q < quads) {
            partials[block + lane + 8u * q] = pack(dgains[0]);
            partials[block + quads + lane + 8u * q] = pack(dshifts[0]);
        }
        push(&dgains, dgains[0]);
        push(&dshifts, dshifts[0]);
    }
}
