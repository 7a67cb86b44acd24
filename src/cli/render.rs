//! `twinlens render`: trains, and draws the very frame that the window would show, panels included, into pictures or films.
//!
//! Frames go into the files as the training passes them, so nothing is kept in memory; a file appears under its name only when it
//! is whole. Everything the user wrote is checked before the adapter is opened.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use image::RgbaImage;
use indicatif::{ProgressBar, ProgressStyle};

use super::gather::GatherFlags;
use super::script::AtFlags;
use super::summary::summary;
use super::{AdapterFlags, Failure, LookFlags, RunFlags, SceneFlag, loading};
use crate::config::{MapAxes, Population, RunConfig};
use crate::film::{self, Film};
use crate::save::Aside;
use crate::session::{Cadence, Pace, Session};
use crate::view::frame::FrameRenderer;
use crate::view::picture::{self, Canvas};
use crate::view::scene::Scene;
use crate::view::screen::Screen;

/// Arguments of `render`.
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    gather: GatherFlags,
    #[command(flatten)]
    at: AtFlags,
    #[command(flatten)]
    scene: SceneFlag,
    #[command(flatten)]
    look: LookFlags,
    #[command(flatten)]
    map: MapFlags,
    /// Training steps before the (last) frame.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    steps: u64,
    /// Sub-steps of the next step to walk before the last frame: step mode.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=64), value_name = "N")]
    walk: u32,
    /// In the last frame, look at the kept state nearest to this step, as the scrubber under the charts does.
    #[arg(long, value_name = "STEP")]
    look_back: Option<u64>,
    /// Width and height of the frame in pixels, 320x240 to 7680x4320.
    #[arg(long, default_value = "1280x800", value_parser = parse_size, value_name = "WxH")]
    size: [u32; 2],
    /// Size of text and controls, 0.5 to 4.
    #[arg(long, default_value_t = 1.0, value_parser = parse_scale)]
    ui_scale: f32,
    /// Frames of a film, spread evenly over the training.
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u32).range(2..=2000))]
    frames: u32,
    /// Where to write; .png for the last frame, .gif or .mp4 (with ffmpeg) for a film; may be repeated.
    #[arg(long, required = true, value_name = "FILE")]
    out: Vec<PathBuf>,
    /// Print one JSON object with the outcome on stdout, and nothing else there; of a map, its axes and every cell's meters.
    #[arg(long)]
    json: bool,
}

/// The grid of a map; with `--scene map`.
#[derive(Clone, Debug, Args)]
struct MapFlags {
    /// Columns and rows of the map, 1 to 16 each.
    /// [default: 4x4]
    #[arg(long, value_name = "AxB")]
    grid: Option<String>,
    /// The map's key across and its values: KEY=VALUE,VALUE,...
    #[arg(long, value_name = "KEY=V,V,...")]
    x: Option<String>,
    /// The map's key downwards and its values.
    #[arg(long, value_name = "KEY=V,V,...")]
    y: Option<String>,
}

impl RenderArgs {
    /// Who trains: the learners of a map in its scene, those that the other flags ask for in the others.
    fn population(&self, scene: Scene, config: RunConfig) -> Result<Population, Failure> {
        let MapFlags { grid, x, y } = &self.map;
        if scene == Scene::Map {
            if self.gather.is_given() {
                return Err(Failure::Usage("--scene map: leave --twin and --seeds out: a map has learners of its own".to_owned()));
            }
            let axes = MapAxes::from_flags(config.method, grid.as_deref(), x.as_deref(), y.as_deref())?;
            return Ok(Population::of_map(&config, axes)?);
        }
        match [("--grid", grid), ("--x", x), ("--y", y)].into_iter().find(|(_, given)| given.is_some()) {
            Some((flag, _)) => Err(Failure::Usage(format!("{flag}: it is about a map; give --scene map with it"))),
            None => self.gather.population(config),
        }
    }
}

/// "1280x800", within what a display may have.
fn parse_size(text: &str) -> Result<[u32; 2], String> {
    let problem = || format!("{text:?} is no size; write WIDTHxHEIGHT, for example 1280x800");
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(problem)?;
    let size = [width, height].map(|side| side.trim().parse::<u32>());
    let [Ok(width), Ok(height)] = size else { return Err(problem()) };
    if !(320..=7680).contains(&width) || !(240..=4320).contains(&height) {
        return Err(format!("{width}x{height} is out of range; give 320x240 to 7680x4320"));
    }
    Ok([width, height])
}

