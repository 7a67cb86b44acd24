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
    teacher_temperature: f32,   // the student's while sharpening is off
    student_temperature: f32,
    centering: f32,             // 1 while the centre is subtracted from the teacher's logits
    center_momentum: f32,
    frozen_steps: u32,          // steps for which the prototypes stay as they are
    spare0: u32,
    spare1: u32,
    spare2: u32,
}
