//! The operations, one file a kernel family: what is recorded, its backward, a naive CPU reference in f64, and a table of
//! cases that feeds parity, gradient check and bench alike.
//!
//! Shapes are (L, R, C): learners, rows, columns. A learner's result never depends on how many learners there are.

pub mod activation;
pub mod adamw;
pub mod attention;
pub mod batchnorm;
pub mod blend;
pub mod byol_loss;
pub mod case;
pub mod center;
pub mod clip;
pub mod cross_entropy;
pub mod ema;
pub mod first_rows;
mod items;
pub mod l2norm;
pub mod layernorm;
pub mod linear;
pub mod matmul;
pub mod pool;
pub mod positions;
pub mod reference;
pub mod residual;
pub mod segment_squares;
pub mod sequences;
pub mod softmax;
pub mod store_rows;
pub mod sum_parts;
pub mod tick;
pub mod tokens;

use crate::gpu::Family;

/// 32-bit words of `struct Learner` in `shaders/shared/learner.wgsl`.
pub const LEARNER_WORDS: usize = 16;

/// Kernel families with several variants, those of the operations alone.
pub const FAMILIES: [&Family; 21] = [
    &layernorm::FAMILY,
    matmul::FAMILIES[0],
    matmul::FAMILIES[1],
    matmul::FAMILIES[2],
    &matmul::BACKWARD,
    &attention::FAMILY,
    &attention::FIRST_FAMILY,
    &batchnorm::FAMILY,
    &pool::FAMILY,
    &l2norm::FAMILY,
    &byol_loss::FAMILY,
    &residual::FAMILY,
    &tokens::FAMILY,
    &first_rows::FAMILY,
    &softmax::FAMILY,
    &cross_entropy::FAMILY,
    &center::FAMILY,
    &clip::FAMILY,
    &adamw::FAMILY,
    &ema::FAMILY,
    &segment_squares::FAMILY,
];

/// Every operation's case table.
pub fn all_cases() -> Vec<case::Case> {
    [
        layernorm::cases(),
        linear::cases(),
        batchnorm::cases(),
        pool::cases(),
        l2norm::cases(),
        blend::cases(),
        byol_loss::cases(),
        attention::cases(),
        positions::cases(),
        tokens::cases(),
        first_rows::cases(),
        softmax::cases(),
        cross_entropy::cases(),
        segment_squares::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
