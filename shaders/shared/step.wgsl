// What every kernel of a step may ask about time. A last dispatch (train/tick.wgsl) moves it on, so steps replay without the CPU.
struct StepState {
    step: u32,       // 1-based number of the step being done
    warm_up: f32,    // factor on the learning rate, 0 to 1
    unbias1: f32,    // 1 - beta1^step, by exact recurrence
    unbias2: f32,    // 1 - beta2^step
}
