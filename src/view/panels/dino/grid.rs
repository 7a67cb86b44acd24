//! Where the rows of the pane are, and where in them the prototypes' columns: a whole number of physical pixels wide, so that bars are
//! crisp and equal at every scale.

/// A row of the pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// The teacher's logits of the image, and the centre as a line.
    Logits,
    /// Less the centre.
    Centred,
    /// Over the temperature.
    Divided,
    /// The teacher's distribution; the student's hangs below.
    Softmax,
    /// The batch's images by prototypes.
    Batch,
    /// The centre.
    Centre,
    /// How much each prototype is used.
    Usage,
    /// The likeliest images of the chosen prototype.
    Top,
}

impl Row {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Logits => "logits",
            Self::Centred => "less the centre",
            Self::Divided => "divided",
            Self::Softmax => "softmax",
            Self::Batch => "batch",
            Self::Centre => "centre",
            Self::Usage => "usage",
            Self::Top => "top images",
        }
    }

    /// What the row shows, for its tooltip.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Logits => {
                "The teacher's logits of one image (violet frame): cosines of its bottleneck with each prototype, drawn from −0.6 to 1. \
                 The line across is the centre. The entropy is that of a softmax of these numbers alone."
            }
            Self::Centred => {
                "The same less the centre, the running mean of the teacher's logits: what all images share is gone, so no prototype wins \
                 everywhere. Drawn from −0.25 to 0.5."
            }
            Self::Divided => {
                "Divided by the teacher's temperature. The scale is fixed by the student's temperature: a teacher that is sharper than \
                 the student stands taller."
            }
            Self::Softmax => {
                "The distributions that the loss compares, 0 to 1: the teacher's of one view (violet frame) upwards, the student's of the \
                 other view (orange frame) downwards."
            }
            Self::Batch => {
                "The teacher's distributions of the last batch: a row an image, a column a prototype, from 0 (like the ground) over \
                 violet (0.5) to 1 (like text). The triangle marks the image shown above. One strong column: one prototype takes all. Evenly \
                 faint: uniform."
            }
            Self::Centre => "The centre: the running mean of the teacher's logits, on the scale of the logits.",
            Self::Usage => {
                "The mean probability of each prototype over the held-out images; heights are square roots, a quarter fills the row. Dashed: \
                 1/K, all equally used. Below the name: how many prototypes are the likeliest of some image of the batch, which means \
                 nothing while the distributions are uniform."
            }
            Self::Top => {
                "The held-out images to which the teacher gives the chosen prototype with the highest probability, as the teacher sees them."
            }
        }
    }
}

/// The rows with their heights at rest, and in which order they go when there is no room (0 stays).
pub(super) const ROWS: [(Row, f32, u8); 8] = [
    (Row::Logits, 86.0, 3),
    (Row::Centred, 52.0, 4),
    (Row::Divided, 62.0, 5),
    (Row::Softmax, 92.0, 0),
    (Row::Batch, 126.0, 0),
    (Row::Centre, 44.0, 2),
    (Row::Usage, 50.0, 6),
    (Row::Top, 66.0, 1),
];
pub(super) const GAP: f32 = 8.0;

/// The rows that a room needs: what the loss compares, and what the prototypes do for the batch.
const PRESENTED: [Row; 4] = [Row::Softmax, Row::Batch, Row::Usage, Row::Top];

/// Tops and bottoms of the rows between two heights.
pub(super) fn rows(top: f32, bottom: f32, presenting: bool) -> Vec<(Row, f32, f32)> {
    let mut kept: Vec<(Row, f32, u8)> = ROWS.to_vec();
    kept.retain(|row| !presenting || PRESENTED.contains(&row.0));
    let room = (bottom - top).max(0.0);
    let stretch = |kept: &[(Row, f32, u8)]| {
        let gaps = GAP * (kept.len() - 1) as f32;
        (room - gaps) / kept.iter().map(|row| row.1).sum::<f32>()
    };
    for goes in 1..=6 {
        if stretch(&kept) >= 0.82 {
            break;
        }
        kept.retain(|row| row.2 != goes);
    }
    // Thumbnails grow less than bars do; the heat map takes what they leave.
    let factor = stretch(&kept).max(0.1);
    let height = |row: &(Row, f32, u8)| if row.0 == Row::Top { row.1 * factor.min(1.25) } else { row.1 * factor };
    let left_over = room - GAP * (kept.len() - 1) as f32 - kept.iter().map(height).sum::<f32>();
    let mut y = top;
    kept.iter()
        .map(|row| {
            let start = y;
            y += height(row) + if row.0 == Row::Batch { left_over.max(0.0) } else { 0.0 };
            let end = y;
            y += GAP;
            (row.0, start, end)
        })
        .collect()
}

/// The columns of the prototypes.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub(super) left: f32,
    pub(super) pitch: f32,
    /// Space to the left and right of a bar.
    pub(super) gap: f32,
    pub(super) count: usize,
}

impl Columns {
    pub(super) fn new(left: f32, right: f32, count: usize, scale: f32) -> Self {
        let pixels = ((right - left) * scale / count.max(1) as f32).floor().clamp(1.0, 48.0);
        let between = if pixels < 3.0 { 0.0 } else { (pixels / 3.5).round().max(1.0) };
        let gap = (between * 0.5).floor() / scale;
        // Flush right; the labels get what is left over.
        let start = if pixels < 48.0 { right - pixels / scale * count as f32 } else { left };
        Self { left: (start * scale).floor() / scale, pitch: pixels / scale, gap, count }
    }

    pub(super) fn right(&self) -> f32 {
        self.left + self.pitch * self.count as f32
    }

    pub(super) fn middle(&self, column: usize) -> f32 {
        self.left + self.pitch * (column as f32 + 0.5)
    }

    pub(super) fn at(&self, x: f32) -> Option<usize> {
        let column = ((x - self.left) / self.pitch).floor();
        (column >= 0.0 && (column as usize) < self.count).then_some(column as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_and_go_in_order() {
        for height in [100.0, 250.0, 400.0, 500.0, 568.0, 616.0, 648.0, 928.0, 2000.0] {
            let rows = rows(10.0, 10.0 + height, false);
            assert!(rows.iter().any(|row| row.0 == Row::Softmax) && rows.iter().any(|row| row.0 == Row::Batch));
            assert!(rows.windows(2).all(|pair| pair[0].2 < pair[1].1));
            let end = rows.last().map_or(0.0, |row| row.2);
            assert!(height < 150.0 || end <= 10.5 + height, "{height}: {end}");
        }
        assert_eq!(rows(0.0, 616.0, false).len(), ROWS.len(), "everything at 1024x768");
    }

    #[test]
    fn columns_are_whole_pixels() {
        for scale in [1.0, 1.145_833_3, 1.5, 2.0] {
            let columns = Columns::new(480.0, 912.0, 64, scale);
            let pixels = columns.pitch * scale;
            assert!((pixels - pixels.round()).abs() < 1e-3);
            assert!(columns.right() <= 912.5);
            for column in [0, 17, 63] {
                assert_eq!(columns.at(columns.middle(column)), Some(column));
            }
            assert_eq!(columns.at(479.0 - 1.0), None);
            assert_eq!(columns.at(2000.0), None);
        }
    }
}
