//! The command line: one file a command, and what they share.

pub mod bench;
pub mod doctor;
pub mod dump_step;
pub mod failure;
pub mod gather;
pub mod lesson;
pub mod loading;
pub mod presets;
pub mod profile;
mod progress;
pub mod render;
pub mod replay;
pub mod script;
mod summary;
pub mod train;
pub mod window;

use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

pub use failure::Failure;

use crate::config::{ConfigError, RunConfig};
use crate::data::typed;
use crate::folders;
use crate::gpu::{AdapterChoice, Gpu};
use crate::session::tuning::{self, Tuning};
use crate::view::scene::Scene;
use crate::view::theme::{Look, Theme};

/// Watch BYOL train live on the GPU, break it, and mend it.
#[derive(Debug, Parser)]
#[command(name = "twinlens", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    adapter: AdapterFlags,
    #[command(flatten)]
    window: window::WindowArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train without a window; logs one JSON object a logging interval.
    Train(train::TrainArgs),
    /// Write all tensors of one training step, for checking against any other implementation.
    DumpStep(dump_step::DumpStepArgs),
    /// Draw the very frame that the window would show into a picture or a film.
    Render(render::RenderArgs),
    /// Play a lesson page by page without a window, and say what was measured of what it expects; without a name, list the lessons.
    Lesson(lesson::LessonArgs),
    /// Do the run of an event log again, every change at its step; with --verify, compare the weights to the bit.
    Replay(replay::ReplayArgs),
    /// Measure where a training step's time goes, kernel by kernel, against what this adapter does at best.
    Profile(profile::ProfileArgs),
    /// Measure how fast whole steps are, and what they need.
    Bench(bench::BenchArgs),
    /// List the presets; with --explain, every key of --set with its range.
    Presets(presets::PresetsArgs),
    /// List adapters, drivers, limits, features, and what would be chosen and why.
    Doctor(doctor::DoctorArgs),
}

/// Which graphics adapter; for every command.
#[derive(Clone, Debug, Args)]
pub struct AdapterFlags {
    /// Adapter: part of its name, or its number in `twinlens doctor`.
    #[arg(long, global = true, value_name = "NAME_OR_INDEX")]
    pub adapter: Option<String>,
    /// Backend: vulkan, metal, dx12 or gl.
    #[arg(long, global = true)]
    pub backend: Option<String>,
    /// Use a CPU adapter.
    #[arg(long, global = true)]
    pub software: bool,
    /// Keep every run-time check in the shaders (slower).
    #[arg(long, global = true)]
    pub checked_shaders: bool,
    /// Measure again which kernels suit the adapter best; what was found at the first start is remembered.
    #[arg(long, global = true)]
    pub retune: bool,
}

impl AdapterFlags {
    /// The choice, with what the flags leave open taken from the environment.
    pub fn choice(&self) -> AdapterChoice {
        AdapterChoice {
            adapter: self.adapter.clone(),
            backend: self.backend.clone(),
            software: self.software,
            checked_shaders: self.checked_shaders,
        }
        .or_environment()
    }

    /// Where the choice of kernels comes from; `TWINLENS_KERNELS=default` leaves it to the kind of adapter, with nothing measured.
    pub fn tuning(&self) -> Tuning {
        match std::env::var("TWINLENS_KERNELS") {
            _ if self.retune => Tuning::Again,
            Ok(value) if value == "default" => Tuning::Off,
            _ => Tuning::Remembered,
        }
    }

    /// Opens the adapter without a window, with the kernels that suit it for a run of `config`.
    pub fn open(&self, config: &RunConfig) -> Result<Arc<Gpu>, Failure> {
        let gpu = Gpu::headless(&self.choice())?;
        tuning::suit(&gpu, config, self.tuning(), &mut |text| eprintln!("{text}"))?;
        Ok(gpu)
    }
}

