//! What a study compares: its conditions, each a whole configuration, with what was published about it.
//!
//! Steps: a condition that lives is trained until SCIENCE.md (section 7) saw it settle; one that collapses, until it has done so for
//! long. Published figures have their source with them and are of other data and networks: they are never compared with ours.

use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, MapAxes, Method, RunConfig};

/// Which study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StudyKind {
    /// BYOL's three asymmetries.
    Byol,
    /// DINO's balance.
    Dino,
    /// Local crops.
    Multicrop,
    /// A grid over two keys.
    Map,
}

impl StudyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Byol, Self::Dino, Self::Multicrop, Self::Map];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Byol => "byol",
            Self::Dino => "dino",
            Self::Multicrop => "multicrop",
            Self::Map => "map",
        }
    }
}

/// How long a condition is trained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// So many steps.
    Steps(u64),
    /// As many floating-point operations as the study's condition of this name takes in so many steps.
    ComputeOf(String, u64),
}

/// One row of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name, unique in the study.
    pub name: String,
    /// What is trained, but for the seed.
    pub config: RunConfig,
    /// For how long.
    pub budget: Budget,
    /// What was published about it, with source, data and epochs.
    pub published: Option<String>,
}

/// What the user asks for, beyond the kind of study.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Another preset than the study's own.
    pub preset: Option<String>,
    /// Images.
    pub data: Option<String>,
    /// Changes to all conditions, `key=value`.
    pub overrides: Vec<String>,
    /// Steps of every condition, instead of the study's own.
    pub steps: Option<u64>,
    /// Seeds of every condition.
    pub seeds: Option<u32>,
    /// The map's axes.
    pub axes: Option<MapAxes>,
    /// The map's method.
    pub method: Option<Method>,
}

/// A study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Which.
    pub kind: StudyKind,
    /// The method of all conditions.
    pub method: Method,
    /// First seed.
    pub seed: u64,
    /// Seeds of each condition: `seed`, `seed + 1`, ...
    pub seeds: u32,
    /// The rows.
    pub conditions: Vec<Condition>,
    /// The axes of a map, whose conditions are its cells, row by row.
    pub axes: Option<MapAxes>,
}

/// A row before it is a configuration: name, preset if not the study's own, changes, steps, published.
type Row = (&'static str, Option<&'static str>, &'static [&'static str], u64, Option<&'static str>);

const BYOL: [Row; 9] = [
    ("all on", None, &[], 500, Some("72.5 % (BYOL, Table 5b: ImageNet, linear top-1, 300 epochs)")),
    ("EMA off", None, &["ema=off"], 500, Some("0.3 % (BYOL, Table 5a, τ 0: ImageNet, linear top-1, 300 epochs)")),
    ("stop-gradient off", None, &["stop_gradient=off"], 500, Some("0.1 % (SimSiam, Fig. 2: ImageNet, linear top-1, 100 epochs, no EMA)")),
    ("predictor off", None, &["predictor=off"], 500, Some("0.2 % (BYOL, Table 5b: ImageNet, linear top-1, 300 epochs)")),
    ("frozen teacher", None, &["tau=1"], 500, Some("18.8 % (BYOL, Table 5a, τ 1: ImageNet, linear top-1, 300 epochs)")),
    ("all on, batch statistics", Some("byol-batchnorm"), &[], 500, None),
    (
        "EMA off, batch statistics",
        Some("byol-batchnorm"),
        &["ema=off"],
        500,
        Some("67.7 % (SimSiam, which has no EMA: ImageNet, linear top-1, 100 epochs)"),
    ),
    (
        "stop-gradient off, batch statistics",
        Some("byol-batchnorm"),
        &["stop_gradient=off"],
        500,
        Some("0.1 % (SimSiam, Fig. 2: ImageNet, linear top-1, 100 epochs, no EMA)"),
    ),
    (
        "predictor off, batch statistics",
        Some("byol-batchnorm"),
        &["predictor=off"],
        500,
        Some("0.1 % (SimSiam, Table 1: ImageNet, linear top-1, 100 epochs, no EMA)"),
    ),
];

