//! `twinlens presets`: what there is to run, and what can be set.

use clap::Args;

use super::Failure;
use crate::config;

/// Arguments of `presets`.
#[derive(Clone, Debug, Args)]
pub struct PresetsArgs {
    /// Explain every key of --set: range, unit, meaning, whether it may change while it trains.
    #[arg(long)]
    pub explain: bool,
}

/// Prints the list.
pub fn run(args: &PresetsArgs) -> Result<(), Failure> {
    if args.explain {
        print!("{}", config::explain());
        return Ok(());
    }
    for preset in config::presets() {
        println!("{:<16} {}", preset.name, preset.about);
    }
    Ok(())
}
