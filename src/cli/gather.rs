//! Several learners from the command line: `--twin KEY=VALUE` and `--seeds N`.

use clap::Args;

use super::Failure;
use crate::config::{Population, RunConfig};

/// Who trains beside the run; for the window, `train` and `render`.
#[derive(Clone, Debug, Default, Args)]
pub struct GatherFlags {
    /// Train a twin beside the run, from step 0, in lock step on the same crops: B has this switch or dial of its own.
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "seeds")]
    pub twin: Option<String>,
    /// Train so many seeds at once, 2 to 64: each learner has its own weights, images and crops, and is the run of its seed alone.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64))]
    pub seeds: Option<u32>,
}

impl GatherFlags {
    /// Whether several learners are asked for.
    pub const fn is_given(&self) -> bool {
        self.twin.is_some() || self.seeds.is_some()
    }

    /// The learners of a run of `config`, checked.
    pub fn population(&self, config: RunConfig) -> Result<Population, Failure> {
        if self.is_given() && config.learners > 1 {
            return Err(Failure::Usage(
                "--set learners: leave it out with --twin or --seeds, which say how many learners there are".to_owned(),
            ));
        }
        if let Some(text) = &self.twin {
            let (key, value) =
                text.split_once('=').ok_or_else(|| Failure::Usage(format!("--twin {text}: expected KEY=VALUE, e.g. predictor=off")))?;
            return Ok(Population::twin(&config, key.trim(), value.trim())?);
        }
        match self.seeds {
            Some(count) => Ok(Population::of_seeds(&config, count)?),
            None => Ok(config.into()),
        }
    }
}