const DINO: [Row; 12] = [
    ("both on", None, &[], 1500, Some("kNN 72.8 % (DINO: ImageNet, ViT-S)")),
    ("centering off", None, &["centering=off"], 300, Some("entropy to 0 (DINO, Fig. 7: ImageNet, ViT-S)")),
    ("sharpening off", None, &["sharpening=off"], 300, Some("entropy to ln K (DINO, Fig. 7: ImageNet, ViT-S)")),
    ("both off", None, &["centering=off", "sharpening=off"], 300, None),
    ("EMA off", None, &["ema=off"], 300, Some("kNN 0.1 % (DINO, no momentum: ImageNet, ViT-S)")),
    ("stop-gradient off", None, &["stop_gradient=off"], 300, None),
    ("teacher temperature .02", None, &["teacher_temperature=0.02"], 600, Some("kNN 66.7 % (DINO, App. D: ImageNet, ViT-S)")),
    ("teacher temperature .06", None, &["teacher_temperature=0.06"], 600, Some("kNN 68.7 % (DINO, App. D: ImageNet, ViT-S)")),
    ("teacher temperature .08", None, &["teacher_temperature=0.08"], 600, Some("kNN 0.1 % (DINO, App. D: ImageNet, ViT-S)")),
    ("centre momentum 0", None, &["center_momentum=0"], 600, Some("kNN 69.1 % (DINO, App. D: ImageNet, ViT-S)")),
    ("centre momentum .99", None, &["center_momentum=0.99"], 600, Some("kNN 69.4 % (DINO, App. D: ImageNet, ViT-S)")),
    ("centre momentum .999", None, &["center_momentum=0.999"], 600, Some("kNN 0.1 % (DINO, App. D: ImageNet, ViT-S)")),
];

/// Numbers of local crops that are compared.
const LOCALS: [u32; 4] = [0, 2, 4, 8];
/// The number whose compute the others get too.
const LOCALS_OF_REFERENCE: u32 = 4;
/// Steps of the multi-crop study: with fewer the networks are still on their plateau.
const MULTICROP_STEPS: u64 = 1200;
/// Steps of a map: SCIENCE.md, section 7.
const MAP_STEPS: [u64; 2] = [300, 600];

impl Study {
    /// The study of a kind that the user asks for.
    pub fn new(kind: StudyKind, request: &Request) -> Result<Self, ConfigError> {
        match kind {
            StudyKind::Byol => Self::of_rows(kind, "byol", &BYOL, request),
            StudyKind::Dino => Self::of_rows(kind, "dino", &DINO, request),
            StudyKind::Multicrop => Self::of_locals(request),
            StudyKind::Map => Self::of_map(request),
        }
    }

    /// The configuration of a condition: a preset, the user's changes, then its own.
    fn config(request: &Request, preset: &str, changes: &[String]) -> Result<RunConfig, ConfigError> {
        let overrides = [&request.overrides[..], changes].concat();
        RunConfig::load(preset, request.data.as_deref(), &overrides)
    }

    fn assembled(kind: StudyKind, request: &Request, seeds: u32, conditions: Vec<Condition>, axes: Option<MapAxes>) -> Self {
        let first = &conditions[0].config;
        Self { kind, method: first.method, seed: first.seed, seeds: request.seeds.unwrap_or(seeds).max(1), conditions, axes }
    }

    fn of_rows(kind: StudyKind, preset: &str, rows: &[Row], request: &Request) -> Result<Self, ConfigError> {
        let mut conditions = Vec::with_capacity(rows.len());
        for &(name, own, changes, steps, published) in rows {
            // Who names a preset wants that one, with whatever normalisation it has.
            let preset = match (&request.preset, own) {
                (Some(_), Some(_)) => continue,
                (Some(preset), None) => preset,
                (None, own) => own.unwrap_or(preset),
            };
            let changes: Vec<String> = changes.iter().map(|&change| change.to_owned()).collect();
            conditions.push(Condition {
                name: name.to_owned(),
                config: Self::config(request, preset, &changes)?,
                budget: Budget::Steps(request.steps.unwrap_or(steps)),
                published: published.map(ToOwned::to_owned),
            });
        }
        let study = Self::assembled(kind, request, 5, conditions, None);
        match (kind, study.method) {
            (StudyKind::Byol, Method::Byol) | (StudyKind::Dino, Method::Dino) => Ok(study),
            (_, method) => Err(ConfigError::Inconsistent {
                what: format!("the study '{}' of a preset that trains {}", kind.name(), method.name()),
                mend: "choose a preset of its method",
            }),
        }
    }

