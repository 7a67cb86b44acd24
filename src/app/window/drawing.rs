//! A frame: acquired, built from the newest snapshot, shown; and once more for a graphics debugger.

use std::time::{Duration, Instant};

use winit::dpi::PhysicalSize;

use super::Open;
use crate::app::WindowOptions;
use crate::app::recorder::Recorder;
use crate::app::surface::{self, Acquired, WindowSurface};
use crate::folders;
use crate::gpu::Debugger;
use crate::session::Pace;
use crate::view::picture::Canvas;

impl Open {
    /// Draws a frame; true to leave.
    pub(super) fn draw(&mut self, options: &WindowOptions) -> bool {
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

    /// F9: a training step, if training goes on, and this frame once more, for the graphics debugger. Waits for the GPU.
    pub(super) fn capture_frame(&mut self, size: [u32; 2]) {
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
}
