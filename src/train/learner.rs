//! The switches and dials of each learner as the GPU reads them: `struct Learner` in `shaders/shared/learner.wgsl`.

use crate::config::{Hyper, Learner, RunConfig};

/// One learner's words, laid out as the shader declares them (a test compares the two).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct LearnerWords {
    /// Learning rate before warm-up.
    pub learning_rate: f32,
    /// The predictor's learning rate over the rest's.
    pub predictor_multiplier: f32,
    /// Decoupled decay of matrices.
    pub weight_decay: f32,
    /// Teacher momentum; 0 while the EMA is off.
    pub tau: f32,
    /// p in q = p · predictor(z) + (1 - p) · z.
    pub predictor: f32,
    /// 1 while the stop-gradient is off.
    pub teacher_gradient: f32,
    /// Seed of scenes, crops and augmentation, low word.
    pub crop_seed_low: u32,
    /// High word.
    pub crop_seed_high: u32,
    /// DINO's teacher temperature; the student's while sharpening is off.
    pub teacher_temperature: f32,
    /// DINO's student temperature.
    pub student_temperature: f32,
    /// 1 while the centre is subtracted from the teacher's logits.
    pub centering: f32,
    /// The centre's momentum.
    pub center_momentum: f32,
    /// Steps for which the prototypes stay as they are.
    pub frozen_steps: u32,
    /// The structure's size is a multiple of 32 bytes.
    pub spare: [u32; 3],
}

/// The seed of a learner's scenes and crops: its own, or the run's.
pub const fn crop_seed(config: &RunConfig, learner: &Learner) -> u64 {
    if config.own_crops { learner.seed } else { config.seed }
}

impl LearnerWords {
    /// Number of 32-bit words.
    pub const WORDS: u32 = (size_of::<Self>() / 4) as u32;

    /// A learner's words for its hyperparameters.
    pub fn new(hyper: &Hyper, crop_seed: u64) -> Self {
        Self {
            learning_rate: hyper.learning_rate,
            predictor_multiplier: hyper.predictor_multiplier,
            weight_decay: hyper.weight_decay,
            tau: hyper.effective_tau(),
            predictor: f32::from(hyper.predictor),
            teacher_gradient: f32::from(!hyper.stop_gradient),
            crop_seed_low: crop_seed as u32,
            crop_seed_high: (crop_seed >> 32) as u32,
            teacher_temperature: hyper.effective_teacher_temperature(),
            student_temperature: hyper.student_temperature,
            centering: f32::from(hyper.centering),
            center_momentum: hyper.center_momentum,
            frozen_steps: hyper.frozen_steps,
            spare: [0; 3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LearnerWords;
    use crate::gpu::ShaderLibrary;
    use wgpu::naga;

    #[test]
    fn words_lie_where_the_shader_says() {
        let source = ShaderLibrary::embedded().resolve("shared/learner.wgsl").expect("the file exists");
        let module = naga::front::wgsl::parse_str(&source.wgsl).expect("it parses");
        let (_, declared) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Learner")).expect("struct Learner");
        let naga::TypeInner::Struct { members, span } = &declared.inner else { panic!("not a struct") };
        let offsets = [
            ("learning_rate", std::mem::offset_of!(LearnerWords, learning_rate)),
            ("predictor_multiplier", std::mem::offset_of!(LearnerWords, predictor_multiplier)),
            ("weight_decay", std::mem::offset_of!(LearnerWords, weight_decay)),
            ("tau", std::mem::offset_of!(LearnerWords, tau)),
            ("predictor", std::mem::offset_of!(LearnerWords, predictor)),
            ("teacher_gradient", std::mem::offset_of!(LearnerWords, teacher_gradient)),
            ("crop_seed_low", std::mem::offset_of!(LearnerWords, crop_seed_low)),
            ("crop_seed_high", std::mem::offset_of!(LearnerWords, crop_seed_high)),
            ("teacher_temperature", std::mem::offset_of!(LearnerWords, teacher_temperature)),
            ("student_temperature", std::mem::offset_of!(LearnerWords, student_temperature)),
            ("centering", std::mem::offset_of!(LearnerWords, centering)),
            ("center_momentum", std::mem::offset_of!(LearnerWords, center_momentum)),
            ("frozen_steps", std::mem::offset_of!(LearnerWords, frozen_steps)),
            ("spare0", std::mem::offset_of!(LearnerWords, spare)),
            ("spare1", std::mem::offset_of!(LearnerWords, spare) + 4),
            ("spare2", std::mem::offset_of!(LearnerWords, spare) + 8),
        ];
        let declared: Vec<_> = members.iter().map(|member| (member.name.as_deref().unwrap_or(""), member.offset as usize)).collect();
        assert_eq!(declared, offsets);
        assert_eq!(*span as usize, size_of::<LearnerWords>());
    }
}
