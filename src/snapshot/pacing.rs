//! How the adapter's one queue is shared between training and drawing: what each got over the last second, and the last frames
//! span by span.

/// What the queue was busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// A slice of a training step or of a measurement.
    Training,
    /// A frame of the window: drawn and handed to the display.
    Drawing,
    /// Nothing.
    Idle,
}

/// A stretch of time in which the queue did one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneSpan {
    /// What it did.
    pub kind: SpanKind,
    /// Milliseconds from [`FrameLane`]'s beginning.
    pub start: f32,
    /// Likewise; at least `start`.
    pub end: f32,
    /// What was done: a job's name ("step", "cloud", "evaluation" and the like), "frame", or "idle".
    pub job: &'static str,
}

impl LaneSpan {
    /// How long it took, in milliseconds.
    pub fn millis(&self) -> f32 {
        self.end - self.start
    }
}

/// The last frames as the queue saw them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameLane {
    /// In order, one behind the other without gaps (gaps are [`SpanKind::Idle`]). Frame n is from the end of one
    /// [`SpanKind::Drawing`] to the end of the next.
    pub spans: Vec<LaneSpan>,
    /// Milliseconds that are aimed at from frame to frame.
    pub goal: f32,
}

impl FrameLane {
    /// Frames kept at most.
    pub const FRAMES: usize = 60;
}

/// Shares of the wall time over the last second; they add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Training steps and measurements.
    pub training: f32,
    /// Frames.
    pub drawing: f32,
    /// Neither.
    pub idle: f32,
}

impl Default for Shares {
    fn default() -> Self {
        Self { training: 0.0, drawing: 0.0, idle: 1.0 }
    }
}
