// One tile of C = A^T B, A (k, m), B (k, n), summed over the rows `first` to `end` of A and B, by a subgroup of 8 lanes
// (shared/matmul_tile.wgsl); and where wanted, once for all columns, the sums of A over these rows. m and n multiples of 4; k any.
//
// The importer says where things lie: `tn_rows(learner, i)` gives four of A from 4 i on, `tn_columns(learner, i)` four of B;
// `tn_store(block, item, value)` takes four elements of C from `item` on, `tn_store_sums(block, item, value)` those of the sums.
// `block` is handed on to them as it was given.
#import "shared/matmul_tile.wgsl"

fn tn_tile(learner: u32, block: u32, tile: vec2<u32>, lane: u32, first: u32, end: u32, m: u32, k_end: u32, n: u32, sums_wanted: bool) {
    let column = tile.y * 32u + 4u * lane;
    let row = tile.x * 32u;
    let quads_a = m / 4u;
    let quads_b = n / 4u;
    // Rows and columns past the edge repeat the last ones and are not stored.
    let a0 = min(row + 4u * lane, m - 4u) / 4u;
    let b0 = min(column, n - 4u) / 4u;
    // This lane's A holds rows 4 lane .. 4 lane + 3, so rows0 holds the tile's rows 0, 4, 8 ... and so on.
    var rows0 = array<vec4<f32>, 8>();
    var rows1 = array<vec4<f32>, 8>();
    var rows2 = array<vec4<f32>, 8>();
    var rows3 = array<vec4<f32>, 8>();
    var sums = vec4<f32>();
    for (var k = first; k < end; k += 2u) {
        // After an odd number of rows, the row past the end counts as zero.
        let next = min(k + 1u, k_end - 1u);
        let whole = f32(u32(k + 1u < end));
        let even = tn_columns(learner, b0 + k * quads_b);
        let odd = tn_columns(learner, b0 + next * quads_b);
        let q0 = tn_rows(learner, a0 + k * quads_a);
        let q1 = tn_rows(learner, a0 + next * quads_a) * whole;
        sums += q0 + q1;
        multiply(&rows0, vec2<f32>(q0.x, q1.x), even, odd);
        multiply(&rows1, vec2<f32>(q0.y, q1.y), even, odd);
        multiply(&rows2, vec2<f32>(q0.z, q1.z), even, odd);
        multiply(&rows3, vec2<f32>(q0.w, q1.w), even, odd);
    }
    if (sums_wanted && tile.y == 0u && row + 4u * lane < m) { tn_store_sums(block, row + 4u * lane, sums); }
    if (column >= n) { return; }
    // The bound is no constant, so that the compiler keeps the loop: code for 32 stores takes 300 ms to compile.
    for (var r = 0u; r < min(8u, (m - row) / 4u); r++) {
        for (var i = 0u; i < 4u; i++) {
            let to = row + 4u * r + i;
            if (to < m) { tn_store(block, to * n + column, pick(i, rows0[0], rows1[0], rows2[0], rows3[0])); }
        }
        advance(&rows0);
        advance(&rows1);
        advance(&rows2);
        advance(&rows3);
    }
}
