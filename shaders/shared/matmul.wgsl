// What every matmul kernel is told: C[m,n] = sum over k of A[m,k] B[k,n] for each learner. Counts and strides in elements.
// C's last dimension is contiguous; A[m,k] lies at m * a_row + k * a_step, B[k,n] at k * b_step + n * b_column.
// workgroup z = learner * splits + split; a split sums `chunk` of the k (even), into its own block of `block` elements of C.
//
// Epilogue of an element, in this order: + bias, + residual or * slope (`extra`), the activation, + C.
struct Params {
    m: u32, n: u32, k: u32,
    splits: u32, chunk: u32, block: u32,
    a_row: u32, a_step: u32, b_step: u32, b_column: u32,
    a_stride: u32, b_stride: u32, c_stride: u32, bias_stride: u32, extra_stride: u32,
    // Adds bias (L, 1, n), bound as `bias`.
    biased: u32,
    // Adds extra (L, m, n), bound as `extra`.
    added: u32,
    // Multiplies with extra (L, m, n).
    scaled: u32,
    // Adds to C instead of overwriting it.
    accumulate: u32,
    // Where in a block of C the m sums of A over k are written too; 0: nowhere.
    sums_at: u32,
    // Where in a learner's C the (m, n) slopes of the activation are written too; 0: nowhere.
    slopes_at: u32,
}
