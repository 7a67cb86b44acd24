//! `twinlens` without a command: the window.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::gather::GatherFlags;
use super::{AdapterFlags, Failure, LookFlags, RunFlags, SceneFlag, loading, render};
use crate::app::{self, WindowError, WindowOptions};
use crate::lesson::Lesson;
use crate::view::scene::Scene;

/// Arguments of the window.
#[derive(Clone, Debug, Args)]
pub struct WindowArgs {
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    gather: GatherFlags,
    #[command(flatten)]
    scene: SceneFlag,
    #[command(flatten)]
    look: LookFlags,
    /// Open with a lesson: one of `twinlens lesson`, or a lesson file (.toml).
    #[arg(long, value_name = "NAME_OR_FILE", conflicts_with_all = ["preset", "data", "seed", "overrides", "scene", "twin", "seeds"])]
    lesson: Option<String>,
    /// Do not train before Space is pressed.
    #[arg(long)]
    paused: bool,
    /// Size of text and controls, over the display's own scale: 0.5 to 4.
    #[arg(long, default_value_t = 1.0, value_parser = render::parse_scale)]
    ui_scale: f32,
    /// Where pictures (F12) and films (F10) of the window go; otherwise to your folders for them.
    #[arg(long, value_name = "DIR")]
    save_to: Option<PathBuf>,
    /// Leave without asking after so many seconds (tests).
    #[arg(long, hide = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    exit_after: Option<u64>,
    /// Lose the graphics device on purpose at this step (tests).
    #[arg(long, hide = true, value_name = "STEP")]
    lose_device_at: Option<u64>,
}

/// Opens the window and stays until it is closed.
pub fn run(args: &WindowArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let started = Instant::now();
    let lesson = args.lesson.as_deref().map(|name| Lesson::load(name, &[])).transpose()?;
    let (scene, config) = match &lesson {
        // The run that the lesson begins with opens at once.
        Some(lesson) => {
            let config = lesson.steps[0].config.clone();
            (Scene::of_run(config.method, config.views.locals), config)
        }
        None => args.scene.resolve(&args.run)?,
    };
    let population = args.gather.population(config)?;
    let data = loading::load(&population.config.data)?;
    let options = WindowOptions {
        adapter: flags.choice(),
        tuning: flags.tuning(),
        data,
        population,
        scene,
        look: args.look.look(),
        paused: args.paused || lesson.is_some(),
        lesson,
        ui_scale: args.ui_scale,
        save_to: args.save_to.clone(),
        exit_after: args.exit_after.map(Duration::from_secs),
        lose_device_at: args.lose_device_at,
        started,
    };
    app::run(options).map_err(|error| match error {
        WindowError::NoDisplay(_) | WindowError::NoWindow(_) => Failure::NoAdapter(error.to_string()),
        WindowError::Gpu(error) => error.into(),
        WindowError::Session(error) => error.into(),
    })
}