    fn of_locals(request: &Request) -> Result<Self, ConfigError> {
        let preset = request.preset.as_deref().unwrap_or("multicrop");
        let steps = request.steps.unwrap_or(MULTICROP_STEPS);
        let name = |locals: u32| format!("2 + {locals}");
        let mut conditions = Vec::new();
        for equal_compute in [false, true] {
            for locals in LOCALS {
                if equal_compute && locals == LOCALS_OF_REFERENCE {
                    continue;
                }
                let published = match locals {
                    _ if equal_compute => None,
                    0 => Some("kNN 67.9 % without (DINO: ImageNet, ViT-S)"),
                    8 => Some("kNN 72.8 % with (DINO: ImageNet, ViT-S)"),
                    _ => None,
                };
                conditions.push(Condition {
                    name: if equal_compute { format!("{}, equal compute", name(locals)) } else { name(locals) },
                    config: Self::config(request, preset, &[format!("local_crops={locals}")])?,
                    budget: if equal_compute { Budget::ComputeOf(name(LOCALS_OF_REFERENCE), steps) } else { Budget::Steps(steps) },
                    published: published.map(ToOwned::to_owned),
                });
            }
        }
        Ok(Self::assembled(StudyKind::Multicrop, request, 2, conditions, None))
    }

    fn of_map(request: &Request) -> Result<Self, ConfigError> {
        let method = request.method.unwrap_or(Method::Byol);
        let preset = request.preset.as_deref().unwrap_or(method.name());
        let axes = request.axes.clone().unwrap_or_else(|| MapAxes::default_of(method, 4, 4));
        let steps = request.steps.unwrap_or(MAP_STEPS[usize::from(method == Method::Dino)]);
        let mut conditions = Vec::new();
        for row in &axes.y.values {
            for column in &axes.x.values {
                let changes = [format!("{}={row}", axes.y.key), format!("{}={column}", axes.x.key)];
                conditions.push(Condition {
                    name: changes.join(", "),
                    config: Self::config(request, preset, &changes)?,
                    budget: Budget::Steps(steps),
                    published: None,
                });
            }
        }
        Ok(Self::assembled(StudyKind::Map, request, 1, conditions, Some(axes)))
    }

    /// A condition by its name.
    pub fn condition(&self, name: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_study_can_be_trained() {
        for kind in StudyKind::ALL {
            let study = Study::new(kind, &Request::default()).expect("a study");
            assert!(study.conditions.len() >= 7, "{kind:?}");
            let mut names: Vec<_> = study.conditions.iter().map(|condition| &condition.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), study.conditions.len(), "names are unique");
            for condition in &study.conditions {
                condition.config.validate().expect("valid");
                if let Budget::ComputeOf(name, _) = &condition.budget {
                    assert!(matches!(study.condition(name).map(|of| &of.budget), Some(Budget::Steps(_))));
                }
            }
        }
    }

    #[test]
    fn the_users_wishes_reach_every_condition() {
        let request = Request { overrides: vec!["batch=16".to_owned()], steps: Some(7), seeds: Some(2), ..Request::default() };
        let study = Study::new(StudyKind::Byol, &request).expect("a study");
        assert!(study.conditions.iter().all(|condition| condition.config.batch == 16 && condition.budget == Budget::Steps(7)));
        assert_eq!(study.seeds, 2);
        let wrong = Request { preset: Some("dino".to_owned()), ..Request::default() };
        assert!(Study::new(StudyKind::Byol, &wrong).is_err());
        let unknown = Request { overrides: vec!["bathc=16".to_owned()], ..Request::default() };
        assert!(Study::new(StudyKind::Dino, &unknown).is_err());
    }
}
