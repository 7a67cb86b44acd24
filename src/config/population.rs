//! Who trains side by side, and why: independent networks of one architecture in the same dispatches.
//!
//! A [`Population`] is a configuration with its learners. What all share (architecture, batch, views) is in the configuration; what
//! may differ is in the [`Learner`]s.

use serde::{Deserialize, Serialize};

use super::{ConfigError, Hyper, MAXIMUM_MAP_SIDE, MapAxes, RunConfig};

/// One network with what makes it differ from those beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learner {
    /// Seed of its initial weights, and of its images and crops where each learner has its own.
    pub seed: u64,
    /// Its switches and dials.
    pub hyper: Hyper,
}

/// Why several learners train side by side; what they are to each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gathering {
    /// Each on its own; only one of them is shown.
    #[default]
    Apart,
    /// Two of one seed on the same crops, whose switches or dials differ.
    Twin,
    /// They differ in their seeds.
    Seeds,
    /// A grid over two keys.
    Map(MapAxes),
}

/// A configuration with its learners; `config.learners` says how many there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// What all share.
    pub config: RunConfig,
    /// Who they are.
    pub learners: Vec<Learner>,
}

impl From<RunConfig> for Population {
    /// The learners that a configuration asks for: learner i has the seed `seed + i`, and all have its switches and dials.
    fn from(config: RunConfig) -> Self {
        let seed = |learner: u32| config.seed.wrapping_add(learner.into());
        let learners = (0..config.learners).map(|learner| Learner { seed: seed(learner), hyper: config.hyper }).collect();
        Self { config, learners }
    }
}

impl Population {
    /// These learners on the crops of `config.seed`, or each on its own where `config.own_crops` says so.
    fn new(config: RunConfig, gathering: Gathering, learners: Vec<Learner>) -> Result<Self, ConfigError> {
        let config = RunConfig { learners: learners.len() as u32, gathering, ..config };
        config.validate()?;
        for learner in &learners {
            RunConfig { hyper: learner.hyper, ..config.clone() }.validate()?;
        }
        Ok(Self { config, learners })
    }

    /// A learner with the configuration's seed and switches, and its copy in which `key` is set to `value`, on the same crops.
    pub fn twin(config: &RunConfig, key: &str, value: &str) -> Result<Self, ConfigError> {
        let config = RunConfig { own_crops: false, ..config.clone() };
        let learner = Learner { seed: config.seed, hyper: config.hyper };
        let other = Learner { hyper: config.with(key, value)?, ..learner };
        Self::new(config, Gathering::Twin, vec![learner, other])
    }

    /// So many learners, each with its own seed and crops: learner i is the run of seed `seed + i` alone, bit for bit.
    pub fn of_seeds(config: &RunConfig, count: u32) -> Result<Self, ConfigError> {
        let config = RunConfig { own_crops: true, learners: count.max(1), ..config.clone() };
        let Self { config, learners } = config.into();
        Self::new(config, Gathering::Seeds, learners)
    }

    /// A grid: learner `row · columns + column` has the values of its row and its column, and the seed and the crops of all.
    pub fn of_map(config: &RunConfig, axes: MapAxes) -> Result<Self, ConfigError> {
        let config = RunConfig { own_crops: false, ..config.clone() };
        for (axis, other) in [(&axes.x, &axes.y), (&axes.y, &axes.x)] {
            if axis.values.is_empty() || axis.values.len() > MAXIMUM_MAP_SIDE || axis.key == other.key {
                return Err(ConfigError::Inconsistent {
                    what: format!("a map of {} values of {} by {} of {}", axes.x.values.len(), axes.x.key, axes.y.values.len(), axes.y.key),
                    mend: "give two different keys with 1 to 16 values each",
                });
            }
        }
        let mut learners = Vec::with_capacity(axes.x.values.len() * axes.y.values.len());
        for row in &axes.y.values {
            let hyper = config.with(&axes.y.key, row)?;
            for column in &axes.x.values {
                let hyper = RunConfig { hyper, ..config.clone() }.with(&axes.x.key, column)?;
                learners.push(Learner { seed: config.seed, hyper });
            }
        }
        Self::new(config, Gathering::Map(axes), learners)
    }

    /// The same learners with other seeds, none of which is one of theirs.
    #[must_use]
    pub fn reseeded(mut self) -> Self {
        let distance = if self.config.gathering == Gathering::Seeds { self.learners.len() as u64 } else { 1 };
        self.config.seed = self.config.seed.wrapping_add(distance);
        for learner in &mut self.learners {
            learner.seed = learner.seed.wrapping_add(distance);
        }
        self
    }
}

impl RunConfig {
    /// The switches and dials with one key set, which must be one that may be changed while it trains and that learners may differ
    /// in.
    fn with(&self, key: &str, value: &str) -> Result<Hyper, ConfigError> {
        let mut config = self.clone();
        config.set_live(key, value)?;
        if config.views != self.views {
            return Err(ConfigError::Inconsistent {
                what: format!("learners side by side cannot differ in {key}: they share their views"),
                mend: "choose a switch or a dial",
            });
        }
        config.validate()?;
        Ok(config.hyper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapAxis;

    fn axis(key: &str, values: &[&str]) -> MapAxis {
        MapAxis { key: key.to_owned(), values: values.iter().map(|&value| value.to_owned()).collect() }
    }

    #[test]
    fn a_map_has_its_row_and_its_column() {
        let axes = MapAxes { x: axis("tau", &["0", "0.9", "0.99"]), y: axis("predictor_multiplier", &["1", "10"]) };
        let map = Population::of_map(&RunConfig::default(), axes).expect("a map");
        let cells: Vec<_> = map.learners.iter().map(|learner| (learner.hyper.tau, learner.hyper.predictor_multiplier)).collect();
        assert_eq!(cells, [(0.0, 1.0), (0.9, 1.0), (0.99, 1.0), (0.0, 10.0), (0.9, 10.0), (0.99, 10.0)]);
        assert_eq!(map.config.learners, 6);
        assert!(map.learners.iter().all(|learner| learner.seed == map.config.seed));
    }

    #[test]
    fn what_cannot_be_side_by_side_is_refused() {
        let config = RunConfig::default();
        assert!(Population::twin(&config, "batch", "8").is_err(), "the batch is shared");
        assert!(Population::twin(&config, "local_crops", "2").is_err(), "views are shared");
        assert!(Population::twin(&config, "tau", "2").is_err(), "out of range");
        let same = MapAxes { x: axis("tau", &["0"]), y: axis("tau", &["0"]) };
        assert!(Population::of_map(&config, same).is_err());
        let many: Vec<String> = (0..17).map(|value| format!("0.{value:02}")).collect();
        let large = MapAxes { x: MapAxis { key: "tau".to_owned(), values: many }, y: axis("learning_rate", &["0.001"]) };
        assert!(Population::of_map(&config, large).is_err());
    }

    #[test]
    fn new_seeds_are_new_for_everyone() {
        let five = Population::of_seeds(&RunConfig::default(), 5).expect("seeds");
        let others = five.clone().reseeded();
        assert!(others.learners.iter().all(|learner| five.learners.iter().all(|known| known.seed != learner.seed)));
        let twin = Population::twin(&RunConfig::default(), "predictor", "off").expect("a twin").reseeded();
        assert_eq!(twin.learners[0].seed, twin.learners[1].seed);
        assert_eq!(twin.learners[0].seed, twin.config.seed);
    }
}
