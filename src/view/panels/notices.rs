//! The newest notice, over the middle pane for a while: what the training had to say (skipped files, a failed load), or the window.

use crate::snapshot::Snapshot;
use crate::view::layout::Rect;
use crate::view::paint::Style;
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
    pub fn ui(&mut self, frame: &Frame<'_>, area: &Rect, y: f32, snapshot: &Snapshot) {
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
        if frame.touch("notice", rect).hovered {
            let mut lines = vec![newest.as_str()];
            lines.extend(snapshot.notices.iter().rev().map(String::as_str).filter(|line| *line != newest.as_str()).take(12));
            frame.tooltip(&lines);
        }
    }
}
