//! How a run went: its meters as JSON and in one line, for the commands that train.

use serde_json::{Map, Value, json};

use crate::command::{Dial, Switch};
use crate::config::Method;
use crate::session::{Extras, LearnerMeters, Session};
use crate::snapshot::LearnerView;

/// A learner's fields as of this very step: those of every run, and those that this one has.
pub fn fields(meters: &LearnerMeters, extras: Extras) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in [
        ("loss", meters.loss),
        ("embedding_std", meters.embedding_std),
        ("effective_rank", meters.effective_rank),
        ("knn_accuracy", meters.knn_accuracy),
        ("knn_projection", meters.knn_projection),
    ] {
        map.insert(key.to_owned(), json!(value));
    }
    let mut add = |key: &str, value: Option<f32>| map.insert(key.to_owned(), json!(value));
    if extras.distributions {
        add("teacher_entropy", meters.teacher_entropy);
        add("mean_teacher_entropy", meters.mean_teacher_entropy);
        add("mutual_information", meters.mutual_information());
        add("kl", meters.kl());
        add("prototypes_used", meters.prototypes_used);
    }
    if extras.fragments {
        let fragment = |index: usize| meters.fragments.map(|fragments| fragments[index]);
        add("fragment_to_whole", fragment(0));
        add("fragment_to_fragment", fragment(1));
        add("fragment_median_rank", fragment(2));
    }
    if extras.attention {
        add("attention_in_object", meters.attention_in_object);
    }
    map.insert("agreement".to_owned(), json!(meters.agreement));
    map.insert("verdict".to_owned(), json!(meters.verdict));
    map
}

/// A learner in one line.
pub fn one_line(meters: &LearnerMeters) -> String {
    let number = |value: Option<f32>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    if meters.teacher_entropy.is_some() {
        return format!(
            "loss {}, entropy of the mean {}, teacher entropy {}, embedding std {}, kNN {}, {}",
            number(meters.loss),
            number(meters.mean_teacher_entropy),
            number(meters.teacher_entropy),
            number(meters.embedding_std),
            number(meters.knn_accuracy),
            meters.verdict
        );
    }
    format!(
        "loss {}, embedding std {}, rank {}, kNN {}, {}",
        number(meters.loss),
        number(meters.embedding_std),
        number(meters.effective_rank),
        number(meters.knn_accuracy),
        meters.verdict
    )
}

fn learner_summary(meters: &LearnerMeters, extras: Extras) -> Map<String, Value> {
    let mut map = fields(meters, extras);
    if extras.attention {
        map.insert("attention_untrained".to_owned(), json!(meters.attention_untrained));
    }
    map.insert("seed".to_owned(), json!(meters.seed));
    map.insert("embedding_std_minimum".to_owned(), json!(meters.embedding_std_minimum));
    map.insert("first_collapsed_step".to_owned(), json!(meters.first_collapsed_step));
    map.insert("knn_untrained".to_owned(), json!(meters.knn_untrained));
    map
}

/// A learner's switches and dials, as `--set` takes them.
fn set(learner: &LearnerView, method: Method) -> Map<String, Value> {
    let switches = Switch::of(method).iter().map(|&switch| (switch.key().to_owned(), json!(learner.switches.get(switch))));
    let dials = Dial::of(method).iter().map(|&dial| (dial.key().to_owned(), json!(learner.dials.get(dial))));
    switches.chain(dials).collect()
}

/// The object that `--json` prints. Its own fields are those of learner 0.
pub fn summary(session: &Session, steps_per_second: f64, seconds: f64) -> Value {
    let (config, record) = (session.config(), session.record());
    let snapshot = session.snapshot();
    let mut map = Map::new();
    map.insert("step".to_owned(), json!(record.step));
    map.extend(learner_summary(&record.learners[0], record.extras));
    map.insert("steps_per_second".to_owned(), json!((steps_per_second * 100.0).round() / 100.0));
    map.insert("seconds".to_owned(), json!((seconds * 100.0).round() / 100.0));
    map.insert("adapter".to_owned(), json!(snapshot.adapter));
    map.insert("seed".to_owned(), json!(config.seed));
    map.insert("preset".to_owned(), json!(config.preset));
    map.insert("data".to_owned(), json!(config.data.to_string()));
    if let Some(references) = snapshot.attention_references {
        map.insert("attention_area".to_owned(), json!(references.area));
        map.insert("attention_center_prior".to_owned(), json!(references.center_prior));
    }
    map.insert("notices".to_owned(), json!(snapshot.notices));
    let learners = record.learners.iter().zip(&snapshot.learners).map(|(meters, view)| {
        let mut map = learner_summary(meters, record.extras);
        map.insert("set".to_owned(), Value::Object(set(view, snapshot.method)));
        map.insert("collapsed_at".to_owned(), json!(view.collapsed_at));
        Value::Object(map)
    });
    map.insert("learners".to_owned(), learners.collect());
    Value::Object(map)
}
