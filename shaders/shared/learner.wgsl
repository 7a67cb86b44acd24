// The switches and dials of one learner, as data: flipping a switch writes a number, the program stays.
struct Learner {
    learning_rate: f32,         // before warm-up
    predictor_multiplier: f32,  // the predictor's learning rate over the rest's
    weight_decay: f32,          // decoupled, on matrices only
    tau: f32,                   // teacher momentum; 0 while the EMA is off
    predictor: f32,             // q = predictor * predictor(z) + (1 - predictor) * z
    teacher_gradient: f32,      // 1 while the stop-gradient is off
    crop_seed_low: u32,         // seed of scenes, crops and augmentation
    crop_seed_high: u32,
}
