//! The window: winit's events, imgui's input, the surface, and training sliced between the frames.

mod answers;
mod budget;
mod clipboard;
mod input;
mod pacing;
mod recorder;
mod surface;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use winit::event_loop::{ControlFlow, EventLoop};

use crate::config::Population;
use crate::gpu::{AdapterChoice, GpuError};
use crate::lesson::Lesson;
use crate::session::tuning::Tuning;
use crate::session::{LoadedData, SessionError};
use crate::view::scene::Scene;
use crate::view::theme::Look;

/// How the window starts.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Which adapter.
    pub adapter: AdapterChoice,
    /// Where the choice of kernels comes from.
    pub tuning: Tuning,
    /// What to train, and with whom.
    pub population: Population,
    /// The images to train on, loaded.
    pub data: Arc<LoadedData>,
    /// Which scene opens.
    pub scene: Scene,
    /// How it looks at first.
    pub look: Look,
    /// The lesson that opens with the window.
    pub lesson: Option<Lesson>,
    /// Do not train before Space.
    pub paused: bool,
    /// Size of text and controls over the display's own scale.
    pub ui_scale: f32,
    /// Where pictures and films of the window go; none: the user's folders for them.
    pub save_to: Option<PathBuf>,
    /// Leave without asking after this long (tests).
    pub exit_after: Option<Duration>,
    /// Lose the device on purpose when this step is shown (tests).
    pub lose_device_at: Option<u64>,
    /// When the program started, for the time to the first trained step shown.
    pub started: Instant,
}

/// Why the window could not open or had to close.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display to open a window on.
    #[error("no display: {0}. Without one, `twinlens render --preset byol --steps 300 --out byol.png` draws the same frame into a file")]
    NoDisplay(String),
    /// The display refused a window or a surface.
    #[error("the display opened no window: {0}. `twinlens render` draws the same frame into a file; `twinlens doctor` lists the adapters")]
    NoWindow(String),
    /// No adapter, or it was lost and did not come back.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The run could not start.
    #[error(transparent)]
    Session(#[from] SessionError),
}

/// Opens the window and stays until it is closed.
pub fn run(options: WindowOptions) -> Result<(), WindowError> {
    let event_loop = EventLoop::new().map_err(|error| WindowError::NoDisplay(plain(&error)))?;
    event_loop.set_control_flow(ControlFlow::Wait);
    let mut app = window::App::new(options);
    event_loop.run_app(&mut app).map_err(|error| WindowError::NoDisplay(plain(&error)))?;
    app.into_result()
}

/// What winit has to say, on one line and without the place in its source.
fn plain(error: &winit::error::EventLoopError) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.rsplit(": ").next().unwrap_or(line).trim().trim_end_matches('.').to_owned()
}
