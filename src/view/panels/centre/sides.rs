//! A twin in the middle pane: two stages side by side under one camera, each with its letter, in what it differs from the other, and
//! its verdict. The one in front has a frame; a click on the other brings it there.

use super::{Centre, margins};
use crate::command::Command;
use crate::snapshot::Snapshot;
use crate::view::cloud::Stage;
use crate::view::gathering::{described, letter, state, twin};
use crate::view::layout::Rect;
use crate::view::paint::Style;
use crate::view::panels::{Frame, member};
use crate::view::theme;

/// The learner whose cloud is shown beside that of the one in front, if any is.
pub fn beside(snapshot: &Snapshot) -> Option<usize> {
    twin(snapshot).map(|_| 1 - snapshot.front.min(1))
}

/// Height of the words above each stage.
fn head(presenting: bool) -> f32 {
    if presenting { 64.0 } else { 44.0 }
}

/// Where the two spheres stand, A at the left, each with the half of the pane that is its own; none without a twin.
pub fn stages(area: &Rect, presenting: bool, snapshot: &Snapshot) -> Option<[(Stage, Rect); 2]> {
    beside(snapshot)?;
    let (above, below) = margins(area, presenting);
    let middle = area.centre()[0].round();
    Some([(area.min[0], middle), (middle, area.max[0])].map(|(left, right)| {
        let half = Rect::new(left, area.min[1], right, area.max[1]);
        let top = area.min[1] + above + head(presenting);
        let free = Rect::new(left + 8.0, top, right - 8.0, area.max[1] - below);
        let clip = Rect::new(left + 2.0, top - 4.0, right - 2.0, area.max[1] - below + 2.0);
        (Stage::new(clip, free), half)
    }))
}

/// The words above the two stages, and the frame around the one in front.
pub fn labels(frame: &Frame<'_>, halves: &[(Stage, Rect); 2], snapshot: &Snapshot, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let high = head(frame.presenting);
    for (learner, (stage, _)) in halves.iter().enumerate() {
        let in_front = learner == snapshot.front;
        let [left, right] = [stage.clip.min[0] + 12.0, stage.clip.max[0] - 8.0];
        let top = stage.clip.min[1] - high + 4.0;
        let outer = Rect::new(stage.clip.min[0] + 2.0, top - 4.0, stage.clip.max[0] - 2.0, stage.clip.max[1]);
        if in_front {
            paint.outline(outer, theme::TEXT_2, 4.0, 1.0);
        }
        let pitch = high * 0.46;
        let [first, second] = [top + high * 0.27, top + high * 0.27 + pitch];
        let x = left + member::pill(frame, [left, first], letter(learner), in_front) + 8.0;
        let described = described(snapshot, learner);
        let words = if described.is_empty() { "same switches".to_owned() } else { described };
        paint.name_clipped([x, first], Style::LABEL.coloured(theme::TEXT), &words, right - x);
        let view = &snapshot.learners[learner];
        if view.verdict.kind.is_collapse() {
            paint.fill(Rect::new(left, second - 8.0, left + 4.0, second + 8.0), theme::ALARM, 1.0);
        }
        let x = left + if view.verdict.kind.is_collapse() { 10.0 } else { 0.0 };
        paint.name_clipped([x, second], Style::LABEL, &state(view), right - x);
        let touch =
            frame.touch(&format!("side {}", letter(learner)), Rect::new(outer.min[0], outer.min[1], outer.max[0], stage.clip.min[1]));
        if touch.hovered {
            frame.tooltip(&member::told(snapshot, learner).iter().map(String::as_str).collect::<Vec<_>>());
        }
        if touch.clicked && !in_front {
            commands.push(Command::BringToFront(learner as u32));
        }
    }
    let [_, (right, _)] = halves;
    paint.rule([right.clip.min[0] - 2.0, right.clip.min[1] - high], [right.clip.min[0] - 2.0, right.clip.max[1]], theme::SEPARATOR, 1.0);
}

impl Centre {
    /// The stage of the side that is not in front: it turns with the other, and a click brings it to the front.
    pub(super) fn other_side(
        &mut self,
        frame: &Frame<'_>,
        (stage, half): (Stage, Rect),
        learner: usize,
        snapshot: &Snapshot,
        commands: &mut Vec<Command>,
    ) {
        frame.beside.borrow_mut().push((learner, stage));
        let area = Rect { min: [half.min[0], stage.clip.min[1]], max: [half.max[0], stage.clip.max[1]] };
        let touch = self.steer(frame, "other cloud", &Stage { clip: area, ..stage });
        if touch.hovered && !touch.held && self.dragged < super::CLICK {
            frame.tooltip(&member::told(snapshot, learner).iter().map(String::as_str).collect::<Vec<_>>());
        }
        if touch.clicked && self.dragged < super::CLICK {
            commands.push(Command::BringToFront(learner as u32));
        }
    }
}
