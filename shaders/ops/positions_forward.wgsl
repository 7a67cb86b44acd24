// Positions of a grid brought to another grid: row 0 (CLS) copied, the others interpolated bilinearly; one element a thread.
// x (L, 1 + grid0^2, C) in a flat buffer; y (L, 1 + grid1^2, C). Overwrites y.
#import "shared/positions.wgsl"

struct Params { columns: u32, grid0: u32, grid1: u32, x_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let elements = (1u + params.grid1 * params.grid1) * params.columns;
    if (gid.x >= elements) { return; }
    let row = gid.x / params.columns;
    let column = gid.x - row * params.columns;
    let first = gid.z * params.x_stride + column;
    var value = x[first];
    if (row > 0u) {
        let v = neighbours((row - 1u) / params.grid1, params.grid0, params.grid1);
        let h = neighbours((row - 1u) % params.grid1, params.grid0, params.grid1);
        let low = first + (1u + v.low * params.grid0) * params.columns;
        let high = first + (1u + v.high * params.grid0) * params.columns;
        let above = mix(x[low + h.low * params.columns], x[low + h.high * params.columns], h.share);
        let below = mix(x[high + h.low * params.columns], x[high + h.high * params.columns], h.share);
        value = mix(above, below, v.share);
    }
    y[gid.z * elements + gid.x] = value;
}
