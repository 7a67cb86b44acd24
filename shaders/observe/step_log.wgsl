// Puts a step's meters into row (step - 1) % 256 of a ring; a learner a thread.
// loss, student_std, teacher_std, gradient_norm (L, 1, 1); ring (L, 256, 4). Overwrites one row of ring.
#import "shared/step.wgsl"

struct Params { learners: u32, capacity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: StepState;
@group(0) @binding(2) var<storage, read> loss: array<f32>;
@group(0) @binding(3) var<storage, read> student_std: array<f32>;
@group(0) @binding(4) var<storage, read> teacher_std: array<f32>;
@group(0) @binding(5) var<storage, read> gradient_norm: array<f32>;
@group(0) @binding(6) var<storage, read_write> ring: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let l = gid.x;
    if (l >= params.learners) { return; }
    let row = (state.step - 1u) % params.capacity;
    ring[l * params.capacity + row] = vec4(loss[l], student_std[l], teacher_std[l], gradient_norm[l]);
}
