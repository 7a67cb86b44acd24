// Puts four meters of a step into row (step - 1) % 256 of a ring; a learner a thread.
// a, b, c, d (L, 1, 1); ring (L, 256, 4 width). Overwrites the four columns `place` of one row of ring.
#import "shared/step.wgsl"

struct Params { learners: u32, capacity: u32, width: u32, place: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: StepState;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> c: array<f32>;
@group(0) @binding(5) var<storage, read> d: array<f32>;
@group(0) @binding(6) var<storage, read_write> ring: array<vec4<f32>>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    let l = gid.x;
    if (l >= params.learners) { return; }
    let row = (state.step - 1u) % params.capacity;
    ring[(l * params.capacity + row) * params.width + params.place] = vec4(a[l], b[l], c[l], d[l]);
}
