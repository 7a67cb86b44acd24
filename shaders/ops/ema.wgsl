// The teacher follows the student: teacher = tau * teacher + (1 - tau) * student; four elements a thread.
// teacher, student (L, 1, P) as quads of 4; groups (1, 1, P / 64), one word for 64 elements, bit 2: averaged. teacher is
// updated in place. tau = 0 copies the student and tau = 1 leaves the teacher, bit for bit.
#import "shared/item.wgsl"
#import "shared/learner.wgsl"

struct Params { quads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> teacher: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> student: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> groups: array<u32>;
@group(0) @binding(4) var<storage, read> learners: array<Learner>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let quad = item_index(gid);
    if (quad >= params.quads) { return; }
    let i = gid.z * params.quads + quad;
    let tau = learners[gid.z].tau;
    if ((groups[quad / 16u] & 4u) == 0u || tau == 1.0) { return; }
    if (tau == 0.0) {
        teacher[i] = student[i];
    } else {
        teacher[i] = tau * teacher[i] + (1.0 - tau) * student[i];
    }
}
