//! One training step, recorded once and replayed: views, forward, loss, backward, AdamW, EMA; and its state on disk.

pub mod checkpoint;
mod initialise;
pub mod learner;
mod trainer;

pub use trainer::{RecordedStep, StepViews, TrainError, Trainer, Watch, Watched, global_plan, local_plan};
