// Mean over the batch of the cosine of each pair (teacher's global i, student's view v); a pair a thread.
// student (L, V * B, 4 quads) and teacher (L, 2 * B, 4 quads), learners `stride` vectors apart; y (L, 2, V). Overwrites y.
struct Params { batch: u32, views: u32, quads: u32, student_stride: u32, teacher_stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> student: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> teacher: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= 2u * params.views) { return; }
    let i = gid.x / params.views;
    let v = gid.x % params.views;
    // gid.y is 0, which Mesa does not know: it would put the uniform's value in and compile anew at every dispatch.
    let quads = params.quads + gid.y;
    let batch = params.batch + gid.y;
    let first = vec2(
        gid.z * params.student_stride + v * params.batch * quads,
        gid.z * params.teacher_stride + i * params.batch * quads,
    );
    var sum = 0.0;
    for (var b = 0u; b < batch; b++) {
        var products = vec3(0.0);
        for (var j = 0u; j < quads; j++) {
            let s = student[first.x + b * quads + j];
            let t = teacher[first.y + b * quads + j];
            products += vec3(dot(s, t), dot(s, s), dot(t, t));
        }
        sum += products.x / (max(sqrt(products.y), 1e-6) * max(sqrt(products.z), 1e-6));
    }
    y[gid.z * 2u * params.views + gid.x] = sum / f32(params.batch);
}
