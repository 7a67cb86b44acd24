// Moves the step state on to the next step, to the same bits as the CPU does (ops/tick.rs); one thread.
// state (1, 1, 4), updated in place.
#import "shared/step.wgsl"

struct Params {
    beta1: f32,
    beta2: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    warmup_steps: u32,
    one_over_warmup: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> state: StepState;

// max keeps a driver from fusing the product into the sum, which would round differently from adapter to adapter.
fn unbias(previous: f32, beta: f32, one_minus_beta: f32) -> f32 {
    return max(beta * previous, 0.0) + one_minus_beta;
}

@compute @workgroup_size(1, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x > 0u) { return; }
    let step = state.step + 1u;
    state.step = step;
    state.warm_up = select(f32(step) * params.one_over_warmup, 1.0, step >= params.warmup_steps);
    state.unbias1 = unbias(state.unbias1, params.beta1, params.one_minus_beta1);
    state.unbias2 = unbias(state.unbias2, params.beta2, params.one_minus_beta2);
}
