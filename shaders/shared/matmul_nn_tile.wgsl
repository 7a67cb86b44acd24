// One tile of C = A B, A (m, k), B (k, n), by a subgroup of 8 lanes (shared/matmul_tile.wgsl). k a multiple of 2, n of 4.
//
// The importer says where things lie: `nn_pair(learner, i)` gives A's elements 2 i and 2 i + 1, `nn_quad(learner, i)` four of B from
// 4 i on, and `nn_store(learner, item, value)` takes four elements of C from `item` on.
#import "shared/matmul_tile.wgsl"

fn nn_tile(learner: u32, tile: vec2<u32>, lane: u32, m: u32, k_end: u32, n: u32) {
    let row = tile.x * 32u;
    let column = tile.y * 32u + 4u * lane;
    // Rows and columns past the edge repeat the last one and are not stored.
    let safe_column = min(column, n - 4u);
    let last = m - 1u;
    let pairs = k_end / 2u;
    let quads = n / 4u;
    let a0 = min(row + lane, last) * pairs;
    let a1 = min(row + lane + 8u, last) * pairs;
    let a2 = min(row + lane + 16u, last) * pairs;
    let a3 = min(row + lane + 24u, last) * pairs;
    let b0 = safe_column / 4u;
    var rows0 = array<vec4<f32>, 8>();
    var rows1 = array<vec4<f32>, 8>();
    var rows2 = array<vec4<f32>, 8>();
    var rows3 = array<vec4<f32>, 8>();
    for (var k = 0u; k < pairs; k++) {
        let even = nn_quad(learner, b0 + 2u * k * quads);
        let odd = nn_quad(learner, b0 + (2u * k + 1u) * quads);
        multiply(&rows0, nn_pair(learner, a0 + k), even, odd);
        multiply(&rows1, nn_pair(learner, a1 + k), even, odd);
        multiply(&rows2, nn_pair(learner, a2 + k), even, odd);
        multiply(&rows3, nn_pair(learner, a3 + k), even, odd);
    }
    if (column >= n) { return; }
    // The bound is no constant, so that the compiler keeps the loop: code for 32 stores takes 300 ms to compile.
    for (var r = 0u; r < min(8u, m - row); r++) {
        for (var i = 0u; i < 4u; i++) {
            let to = row + 8u * i + r;
            if (to < m) { nn_store(learner, to * n + column, pick(i, rows0[0], rows1[0], rows2[0], rows3[0])); }
        }
        advance(&rows0);
        advance(&rows1);
        advance(&rows2);
        advance(&rows3);
    }
}
