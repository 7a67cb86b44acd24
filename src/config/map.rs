//! The axes of a map: two keys and their values, as text from the user or as they are by default.
//!
//! Contract: an axis that was read here has a key that learners side by side may differ in, and 1 to [`MAXIMUM_MAP_SIDE`] values that
//! the key allows, written as `--set` takes them. Subtlety: the default values of a smaller map are all among those of a larger one.

use serde::{Deserialize, Serialize};

use super::error::shown;
use super::keys::{self, KEYS, Key, Kind, Value};
use super::{ConfigError, Method, RunConfig};

/// Cells of a map along a side at most.
pub const MAXIMUM_MAP_SIDE: usize = 16;

/// The axes of a grid of learners: learner `row · columns + column` has the values of its row and its column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapAxes {
    /// Along a row.
    pub x: MapAxis,
    /// From the top down.
    pub y: MapAxis,
}

/// A key and its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapAxis {
    /// The configuration key, one that may be changed while it trains.
    pub key: String,
    /// The values as `--set` takes them, in order.
    pub values: Vec<String>,
}

/// Values of a key, the most telling first: a map of so many takes as many from the front, and sorts them.
struct Ladder {
    key: &'static str,
    values: [&'static str; MAXIMUM_MAP_SIDE],
}

/// The keys of the maps of SCIENCE.md with their values, and those of the published ablations (BYOL Table 5a and 21, DINO App. D).
const LADDERS: [Ladder; 4] = [
    Ladder {
        key: "tau",
        values: ["0.99", "0", "0.9", "0.998", "0.5", "0.97", "0.95", "0.995", "0.8", "0.98", "0.3", "0.999", "0.7", "0.96", "0.985", "1"],
    },
    Ladder {
        key: "predictor_multiplier",
        values: ["10", "1", "30", "3", "0.3", "100", "5", "2", "15", "20", "0", "50", "7", "0.5", "4", "70"],
    },
    Ladder {
        key: "center_momentum",
        values: ["0.9", "0", "0.999", "0.99", "0.97", "0.5", "0.95", "0.995", "0.98", "0.8", "0.997", "0.993", "0.7", "0.3", "0.96", "1"],
    },
    Ladder {
        key: "teacher_temperature",
        values: [
            "0.04", "0.02", "0.06", "0.03", "0.05", "0.08", "0.01", "0.025", "0.035", "0.07", "0.045", "0.1", "0.015", "0.055", "0.09",
            "0.005",
        ],
    },
];

/// A value without the dust of binary fractions, as `--set` takes it.
fn tidy(number: f32) -> String {
    format!("{number:.3e}").parse::<f32>().unwrap_or(number).to_string()
}

/// Numbers in their order; words as they are.
fn sorted(mut values: Vec<String>) -> Vec<String> {
    let number = |value: &String| value.parse::<f32>().unwrap_or(f32::NAN);
    values.sort_by(|a, b| number(a).total_cmp(&number(b)));
    values
}

impl MapAxis {
    /// Keys that an axis may have in runs of a method, those of its default map first.
    pub fn keys(method: Method) -> Vec<&'static str> {
        let [x, y] = default_keys(method);
        let others = KEYS.iter().filter(|key| may_differ(key) && concerns(key, method)).map(|key| key.name);
        [x, y].into_iter().chain(others.filter(|&key| key != x && key != y)).collect()
    }

    /// `count` values of a key (fewer where it has fewer), the run's own among them or near: those of SCIENCE.md's maps; on and off
    /// for a switch; for other numbers, the run's own times powers of 2.
    pub fn default_of(config: &RunConfig, key: &str, count: usize) -> Result<Self, ConfigError> {
        let row = keys::find("map", key)?;
        let count = count.clamp(1, MAXIMUM_MAP_SIDE);
        let axis = |values: Vec<String>| Self { key: row.name.to_owned(), values };
        if let Some(ladder) = LADDERS.iter().find(|ladder| ladder.key == row.name) {
            return Ok(axis(sorted(ladder.values[..count].iter().map(|&value| value.to_owned()).collect())));
        }
        let (own, least, most) = match ((row.read)(config), row.kind) {
            (Value::Switch(_), _) => return Ok(axis(["on", "off"][..count.min(2)].iter().map(|&value| value.to_owned()).collect())),
            (Value::Number(own), Kind::Number(least, most)) => (own, least, most),
            (Value::Integer(own), Kind::Integer(least, most)) => (own as f32, least as f32, most as f32),
            _ => return Err(refused("map", key, "learners side by side cannot differ in it; choose a switch or a number")),
        };
        let whole = matches!(row.kind, Kind::Integer(..));
        // From 0 no power of 2 leads anywhere.
        let from = if own > 0.0 { own } else { least.max(if whole { 50.0 } else { 1e-4 }) };
        let powers = (0..2 * MAXIMUM_MAP_SIDE as i32).map(|place| if place % 2 == 0 { -place / 2 } else { (place + 1) / 2 });
        let mut values: Vec<String> = if own > 0.0 { Vec::new() } else { vec!["0".to_owned()] };
        for power in powers {
            let value = (from * 2f32.powi(power)).clamp(least, most);
            let text = if whole { value.round().to_string() } else { tidy(value) };
            if values.len() < count && !values.contains(&text) {
                values.push(text);
            }
        }
        Ok(axis(sorted(values)))
    }

