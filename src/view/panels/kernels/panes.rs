//! Where the scene's panes are: the timeline over the whole width, the lane of the frames below it, then the table beside roofline and
//! card. When space is short, the lane goes first, then the card, then the roofline.

use crate::view::layout::Rect;
use crate::view::paint::{Paint, Style};

/// The panes of one frame.
pub struct Panes {
    /// The step.
    pub timeline: Rect,
    /// The last frames.
    pub frames: Option<Rect>,
    /// The kernels.
    pub table: Option<Rect>,
    /// The roofline.
    pub roofline: Option<Rect>,
    /// The chosen kernel with its variants.
    pub card: Option<Rect>,
}

/// Share of the height that the timeline takes, and its least height in lines of labels.
const TIMELINE: (f32, f32) = (0.31, 11.0);
/// Heights in lines of labels.
const LANE: f32 = 4.6;
const CARD: f32 = 10.2;
/// Least heights of the whole, for the lane and for the card to have room.
const LEAST: [f32; 2] = [560.0, 500.0];
/// Least width for the roofline.
const ROOFLINE: f32 = 860.0;

impl Panes {
    /// Shares `area` out; without `panels` the timeline has it all, and a lane only where there are `frames` to show.
    pub fn new(paint: &Paint<'_>, area: &Rect, panels: bool, frames: bool) -> Self {
        let line = paint.text_height(Style::LABEL);
        let lane = if frames && area.height() >= LEAST[0] { LANE * line } else { 0.0 };
        let timeline = (area.height() * TIMELINE.0).max(TIMELINE.1 * line).min(area.height() * 0.44);
        let height = if panels { (timeline + lane).round() } else { area.height() };
        let split = area.min[1] + height;
        let cut = |top: f32, bottom: f32| Rect::new(area.min[0], top, area.max[0], bottom);
        let frames = (lane > 0.0).then(|| cut(split - lane, split));
        let timeline = cut(area.min[1], split - lane);
        if !panels {
            return Self { timeline, frames, table: None, roofline: None, card: None };
        }
        let right = match area.width() {
            w if w < ROOFLINE => 0.0,
            w if w < 1600.0 => (w * 0.35).round(),
            w => (w * 0.35).round(),
        };
        let below = Rect::new(area.max[0] - right, split, area.max[0], area.max[1]);
        let card = if area.height() >= LEAST[1] && !paint.look().presenting { CARD * line } else { 0.0 };
        let shown = right > 0.0;
        Self {
            timeline,
            frames,
            table: Some(Rect::new(area.min[0], split, area.max[0] - right, area.max[1])),
            roofline: shown.then(|| Rect { max: [below.max[0], below.max[1] - card], ..below }),
            card: (shown && card > 0.0).then(|| Rect { min: [below.min[0], below.max[1] - card], ..below }),
        }
    }
}
