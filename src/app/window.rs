//! The event loop's handler: one window, its surface, the session, and the frames.
//!
//! Contract: training is driven from `about_to_wait`, never from redraws, so it goes on while the window is hidden; a frame
//! shows the last completed step. Subtlety: a lost device takes everything on it along (surface, renderer, session); all of it
//! is rebuilt from the session's last snapshot, and the screen's own state (camera, open questions) stays.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use imgui::ClipboardBackend as _;
use imgui_winit_support::{HiDpiMode, WinitPlatform};
use winit::application::ApplicationHandler;
use winit::dpi::{LogicalSize, PhysicalSize};
use winit::event::{ElementState, Event, MouseScrollDelta, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow};
use winit::keyboard::ModifiersState;
use winit::window::{Fullscreen, Window, WindowId};

use super::answers::Answers;
use super::clipboard::Clipboard;
use super::input::{Pressed, meaning};
use super::pacing::{Moment, Pacing, Turn};
use super::recorder::Recorder;
use super::surface::{self, Acquired, WindowSurface};
use super::{WindowError, WindowOptions};
use crate::command::Command;
use crate::data::typed;
use crate::folders;
use crate::gpu::{self, Debugger, Gpu, GpuError};
use crate::profile::export;
use crate::save::{self, Belongs};
use crate::session::tuning;
use crate::session::{Cadence, Pace, Session, SessionError};
use crate::snapshot::{Change, Snapshot};
use crate::view::frame::FrameRenderer;
use crate::view::picture::{self, Canvas};
use crate::view::screen::{Request, Screen};

/// Until another look where the training has nothing to do at the moment, though it goes on: it is held to a speed, or waits for numbers.
const LOOK: Duration = Duration::from_millis(2);
/// Attempts to get a lost device back before giving up.
const REBUILDS: u32 = 5;

/// Time between two copies of the run's state, for the case that the device is lost.
const KEEP_SAFE: Duration = Duration::from_secs(20);

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

/// Whether anybody can see the window, and what was trained since that last changed.
struct Visibility {
    hidden: bool,
    since: Instant,
    step: u64,
    minimized: bool,
    asked: Instant,
}

impl Visibility {
    fn new() -> Self {
        let now = Instant::now();
        Self { hidden: false, since: now, step: 0, minimized: false, asked: now }
    }

    /// Looks whether it is hidden; tells of a change in the event log.
    fn look(&mut self, window: &Window, occluded: bool, step: u64) {
        let now = Instant::now();
        // No display tells of this by itself, and asking waits for the answer.
        if now - self.asked > Duration::from_millis(250) {
            (self.minimized, self.asked) = (window.is_minimized() == Some(true), now);
        }
        let hidden = occluded || self.minimized;
        if hidden != self.hidden {
            let what = if hidden { "hidden" } else { "visible" };
            // A new run counts from 0 again.
            let (steps, seconds) = (step.saturating_sub(self.step), (now - self.since).as_secs_f32());
            log::info!(target: "twinlens::event", "{what} at step {step}: {steps} steps in {seconds:.2} s before");
            (self.hidden, self.since, self.step) = (hidden, now, step);
        }
    }
}

/// What exists while the device does. Only one at a time: imgui's context is global.
struct Graphics {
    gpu: Arc<Gpu>,
    surface: WindowSurface,
    platform: WinitPlatform,
    renderer: FrameRenderer,
}

