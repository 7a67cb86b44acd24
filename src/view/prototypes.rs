//! What the picture needs of DINO's distributions, worked out once for each readback: which prototypes get a column, how much each is
//! used, the heat map's rows and cells, and the likeliest images of a prototype. Plain numbers; nothing here draws.
//!
//! Subtlety: whatever comes (too short, not finite, K of 0) is read as zeros; nothing here may panic in front of an audience.

use std::sync::Arc;

use crate::snapshot::Distributions;

use super::pictures::packed;
use super::theme::{self, Colour, Theme};

/// Prototypes that get a column at most.
pub const COLUMNS: usize = 64;
/// Images that get a row of the heat map at most.
pub const ROWS: usize = 48;

/// The digest of one readback.
#[derive(Clone, Debug, Default)]
pub struct Prototypes {
    /// K.
    pub count: u32,
    /// The prototypes that have a column, ascending: all of them, or the [`COLUMNS`] most used.
    pub shown: Vec<u32>,
    /// Mean probability over the held-out images: (K).
    pub usage: Vec<f32>,
    /// The prototype that is used most.
    pub most_used: u32,
    /// Heat map: the batch's images, sorted by their likeliest prototype, as pixels: (rows, shown); in the dark and in the light theme.
    pub cells: [Arc<[u32]>; 2],
    /// The batch's image of each row of the heat map.
    pub rows: Vec<u32>,
    /// Images of the batch.
    pub batch: u32,
    /// What it was made of.
    source: Option<(Distributions, Option<u32>)>,
}

fn clean(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// The index of the largest value; the first of several.
pub fn likeliest(values: &[f32]) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (index, value) in values.iter().copied().enumerate() {
        if value.is_finite() && best.is_none_or(|(_, most)| value > most) {
            best = Some((index, value));
        }
    }
    best.map(|(index, _)| index)
}

/// The entropy in nats of a distribution; what is not a probability counts as 0.
pub fn entropy(distribution: impl Iterator<Item = f32>) -> f32 {
    -distribution.map(clean).filter(|p| *p > 0.0).map(|p| p * p.ln()).sum::<f32>()
}

/// The entropy in nats of softmax(values).
pub fn softmax_entropy(values: impl Iterator<Item = f32> + Clone) -> f32 {
    let most = values.clone().map(clean).fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = values.clone().map(|value| (clean(value) - most).exp()).sum();
    entropy(values.map(|value| (clean(value) - most).exp() / total))
}

/// The heat map's colour of a probability: ground, violet, white; small ones are lifted (gamma 0.55).
pub fn heat(probability: f32) -> Colour {
    let t = clean(probability).clamp(0.0, 1.0).powf(0.55);
    if t < 0.7 { theme::PANEL.mixed(theme::TEACHER, t / 0.7) } else { theme::TEACHER.mixed(theme::TEXT, (t - 0.7) / 0.3) }
}

impl Prototypes {
    /// Brings the digest up to date; `keep` is a prototype that has a column however little it is used.
    pub fn update(&mut self, distributions: &Distributions, keep: Option<u32>) {
        let same = self.source.as_ref().is_some_and(|(known, kept)| {
            Arc::ptr_eq(&known.batch, &distributions.batch) && Arc::ptr_eq(&known.cloud, &distributions.cloud) && *kept == keep
        });
        if !same {
            *self = Self::new(distributions, keep);
        }
    }

    /// The digest of `distributions`.
    pub fn new(distributions: &Distributions, keep: Option<u32>) -> Self {
        let count = distributions.prototypes as usize;
        let source = Some((distributions.clone(), keep));
        if count == 0 {
            return Self { source, ..Self::default() };
        }
        let images: Vec<&[f32]> = distributions.cloud.chunks_exact(count).collect();
        let mut usage = vec![0.0_f32; count];
        for image in &images {
            usage.iter_mut().zip(*image).for_each(|(sum, p)| *sum += clean(*p));
        }
        usage.iter_mut().for_each(|sum| *sum /= images.len().max(1) as f32);
        let most_used = likeliest(&usage).unwrap_or(0) as u32;

        let mut shown: Vec<u32> = (0..count as u32).collect();
        if count > COLUMNS {
            // Equally used ones keep their order, so columns do not dance without a reason.
            shown.sort_by(|a, b| usage[*b as usize].total_cmp(&usage[*a as usize]).then(a.cmp(b)));
            shown.truncate(COLUMNS);
            if let Some(keep) = keep.filter(|keep| (*keep as usize) < count && !shown.contains(keep)) {
                shown[COLUMNS - 1] = keep;
            }
            shown.sort_unstable();
        }

        let batch: Vec<&[f32]> = distributions.batch.chunks_exact(count).collect();
        let mut rows: Vec<u32> = (0..batch.len().min(ROWS) as u32).collect();
        rows.sort_by_key(|row| {
            let image = batch[*row as usize];
            let best = likeliest(image).unwrap_or(0);
            (best, (-1e6 * clean(image[best])) as i64)
        });
        let cells = [Theme::Dark, Theme::Light].map(|theme| {
            let heats = rows.iter().flat_map(|row| shown.iter().map(|&column| heat(batch[*row as usize][column as usize])));
            heats.map(|heat| packed(heat.mark(theme))).collect()
        });
        Self { count: count as u32, shown, usage, most_used, cells, rows, batch: batch.len() as u32, source }
    }

