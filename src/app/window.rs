//! The event loop's handler: one window, its surface, the session, and the frames.
//!
//! Contract: training is driven from `about_to_wait`, never from redraws, so it goes on while the window is hidden; a frame
//! shows the last completed step. Subtlety: a lost device takes everything on it along (surface, renderer, session); all of it
//! is rebuilt from the session's last snapshot, and the screen's own state (camera, open questions) stays.

mod drawing;
mod driving;
mod events;
mod graphics;
mod report;
mod saving;
mod visibility;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow};
use winit::keyboard::ModifiersState;
use winit::window::{Window, WindowId};

use super::answers::Answers;
use super::clipboard::Clipboard;
use super::pacing::Pacing;
use super::recorder::Recorder;
use super::surface;
use super::{WindowError, WindowOptions};
use crate::command::Command;
use crate::config::Gathering;
use crate::folders;
use crate::gpu::{self, Gpu, GpuError};
use crate::session::tuning;
use crate::session::{Cadence, Session};
use crate::snapshot::Snapshot;
use crate::view::screen::Screen;

use graphics::Graphics;
use visibility::Visibility;

/// Attempts to get a lost device back before giving up.
const REBUILDS: u32 = 5;

/// The handler.
pub struct App {
    options: WindowOptions,
    open: Option<Open>,
    failure: Option<WindowError>,
}

/// What exists while the window does.
struct Open {
    window: Arc<Window>,
    graphics: Option<Graphics>,
    session: Session,
    snapshot: Snapshot,
    screen: Screen,
    pacing: Pacing,
    modifiers: ModifiersState,
    dropped: Vec<PathBuf>,
    screenshot: bool,
    clipboard: Clipboard,
    recorder: Option<Recorder>,
    /// F10 was pressed.
    record: bool,
    /// F9 was pressed.
    capture: bool,
    answers: Answers,
    display_scale: f32,
    /// Commands handed to the session so far.
    applied: u64,
    occluded: bool,
    visibility: Visibility,
    rebuilds: u32,
    events_logged: usize,
    notices_logged: Vec<String>,
    first_step_shown: bool,
    last_report: Instant,
    kept_safe: Instant,
}

impl App {
    /// A handler that opens its window when the event loop starts.
    pub fn new(options: WindowOptions) -> Self {
        Self { options, open: None, failure: None }
    }

    /// How it went.
    pub fn into_result(self) -> Result<(), WindowError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn open(&self, event_loop: &ActiveEventLoop) -> Result<Open, WindowError> {
        let attributes = Window::default_attributes()
            .with_title("Twinlens")
            .with_inner_size(LogicalSize::new(1280.0, 800.0))
            .with_min_inner_size(LogicalSize::new(320.0, 240.0))
            .with_visible(false);
        let window = event_loop.create_window(attributes).map_err(|error| WindowError::NoWindow(error.to_string()))?;
        let window = Arc::new(window);
        let (gpu, surface) = self.open_gpu(&window)?;
        tuning::suit(
            &gpu,
            &self.options.population.config,
            self.options.tuning,
            &mut |text| log::info!(target: "twinlens::event", "{text}"),
        )?;
        let mut session = Session::open_on(gpu.clone(), self.options.population.clone(), self.options.data.clone(), Cadence::window())?;
        session.keep_past();
        session.apply(if self.options.paused { Command::Pause } else { Command::Play });
        let display_scale = window.scale_factor() as f32;
        let ui_scale = self.options.ui_scale * display_scale;
        let pacing = Pacing::new(gpu.is_software());
        let graphics = Graphics::new(gpu, surface, &window, ui_scale)?;
        let snapshot = session.snapshot();
        let mut screen = Screen::new(self.options.scene).with_look(self.options.look);
        if self.options.population.config.gathering == Gathering::Twin {
            screen = screen.with_twin();
        }
        screen.lessons.read(folders::lessons().as_deref());
        if let Some(lesson) = &self.options.lesson {
            let lesson = screen.lessons.add(lesson.clone());
            screen.lessons.start(lesson, &snapshot);
        } else if folders::is_first_start() {
            screen.lessons.make_offer();
        }
        window.set_visible(true);
        log::info!(target: "twinlens::event", "window open after {:.2} s", self.options.started.elapsed().as_secs_f32());
        Ok(Open {
            window,
            graphics: Some(graphics),
            session,
            snapshot,
            screen,
            pacing,
            modifiers: ModifiersState::empty(),
            dropped: Vec::new(),
            screenshot: false,
            clipboard: Clipboard::default(),
            recorder: None,
            record: false,
            capture: false,
            answers: Answers::default(),
            display_scale,
            applied: 0,
            occluded: false,
            visibility: Visibility::new(),
            rebuilds: 0,
            events_logged: 0,
            notices_logged: Vec::new(),
            first_step_shown: false,
            last_report: Instant::now(),
            kept_safe: Instant::now(),
        })
    }

