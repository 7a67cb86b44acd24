//! How a command fails: one line, and an exit code that scripts can rely on.

use std::fmt;

use crate::config::ConfigError;
use crate::data::source::SourceError;
use crate::gpu::{FreezeError, GpuError};
use crate::session::SessionError;
use crate::train::TrainError;
use crate::train::checkpoint::CheckpointError;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Bad usage or bad input: what, where, how to mend it.
    Usage(String),
    /// No usable adapter or display.
    NoAdapter(String),
    /// Training stopped by itself.
    Stopped(String),
    /// A bug.
    Bug(String),
}

impl Failure {
    /// 2 bad usage or input; 3 no adapter or display; 4 training stopped; 1 a bug.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Bug(_) => 1,
            Self::Usage(_) => 2,
            Self::NoAdapter(_) => 3,
            Self::Stopped(_) => 4,
        }
    }

    /// clap's message as one line.
    pub fn from_clap(error: &clap::Error) -> Self {
        let text = error.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Usage:")).collect();
        let what = lines.iter().take_while(|line| !line.starts_with("For more")).copied().collect::<Vec<_>>().join(" ");
        Self::Usage(format!("{}; see twinlens --help", what.trim_start_matches("error: ").trim_end_matches('.')))
    }

    /// A file that cannot be written.
    pub fn writing(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Usage(format!("{} cannot be written: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(text) | Self::NoAdapter(text) | Self::Stopped(text) | Self::Bug(text)) = self;
        formatter.write_str(&text.replace('\n', " "))
    }
}

impl From<GpuError> for Failure {
    fn from(error: GpuError) -> Self {
        let text = error.to_string();
        match error {
            GpuError::NoAdapter(_) | GpuError::Device { .. } | GpuError::Lost(_) => Self::NoAdapter(text),
            GpuError::TooLarge { .. } => Self::Usage(text),
            GpuError::Freeze(FreezeError::TooManyGroups { .. }) => {
                Self::Usage(format!("{text}; lower batch, local_crops, image_size, dim or heads, or raise patch"))
            }
            GpuError::Shader(_) | GpuError::Freeze(_) => Self::Bug(text),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Gpu(error) => error.into(),
            TrainError::Checkpoint(error) => error.into(),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Gpu(error) => error.into(),
            SessionError::Train(error) => error.into(),
            SessionError::Source(error) => error.into(),
            SessionError::Config(error) => error.into(),
            SessionError::Checkpoint(error) => error.into(),
        }
    }
}
