// The gradient of positions_forward, gathered: one element of dx a thread, over all targets.
// dy (L, 1 + grid1^2, C); dx (L, 1 + grid0^2, C) in a flat buffer, overwritten, or added to if `accumulate`.
#import "shared/positions.wgsl"

struct Params { columns: u32, grid0: u32, grid1: u32, x_stride: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= (1u + params.grid0 * params.grid0) * params.columns) { return; }
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let grid1 = params.grid1 + gid.y;
    let row = gid.x / params.columns;
    let column = gid.x - row * params.columns;
    let first = gid.z * (1u + grid1 * grid1) * params.columns + column;
    var sum = 0.0;
    if (row == 0u) {
        sum = dy[first];
    } else {
        let y0 = (row - 1u) / params.grid0;
        let x0 = (row - 1u) - y0 * params.grid0;
        for (var y = 0u; y < grid1; y++) {
            let vertical = weight(neighbours(y, params.grid0, grid1), y0);
            if (vertical == 0.0) { continue; }
            for (var x = 0u; x < grid1; x++) {
                let share = vertical * weight(neighbours(x, params.grid0, grid1), x0);
                if (share != 0.0) { sum += share * dy[first + (1u + y * grid1 + x) * params.columns]; }
            }
        }
    }
    let to = gid.z * params.x_stride + gid.x;
    if (params.accumulate != 0u) { sum += dx[to]; }
    dx[to] = sum;
}
