// One AdamW step over all parameters, clipping included; four elements a thread.
// student, gradient, moment1, moment2 (L, 1, P) as quads of 4; groups (1, 1, P / 64), one word for 64 elements: bit 0 decays,
// bit 1 is the predictor's, bit 3 stays as it is, moments too, for the learner's frozen_steps; norm (L, 1, 1) of the gradient. student, moment1 and moment2 are updated in place.
#import "shared/item.wgsl"
#import "shared/learner.wgsl"
#import "shared/step.wgsl"

struct Params {
    quads: u32,
    beta1: f32,
    beta2: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    epsilon: f32,
    clip_norm: f32,  // 0: none
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> student: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> moment2: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> groups: array<u32>;
@group(0) @binding(6) var<storage, read> norm: array<f32>;
@group(0) @binding(7) var<storage, read> learners: array<Learner>;
@group(0) @binding(8) var<storage, read> state: StepState;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let quad = item_index(gid);
    if (quad >= params.quads) { return; }
    let i = gid.z * params.quads + quad;
    let group = groups[quad / 16u];
    let learner = learners[gid.z];
    if ((group & 8u) != 0u && state.step <= learner.frozen_steps) { return; }
    var rate = learner.learning_rate * state.warm_up;
    if ((group & 2u) != 0u) { rate *= learner.predictor_multiplier; }
    var g = gradient[i];
    if (params.clip_norm > 0.0 && norm[gid.z] > params.clip_norm) { g *= params.clip_norm / norm[gid.z]; }
    let m = params.beta1 * moment1[i] + params.one_minus_beta1 * g;
    let v = params.beta2 * moment2[i] + params.one_minus_beta2 * g * g;
    moment1[i] = m;
    moment2[i] = v;
    var p = student[i];
    if ((group & 1u) != 0u) { p -= rate * learner.weight_decay * p; }
    student[i] = p - rate * (m / state.unbias1) / (sqrt(v / state.unbias2) + params.epsilon);
}
