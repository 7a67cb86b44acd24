//! What the charts show of several learners: of one its lines, of two both over each other, the other's dashed, of many the median
//! and what they span.
//!
//! Contract: the first line of a meter stands for its chart. Subtlety: medians are worked out as steps come in and not anew in each
//! frame; learners train in lock step, so their meters have the same steps.

use std::sync::Arc;

use super::reading::difference;
use super::{Band, End, Line, Stroke};
use crate::snapshot::{History, LearnerView, Series, Snapshot};
use crate::view::gathering::{letter, median, name, seeds, twin};
use crate::view::theme::{self, Colour};

/// Where there are fewer learners than this, each has a thin line of its own.
const EACH: usize = 6;

/// A meter over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// [`History::loss`].
    Loss,
    /// [`History::embedding_std`].
    EmbeddingStd,
    /// [`History::effective_rank`].
    EffectiveRank,
    /// [`History::knn_accuracy`].
    KnnAccuracy,
    /// [`History::teacher_entropy`].
    TeacherEntropy,
    /// [`History::mean_teacher_entropy`].
    MeanTeacherEntropy,
    /// Entropy of the mean minus mean entropy.
    MutualInformation,
    /// [`History::kl`].
    Kl,
}

impl Meter {
    const ALL: [Self; 8] = [
        Self::Loss,
        Self::EmbeddingStd,
        Self::EffectiveRank,
        Self::KnnAccuracy,
        Self::TeacherEntropy,
        Self::MeanTeacherEntropy,
        Self::MutualInformation,
        Self::Kl,
    ];
}

/// The meters of one learner, with what is worked out of them.
#[derive(Clone, Debug, Default)]
struct Told {
    history: Arc<History>,
    /// Worked out anew when either entropy has changed.
    mutual_information: Series,
    made_of: [Option<(u64, f32)>; 2],
}

impl Told {
    fn follow(&mut self, history: &Arc<History>) {
        self.history = history.clone();
        let last = |series: &Series| series.points.last().copied();
        let made_of = [last(&history.teacher_entropy), last(&history.mean_teacher_entropy)];
        if made_of != self.made_of {
            self.mutual_information = difference(&history.mean_teacher_entropy, &history.teacher_entropy);
            self.made_of = made_of;
        }
    }

    fn series(&self, meter: Meter) -> &Series {
        match meter {
            Meter::Loss => &self.history.loss,
            Meter::EmbeddingStd => &self.history.embedding_std,
            Meter::EffectiveRank => &self.history.effective_rank,
            Meter::KnnAccuracy => &self.history.knn_accuracy,
            Meter::TeacherEntropy => &self.history.teacher_entropy,
            Meter::MeanTeacherEntropy => &self.history.mean_teacher_entropy,
            Meter::MutualInformation => &self.mutual_information,
            Meter::Kl => &self.history.kl,
        }
    }
}

/// The lowest, the middle and the highest of several series, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// The lowest.
    pub low: Series,
    /// The median.
    pub median: Series,
    /// The highest.
    pub high: Series,
}

impl Spread {
    /// Takes up what the series have; what is known already stays where they only went on.
    pub fn follow(&mut self, series: &[&Series]) {
        let Some(first) = series.first() else { return };
        let known = self.median.points.len();
        let goes_on =
            known <= first.points.len() && known.checked_sub(1).is_none_or(|last| first.points[last].0 == self.median.points[last].0);
        if !goes_on {
            *self = Self::default();
        }
        for index in self.median.points.len()..first.points.len() {
            let step = first.points[index].0;
            let at =
                |series: &&Series| series.points.get(index).filter(|point| point.0 == step && point.1.is_finite()).map(|point| point.1);
            let mut values: Vec<f32> = series.iter().filter_map(at).collect();
            values.sort_by(f32::total_cmp);
            let (low, high) = (values.first().copied(), values.last().copied());
            let middle = if values.is_empty() { f32::NAN } else { median(&values) };
            // Not [`Series::push`], which would thin out what the learners' own series keep.
            for (series, value) in [(&mut self.low, low), (&mut self.median, Some(middle)), (&mut self.high, high)] {
                series.points.push((step, value.unwrap_or(f32::NAN)));
            }
        }
    }
}

/// Who is shown.
#[derive(Clone, Debug, Default, PartialEq)]
enum Who {
    #[default]
    One,
    Two,
    /// The place of the one in front among them, and its name.
    Many(usize, String),
}

/// What charts show of a meter.
pub type Shown<'a> = (Vec<Line<'a>>, Vec<Band<'a>>);

/// The learners whose meters are shown, from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    who: Who,
    told: Vec<Told>,
    /// One a meter, where there are many.
    spreads: Vec<Spread>,
}

