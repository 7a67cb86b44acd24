// The gradient of first_rows_forward, added to one that is there; one element of dy a thread.
// dy (L, images, C); dx (L, rows, C): the first row of every image is added to.
#import "shared/item.wgsl"
#import "shared/sequences.wgsl"

struct Params { rows: u32, images: u32, columns: u32, count0: u32, length0: u32, length1: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let item = item_index(gid);
    let image = item / params.columns;
    if (image >= params.images) { return; }
    let column = item - image * params.columns;
    let row = sequence_of(image, params.count0, params.length0, params.length1).first;
    dx[(gid.z * params.rows + row) * params.columns + column] += dy[gid.z * params.images * params.columns + item];
}
