//! Where the panes are: plain rectangles in logical pixels (physical pixels over the UI scale), on the 8 px grid.
//! What does not fit goes away in a fixed order; the verdict, the switches, the cloud and the caption never do.

/// A rectangle in logical pixels, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Upper left corner.
    pub min: [f32; 2],
    /// Lower right corner.
    pub max: [f32; 2],
}

impl Rect {
    /// From the left, top, right and bottom edges.
    pub const fn new(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self { min: [left, top], max: [right, bottom] }
    }

    /// Right minus left, never negative.
    pub fn width(&self) -> f32 {
        (self.max[0] - self.min[0]).max(0.0)
    }

    /// Bottom minus top, never negative.
    pub fn height(&self) -> f32 {
        (self.max[1] - self.min[1]).max(0.0)
    }

    /// The middle.
    pub fn centre(&self) -> [f32; 2] {
        [(self.min[0] + self.max[0]) * 0.5, (self.min[1] + self.max[1]) * 0.5]
    }

    /// Smaller by `margin` at each side.
    pub fn inset(&self, margin: f32) -> Self {
        Self::new(self.min[0] + margin, self.min[1] + margin, self.max[0] - margin, self.max[1] - margin)
    }

    /// Whether a point lies inside.
    pub fn contains(&self, point: [f32; 2]) -> bool {
        point[0] >= self.min[0] && point[0] < self.max[0] && point[1] >= self.min[1] && point[1] < self.max[1]
    }
}

/// The UI scale that is really used: what was asked for, unless the window is too small for it. Presenting always fills the window
/// with the same picture, so there its size alone decides.
pub fn effective_scale(requested: f32, physical: [u32; 2], presenting: bool) -> f32 {
    let fits = |least: [f32; 2]| (physical[0] as f32 / least[0]).min(physical[1] as f32 / least[1]);
    if presenting { fits(PRESENTING).clamp(0.25, 6.0) } else { requested.min(fits(MINIMUM)).clamp(0.5, 4.0) }
}

/// The window, in logical pixels, that presenting is laid out for.
const PRESENTING: [f32; 2] = [1280.0, 720.0];

/// The smallest window, in logical pixels, that the layout is made for.
const MINIMUM: [f32; 2] = [560.0, 400.0];

/// The panes of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The whole window.
    pub window: Rect,
    /// The bar on top.
    pub top: Rect,
    /// The mechanism, if shown.
    pub left: Option<Rect>,
    /// The cloud.
    pub centre: Rect,
    /// The charts, if shown.
    pub right: Option<Rect>,
    /// Caption and keys.
    pub bottom: Rect,
}

impl Layout {
    /// The panes of a window of `size` logical pixels; `panels` false hides left and right (the Tab key).
    pub fn new(size: [f32; 2], panels: bool, presenting: bool) -> Self {
        let [width, height] = size;
        let top = if presenting { 72.0 } else { 48.0 };
        let bottom = height - if presenting { 136.0 } else { 64.0 };
        let (left_width, right_width) = match width {
            _ if presenting => (424.0, 368.0),
            w if w >= 1600.0 => (448.0, 480.0),
            w if w >= 1200.0 => (352.0, 352.0),
            w if w >= 1000.0 => (288.0, 288.0),
            w if w >= 820.0 => (288.0, 240.0),
            _ => (288.0, 0.0),
        };
        let left = panels.then(|| Rect::new(0.0, top, left_width, bottom));
        let right = (panels && right_width > 0.0).then(|| Rect::new(width - right_width, top, width, bottom));
        let centre_left = left.map_or(0.0, |rect| rect.max[0]);
        let centre_right = right.map_or(width, |rect| rect.min[0]);
        Self {
            window: Rect::new(0.0, 0.0, width, height),
            top: Rect::new(0.0, 0.0, width, top),
            left,
            centre: Rect::new(centre_left, top, centre_right.max(centre_left), bottom),
            right,
            bottom: Rect::new(0.0, bottom, width, height),
        }
    }

    /// The same panes over a bottom bar of at least `height`; never more than `share` of the window.
    pub fn with_bottom(self, height: f32, share: f32) -> Self {
        let bottom = (self.window.max[1] - height.min(self.window.height() * share)).min(self.bottom.min[1]);
        let cut = |rect: Rect| Rect { max: [rect.max[0], bottom], ..rect };
        let lower = Rect { min: [self.bottom.min[0], bottom], ..self.bottom };
        Self { left: self.left.map(cut), centre: cut(self.centre), right: self.right.map(cut), bottom: lower, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panes_of_the_notes() {
        for (size, left, centre, right) in
            [([1024.0, 768.0], 288.0, 448.0, 288.0), ([1280.0, 720.0], 352.0, 576.0, 352.0), ([1920.0, 1080.0], 448.0, 992.0, 480.0)]
        {
            let layout = Layout::new(size, true, false);
            assert_eq!(layout.left.map(|r| r.width()), Some(left));
            assert_eq!(layout.right.map(|r| r.width()), Some(right));
            assert_eq!(layout.centre.width(), centre);
        }
    }

    #[test]
    fn every_size_and_scale_leaves_room_for_the_cloud() {
        for physical in [[320, 240], [640, 480], [1024, 768], [1280, 800], [3840, 2160], [7680, 4320]] {
            for (requested, presenting) in [0.5, 1.0, 1.1458333, 2.0, 3.0].into_iter().flat_map(|scale| [(scale, false), (scale, true)]) {
                let scale = effective_scale(requested, physical, presenting);
                let size = [physical[0] as f32 / scale, physical[1] as f32 / scale];
                for panels in [true, false] {
                    let layout = Layout::new(size, panels, presenting);
                    assert!(layout.centre.width() >= 250.0, "{physical:?} at {requested}");
                    assert!(layout.centre.height() >= 250.0, "{physical:?} at {requested}");
                }
            }
        }
    }
}
