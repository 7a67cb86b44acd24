//! What the display tells of the user: keys, the pointer, files that are dropped. imgui sees the pointer always, keys only while
//! something is typed into.

use std::time::Instant;

use imgui::ClipboardBackend as _;
use winit::event::{ElementState, Event, MouseScrollDelta, WindowEvent};
use winit::keyboard::ModifiersState;
use winit::window::{Fullscreen, WindowId};

use super::Open;
use crate::app::WindowOptions;
use crate::app::input::meaning;
use crate::command::Command;
use crate::data::typed;
use crate::event_log::EventLog;
use crate::view::keys::Pressed;
use crate::view::screen::Request;

impl Open {
    /// Handles one event; true to leave.
    pub(super) fn input(&mut self, event: WindowEvent, window_id: WindowId, options: &WindowOptions) -> bool {
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
    pub(super) fn answer(&mut self, requests: &[Request], options: &WindowOptions) -> bool {
        for request in requests {
            match request {
                Request::Quit => {}
                Request::Capture => self.capture = true,
                Request::SaveLog => self.save_event_log(options),
                Request::CopyLine => self.copy_event_log(),
                Request::Export => self.export(options),
                Request::ExportMap => self.export_map(options),
            }
        }
        requests.contains(&Request::Quit)
    }

    /// Loads what was dropped on the window, all of it together.
    pub(super) fn take_drops(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped.is_empty() {
            return;
        }
        self.screen.drag(None);
        let mut commands = Vec::new();
        if let [path] = dropped.as_slice()
            && path.extension().is_some_and(|extension| extension == "toml")
        {
            match EventLog::read(path) {
                Ok(log) => self.screen.submit(Command::Replay(Box::new(log)), &self.snapshot, &mut commands),
                Err(error) => self.screen.say(&error.to_string()),
            }
            self.apply(commands);
            return self.pacing.wake(false);
        }
        match typed::of_paths(&dropped) {
            Ok(spec) => self.screen.submit(Command::LoadData(spec), &self.snapshot, &mut commands),
            Err(problem) => self.screen.say(&problem),
        }
        self.apply(commands);
        self.pacing.wake(false);
    }
}
