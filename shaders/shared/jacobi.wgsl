// What the two eigen kernels share: when and how two rows are rotated.

// Sweeps at most; 6 to 9 are needed.
const MAX_SWEEPS: u32 = 20u;
// Rows count as orthogonal when their cosine is under this: f32 rounding of a dot product of up to 128 terms.
const ORTHOGONAL: f32 = 1e-6;
// Squared length under which a row is zero (the matrix has trace 1).
const ZERO_SQUARED: f32 = 1e-24;

// Matrices are scaled to trace 1, so that a collapsed (tiny) one is as exact as any.
fn inverse_trace(trace: f32) -> f32 {
    return select(0.0, 1.0 / trace, trace > 1e-36);
}

// Whether rows of squared lengths p, q and dot product d still have to be made orthogonal.
fn must_rotate(p: f32, q: f32, d: f32) -> bool {
    return min(p, q) > ZERO_SQUARED && abs(d) > ORTHOGONAL * sqrt(p) * sqrt(q);
}

// (cosine, sine) of the rotation a' = c a - s b, b' = s a + c b that makes a and b orthogonal.
fn rotation(p: f32, q: f32, d: f32) -> vec2<f32> {
    let zeta = (q - p) / (2.0 * d);
    let t = select(-1.0, 1.0, zeta >= 0.0) / (abs(zeta) + sqrt(1.0 + zeta * zeta));
    let c = inverseSqrt(1.0 + t * t);
    return vec2(c, c * t);
}
