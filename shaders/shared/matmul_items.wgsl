// The bindings of the matmul kernels that load and store one element at a time, and their epilogue.
#import "shared/activation.wgsl"
#import "shared/matmul.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> extra: array<f32>;
@group(0) @binding(5) var<storage, read_write> c: array<f32>;

// Stores the product for row and column, if they are C's, in the block of C that begins at `block`.
fn store(product: f32, row: u32, column: u32, learner: u32, block: u32) {
    if (row >= params.m || column >= params.n) { return; }
    let item = row * params.n + column;
    var value = product;
    if (params.biased != 0u) { value += bias[learner * params.bias_stride + column]; }
    if (params.added != 0u) { value += extra[learner * params.extra_stride + item]; }
    if (params.scaled != 0u) { value *= extra[learner * params.extra_stride + item]; }
    if (ACTIVATION != 0u) {
        let activated = activate_with_slope(value);
        if (params.slopes_at != 0u) { c[block + params.slopes_at + item] = activated.y; }
        value = activated.x;
    }
    if (params.accumulate != 0u) { value += c[block + item]; }
    c[block + item] = value;
}

// Stores a row's sum of A over k.
fn store_sum(sum: f32, row: u32, block: u32) {
    if (row >= params.m) { return; }
    let to = block + params.sums_at + row;
    c[to] = select(sum, sum + c[to], params.accumulate != 0u);
}