impl Graphics {
    fn new(gpu: Arc<Gpu>, surface: wgpu::Surface<'static>, window: &Window, ui_scale: f32) -> Result<Self, WindowError> {
        let surface =
            WindowSurface::new(&gpu, surface).ok_or_else(|| WindowError::NoWindow(format!("'{}' cannot draw in it", gpu.info.name)))?;
        let mut renderer = FrameRenderer::new(gpu.clone(), surface.format(), ui_scale).map_err(GpuError::from)?;
        renderer.imgui().set_clipboard_backend(Clipboard::default());
        let mut platform = WinitPlatform::new(renderer.imgui());
        platform.attach_window(renderer.imgui().io_mut(), window, HiDpiMode::Locked(1.0));
        Ok(Self { gpu, surface, platform, renderer })
    }
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
        tuning::suit(&gpu, &self.options.config, self.options.tuning, &mut |text| log::info!(target: "twinlens::event", "{text}"))?;
        let mut session = Session::open_on(gpu.clone(), self.options.config.clone(), self.options.data.clone(), Cadence::window())?;
        session.apply(if self.options.paused { Command::Pause } else { Command::Play });
        let display_scale = window.scale_factor() as f32;
        let ui_scale = self.options.ui_scale * display_scale;
        let pacing = Pacing::new(gpu.is_software());
        let graphics = Graphics::new(gpu, surface, &window, ui_scale)?;
        let snapshot = session.snapshot();
        let mut screen = Screen::new(self.options.scene).with_look(self.options.look);
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

impl Open {
    /// The picture changes by itself.
    fn is_moving(&self) -> bool {
        self.snapshot.playing || self.recorder.is_some() || self.screen.is_settling() || !self.session.is_idle()
    }

    /// Does what it is time for: asks for a frame, or gives the training a slice. Gives the time until it is to be called again;
    /// none when the device is lost.
    fn go_on(&mut self) -> Result<Option<Duration>, SessionError> {
        self.pacing.divide(self.snapshot.division);
        self.pacing.hurry(!self.first_step_shown);
        self.visibility.look(&self.window, self.occluded, self.session.step());
        let handed = match self.turn() {
            Turn::Draw => {
                self.window.request_redraw();
                return Ok(Some(LOOK));
            }
            Turn::Train(slice) => slice,
            Turn::Wait(_) => Duration::ZERO,
        };
        if !self.train(handed)? {
            return Ok(None);
        }
        let begun = self.session.handed_over();
        if handed > Duration::ZERO {
            self.pacing.fed(begun);
        }
        Ok(Some(match self.turn() {
            Turn::Wait(time) => time,
            Turn::Train(_) if begun > Duration::ZERO => Duration::ZERO,
            Turn::Train(_) => LOOK,
            Turn::Draw => {
                self.window.request_redraw();
                LOOK
            }
        }))
    }

    /// What it is time for.
    fn turn(&mut self) -> Turn {
        let least = self.session.next_cost().unwrap_or_default();
        self.pacing.turn(&Moment {
            now: Instant::now(),
            moving: self.is_moving(),
            hidden: self.visibility.hidden,
            under_way: self.session.under_way(),
            least,
        })
    }