    fn open_gpu(&self, window: &Arc<Window>) -> Result<(Arc<Gpu>, wgpu::Surface<'static>), WindowError> {
        let instance = gpu::instance(&self.options.adapter)?;
        let surface = surface::of_window(&instance, window).map_err(|error| WindowError::NoWindow(error.to_string()))?;
        let gpu = Gpu::open(instance, &self.options.adapter, Some(&surface))?;
        Ok((gpu, surface))
    }

    /// Opens the device again after a loss, and puts everything that lived on it back.
    fn rebuild(&mut self) -> Result<(), WindowError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.rebuilds += 1;
        log::warn!(target: "twinlens::event", "device lost at step {}: rebuilding", open.snapshot.step);
        if open.rebuilds > REBUILDS {
            return Err(WindowError::Gpu(GpuError::Lost("it was lost again and again".to_owned())));
        }
        let ui_scale = open.graphics.as_ref().map_or(1.0, |graphics| graphics.renderer.requested_scale());
        if let Some(recorder) = &mut open.recorder {
            recorder.device_lost();
        }
        // The old renderer goes first: there can be only one imgui context.
        open.graphics = None;
        let window = open.window.clone();
        let (gpu, surface) = self.open_gpu(&window)?;
        let graphics = Graphics::new(gpu.clone(), surface, &window, ui_scale)?;
        if let Some(open) = &mut self.open {
            open.session.reopen(gpu)?;
            open.graphics = Some(graphics);
            open.snapshot = open.session.snapshot();
            open.pacing.wake(false);
        }
        Ok(())
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, error: WindowError) {
        self.failure.get_or_insert(error);
        event_loop.exit();
    }
}

impl ApplicationHandler for App {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        if self.open.is_some() {
            return;
        }
        match self.open(event_loop) {
            Ok(open) => self.open = Some(open),
            Err(error) => self.fail(event_loop, error),
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, window_id: WindowId, event: WindowEvent) {
        let options = &self.options;
        let Some(open) = &mut self.open else { return };
        let leave = match event {
            WindowEvent::RedrawRequested => open.draw(options),
            event => {
                open.pacing.wake(false);
                open.input(event, window_id, options)
            }
        };
        if leave {
            event_loop.exit();
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        let Some(open) = &mut self.open else { return };
        if self.options.exit_after.is_some_and(|limit| self.options.started.elapsed() >= limit) {
            event_loop.exit();
            return;
        }
        open.take_drops();
        let wait = match open.go_on() {
            Ok(Some(wait)) => wait,
            Ok(None) => {
                if let Err(error) = self.rebuild() {
                    self.fail(event_loop, error);
                }
                return;
            }
            Err(error) => return self.fail(event_loop, error.into()),
        };
        event_loop.set_control_flow(ControlFlow::WaitUntil(Instant::now() + wait));
    }

    fn exiting(&mut self, _event_loop: &ActiveEventLoop) {
        let Some(open) = &mut self.open else { return };
        if let Some(recorder) = open.recorder.take() {
            let text = recorder.finish(open.graphics.as_ref().map(|graphics| &*graphics.gpu));
            log::info!(target: "twinlens::event", "film {text}");
            eprintln!("{text}");
        }
        let [half, most] = [0.5, 0.95].map(|share| open.pacing.quantile_millis(share).unwrap_or(f32::NAN));
        log::info!(
            target: "twinlens::event",
            "exit at step {}: {} frames while training, p50 {half:.1} ms, p95 {most:.1} ms; {}",
            open.snapshot.step,
            open.pacing.measured(),
            open.answers.summary(),
        );
    }
}
