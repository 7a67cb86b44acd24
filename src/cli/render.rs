//! `twinlens render`: trains, and draws the very frame that the window would show, panels included, into pictures or films.
//!
//! Frames go into the files as the training passes them, so nothing is kept in memory; a file appears under its name only when it
//! is whole. Everything the user wrote is checked before the adapter is opened.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Args;
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};
use indicatif::{ProgressBar, ProgressStyle};

use super::{AdapterFlags, Failure, LookFlags, RunFlags, SceneFlag};
use crate::gpu::Gpu;
use crate::session::{Cadence, Pace, Session};
use crate::view::frame::FrameRenderer;
use crate::view::picture::{self, Canvas};
use crate::view::screen::Screen;

/// Arguments of `render`.
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    scene: SceneFlag,
    #[command(flatten)]
    look: LookFlags,
    /// Training steps before the (last) frame.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    steps: u64,
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
    Gif,
    Mp4,
}

fn kind_of(path: &Path) -> Result<Kind, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("png") => Ok(Kind::Png),
        Some("gif") => Ok(Kind::Gif),
        Some("mp4") => Ok(Kind::Mp4),
        _ => Err(Failure::Usage(format!("--out {}: give a name that ends in .png, .gif or .mp4", path.display()))),
    }
}

/// A file that gets its name when it is whole, and leaves nothing behind if it never is.
struct Aside {
    path: PathBuf,
    aside: PathBuf,
    done: bool,
}

impl Aside {
    fn new(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent)?;
        }
        let mut aside = name.to_owned();
        aside.push(format!(".{}.part", std::process::id()));
        let aside = path.with_file_name(aside);
        std::fs::File::create(&aside)?;
        Ok(Self { path: path.to_owned(), aside, done: false })
    }

    fn finish(mut self) -> io::Result<()> {
        std::fs::File::open(&self.aside)?.sync_all()?;
        std::fs::rename(&self.aside, &self.path)?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.aside);
        }
    }
}

/// One output file.
enum Sink {
    Png { file: Aside },
    Gif { file: Aside, encoder: Box<GifEncoder<BufWriter<std::fs::File>>> },
    Mp4 { file: Aside, encoder: Child },
}

impl Sink {
    fn open(path: &Path, size: [u32; 2]) -> Result<Self, Failure> {
        let kind = kind_of(path)?;
        let file = Aside::new(path).map_err(|error| Failure::writing(path, &error))?;
        match kind {
            Kind::Png => Ok(Self::Png { file }),
            Kind::Gif => {
                let target = std::fs::File::create(&file.aside).map_err(|error| Failure::writing(path, &error))?;
                let mut encoder = GifEncoder::new_with_speed(BufWriter::new(target), 10);
                encoder.set_repeat(Repeat::Infinite).map_err(|error| Failure::writing(path, &io::Error::other(error)))?;
                Ok(Self::Gif { file, encoder: Box::new(encoder) })
            }
            Kind::Mp4 => {
                let encoder = Command::new("ffmpeg")
                    .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba"])
                    .args(["-s", &format!("{}x{}", size[0], size[1]), "-r", &FILM_RATE.to_string(), "-i", "-", "-an"])
                    // Even sides, and the pixel format that every player knows.
                    .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4"])
                    .arg(&file.aside)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .map_err(|error| {
                        Failure::Usage(format!(
                            "--out {}: ffmpeg is needed for .mp4 and did not start ({error}); install it, or give a .gif",
                            path.display()
                        ))
                    })?;
                Ok(Self::Mp4 { file, encoder })
            }
        }
    }

    const fn is_film(&self) -> bool {
        !matches!(self, Self::Png { .. })
    }