/// A UI scale, 0.5 to 4; also for the window.
pub fn parse_scale(text: &str) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(scale) if (0.5..=4.0).contains(&scale) => Ok(scale),
        _ => Err(format!("{text:?} is no scale; give 0.5 to 4")),
    }
}

/// Frames a second of a film.
const FILM_RATE: u32 = 12;
/// For how long a film rests on its last frame, in seconds.
const LAST_SECONDS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Film(film::Kind),
}

fn kind_of(path: &Path) -> Result<Kind, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => Ok(Kind::Png),
        Some("gif") => Ok(Kind::Film(film::Kind::Gif)),
        Some("mp4") => Ok(Kind::Film(film::Kind::Mp4)),
        _ => Err(Failure::Usage(format!("--out {}: give a name that ends in .png, .gif or .mp4", path.display()))),
    }
}

/// One output file.
enum Sink {
    Still(Aside),
    Film(PathBuf, Box<Film>),
}

impl Sink {
    fn open(path: &Path, size: [u32; 2]) -> Result<Self, Failure> {
        let failed = |error: &io::Error| Failure::writing(path, error);
        Ok(match kind_of(path)? {
            Kind::Png => Self::Still(Aside::new(path).map_err(|error| failed(&error))?),
            Kind::Film(kind) => {
                let film = Film::open(path, kind, size, FILM_RATE).map_err(|error| failed(&error))?;
                Self::Film(path.to_owned(), Box::new(film))
            }
        })
    }

    const fn is_film(&self) -> bool {
        matches!(self, Self::Film(..))
    }

    /// Adds a frame; `last` ones stay longer.
    fn add(&mut self, picture: &RgbaImage, last: bool) -> Result<(), Failure> {
        match self {
            Self::Still(file) if last => picture::write_png(file.aside(), picture).map_err(|error| Failure::writing(file.path(), &error)),
            Self::Still(_) => Ok(()),
            Self::Film(path, film) => {
                let beats = if last { LAST_SECONDS * FILM_RATE } else { 1 };
                film.add(picture, beats).map_err(|error| Failure::writing(path, &error))
            }
        }
    }

    fn finish(self) -> Result<PathBuf, Failure> {
        match self {
            Self::Still(file) => {
                let path = file.path().to_owned();
                file.finish().map_err(|error| Failure::writing(&path, &error))?;
                Ok(path)
            }
            Self::Film(path, film) => film.finish().map_err(|error| Failure::writing(&path, &error)),
        }
    }
}

/// The steps at which a film of about `frames` frames looks: evenly spaced, the first and the last among them.
fn film_steps(steps: u64, frames: u32) -> Vec<u64> {
    let gaps = u64::from(frames - 1).min(steps);
    (0..=gaps).map(|index| (index * steps).checked_div(gaps).unwrap_or(0)).collect()
}

