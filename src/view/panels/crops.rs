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
pub mod marks;
mod matrix;
mod picture;
mod text;
mod thumbnails;

use crate::command::Command;
use crate::config::Method;
use crate::snapshot::{Inspection, Snapshot};
use crate::view::layout::{Layout, Rect};
use crate::view::paint::{Align, Style};
use crate::view::pictures::{Picture, Pixels, packed};
use crate::view::screen::Direction;
use crate::view::theme;

use super::centre::Centre;
use super::{Frame, walk};

pub use picture::free_corner;
pub use text::caption;

use controls::Turn;

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

/// What the parts of the scene share while one frame is drawn.
struct Looking<'a, 'ui> {
    frame: &'a Frame<'ui>,
    snapshot: &'a Snapshot,
    inspection: &'a Inspection,
    /// Stands out in this frame.
    hovered: Option<usize>,
    /// The pointer is on it in this frame.
    found: Option<usize>,
    /// From one crop's pixels to the next's: 1, or a walked batch's images.
    stride: u32,
}

impl Looking<'_, '_> {
    /// Has a crop drawn as the networks get it.
    fn crop(&self, index: usize, rect: Rect) {
        let inspection = self.inspection;
        let globals = marks::globals(inspection);
        let picture = match (index.checked_sub(globals), &inspection.local_pixels) {
            (None, _) => Some(Picture::of_buffer(&inspection.global_pixels, inspection.global_side, index as u32 * self.stride, rect)),
            (Some(local), Some(pixels)) => Some(Picture::of_buffer(pixels, inspection.local_side, local as u32 * self.stride, rect)),
            (Some(_), None) => None,
        };
        if let Some(picture) = picture {
            self.frame.picture(Picture { smooth: false, ..picture });
        }
    }

    /// Has the whole image drawn, under a veil that is clear where the attention of `shares` (side · side) is largest.
    fn image(&self, rect: Rect, shares: Option<&[f32]>) {
        let Inspection { picture, picture_side, attention_side: side, .. } = self.inspection;
        // Much enlarged, pixels stay squares; else an enlarged photograph looks better smooth.
        let smooth = rect.width() * self.frame.scale < 4.0 * *picture_side as f32;
        self.frame.picture(Picture { rect, pixels: Pixels::Buffer(picture.clone(), 0), size: [*picture_side; 2], smooth, alpha: false });
        if let Some(shares) = shares {
            let veil = attention::veil(shares).map(|opacity| packed(self.frame.paint.rgba(theme::with_alpha(theme::GROUND, opacity))));
            self.frame.picture(Picture::of_cells(veil.collect(), [*side, *side], rect));
        }
    }

    /// Says of a crop under the pointer what it is and what it costs.
    fn explain(&self, index: usize) {
        let unit = match self.snapshot.method {
            Method::Byol => "Loss: 2 − 2 cos, 0 identical, 2 unrelated. Agreement: cosine with the teacher's mean answer, 1 the same.",
            Method::Dino => "Loss: cross-entropy, in nats. Agreement: cosine with the teacher's mean answer, 1 the same.",
        };
        if let Some(crop) = text::crop(self.inspection, index).first() {
            self.frame.tooltip(&[&format!("{crop}."), unit]);
        }
    }

    /// Whether another crop than this one stands out.
    fn is_faded(&self, index: usize) -> bool {
        self.hovered.is_some_and(|hovered| hovered != index)
    }
}

/// The first image of the batch that is walked, as far as its step has been done, and the distance of its crops' pixels.
fn walked(snapshot: &Snapshot) -> Option<(Inspection, u32)> {
    let walk = snapshot.walk.as_ref()?;
    let moment = walk.moment.as_ref()?;
    let pictures = &moment.pictures;
    let inspection = Inspection {
        of_batch: true,
        image: None,
        draw: walk.step,
        class: None,
        picture: pictures.whole.clone(),
        picture_side: pictures.whole_side,
        shape: pictures.shapes.first().copied().unwrap_or([1, 1]),
        crops: pictures.frames.first().cloned().unwrap_or_default(),
        globals: 2,
        global_pixels: pictures.globals.clone(),
        global_side: pictures.global_side,
        local_pixels: pictures.locals.clone(),
        local_side: pictures.local_side,
        losses: moment.of_one.as_ref().map(|of_one| of_one.losses.clone()).unwrap_or_default(),
        student_dots: Vec::new(),
        teacher_dots: Vec::new(),
        agreement: Vec::new(),
        attention: Vec::new(),
        attention_heads: 0,
        attention_side: 0,
        teacher_logits: Vec::new(),
        teacher_distribution: Vec::new(),
        student_distribution: Vec::new(),
    };
    Some((inspection, pictures.batch))
}