impl Crowd {
    /// Takes up the learners of this frame.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let shown: Vec<&LearnerView> = match (twin(snapshot), seeds(snapshot)) {
            (Some(two), _) => two.to_vec(),
            (_, Some(many)) => many.iter().collect(),
            _ => Vec::new(),
        };
        let who = match shown.len() {
            0 => Who::One,
            2 if twin(snapshot).is_some() => Who::Two,
            _ => Who::Many(snapshot.front, name(snapshot, snapshot.front)),
        };
        self.who = who;
        self.told.resize_with(shown.len().max(1), Told::default);
        if shown.is_empty() {
            self.told[0].follow(&snapshot.history);
        }
        for (told, learner) in self.told.iter_mut().zip(&shown) {
            told.follow(&learner.history);
        }
        if matches!(self.who, Who::Many(..)) {
            self.spreads.resize_with(Meter::ALL.len(), Spread::default);
            for (spread, meter) in self.spreads.iter_mut().zip(Meter::ALL) {
                let series: Vec<&Series> = self.told.iter().map(|told| told.series(meter)).collect();
                spread.follow(&series);
            }
        } else {
            self.spreads.clear();
        }
    }

    /// There is nobody beside the learner in front.
    pub fn is_alone(&self) -> bool {
        self.who == Who::One
    }

    /// The two of a twin.
    pub fn is_twin(&self) -> bool {
        self.who == Who::Two
    }

    /// The meter of the learner that stands for all: the median of many.
    pub fn standing(&self, meter: Meter) -> &Series {
        match &self.who {
            Who::Many(..) => &self.spreads[meter as usize].median,
            _ => self.told[0].series(meter),
        }
    }

    /// What a chart shows of a meter; `name` is that of one learner's line, empty for the only line of a chart.
    pub fn lines(&self, meter: Meter, colour: Colour, end: End, name: &'static str) -> Shown<'_> {
        let line = |series| Line { end, ..Line::new(series, colour, name) };
        match &self.who {
            Who::One => (vec![line(self.told[0].series(meter))], Vec::new()),
            Who::Two => {
                let lines = self.told.iter().enumerate().map(|(index, told)| {
                    let tag = letter(index);
                    let name = if name.is_empty() { tag.to_owned() } else { format!("{tag} {name}") };
                    let stroke = if index == 0 { Stroke::Solid } else { Stroke::Dashed };
                    Line { end, tag, stroke, ..Line::new(told.series(meter), colour, name) }
                });
                (lines.collect(), Vec::new())
            }
            Who::Many(front, of_front) => {
                let Spread { low, median, high } = &self.spreads[meter as usize];
                let mut lines = vec![Line { end, ..Line::new(median, colour, if name.is_empty() { "median" } else { name }) }];
                for (index, told) in self.told.iter().enumerate().filter(|(index, _)| self.told.len() < EACH || index == front) {
                    let name = if index == *front && name.is_empty() { of_front.clone() } else { String::new() };
                    let colour = if index == *front { theme::TEXT_2 } else { theme::AXIS };
                    lines.push(Line { stroke: Stroke::Thin, ..Line::new(told.series(meter), colour, name) });
                }
                (lines, vec![Band { low, high, colour }])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f32]) -> Series {
        Series { points: (1..).zip(values.iter().copied()).collect() }
    }

    #[test]
    fn a_spread_grows_as_its_series_do_and_starts_anew_with_them() {
        let all = [series(&[1.0, 5.0, 3.0]), series(&[2.0, 4.0, f32::NAN]), series(&[9.0, 0.0, 1.0])];
        let mut grown = Spread::default();
        for length in 1..=3 {
            let part: Vec<Series> = all.iter().map(|series| Series { points: series.points[..length].to_vec() }).collect();
            grown.follow(&part.iter().collect::<Vec<_>>());
        }
        let mut at_once = Spread::default();
        at_once.follow(&all.iter().collect::<Vec<_>>());
        assert_eq!(grown, at_once);
        assert_eq!(grown.low.points, [(1, 1.0), (2, 0.0), (3, 1.0)]);
        assert_eq!(grown.median.points, [(1, 2.0), (2, 4.0), (3, 2.0)]);
        assert_eq!(grown.high.points, [(1, 9.0), (2, 5.0), (3, 3.0)]);
        let other = [Series { points: vec![(2, 7.0), (4, 8.0), (6, 9.0)] }, Series { points: vec![(2, 5.0), (4, 8.0), (6, 9.0)] }];
        grown.follow(&other.iter().collect::<Vec<_>>());
        assert_eq!(grown.median.points, [(2, 6.0), (4, 8.0), (6, 9.0)]);
    }
}
