// The 32 x 32 tile of the register kernels, held by a subgroup of exactly 8 lanes: a lane has 4 neighbouring columns of B and
// C, and 1 of every 8 rows of A, which it hands to the others by broadcast.
#import "shared/pairs.wgsl"

// rows[lane] += a.x of that lane * b0 + a.y of that lane * b1
fn multiply(rows: ptr<function, array<vec4<f32>, 8>>, a: vec2<f32>, b0: vec4<f32>, b1: vec4<f32>) {
    (*rows)[0] = (*rows)[0] + b0 * subgroupBroadcast(a.x, 0u) + b1 * subgroupBroadcast(a.y, 0u);
    (*rows)[1] = (*rows)[1] + b0 * subgroupBroadcast(a.x, 1u) + b1 * subgroupBroadcast(a.y, 1u);
    (*rows)[2] = (*rows)[2] + b0 * subgroupBroadcast(a.x, 2u) + b1 * subgroupBroadcast(a.y, 2u);
    (*rows)[3] = (*rows)[3] + b0 * subgroupBroadcast(a.x, 3u) + b1 * subgroupBroadcast(a.y, 3u);
    (*rows)[4] = (*rows)[4] + b0 * subgroupBroadcast(a.x, 4u) + b1 * subgroupBroadcast(a.y, 4u);
    (*rows)[5] = (*rows)[5] + b0 * subgroupBroadcast(a.x, 5u) + b1 * subgroupBroadcast(a.y, 5u);
    (*rows)[6] = (*rows)[6] + b0 * subgroupBroadcast(a.x, 6u) + b1 * subgroupBroadcast(a.y, 6u);
    (*rows)[7] = (*rows)[7] + b0 * subgroupBroadcast(a.x, 7u) + b1 * subgroupBroadcast(a.y, 7u);
}

// Moves the next row to the front, so that a loop can store all rows without indexing registers.
fn advance(rows: ptr<function, array<vec4<f32>, 8>>) {
    (*rows)[0] = (*rows)[1];
    (*rows)[1] = (*rows)[2];
    (*rows)[2] = (*rows)[3];
    (*rows)[3] = (*rows)[4];
    (*rows)[4] = (*rows)[5];
    (*rows)[5] = (*rows)[6];
    (*rows)[6] = (*rows)[7];
}

// One of four, chosen by number.
fn pick(i: u32, v0: vec4<f32>, v1: vec4<f32>, v2: vec4<f32>, v3: vec4<f32>) -> vec4<f32> {
    return select(select(v0, v1, i == 1u), select(v2, v3, i == 3u), i >= 2u);
}