impl Crops {
    /// Paints the scene into its panes, turns touches into commands. The camera of `cloud`, shared with
    /// scene 1, is that of the small cloud.
    pub fn ui(&mut self, frame: &Frame<'_>, layout: &Layout, snapshot: &Snapshot, cloud: &mut Centre, commands: &mut Vec<Command>) {
        let paint = &frame.paint;
        if let Some(left) = layout.left {
            paint.rule([left.max[0], left.min[1]], left.max, theme::SEPARATOR, 1.0);
            let rest = controls::ui(frame, left, snapshot, commands);
            if snapshot.inspection.is_none() && snapshot.walk.is_none() {
                matrix::title(frame, &rest);
            }
        }
        let landing = layout.right.map(|right| {
            paint.rule(right.min, [right.min[0], right.max[1]], theme::SEPARATOR, 1.0);
            let (cloud, meters) = landing::split(&right);
            charts::ui(frame, meters, snapshot);
            cloud
        });
        let landing = landing.map(|area| (area, landing::stage(&area)));
        frame.stage.set(landing.map(|(_, stage)| stage));
        paint.pane(layout.centre);
        let is_walked = walk::ui(frame, layout.centre, snapshot, true, commands);
        paint.pane(layout.window);
        if is_walked {
            if let (Some(left), Some((walked, stride))) = (layout.left, walked(snapshot)) {
                let mut looking = Looking { frame, snapshot, inspection: &walked, hovered: None, found: None, stride };
                matrix::ui(&mut looking, &controls::above(&left, frame.presenting), commands);
            }
            if let Some((area, stage)) = &landing {
                cloud.steer(frame, "cloud", stage);
                landing::title(frame, area, snapshot);
            }
            return;
        }
        let Some(inspection) = &snapshot.inspection else {
            let x = layout.centre.min[0] + 16.0;
            paint.text([x, layout.centre.min[1] + 22.0], Align::Left, Style::TITLE, "One image and its crops");
            paint.text(layout.centre.centre(), Align::Centre, Style::QUIET, "The first image is on its way.");
            if let Some((area, stage)) = &landing {
                cloud.steer(frame, "cloud", stage);
                landing::title(frame, area, snapshot);
            }
            return;
        };
        let count = marks::count(inspection);
        let mut looking =
            Looking { frame, snapshot, inspection, hovered: self.hovered.filter(|&index| index < count), found: None, stride: 1 };
        let heads = attention::heads(inspection);
        let head = self.hovered_head.or(self.kept_head).filter(|&head| head <= heads && heads > 0);
        let panes = picture::split(&layout.centre, inspection, frame.presenting);
        picture::ui(&mut looking, &panes, head);
        self.hovered_head = None;
        if panes.thumbnails.width() > 0.0 {
            thumbnails::ui(&mut looking, &panes.thumbnails);
        }
        if panes.attention.width() > 0.0 {
            self.hovered_head = attention::ui(&mut looking, &panes, head, &mut self.kept_head);
        }
        if let Some(left) = layout.left {
            matrix::ui(&mut looking, &controls::above(&left, frame.presenting), commands);
        }
        let landed = landing.as_ref().map(|(area, stage)| {
            landing::fade(frame, stage);
            cloud.steer(frame, "cloud", stage);
            landing::title(frame, area, snapshot);
            (stage, landing::place(inspection, stage, &cloud.camera))
        });
        if let Some((_, dots)) = &landed {
            landing::pairs(&looking, dots);
            let charts_begin = landing.as_ref().map_or([0.0; 2], |(area, _)| [area.min[0], area.max[1]]);
            links::ui(&looking, &panes.picture, dots, charts_begin);
        }
        picture::tags(&looking, &panes.picture);
        if let Some((stage, dots)) = &landed {
            landing::dots(&mut looking, stage, dots);
        }
        self.hovered = looking.found;
    }

    /// An arrow key was pressed: left and right turn to another held-out image.
    pub fn arrow(&mut self, direction: Direction, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        match direction {
            Direction::Left => commands.extend(controls::turn(snapshot, Turn::Previous)),
            Direction::Right => commands.extend(controls::turn(snapshot, Turn::Next)),
            Direction::Up | Direction::Down => {}
        }
    }
}
