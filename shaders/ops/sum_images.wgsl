// The sum over images of the same row of each; one element a thread.
// dy (L, rows, C), of which `images` images of `length` rows from row `first`; dx (L, places, C) with a stride of its own.
// Overwrites dx, or adds to it if `accumulate`.

struct Params {
    rows: u32, columns: u32, first: u32, images: u32, length: u32, places: u32, stride: u32, accumulate: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.places * params.columns) { return; }
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let images = params.images + gid.y;
    let step = params.length * params.columns;
    let start = (gid.z * params.rows + params.first) * params.columns + gid.x;
    var sum = 0.0;
    for (var image = 0u; image < images; image++) { sum += dy[start + image * step]; }
    let to = gid.z * params.stride + gid.x;
    if (params.accumulate != 0u) { sum += dx[to]; }
    dx[to] = sum;
}
