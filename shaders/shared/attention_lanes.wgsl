// Attention heads of 16 dimensions for subgroups of exactly 8 lanes (llvmpipe): a lane has 3 rows of a tile of 24 to itself; the
// other side's rows pass one by one, each lane loading one pair of them and handing it on by broadcast.
#import "shared/pairs.wgsl"
#import "shared/sequences.wgsl"

// Rows of a tile.
const TILE: u32 = 24u;

// 16 numbers.
struct Sixteen { a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32> }

// A row of which each lane holds a pair.
fn gathered(pair: u64) -> Sixteen {
    let x = low(pair);
    let y = high(pair);
    return Sixteen(
        vec4<f32>(subgroupBroadcast(x, 0u), subgroupBroadcast(y, 0u), subgroupBroadcast(x, 1u), subgroupBroadcast(y, 1u)),
        vec4<f32>(subgroupBroadcast(x, 2u), subgroupBroadcast(y, 2u), subgroupBroadcast(x, 3u), subgroupBroadcast(y, 3u)),
        vec4<f32>(subgroupBroadcast(x, 4u), subgroupBroadcast(y, 4u), subgroupBroadcast(x, 5u), subgroupBroadcast(y, 5u)),
        vec4<f32>(subgroupBroadcast(x, 6u), subgroupBroadcast(y, 6u), subgroupBroadcast(x, 7u), subgroupBroadcast(y, 7u)),
    );
}

fn product(x: Sixteen, y: Sixteen) -> f32 {
    let sum = x.a * y.a + x.b * y.b + x.c * y.c + x.d * y.d;
    return (sum.x + sum.y) + (sum.z + sum.w);
}

fn scaled(x: Sixteen, by: f32) -> Sixteen {
    return Sixteen(x.a * by, x.b * by, x.c * by, x.d * by);
}

// x + y * by
fn plus(x: Sixteen, y: Sixteen, by: f32) -> Sixteen {
    return Sixteen(x.a + y.a * by, x.b + y.b * by, x.c + y.c * by, x.d + y.d * by);
}
