// The gradient of first_rows_forward; one element of dx a thread.
// dy (L, images, C); dx (L, rows, C): overwritten, with zeros where a row is no image's first.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params { rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let row = item / params.columns;
    if (row >= params.rows) { return; }
    let column = item - row * params.columns;
    let place = image_and_thing(row, params.count0, params.length0, params.length1);
    var value = 0.0;
    if (place.y == 0u) { value = dy[(gid.z * params.images + place.x) * params.columns + column]; }
    dx[gid.z * params.rows * params.columns + item] = value;
}
