//! The step counter on the GPU (`shaders/shared/step.wgsl`): steps replay without the CPU, which can still say, to the bit,
//! what the state is at any step.
//!
//! Only products and sums, which every adapter rounds alike, go into the state; 1 / warm-up comes from the CPU.

use super::adamw::one_minus;
use crate::gpu::{Kernel, Tape, Tensor};

const TICK: Kernel = Kernel::new("ops/tick.wgsl");

fn one_over(warmup_steps: u32) -> f32 {
    if warmup_steps == 0 { 1.0 } else { (1.0 / f64::from(warmup_steps)) as f32 }
}

fn warm_up(step: u32, warmup_steps: u32) -> f32 {
    if step >= warmup_steps { 1.0 } else { step as f32 * one_over(warmup_steps) }
}

/// Moves the step state (1, 1, 4) on to the next step, in place; the last dispatch of a step.
pub fn tick(tape: &mut Tape<'_>, state: &Tensor, beta1: f32, beta2: f32, warmup_steps: u32) {
    tape.dispatch(&TICK)
        .set("beta1", beta1)
        .set("beta2", beta2)
        .set("one_minus_beta1", one_minus(beta1))
        .set("one_minus_beta2", one_minus(beta2))
        .set("warmup_steps", warmup_steps)
        .set("one_over_warmup", one_over(warmup_steps))
        .read_write("state", state)
        .over([1, 1, 1]);
}

/// The state in step 1, as bit patterns: step, warm-up, 1 - β₁, 1 - β₂.
pub fn initial_state(beta1: f32, beta2: f32, warmup_steps: u32) -> [u32; 4] {
    state_at(1, beta1, beta2, warmup_steps)
}

/// The state in step `step` (from 1), as bit patterns: the same bits as ticking there.
pub fn state_at(step: u32, beta1: f32, beta2: f32, warmup_steps: u32) -> [u32; 4] {
    let unbias = |beta: f32| {
        let mut value = one_minus(beta);
        for _ in 1..step {
            let next = beta * value + one_minus(beta);
            if next == value {
                break;
            }
            value = next;
        }
        value
    };
    [step, warm_up(step, warmup_steps).to_bits(), unbias(beta1).to_bits(), unbias(beta2).to_bits()]
}