/// What a run is made of; for every command that trains.
#[derive(Clone, Debug, Args)]
pub struct RunFlags {
    /// Preset name (see `twinlens presets`) or a preset file (.toml).
    /// [default: byol, or the scene's]
    #[arg(long)]
    pub preset: Option<String>,
    /// A folder or file, or synthetic[:NAME], cifar10:DIR, idx:IMAGES[,LABELS], folder:DIR, several:PATH|PATH...
    #[arg(long, value_name = "SOURCE")]
    pub data: Option<String>,
    /// Seed of weights, images and crops.
    #[arg(long)]
    pub seed: Option<String>,
    /// Change a key of the preset (see `twinlens presets --explain`); may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<String>,
}

impl RunFlags {
    /// The configuration, checked.
    pub fn config(&self) -> Result<RunConfig, ConfigError> {
        self.config_or(Scene::Byol.preset())
    }

    /// The configuration, of the preset named here where none was chosen.
    fn config_or(&self, preset: &str) -> Result<RunConfig, ConfigError> {
        let mut overrides = self.overrides.clone();
        overrides.extend(self.seed.iter().map(|seed| format!("seed={seed}")));
        // A path that exists needs no form before it.
        let data = self.data.as_deref().map(|text| typed::understood(text).map_or_else(|_| text.to_owned(), |spec| spec.to_string()));
        RunConfig::load(self.preset.as_deref().unwrap_or(preset), data.as_deref(), &overrides)
    }
}

/// What is shown; for the window and `render`.
#[derive(Clone, Debug, Args)]
pub struct SceneFlag {
    /// What to show: by default, the scene of the preset's method, or multicrop for a preset with local crops.
    #[arg(long, value_parser = Scene::ALL.map(Scene::name))]
    pub scene: Option<String>,
}

impl SceneFlag {
    /// The scene, and the configuration of a run that it can show.
    pub fn resolve(&self, run: &RunFlags) -> Result<(Scene, RunConfig), Failure> {
        let asked = self.scene.as_deref().and_then(Scene::from_name);
        let config = run.config_or(asked.unwrap_or_default().preset())?;
        let scene = asked.unwrap_or_else(|| Scene::of_run(config.method, config.views.locals));
        match scene.method() {
            Some(method) if method != config.method => Err(Failure::Usage(format!(
                "--scene {}: it shows runs of {}, and this one trains {}; leave --scene out, or give --preset {}",
                scene.name(),
                method.name(),
                config.method.name(),
                scene.preset()
            ))),
            _ => Ok((scene, config)),
        }
    }
}

/// How it looks; for the window and `render`.
#[derive(Clone, Debug, Args)]
pub struct LookFlags {
    /// The ground: dark, or light for a lit room.
    #[arg(long, default_value = "dark", value_parser = Theme::NAMES.map(|(name, _)| name))]
    theme: String,
    /// Presenting mode: large type, and only what a room needs.
    #[arg(long)]
    present: bool,
}

impl LookFlags {
    /// The look.
    pub fn look(&self) -> Look {
        let theme = Theme::NAMES.iter().find(|(name, _)| *name == self.theme).map_or_else(Theme::default, |(_, theme)| *theme);
        Look { theme, presenting: self.present }
    }
}

/// Parses the command line and does what it says.
pub fn run() -> Result<(), Failure> {
    folders::use_cache();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return Err(Failure::from_clap(&error)),
        Err(help) => {
            // Help and version go to stdout; a closed pipe is not our failure.
            let _ = help.print();
            return Ok(());
        }
    };
    match cli.command {
        Some(Command::Train(args)) => train::run(&args, &cli.adapter),
        Some(Command::DumpStep(args)) => dump_step::run(&args, &cli.adapter),
        Some(Command::Render(args)) => render::run(&args, &cli.adapter),
        Some(Command::Lesson(args)) => lesson::run(&args, &cli.adapter),
        Some(Command::Replay(args)) => replay::run(&args, &cli.adapter),
        Some(Command::Profile(args)) => profile::run(&args, &cli.adapter),
        Some(Command::Bench(args)) => bench::run(&args, &cli.adapter),
        Some(Command::Presets(args)) => presets::run(&args),
        Some(Command::Doctor(args)) => doctor::run(&args, &cli.adapter),
        None => window::run(&cli.window, &cli.adapter),
    }
}
