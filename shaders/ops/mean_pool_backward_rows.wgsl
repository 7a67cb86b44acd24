// The gradient of mean_pool_forward_rows; one row of dy a thread, two elements a load. C a multiple of 4.
// dy (L, rows, C); dx (L, rows * group, C), overwritten, or added to if `accumulate`.
#import "shared/pairs.wgsl"

struct Params { rows: u32, columns: u32, group: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec2<u64>>;

@compute @workgroup_size(8, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    // gid.y is 0, which Mesa does not know: it would put a uniform's value in and compile anew at every dispatch.
    let quads = params.columns / 4u + gid.y;
    let group = params.group + gid.y;
    let row = gid.z * params.rows + gid.x;
    for (var q = 0u; q < quads; q++) {
        let share = unpack(dy[row * quads + q]) / f32(group);
        for (var i = 0u; i < group; i++) {
            let to = (row * group + i) * quads + q;
            var value = share;
            if (params.accumulate + gid.y != 0u) { value += unpack(dx[to]); }
            dx[to] = pack(value);
        }
    }
}