    /// From `KEY=VALUE,VALUE,...`; `place` names where it was written.
    pub fn parse(place: &str, text: &str) -> Result<Self, ConfigError> {
        let (key, list) = text
            .split_once('=')
            .ok_or_else(|| refused(place, text, "no `=` in it; write KEY=VALUE,VALUE,..., for example tau=0,0.9,0.99"))?;
        let row = keys::find(place, key.trim())?;
        if !may_differ(row) {
            return Err(refused(place, key.trim(), "learners side by side cannot differ in it; choose a switch or a dial"));
        }
        let mut values: Vec<String> = Vec::new();
        for value in list.split(',') {
            let value = row.parse(place, value.trim())?.to_string();
            if values.contains(&value) {
                return Err(refused(place, text, "a value stands in it twice; give each once"));
            }
            if values.len() == MAXIMUM_MAP_SIDE {
                return Err(refused(place, text, "more than 16 values; give 1 to 16"));
            }
            values.push(value);
        }
        Ok(Self { key: row.name.to_owned(), values })
    }

    /// The place of a run's own value on the axis, if it is on it.
    pub fn place_of(&self, config: &RunConfig) -> Option<usize> {
        let row = keys::key(&self.key)?;
        let own = (row.read)(config);
        self.values.iter().position(|value| row.parse("map", value).is_ok_and(|value| value == own))
    }
}

impl MapAxes {
    /// The axes of a method's map of `columns` by `rows` cells, the values as in SCIENCE.md: BYOL τ along a row and the predictor's
    /// learning rate downwards, DINO the centre's momentum and the teacher's temperature.
    pub fn default_of(method: Method, columns: usize, rows: usize) -> Self {
        let axis = |key: &str, count: usize| {
            let ladder = LADDERS.iter().find(|ladder| ladder.key == key).map_or(&[][..], |ladder| &ladder.values[..]);
            let count = count.clamp(1, MAXIMUM_MAP_SIDE).min(ladder.len());
            MapAxis { key: key.to_owned(), values: sorted(ladder[..count].iter().map(|&value| value.to_owned()).collect()) }
        };
        let [x, y] = default_keys(method);
        Self { x: axis(x, columns), y: axis(y, rows) }
    }

    /// What the flags `--grid AxB`, `--x KEY=v,...` and `--y KEY=v,...` ask for; what they leave open is as by default, 4 by 4.
    pub fn from_flags(method: Method, grid: Option<&str>, x: Option<&str>, y: Option<&str>) -> Result<Self, ConfigError> {
        let size = grid.map(parse_grid).transpose()?;
        let [columns, rows] = size.unwrap_or([4, 4]);
        let open = Self::default_of(method, columns, rows);
        let mut given = Vec::new();
        for (flag, text) in [("--x", x), ("--y", y)] {
            given.push(text.map(|text| MapAxis::parse(flag, text)).transpose()?);
        }
        let [x, y]: [Option<MapAxis>; 2] = given.try_into().unwrap_or_default();
        for (axis, count, flag) in [(&x, columns, "--x"), (&y, rows, "--y")] {
            if let (Some(axis), Some(grid)) = (axis, grid.filter(|_| axis.as_ref().is_some_and(|axis| axis.values.len() != count))) {
                return Err(refused("--grid", grid, &format!("{flag} has {} values; leave --grid out, or fit it", axis.values.len())));
            }
        }
        // A key that was given for one axis leaves the other default key for the other.
        let Self { x: first, y: second } = open;
        let axes = match (x, y) {
            (Some(x), None) if x.key == second.key => Self { x, y: Self::default_of(method, rows, 1).x },
            (None, Some(y)) if y.key == first.key => Self { x: Self::default_of(method, 1, columns).y, y },
            (x, y) => Self { x: x.unwrap_or(first), y: y.unwrap_or(second) },
        };
        if axes.x.key == axes.y.key {
            return Err(refused("--y", &axes.y.key, "both axes have this key; give two different keys"));
        }
        Ok(axes)
    }

