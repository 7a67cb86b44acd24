//! What the user keeps of the window: a picture, a film, the profiled step as files. Each says where it went.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use imgui::ClipboardBackend as _;
use winit::dpi::PhysicalSize;

use super::Open;
use crate::app::WindowOptions;
use crate::app::recorder::Recorder;
use crate::event_log::EventLog;
use crate::profile::export;
use crate::save::{self, Belongs};
use crate::view::picture::{self, Canvas};

impl Open {
    /// X: the profiled step as a trace and as a table.
    pub(super) fn export(&mut self, options: &WindowOptions) {
        let Some(times) = self.snapshot.kernels.clone() else { return };
        let folder = options.save_to.clone().unwrap_or_else(|| save::folder_for(Belongs::Pictures));
        let stem = format!("twinlens-{}-{}", self.snapshot.preset, times.last_step);
        let title = format!("twinlens {}, {}", self.snapshot.preset, self.snapshot.adapter);
        let trace = save::free_name(&folder, &stem, "trace.json");
        let table = save::free_name(&folder, &stem, "csv");
        let write = |path: &Path, text: &str| {
            save::atomically(path, |file| file.write_all(text.as_bytes())).map_err(|error| format!("{}: {error}", save::told(path)))
        };
        match write(&trace, &export::trace(&times, &title)).and_then(|()| write(&table, &export::csv(&times))) {
            Ok(()) => {
                let name = trace.file_name().map(|name| name.to_string_lossy()).unwrap_or_default().into_owned();
                self.screen.say(&format!("Saved {name} and {}; ui.perfetto.dev opens the trace.", save::told(&table)));
            }
            Err(problem) => self.screen.say(&format!("The export could not be saved as {problem}")),
        }
        self.pacing.wake(false);
        log::info!(target: "twinlens::event", "exported {} {}", trace.display(), table.display());
    }

    /// The record of the run; what is wrong is said. Waits for the GPU: a file is worth a hitch.
    fn event_log(&mut self) -> Option<EventLog> {
        match self.session.event_log() {
            Ok(Some(log)) => Some(log),
            Ok(None) => {
                self.screen.say("This run went on from a checkpoint: its beginning is not known, so it has no event log.");
                None
            }
            // A lost device is noticed by the training.
            Err(error) => {
                self.screen.say(&error.to_string());
                None
            }
        }
    }

    /// Ctrl+S: the event log as a file.
    pub(super) fn save_event_log(&mut self, options: &WindowOptions) {
        let Some(log) = self.event_log() else { return };
        let folder = options.save_to.clone().unwrap_or_else(|| save::folder_for(Belongs::Pictures));
        let path = save::free_name(&folder, &format!("twinlens-{}-{}", self.snapshot.preset, log.steps), "toml");
        match log.write(&path) {
            Ok(()) => self.screen.say(&format!("Saved {}; drop it on the window, or twinlens replay does it again.", save::told(&path))),
            Err(error) => self.screen.say(&format!("The event log could not be saved as {}: {error}", save::told(&path))),
        }
        self.pacing.wake(false);
        log::info!(target: "twinlens::event", "event log {}", path.display());
    }

    /// Ctrl+C: the command that does the run again.
    pub(super) fn copy_event_log(&mut self) {
        let Some(log) = self.event_log() else { return };
        match log.one_line() {
            Ok(line) => {
                self.clipboard.set(&line);
                self.screen.say(&format!("Copied: {line}"));
            }
            Err(why) => self.screen.say(why),
        }
        self.pacing.wake(false);
    }