    /// Gives the training a slice (or none) and takes in what has come back; false when the device is lost.
    fn train(&mut self, slice: Duration) -> Result<bool, SessionError> {
        let Some(graphics) = &self.graphics else { return Ok(false) };
        let gpu = graphics.gpu.clone();
        let result = self.session.advance(Pace::Budget(slice)).and_then(|()| {
            // What a lost device would cost; reading the weights back is a short hitch, so not too often.
            if self.session.steps_at_risk() > 0 && self.kept_safe.elapsed() > KEEP_SAFE {
                self.kept_safe = Instant::now();
                self.session.keep_safe()?;
            }
            Ok(())
        });
        match result {
            _ if gpu.is_lost() => Ok(false),
            Ok(()) => Ok(true),
            Err(SessionError::Gpu(GpuError::Lost(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn apply(&mut self, commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        for command in commands {
            log::info!(target: "twinlens::event", "command {command:?}");
            self.session.apply(command);
            self.applied += 1;
        }
        self.snapshot = self.session.snapshot();
        self.pacing.wake(false);
    }

    /// Handles one event; true to leave.
    fn input(&mut self, event: WindowEvent, window_id: WindowId, options: &WindowOptions) -> bool {
        let mut commands = Vec::new();
        let mut requests = Vec::new();
        let came = Instant::now();
        let Some(graphics) = &mut self.graphics else { return false };
        // Key presses go to imgui only while something is typed into; else Tab or Enter would start to walk its widgets. Letters go
        // as characters alone: with their keys, imgui would spread each over three frames.
        let for_imgui = match &event {
            WindowEvent::KeyboardInput { event: key, .. } if key.state == ElementState::Pressed => {
                let pastes = self.screen.takes_text() && meaning(key, self.modifiers, false) == Some(Pressed::Paste);
                let letters = key.text.as_ref().filter(|text| !text.chars().any(char::is_control) && !self.modifiers.control_key());
                match letters {
                    // imgui's own paste needs keys in several frames, which a window at rest does not draw.
                    _ if pastes => false,
                    Some(text) if self.screen.is_typing() => {
                        let io = graphics.renderer.imgui().io_mut();
                        text.chars().for_each(|letter| io.add_input_character(letter));
                        false
                    }
                    _ => self.screen.is_typing(),
                }
            }
            _ => true,
        };
        let wrapped: Event<()> = Event::WindowEvent { window_id, event };
        if for_imgui {
            let io = graphics.renderer.imgui().io_mut();
            graphics.platform.handle_event(io, &self.window, &wrapped);
        }
        let Event::WindowEvent { event, .. } = wrapped else { return false };
        let is_press = match &event {
            WindowEvent::KeyboardInput { event: key, is_synthetic: false, .. } => key.state == ElementState::Pressed && !key.repeat,
            WindowEvent::MouseInput { state, .. } => *state == ElementState::Pressed,
            _ => false,
        };
        match event {
            WindowEvent::CloseRequested => self.screen.close(&self.snapshot, &mut requests),
            WindowEvent::ModifiersChanged(modifiers) => self.modifiers = modifiers.state(),
            WindowEvent::ScaleFactorChanged { scale_factor, .. } => {
                // What the user has made larger or smaller stays so on another display.
                let now = scale_factor as f32;
                let wanted = graphics.renderer.requested_scale() * now / std::mem::replace(&mut self.display_scale, now).max(0.1);
                graphics.renderer.request_scale(wanted);
            }
            WindowEvent::Focused(false) => {
                // What is held down is let go elsewhere, and nobody tells.
                self.modifiers = ModifiersState::empty();
                let io = graphics.renderer.imgui().io_mut();
                for button in [imgui::MouseButton::Left, imgui::MouseButton::Right, imgui::MouseButton::Middle] {
                    io.add_mouse_button_event(button, false);
                }
            }
            WindowEvent::Occluded(occluded) => self.occluded = occluded,
            WindowEvent::DroppedFile(path) => self.dropped.push(path),
            WindowEvent::HoveredFile(path) => self.screen.drag(Some(&path)),
            WindowEvent::HoveredFileCancelled => self.screen.drag(None),
            WindowEvent::MouseWheel { delta, .. } => {
                self.screen.wheel(match delta {
                    MouseScrollDelta::LineDelta(_, lines) => lines,
                    MouseScrollDelta::PixelDelta(pixels) => pixels.y as f32 / 40.0,
                });
            }
            WindowEvent::KeyboardInput { event: key, is_synthetic: false, .. } if key.state == ElementState::Pressed => {
                match meaning(&key, self.modifiers, self.screen.is_asking()) {
                    Some(Pressed::Fullscreen) => {
                        let now = self.window.fullscreen().is_some();
                        log::info!(target: "twinlens::event", "full screen {}", if now { "off" } else { "on" });
                        self.window.set_fullscreen((!now).then_some(Fullscreen::Borderless(None)));
                    }
                    Some(Pressed::Paste) if self.screen.takes_text() => {
                        if let Some(text) = self.clipboard.get() {
                            self.screen.paste(&text);
                        }
                    }
                    Some(Pressed::Screenshot) => self.screenshot = true,
                    Some(Pressed::Record) => self.record = true,
                    Some(Pressed::Scale(factor)) => {
                        let display = options.ui_scale * self.window.scale_factor() as f32;
                        let current = graphics.renderer.requested_scale();
                        let wanted = if factor == 0.0 { display } else { current * factor };
                        graphics.renderer.request_scale(wanted);
                        log::info!(target: "twinlens::event", "ui scale {:.2}", graphics.renderer.requested_scale());
                    }
                    Some(Pressed::Screen(action)) if !self.screen.is_typing() => {
                        self.screen.act(action, &self.snapshot, &mut commands, &mut requests);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        self.apply(commands);
        if is_press {
            self.pacing.wake(true);
            self.answers.pressed(came, self.applied);
        }
        self.answer(&requests, options)
    }

    /// Does what only the window can do; true to leave.
    fn answer(&mut self, requests: &[Request], options: &WindowOptions) -> bool {
        for request in requests {
            match request {
                Request::Quit => {}
                Request::Capture => self.capture = true,
                Request::Export => self.export(options),
            }
        }
        requests.contains(&Request::Quit)
    }

    /// Loads what was dropped on the window, all of it together.
    fn take_drops(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped.is_empty() {
            return;
        }
        self.screen.drag(None);
        let mut commands = Vec::new();
        match typed::of_paths(&dropped) {
            Ok(spec) => self.screen.submit(Command::LoadData(spec), &self.snapshot, &mut commands),
            Err(problem) => self.screen.say(&problem),
        }
        self.apply(commands);
        self.pacing.wake(false);
    }

    /// Draws a frame; true to leave.
    fn draw(&mut self, options: &WindowOptions) -> bool {
        let now = Instant::now();
        let PhysicalSize { width, height } = self.window.inner_size();
        let Some(graphics) = &mut self.graphics else { return false };
        let gpu = graphics.gpu.clone();
        let Some(size) = WindowSurface::frame_size(&gpu, [width, height]) else {
            self.pacing.back_off(now);
            return false;
        };
        let frame = match graphics.surface.acquire(&gpu, size) {
            Acquired::Frame(frame) => frame,
            Acquired::Skip | Acquired::CheckDevice => {
                // A lost device shows in its flag; about_to_wait rebuilds.
                self.pacing.back_off(now);
                return false;
            }
            Acquired::SurfaceLost => {
                match surface::of_window(&gpu.instance, &self.window) {
                    Ok(surface) => graphics.surface.replace(surface),
                    Err(error) => log::warn!("no new surface: {error}"),
                }
                self.pacing.back_off(now);
                return false;
            }
        };
        let taken = self.session.taken();
        self.snapshot = self.session.snapshot();
        self.screen.recording = self.recorder.as_ref().and_then(Recorder::state);
        let moving = self.snapshot.playing;
        let delta = self.pacing.begun(now);
        let mut due = Vec::new();
        self.screen.tick(&self.snapshot, delta.as_secs_f32(), &mut due);
        if self.screen.lessons.take_settled() {
            folders::remember_start();
        }
        let fps = Some(self.pacing.frames_per_second());
        let target = frame.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        let size = [frame.texture.width(), frame.texture.height()];
        let built = graphics.renderer.draw(&mut encoder, &target, size, delta, fps, &mut self.screen, &self.snapshot);
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&mut encoder, &frame.texture, now);
        }
        let under_way = self.session.under_way();
        gpu.queue.submit([encoder.finish()]);
        self.window.pre_present_notify();
        frame.present();
        let shown = Instant::now();
        self.pacing.drawn(shown, under_way, moving);
        self.session.frame_drawn(now, shown, self.pacing.goal());
        self.answers.shown(shown, taken);
        if std::mem::take(&mut self.screenshot) {
            self.save_screenshot(size, options);
        }
        if std::mem::take(&mut self.record) {
            self.start_or_stop_recording(size, options);
        }
        if std::mem::take(&mut self.capture) {
            self.capture_frame(size);
        }
        self.go_on_recording();
        self.report(options);
        due.extend(built.commands);
        self.apply(due);
        self.answer(&built.requests, options)
    }

    /// X: the profiled step as a trace and as a table.
    fn export(&mut self, options: &WindowOptions) {
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

    /// F9: a training step, if training goes on, and this frame once more, for the graphics debugger. Waits for the GPU.
    fn capture_frame(&mut self, size: [u32; 2]) {
        let Some(graphics) = &mut self.graphics else { return };
        let gpu = graphics.gpu.clone();
        let Some(debugger) = Debugger::attached() else {
            self.screen.say("No graphics debugger is attached. Started from RenderDoc or Xcode, F9 captures a step and a frame.");
            return;
        };
        let Some(capture) = gpu.capture(debugger) else {
            let name = debugger.name();
            self.screen.say(&format!("{name} answers to its own key (F12, Print); F9 asks it in builds with debug assertions only."));
            return;
        };
        if self.snapshot.playing
            && let Err(error) = self.session.advance(Pace::Steps(1))
        {
            log::warn!("the step to be captured: {error}");
        }
        let canvas = Canvas::with_format(&gpu, size, graphics.surface.format());
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("captured frame") });
        let delta = Duration::from_millis(1);
        graphics.renderer.draw(&mut encoder, canvas.view(), size, delta, None, &mut self.screen, &self.snapshot);
        gpu.queue.submit([encoder.finish()]);
        drop(capture);
        self.screen.say(&format!("{} has captured a step and a frame.", debugger.name()));
        self.pacing.wake(false);
    }

    /// Writes what happened to the event log.
    fn report(&mut self, options: &WindowOptions) {
        let snapshot = &self.snapshot;
        if snapshot.events.len() < self.events_logged {
            self.events_logged = 0;
        }
        for event in &snapshot.events[self.events_logged..] {
            match event.change {
                Change::Switch(switch, on) => {
                    let state = if on { "on" } else { "off" };
                    log::info!(target: "twinlens::event", "switch {} {state} at step {}", switch.key(), event.step);
                }
                Change::Dial(dial, value) => log::info!(target: "twinlens::event", "dial {} {value} at step {}", dial.key(), event.step),
                Change::LocalCrops(locals) => log::info!(target: "twinlens::event", "local_crops {locals} at step {}", event.step),
            }
        }
        self.events_logged = snapshot.events.len();
        // A new run brings its own list of notices.
        let known = if snapshot.notices.starts_with(&self.notices_logged) { self.notices_logged.len() } else { 0 };
        for notice in &snapshot.notices[known..] {
            log::info!(target: "twinlens::event", "notice {notice}");
        }
        if known < snapshot.notices.len() {
            self.notices_logged.clone_from(&snapshot.notices);
        }
        if self.rebuilds == 0
            && options.lose_device_at.is_some_and(|step| snapshot.step >= step)
            && let Some(graphics) = &self.graphics
        {
            graphics.gpu.device.destroy();
        }
        if !self.first_step_shown && snapshot.step > 0 {
            self.first_step_shown = true;
            let seconds = options.started.elapsed().as_secs_f32();
            log::info!(target: "twinlens::event", "first trained step shown after {seconds:.2} s");
        }
        if self.last_report.elapsed() >= Duration::from_millis(500) {
            self.last_report = Instant::now();
            let fps = self.pacing.frames_per_second();
            let playing = if snapshot.playing { "playing" } else { "paused" };
            let [training, drawing] = [snapshot.shares.training, snapshot.shares.drawing].map(|share| 100.0 * share);
            log::info!(
                target: "twinlens::event",
                "shown step {} {playing} {fps:.1} fps {:.1} steps/s, training {training:.0} %, drawing {drawing:.0} %",
                snapshot.step,
                snapshot.steps_per_second,
            );
        }
    }

    /// F10.
    fn start_or_stop_recording(&mut self, size: [u32; 2], options: &WindowOptions) {
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
    fn go_on_recording(&mut self) {
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
    fn save_screenshot(&mut self, size: [u32; 2], options: &WindowOptions) {
        let folder = options.save_to.clone().unwrap_or_else(|| save::folder_for(Belongs::Pictures));
        let path = save::free_name(&folder, &format!("twinlens-{}-{}", self.snapshot.preset, self.snapshot.step), "png");
        let Some(graphics) = &mut self.graphics else { return };
        let canvas = Canvas::with_format(&graphics.gpu, size, graphics.surface.format());
        let mut encoder = graphics.gpu.device.create_command_encoder(&Default::default());
        let delta = Duration::from_millis(1);
        let fps = Some(self.pacing.frames_per_second());
        graphics.renderer.draw(&mut encoder, canvas.view(), size, delta, fps, &mut self.screen, &self.snapshot);
        let saved = canvas
            .read(&graphics.gpu, encoder)
            .map_err(|error| error.to_string())
            .and_then(|picture| picture::save_png(&path, &picture).map_err(|error| error.to_string()));
        match saved {
            Ok(()) => self.screen.say(&format!("Saved {}", save::told(&path))),
            Err(error) => self.screen.say(&format!("The picture could not be saved as {}: {error}", save::told(&path))),
        }
        self.pacing.wake(false);
        log::info!(target: "twinlens::event", "screenshot {}", path.display());
    }
}