    /// The axis that a change of `key` for all cells would make untrue: the key itself, or the dial whose switch it is.
    pub fn axis_moved_by(&self, key: &str) -> Option<&str> {
        const SWITCHES: [(&str, &str); 4] = [
            ("ema", "tau"),
            ("predictor", "predictor_multiplier"),
            ("centering", "center_momentum"),
            ("sharpening", "teacher_temperature"),
        ];
        let dial = SWITCHES.iter().find(|pair| pair.0 == key).map(|pair| pair.1);
        [&self.x.key, &self.y.key].into_iter().map(String::as_str).find(|&axis| axis == key || Some(axis) == dial)
    }

    /// Cells along a row, and down a column.
    pub const fn size(&self) -> [usize; 2] {
        [self.x.values.len(), self.y.values.len()]
    }

    /// Column and row of a learner.
    pub const fn cell(&self, learner: usize) -> [usize; 2] {
        let columns = self.x.values.len();
        [learner % columns, learner / columns]
    }
}

/// `AxB` (columns by rows), 1 to 16 each.
pub fn parse_grid(text: &str) -> Result<[usize; 2], ConfigError> {
    let problem = || refused("--grid", text, "write COLUMNSxROWS, 1 to 16 each, for example 4x4");
    let (columns, rows) = text.split_once(['x', 'X', '×']).ok_or_else(problem)?;
    let side = |side: &str| side.trim().parse::<usize>().ok().filter(|side| (1..=MAXIMUM_MAP_SIDE).contains(side));
    match [side(columns), side(rows)] {
        [Some(columns), Some(rows)] => Ok([columns, rows]),
        _ => Err(problem()),
    }
}

fn refused(place: &str, text: &str, reason: &str) -> ConfigError {
    ConfigError::BadMap { place: place.to_owned(), text: shown(text), reason: reason.to_owned() }
}

/// Along a row and from the top down.
const fn default_keys(method: Method) -> [&'static str; 2] {
    match method {
        Method::Byol => ["tau", "predictor_multiplier"],
        Method::Dino => ["center_momentum", "teacher_temperature"],
    }
}

/// Learners side by side share their views.
fn may_differ(key: &Key) -> bool {
    key.live && key.name != "local_crops"
}

