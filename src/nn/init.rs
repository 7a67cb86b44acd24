//! Initial weights, the same for the same seed on every machine.
//!
//! Every learner draws from its own seed, each parameter from its own stream, so neither the number of learners nor the order
//! of layers changes a weight.

use super::parameters::{ParameterLayout, Start};
use crate::rng;

/// The initial flat parameters (1, 1, P) of the learner with this seed.
pub fn initial_parameters(layout: &ParameterLayout, seed: u64) -> Vec<f32> {
    let mut flat = vec![0.0; layout.total() as usize];
    for (stream, spec) in (0_u32..).zip(layout.specs()) {
        let values = &mut flat[spec.first as usize..][..spec.elements() as usize];
        let deviation = match spec.start {
            Start::Zeros => 0.0,
            Start::Ones => {
                values.fill(1.0);
                continue;
            }
            Start::Normal(deviation) => f64::from(deviation),
            Start::LecunNormal => 1.0 / f64::from(spec.columns).sqrt(),
        };
        if deviation > 0.0 {
            for (index, value) in (0_u32..).zip(values) {
                *value = (rng::normal(seed, stream, index) * deviation) as f32;
            }
        }
    }
    flat
}
