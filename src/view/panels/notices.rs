//! Images on their way in, with a bar and a way to stop them; and the newest notice, over the middle pane for a while: what the training had to say (skipped files, a failed load), or the window.

use crate::command::Command;
use crate::snapshot::{Loading, Snapshot, grouped};
use crate::view::layout::Rect;
use crate::view::paint::{Align, Style};
use crate::view::theme;

use super::Frame;

/// Seconds for which a notice stays.
const NOTICE_SECONDS: f64 = 15.0;

/// What was said, and until when it is shown.
#[derive(Default)]
pub struct Notices {
    seen: Vec<String>,
    /// The newest notice, the training's or the window's, and when it goes.
    newest: Option<(String, f64)>,
    said: Option<String>,
}

impl Notices {
    /// Shows a notice that does not come from the training.
    pub fn say(&mut self, notice: &str) {
        self.said = Some(notice.to_owned());
    }

    /// Paints the newest notice with its middle at height `y` of `area`.
    pub fn ui(&mut self, frame: &Frame<'_>, area: &Rect, mut y: f32, snapshot: &Snapshot, commands: &mut Vec<Command>) {
        if let Some(loading) = &snapshot.loading {
            progress(frame, area, y, loading, commands);
            y -= 52.0;
        }
        let until = frame.ui.time() + NOTICE_SECONDS;
        if snapshot.notices != self.seen {
            self.seen.clone_from(&snapshot.notices);
            self.newest = snapshot.notices.last().map(|newest| (newest.clone(), until));
        }
        if let Some(said) = self.said.take() {
            self.newest = Some((said, until));
        }
        let now = frame.ui.time();
        let Some((newest, _)) = self.newest.as_ref().filter(|(_, until)| now < *until) else { return };
        let paint = &frame.paint;
        let width = (paint.text_width(Style::BODY, newest) + 32.0).min(area.width() - 32.0);
        let x = area.centre()[0];
        let rect = Rect::new(x - width * 0.5, y - 18.0, x + width * 0.5, y + 18.0);
        paint.fill(rect, theme::RAISED, 4.0);
        paint.outline(rect, theme::AXIS, 4.0, 1.0);
        paint.name_clipped([rect.min[0] + 16.0, y], Style::BODY, newest, width - 32.0);
        let touch = frame.touch("notice", rect);
        let skipped = snapshot.images_report.as_ref().is_some_and(|report| !report.skipped.is_empty());
        if touch.clicked && skipped {
            frame.wants_images.set(true);
        }
        if touch.hovered {
            let mut lines = vec![newest.as_str()];
            lines.extend(snapshot.notices.iter().rev().map(String::as_str).filter(|line| *line != newest.as_str()).take(12));
            if skipped {
                lines.push("Click, or press O, for the list of what was skipped.");
            }
            frame.tooltip(&lines);
        }
    }
}

/// How far the images on their way in are, around height `y` of `area`; a click on the cross stops them.
fn progress(frame: &Frame<'_>, area: &Rect, y: f32, loading: &Loading, commands: &mut Vec<Command>) {
    let paint = &frame.paint;
    let [x, width] = [area.centre()[0], (area.width() - 32.0).min(440.0)];
    let rect = Rect::new(x - width * 0.5, y - 22.0, x + width * 0.5, y + 22.0);
    paint.fill(rect, theme::RAISED, 4.0);
    paint.outline(rect, theme::AXIS, 4.0, 1.0);
    let cross = Rect::new(rect.max[0] - 44.0, rect.min[1], rect.max[0], rect.max[1]);
    let inner = Rect::new(rect.min[0] + 16.0, rect.min[1], cross.min[0] - 4.0, rect.max[1]);
    let far = match loading.total {
        0 if loading.done == 0 => loading.doing.to_owned(),
        0 => format!("{}, {} files so far", loading.doing, grouped(loading.done)),
        total => format!("{} {} of {}", loading.doing, grouped(loading.done), grouped(total)),
    };
    let wide = paint.text_width(Style::LABEL, &far);
    let known =
        if wide + 60.0 < inner.width() { paint.text([inner.max[0], y - 6.0], Align::Right, Style::LABEL, &far) + 12.0 } else { 0.0 };
    paint.name_clipped([inner.min[0], y - 6.0], Style::BODY, &loading.name, inner.width() - known);
    let bar = Rect::new(inner.min[0], y + 9.0, inner.max[0], y + 13.0);
    paint.fill(bar, theme::AXIS, 2.0);
    if loading.total > 0 {
        let share = (loading.done as f32 / loading.total as f32).clamp(0.0, 1.0);
        paint.fill(Rect::new(bar.min[0], bar.min[1], bar.min[0] + bar.width() * share, bar.max[1]), theme::TEXT, 2.0);
    }
    let touch = frame.touch("cancel-loading", cross);
    let [x, y] = cross.centre();
    let ink = if touch.hovered { theme::TEXT } else { theme::TEXT_2 };
    paint.line([x - 6.0, y - 6.0], [x + 6.0, y + 6.0], ink, 2.0);
    paint.line([x - 6.0, y + 6.0], [x + 6.0, y - 6.0], ink, 2.0);
    if touch.hovered {
        frame.tooltip(&["Stop loading these images (Esc): the run goes on as it is."]);
    } else if frame.touch("loading", Rect::new(rect.min[0], rect.min[1], cross.min[0], rect.max[1])).hovered {
        frame.tooltip(&[&loading.name, "The run goes on until these images are ready; then training starts on them from step 0."]);
    }
    if touch.clicked {
        commands.push(Command::CancelLoad);
    }
}
