// The sum over images of the same row of each, and of their first rows once more; one element a thread.
// dy (L, rows, C), of which `images` images of `length` rows from row `first`; dx (L, length, C) and dfirst (L, 1, C), each with a
// stride of its own. Overwrites each, or adds to it if `accumulate` and `accumulate_first`.

struct Params {
    rows: u32, columns: u32, first: u32, images: u32, length: u32,
    stride: u32, accumulate: u32, first_stride: u32, accumulate_first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<storage, read_write> dfirst: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let step = params.length * params.columns;
    if (gid.x >= step) { return; }
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let images = params.images + gid.y;
    let start = (gid.z * params.rows + params.first) * params.columns + gid.x;
    var sum = 0.0;
    for (var image = 0u; image < images; image++) { sum += dy[start + image * step]; }
    let to = gid.z * params.stride + gid.x;
    dx[to] = select(sum, sum + dx[to], params.accumulate != 0u);
    if (gid.x < params.columns) {
        let to_first = gid.z * params.first_stride + gid.x;
        dfirst[to_first] = select(sum, sum + dfirst[to_first], params.accumulate_first != 0u);
    }
}