/// Renders.
pub fn run(args: &RenderArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let began = Instant::now();
    let (scene, config) = args.scene.resolve(&args.run)?;
    let population = args.population(scene, config)?;
    let config = &population.config;
    for (index, path) in args.out.iter().enumerate() {
        kind_of(path)?;
        if args.out[..index].contains(path) {
            return Err(Failure::Usage(format!("--out {}: given twice", path.display())));
        }
    }
    let mut sinks = args.out.iter().map(|path| Sink::open(path, args.size)).collect::<Result<Vec<_>, _>>()?;
    let mut script = args.at.script(&population.config, 0, args.steps)?;
    let data = loading::load(&config.data)?;
    let gpu = flags.open(config)?;
    if population.config.learners > config.most_learners(gpu.limits.max_storage_buffer_binding_size) {
        let most = config.most_learners(gpu.limits.max_storage_buffer_binding_size);
        return Err(Failure::Usage(format!(
            "{} learners do not fit: this adapter holds {most} of this preset side by side; give a smaller --grid",
            config.learners
        )));
    }
    let limit = gpu.limits.max_texture_dimension_2d;
    if args.size.iter().any(|&side| side > limit) {
        return Err(Failure::Usage(format!("--size {}x{}: this adapter draws at most {limit}x{limit}", args.size[0], args.size[1])));
    }
    if scene == Scene::Kernels {
        // The window measures it while training goes on, where it is not known yet.
        super::profile::roof(&gpu)?;
    }
    let film = sinks.iter().any(Sink::is_film);
    let looks = if film { film_steps(args.steps, args.frames) } else { vec![args.steps] };
    let evaluate_every = (args.steps / 15).clamp(20, 100);
    let cadence = Cadence {
        read_every: 1,
        rank_every: 5,
        evaluate_every: Some(evaluate_every),
        cloud_every: args.look_back.map(|_| 5),
        look_every: None,
    };
    let mut session = Session::open_on(gpu.clone(), population, data, cadence)?;
    session.keep_past();
    session.apply(crate::command::Command::ProfileSteps(scene == Scene::Kernels));
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, args.ui_scale).map_err(crate::gpu::GpuError::from)?;
    let canvas = Canvas::new(&gpu, args.size);
    let mut screen = Screen::new(scene).with_look(args.look.look());
    if args.gather.twin.is_some() {
        screen = screen.with_twin();
    }
    let bar = Progress::new(args.steps);
    let training = Instant::now();
    let last_look = looks.last().copied().unwrap_or(args.steps);
    for look in looks {
        while session.step() < look && session.stopped().is_none() {
            // Short laps, so that the bar moves and a stop is noticed.
            script.give(&mut session);
            let next = script.stop(look.min(session.step() + 10)).max(session.step() + 1);
            session.advance(Pace::Steps((next - session.step()) as u32))?;
            session.settle()?;
            bar.at(session.step());
        }
        let last = look == last_look || session.stopped().is_some();
        script.give(&mut session);
        // In a map it would take longer than many steps.
        if last && scene != Scene::Map {
            session.evaluate_now()?;
        }
        session.project_now()?;
        session.look_now()?;
        if last {
            for _ in 0..args.walk {
                session.apply(crate::command::Command::Walk);
                session.advance(Pace::Steps(0))?;
                session.settle()?;
            }
        }
        if let Some(step) = args.look_back.filter(|_| last) {
            session.apply(crate::command::Command::Peek(Some(step)));
            session.advance(Pace::Steps(0))?;
        }
        let snapshot = session.snapshot();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("render") });
        let beat = Duration::from_secs(1) / FILM_RATE;
        session.draws();
        renderer.draw(&mut encoder, canvas.view(), args.size, beat, None, &mut screen, &snapshot);
        let picture = canvas.read(&gpu, encoder)?;
        for sink in &mut sinks {
            sink.add(&picture, last)?;
        }
        if last {
            break;
        }
    }
    bar.finish();
    for sink in sinks {
        let path = sink.finish()?;
        if !args.json {
            println!("{}", path.display());
        }
    }
    if args.json {
        let steps_per_second = session.step() as f64 / training.elapsed().as_secs_f64();
        let report = session.map_report();
        println!("{}", report.unwrap_or_else(|| summary(&session, steps_per_second, began.elapsed().as_secs_f64())));
    }
    match session.stopped() {
        Some(reason) => Err(Failure::Stopped(reason.to_owned())),
        None => Ok(()),
    }
}

/// A bar on a terminal, a line every tenth of the way elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    steps: u64,
    told: std::cell::Cell<u64>,
}

impl Progress {
    fn new(steps: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:32} step {pos}/{len}  {per_sec}  {eta} left");
            ProgressBar::new(steps).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, steps, told: std::cell::Cell::new(0) }
    }

    fn at(&self, step: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(step),
            None => {
                let tenth = step * 10 / self.steps.max(1);
                if tenth > self.told.replace(tenth) {
                    eprintln!("step {step} of {}", self.steps);
                }
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked() {
        assert_eq!(parse_size("1280x800"), Ok([1280, 800]));
        for bad in ["", "x", "1280", "0x0", "319x240", "99999x99999", "-5x300", "1e3x300", "7681x4320"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        for bad in ["", "0", "nan", "inf", "5", "-1"] {
            assert!(parse_scale(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn films_begin_and_end_where_the_training_does() {
        assert_eq!(film_steps(300, 4), [0, 100, 200, 300]);
        assert_eq!(film_steps(2, 48), [0, 1, 2]);
        assert_eq!(film_steps(0, 48), [0]);
        for (steps, frames) in [(397, 48), (1500, 48), (7, 2), (1000, 2000)] {
            let looks = film_steps(steps, frames);
            assert_eq!((looks[0], looks[looks.len() - 1]), (0, steps));
            assert!(looks.len() as u64 <= u64::from(frames) && looks.is_sorted_by(|a, b| a < b), "{steps} {frames}");
        }
    }
}