    /// Adds a frame; `last` ones stay longer.
    fn add(&mut self, picture: &RgbaImage, last: bool) -> Result<(), Failure> {
        let repeats = if last { LAST_SECONDS * FILM_RATE } else { 1 };
        let (file, result) = match self {
            Self::Png { file } => {
                let result = if last { picture::write_png(&file.aside, picture) } else { Ok(()) };
                (file, result)
            }
            Self::Gif { file, encoder } => {
                let delay = Delay::from_numer_denom_ms(1000 * repeats, FILM_RATE);
                let frame = Frame::from_parts(picture.clone(), 0, 0, delay);
                (file, encoder.encode_frame(frame).map_err(io::Error::other))
            }
            Self::Mp4 { file, encoder } => {
                let result = match &mut encoder.stdin {
                    Some(pipe) => (0..repeats).try_for_each(|_| pipe.write_all(picture.as_raw())),
                    None => Ok(()),
                };
                (file, result)
            }
        };
        result.map_err(|error| Failure::writing(&file.path, &error))
    }

    fn finish(self) -> Result<PathBuf, Failure> {
        let (file, result) = match self {
            Self::Png { file } => (file, Ok(())),
            Self::Gif { file, encoder } => {
                drop(encoder); // writes the trailer and what is buffered
                (file, Ok(()))
            }
            Self::Mp4 { file, mut encoder } => {
                drop(encoder.stdin.take());
                let result = encoder.wait_with_output().and_then(|output| {
                    let said = String::from_utf8_lossy(&output.stderr);
                    let line = said.lines().last().unwrap_or("no reason given").to_owned();
                    if output.status.success() { Ok(()) } else { Err(io::Error::other(format!("ffmpeg: {line}"))) }
                });
                (file, result)
            }
        };
        let path = file.path.clone();
        result.and_then(|()| file.finish()).map_err(|error| Failure::writing(&path, &error))?;
        Ok(path)
    }
}

/// The steps at which a film of about `frames` frames looks: evenly spaced, the first and the last among them.
fn film_steps(steps: u64, frames: u32) -> Vec<u64> {
    let gaps = u64::from(frames - 1).min(steps);
    (0..=gaps).map(|index| (index * steps).checked_div(gaps).unwrap_or(0)).collect()
}

/// Renders.
pub fn run(args: &RenderArgs, flags: &AdapterFlags) -> Result<(), Failure> {
    let (scene, config) = args.scene.resolve(&args.run)?;
    for (index, path) in args.out.iter().enumerate() {
        kind_of(path)?;
        if args.out[..index].contains(path) {
            return Err(Failure::Usage(format!("--out {}: given twice", path.display())));
        }
    }
    let mut sinks = args.out.iter().map(|path| Sink::open(path, args.size)).collect::<Result<Vec<_>, _>>()?;
    let gpu = Gpu::headless(&flags.choice())?;
    let limit = gpu.limits.max_texture_dimension_2d;
    if args.size.iter().any(|&side| side > limit) {
        return Err(Failure::Usage(format!("--size {}x{}: this adapter draws at most {limit}x{limit}", args.size[0], args.size[1])));
    }
    let film = sinks.iter().any(Sink::is_film);
    let looks = if film { film_steps(args.steps, args.frames) } else { vec![args.steps] };
    let evaluate_every = (args.steps / 15).clamp(20, 100);
    let cadence = Cadence { read_every: 1, rank_every: 5, evaluate_every: Some(evaluate_every), cloud_every: None, look_every: None };
    let mut session = Session::open(gpu.clone(), config, cadence)?;
    let mut renderer = FrameRenderer::new(gpu.clone(), picture::FORMAT, args.ui_scale).map_err(crate::gpu::GpuError::from)?;
    let canvas = Canvas::new(&gpu, args.size);
    let mut screen = Screen::new(scene).with_look(args.look.look());
    let bar = Progress::new(args.steps);
    let last_look = looks.last().copied().unwrap_or(args.steps);
    for look in looks {
        while session.step() < look && session.stopped().is_none() {
            // Short laps, so that the bar moves and a stop is noticed.
            let lap = (look - session.step()).min(10) as u32;
            session.advance(Pace::Steps(lap))?;
            session.settle()?;
            bar.at(session.step());
        }
        let last = look == last_look || session.stopped().is_some();
        if last {
            session.evaluate_now()?;
        }
        session.project_now()?;
        session.look_now()?;
        let snapshot = session.snapshot();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("render") });
        let beat = Duration::from_secs(1) / FILM_RATE;
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
        println!("{}", sink.finish()?.display());
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