/// Whether a key that may differ does anything in runs of a method.
fn concerns(key: &Key, method: Method) -> bool {
    let of_the_other: &[&str] = match method {
        Method::Byol => &["centering", "sharpening", "teacher_temperature", "student_temperature", "center_momentum", "frozen_steps"],
        Method::Dino => &["predictor", "predictor_multiplier"],
    };
    !of_the_other.contains(&key.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Population;

    #[test]
    fn the_default_maps_are_those_of_the_notes_and_nest() {
        let byol = MapAxes::default_of(Method::Byol, 6, 4);
        assert_eq!((byol.x.key.as_str(), byol.y.key.as_str()), ("tau", "predictor_multiplier"));
        assert_eq!(byol.x.values, ["0", "0.5", "0.9", "0.97", "0.99", "0.998"]);
        assert_eq!(byol.y.values, ["1", "3", "10", "30"]);
        let dino = MapAxes::default_of(Method::Dino, 5, 4);
        assert_eq!(dino.x.values, ["0", "0.9", "0.97", "0.99", "0.999"]);
        assert_eq!(dino.y.values, ["0.02", "0.03", "0.04", "0.06"]);
        for method in [Method::Byol, Method::Dino] {
            let config = RunConfig { method, ..RunConfig::default() };
            for side in 1..=MAXIMUM_MAP_SIDE {
                let axes = MapAxes::default_of(method, side, side);
                assert_eq!(axes.size(), [side, side]);
                let larger = MapAxes::default_of(method, side + 1, side + 1);
                assert!(axes.x.values.iter().all(|value| larger.x.values.contains(value)));
                assert!(axes.y.values.iter().all(|value| larger.y.values.contains(value)));
                let tiny = RunConfig { batch: 2, ..config.clone() };
                assert!(Population::of_map(&tiny, axes).is_ok(), "{method:?} {side}");
            }
        }
    }

    #[test]
    fn every_key_of_the_list_makes_an_axis_that_trains() {
        for (preset, method) in [("byol", Method::Byol), ("dino", Method::Dino)] {
            let config = RunConfig::load(preset, None, &[]).expect("a preset");
            let keys = MapAxis::keys(method);
            assert_eq!(keys[..2], default_keys(method));
            assert!(keys.contains(&"learning_rate") && keys.contains(&"weight_decay"), "{keys:?}");
            for pair in keys.windows(2) {
                let [x, y] = [pair[0], pair[1]].map(|key| MapAxis::default_of(&config, key, 4).expect("an axis"));
                assert!(x.values.len() >= 2 && x.values.len() <= 4, "{x:?}");
                assert!(Population::of_map(&config, MapAxes { x, y }).is_ok(), "{pair:?}");
            }
        }
        let config = RunConfig::default();
        assert_eq!(MapAxis::default_of(&config, "learning_rate", 3).expect("an axis").values, ["0.001", "0.002", "0.004"]);
        assert!(MapAxis::default_of(&config, "method", 2).is_err());
    }

    #[test]
    fn axes_are_read_and_what_is_wrong_is_said() {
        let axis = MapAxis::parse("--x", "tau=0, .9,0.99").expect("an axis");
        assert_eq!(axis, MapAxis { key: "tau".to_owned(), values: vec!["0".into(), "0.9".into(), "0.99".into()] });
        for (text, told) in [
            ("tau", "no `=`"),
            ("taw=1", "tau"),
            ("tau=", "a number from 0 to 1"),
            ("tau=2", "a number from 0 to 1"),
            ("tau=0.9,0.90", "twice"),
            ("batch=8", "cannot differ"),
            ("local_crops=1,2", "cannot differ"),
        ] {
            let error = MapAxis::parse("--x", text).expect_err(text).to_string();
            assert!(error.starts_with("--x") && error.contains(told) && !error.contains('\n'), "{text}: {error}");
        }
        let many: Vec<String> = (0..17).map(|value| format!("0.{value:02}")).collect();
        assert!(MapAxis::parse("--x", &format!("tau={}", many.join(","))).is_err());
        assert_eq!(parse_grid("6x4").expect("a grid"), [6, 4]);
        for bad in ["", "4", "0x4", "4x17", "x", "-1x2", "4x4x4"] {
            assert!(parse_grid(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn flags_fill_each_other_up() {
        let axes = |grid, x, y| MapAxes::from_flags(Method::Byol, grid, x, y);
        assert_eq!(axes(None, None, None).expect("axes"), MapAxes::default_of(Method::Byol, 4, 4));
        assert_eq!(axes(Some("3x2"), None, None).expect("axes").size(), [3, 2]);
        let given = axes(None, Some("learning_rate=0.001,0.002"), None).expect("axes");
        assert_eq!((given.x.values.len(), given.y.key.as_str(), given.y.values.len()), (2, "predictor_multiplier", 4));
        let turned = axes(Some("2x3"), Some("predictor_multiplier=1,10"), None).expect("axes");
        assert_eq!((turned.y.key.as_str(), turned.y.values.len()), ("tau", 3));
        let turned = axes(Some("2x3"), None, Some("tau=0,0.9,0.99")).expect("axes");
        assert_eq!((turned.x.key.as_str(), turned.x.values.len()), ("predictor_multiplier", 2));
        assert!(axes(Some("3x3"), Some("tau=0,0.9"), None).is_err(), "the grid does not fit");
        assert!(axes(None, Some("tau=0,0.9"), Some("tau=0.1,0.8")).is_err(), "one key");
    }

    #[test]
    fn the_runs_own_place_is_found() {
        let config = RunConfig::load("byol", None, &["tau=0.99".to_owned()]).expect("a preset");
        let axes = MapAxes::default_of(Method::Byol, 4, 4);
        assert_eq!(axes.x.place_of(&config), Some(2));
        assert_eq!(axes.cell(6), [2, 1]);
        let moved = ["tau", "ema", "predictor", "stop_gradient", "learning_rate"].map(|key| axes.axis_moved_by(key));
        assert_eq!(moved, [Some("tau"), Some("tau"), Some("predictor_multiplier"), None, None]);
    }
}