    /// X in the map: the next frame as a picture, and the cells as JSON.
    pub(super) fn export_map(&mut self, options: &WindowOptions) {
        let Some(report) = self.session.map_report() else { return };
        let folder = options.save_to.clone().unwrap_or_else(|| save::folder_for(Belongs::Pictures));
        let stem = format!("twinlens-map-{}-{}", self.snapshot.preset, self.snapshot.step);
        let [path, picture] = ["json", "png"].map(|extension| save::free_name(&folder, &stem, extension));
        let written = save::atomically(&path, |file| writeln!(file, "{report:#}"));
        if let Err(error) = written {
            self.screen.say(&format!("The map could not be saved as {}: {error}", save::told(&path)));
            return;
        }
        let PhysicalSize { width, height } = self.window.inner_size();
        match self.picture([width, height], &picture) {
            Ok(()) => {
                let name = picture.file_name().map(|name| name.to_string_lossy()).unwrap_or_default().into_owned();
                self.screen.say(&format!("Saved {name} and {}", save::told(&path)));
            }
            Err(error) => self.screen.say(&format!("The picture could not be saved as {}: {error}", save::told(&picture))),
        }
        self.pacing.wake(false);
        log::info!(target: "twinlens::event", "map exported {} {}", picture.display(), path.display());
    }

    /// F10.
    pub(super) fn start_or_stop_recording(&mut self, size: [u32; 2], options: &WindowOptions) {
        if let Some(recorder) = &mut self.recorder {
            if recorder.state().is_none() {
                self.screen.say("The last film is still being finished.");
            }
            recorder.stop(None);
            return;
        }
        let Some(graphics) = &mut self.graphics else { return };
        if !graphics.surface.set_copied(&graphics.gpu, true) {
            self.screen.say("This display does not let its frames be copied; twinlens render --out FILE.mp4 makes films of a run.");
            return;
        }
        let name = format!("twinlens-{}-{}", self.snapshot.preset, self.snapshot.step);
        match Recorder::start(&graphics.gpu, options.save_to.as_deref(), &name, size, graphics.surface.format()) {
            Ok((recorder, text)) => {
                self.recorder = Some(recorder);
                self.screen.say(&text);
            }
            Err(text) => self.screen.say(&text),
        }
    }

    /// Takes in copied frames; once a film is done, says where it is.
    pub(super) fn go_on_recording(&mut self) {
        let Some(recorder) = &mut self.recorder else { return };
        recorder.submitted();
        match self.recorder.take().map(Recorder::poll) {
            Some(Ok(recorder)) => self.recorder = Some(recorder),
            Some(Err(text)) => {
                self.screen.say(&text);
                self.pacing.wake(false);
                if let Some(graphics) = &mut self.graphics {
                    graphics.surface.set_copied(&graphics.gpu, false);
                }
            }
            None => {}
        }
    }

    /// Draws the same frame once more into a canvas and saves it. Waits for the GPU: a picture is worth a hitch.
    fn picture(&mut self, size: [u32; 2], path: &Path) -> Result<(), String> {
        let Some(graphics) = &mut self.graphics else { return Err("there is no graphics device".to_owned()) };
        let canvas = Canvas::with_format(&graphics.gpu, size, graphics.surface.format());
        let mut encoder = graphics.gpu.device.create_command_encoder(&Default::default());
        let delta = Duration::from_millis(1);
        let fps = Some(self.pacing.frames_per_second());
        graphics.renderer.draw(&mut encoder, canvas.view(), size, delta, fps, &mut self.screen, &self.snapshot);
        let picture = canvas.read(&graphics.gpu, encoder).map_err(|error| error.to_string())?;
        picture::save_png(path, &picture).map_err(|error| error.to_string())
    }

    /// F12: the frame as a picture.
    pub(super) fn save_screenshot(&mut self, size: [u32; 2], options: &WindowOptions) {
        let folder = options.save_to.clone().unwrap_or_else(|| save::folder_for(Belongs::Pictures));
        let path = save::free_name(&folder, &format!("twinlens-{}-{}", self.snapshot.preset, self.snapshot.step), "png");
        match self.picture(size, &path) {
            Ok(()) => self.screen.say(&format!("Saved {}", save::told(&path))),
            Err(error) => self.screen.say(&format!("The picture could not be saved as {}: {error}", save::told(&path))),
        }
        self.pacing.wake(false);
        log::info!(target: "twinlens::event", "screenshot {}", path.display());
    }
}
