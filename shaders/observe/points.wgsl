// The cloud: for each image the student's and the teacher's normalised projection on the three axes, its class (-1: none) and
// the pair's loss 2 - 2 cos; an image a thread.
// student, teacher (L, n, 4 quads), rows of length 1; axes (L, 3, 4 quads); labels (1, n, 1) u32; points (L, n, 8).
// Overwrites points: student x, y, z, class, teacher x, y, z, loss.
struct Params { rows: u32, quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> teacher: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> axes: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> labels: array<u32>;
@group(0) @binding(5) var<storage, read_write> points: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.rows) { return; }
    let row = gid.z * params.rows + gid.x;
    let quads = params.quads;
    let first_axis = gid.z * 3u * quads;
    var s = vec3(0.0);
    var t = vec3(0.0);
    var cosine = 0.0;
    for (var j = 0u; j < quads; j++) {
        let a = student[row * quads + j];
        let b = teacher[row * quads + j];
        let x = axes[first_axis + j];
        let y = axes[first_axis + quads + j];
        let z = axes[first_axis + 2u * quads + j];
        s += vec3(dot(a, x), dot(a, y), dot(a, z));
        t += vec3(dot(b, x), dot(b, y), dot(b, z));
        cosine += dot(a, b);
    }
    let label = labels[gid.x];
    points[2u * row] = vec4(s, select(f32(label), -1.0, label == 0xffffffffu));
    points[2u * row + 1u] = vec4(t, 2.0 - 2.0 * cosine);
}