    /// The column of a prototype, if it has one.
    pub fn column(&self, prototype: u32) -> Option<usize> {
        self.shown.binary_search(&prototype).ok()
    }

    /// How much a prototype is used.
    pub fn usage_of(&self, prototype: u32) -> f32 {
        self.usage.get(prototype as usize).copied().unwrap_or(0.0)
    }

    /// The `most` held-out images that give a prototype the most weight, with that weight.
    pub fn top_images(&self, prototype: u32, most: usize) -> Vec<(u32, f32)> {
        let count = self.count as usize;
        let Some((known, _)) = self.source.as_ref().filter(|_| (prototype as usize) < count) else { return Vec::new() };
        let weights = known.cloud.chunks_exact(count).map(|image| clean(image[prototype as usize]));
        let mut images: Vec<(u32, f32)> = (0..).zip(weights).collect();
        images.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        images.truncate(most);
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distributions(prototypes: u32, batch: Vec<f32>, cloud: Vec<f32>) -> Distributions {
        Distributions { prototypes, center: vec![0.0; prototypes as usize].into(), batch: batch.into(), cloud: cloud.into() }
    }

    #[test]
    fn usage_is_the_mean_and_rows_are_sorted() {
        let data = distributions(3, vec![0.0, 0.1, 0.9, 0.8, 0.1, 0.1, 0.0, 0.0, 1.0], vec![0.5, 0.5, 0.0, 0.0, 1.0, 0.0]);
        let digest = Prototypes::new(&data, None);
        assert_eq!(digest.usage, [0.25, 0.75, 0.0]);
        assert_eq!(digest.most_used, 1);
        assert_eq!(digest.rows, [1, 2, 0]);
        assert_eq!(digest.cells[0].len(), 9);
        assert_eq!(digest.top_images(0, 8), [(0, 0.5), (1, 0.0)]);
        assert!(digest.top_images(3, 8).is_empty());
    }

    #[test]
    fn many_prototypes_are_thinned_to_the_most_used() {
        let count = 200;
        let cloud: Vec<f32> = (0..count).map(|k| if k % 3 == 0 { 0.01 } else { 0.0 }).collect();
        let data = distributions(count, vec![0.0; count as usize], cloud);
        let digest = Prototypes::new(&data, Some(199));
        assert_eq!(digest.shown.len(), COLUMNS);
        assert!(digest.shown.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(digest.column(0), Some(0));
        assert!(digest.column(199).is_some(), "the chosen one stays");
        assert_eq!(digest.column(1), None);
    }

    #[test]
    fn broken_numbers_do_no_harm() {
        for data in [
            distributions(0, vec![], vec![]),
            distributions(5, vec![f32::NAN; 7], vec![f32::INFINITY; 3]),
            distributions(4, vec![f32::NAN; 8], vec![f32::NAN; 8]),
        ] {
            let digest = Prototypes::new(&data, Some(77));
            assert!(digest.usage.iter().all(|usage| usage.is_finite()));
            assert!(digest.top_images(1, 4).len() <= 4);
        }
        assert_eq!(entropy([f32::NAN, 1.0].into_iter()), 0.0);
    }

    #[test]
    fn entropies() {
        let uniform = softmax_entropy([0.3; 64].into_iter());
        assert!((uniform - 64.0_f32.ln()).abs() < 1e-4, "{uniform}");
        assert!(softmax_entropy([100.0, 0.0, 0.0].into_iter()) < 1e-3);
        assert!((entropy([0.5, 0.5].into_iter()) - 2.0_f32.ln()).abs() < 1e-6);
    }
}
