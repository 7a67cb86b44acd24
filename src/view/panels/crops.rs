//! Scene 3, multi-crop: one image, the crops that the networks see of it, what each costs, and where each lands. The picture with
//! its crops is the middle, the loss of every pair the left, the cloud and the charts the right; whatever crop the pointer is on
//! stands out in all three.
//!
//! Subtlety: what the pointer is on is known only when all panes have been drawn, so it stands out from the next frame on.

mod attention;
mod charts;
mod controls;
mod landing;
mod links;
mod marks;
mod matrix;
mod picture;
mod text;
mod thumbnails;

use crate::command::Command;
use crate::snapshot::{Inspection, Snapshot};
use crate::view::camera::Camera;
use crate::view::cloud::Stage;
use crate::view::layout::{Layout, Rect};
use crate::view::paint::{Align, Style};
use crate::view::theme;
use crate::view::tiles::Tile;

use super::Frame;

pub use text::caption;

/// What the scene keeps from frame to frame.
#[derive(Default)]
pub struct Crops {
    /// The crop the pointer was on.
    hovered: Option<usize>,
    /// The attention picture the pointer was on: a head's number, or the number of heads for their mean.
    hovered_head: Option<usize>,
    /// The attention picture that was clicked to stay over the image.
    kept_head: Option<usize>,
}

/// Where wgpu draws below the panels in this frame.
pub struct CropStages {
    /// The cloud.
    pub cloud: Stage,
    /// The pictures.
    pub tiles: Vec<Tile>,
}

/// What the parts of the scene share while one frame is drawn.
struct Looking<'a, 'ui> {
    frame: &'a Frame<'ui>,
    snapshot: &'a Snapshot,
    inspection: &'a Inspection,
    /// Stands out in this frame.
    hovered: Option<usize>,
    /// The pointer is on it in this frame.
    found: Option<usize>,
    tiles: Vec<Tile>,
}

impl Looking<'_, '_> {
    /// Whether another crop than this one stands out.
    fn is_faded(&self, index: usize) -> bool {
        self.hovered.is_some_and(|hovered| hovered != index)
    }
}

impl Crops {
    /// Paints the scene into its panes, turns touches into commands, and says where wgpu draws. `camera` and `wheel` are the
    /// cloud's, shared with the other scenes.
    pub fn ui(
        &mut self,
        frame: &Frame<'_>,
        layout: &Layout,
        snapshot: &Snapshot,
        camera: &mut Camera,
        wheel: &mut f32,
        commands: &mut Vec<Command>,
    ) -> CropStages {
        let paint = &frame.paint;
        if let Some(left) = layout.left {
            paint.rule([left.max[0], left.min[1]], left.max, theme::SEPARATOR, 1.0);
            let rest = controls::ui(frame, left, snapshot, commands);
            if snapshot.inspection.is_none() {
                matrix::title(frame, &rest);
            }
        }
        let landing = layout.right.map(|right| {
            paint.rule(right.min, [right.min[0], right.max[1]], theme::SEPARATOR, 1.0);
            let (cloud, meters) = landing::split(&right);
            charts::ui(frame, meters, snapshot);
            cloud
        });
        let stage = landing.map_or_else(|| Stage::new(Rect::default(), Rect::default()), |area| landing::stage(&area));
        let Some(inspection) = &snapshot.inspection else {
            let x = layout.centre.min[0] + 16.0;
            paint.text([x, layout.centre.min[1] + 22.0], Align::Left, Style::TITLE, "One image and its crops");
            paint.text(layout.centre.centre(), Align::Centre, Style::QUIET, "The first image is on its way.");
            if let Some(area) = landing {
                landing::steer(frame, &area, &stage, camera, wheel);
                landing::title(frame, &area, snapshot);
            }
            return CropStages { cloud: stage, tiles: Vec::new() };
        };
        let count = marks::count(inspection);
        let mut looking =
            Looking { frame, snapshot, inspection, hovered: self.hovered.filter(|&index| index < count), found: None, tiles: Vec::new() };
        let heads = attention::heads(inspection);
        let head = self.hovered_head.or(self.kept_head).filter(|&head| head <= heads && heads > 0);
        let panes = picture::split(&layout.centre, inspection);
        picture::ui(&mut looking, &panes, head);
        thumbnails::ui(&mut looking, &panes.thumbnails);
        self.hovered_head = attention::ui(&mut looking, &panes, head, &mut self.kept_head);
        if let Some(left) = layout.left {
            matrix::ui(&mut looking, &controls::above(&left));
        }
        let dots = landing.map(|area| {
            landing::fade(frame, &stage);
            landing::steer(frame, &area, &stage, camera, wheel);
            landing::title(frame, &area, snapshot);
            landing::place(inspection, &stage, camera)
        });
        if let Some(dots) = &dots {
            landing::pairs(&looking, dots);
            links::ui(&looking, &panes.picture, dots);
        }
        picture::tags(&looking, &panes.picture);
        if let Some(dots) = &dots {
            landing::dots(&mut looking, &stage, dots);
        }
        self.hovered = looking.found;
        CropStages { cloud: stage, tiles: looking.tiles }
    }
}
