// y = mean of `group` consecutive rows of x; one element a thread.
// x (L, rows * group, C); y (L, rows, C). Overwrites y.
#import "shared/item.wgsl"

struct Params { rows: u32, columns: u32, group: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    if (item >= params.rows * params.columns) { return; }
    let row = gid.z * params.rows + item / params.columns;
    let column = item % params.columns;
    var sum = 0.0;
    for (var i = 0u; i < params.group; i++) { sum += x[(row * params.group + i) * params.columns + column]; }
    y[row * params.columns + column] = sum / f32(params.group);
}
