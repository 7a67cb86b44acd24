//! Presets, overrides and data sources as text.

use crate::refused;
use twinlens::config::{DataSpec, KEYS, Normalisation, RunConfig, Scene, explain, preset_names, presets};

fn set(pairs: &[&str]) -> Result<RunConfig, twinlens::config::ConfigError> {
    let pairs: Vec<String> = pairs.iter().map(|pair| pair.to_string()).collect();
    RunConfig::load("byol", None, &pairs)
}

#[test]
fn shipped_presets_load() {
    assert_eq!(preset_names()[0], "byol");
    for name in ["byol", "byol-fast", "byol-batchnorm"] {
        assert!(preset_names().contains(&name));
    }
    for preset in presets() {
        let config = RunConfig::load(preset.name, None, &[]).unwrap();
        assert_eq!(config.preset, preset.name);
        assert!(!preset.about.is_empty());
        assert!(preset.text.starts_with("# "), "{} begins with what it shows", preset.name);
    }
    let byol = RunConfig::load("byol", None, &[]).unwrap();
    assert_eq!(byol, RunConfig { about: byol.about.clone(), ..RunConfig::default() });
    let batchnorm = RunConfig::load("byol-batchnorm", None, &[]).unwrap();
    assert_eq!(batchnorm.normalisation, Normalisation::Batchnorm);
    assert_eq!(batchnorm.hyper.predictor_multiplier, 1.0);
    assert!(!batchnorm.data_dependent_init);
    let fast = RunConfig::load("byol-fast", None, &[]).unwrap();
    assert_eq!((fast.hyper.learning_rate, fast.hyper.tau), (4e-3, 0.98));
}

#[test]
fn every_key_takes_its_own_value_back() {
    let config = RunConfig::default();
    for row in KEYS {
        let text = config.get(row.name).unwrap().to_string();
        let mut again = config.clone();
        again.set(row.name, &text).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(again, config, "{}", row.name);
        assert!(explain().contains(&format!("\n{} = ", row.name)));
        assert!(row.meaning.ends_with('.') && !row.meaning.contains('\n'));
        for bad in ["", "blue\nsky", "-1", "nan", "inf", "1e99", "[", ",,"] {
            refused(config.clone().set(row.name, bad), &[]);
        }
    }
}

#[test]
fn overrides() {
    for (text, on) in [("true", true), ("on", true), ("1", true), ("false", false), ("off", false), ("0", false)] {
        assert_eq!(set(&[&format!("ema={text}")]).unwrap().hyper.ema, on);
    }
    assert_eq!(set(&["ema=off"]).unwrap().hyper.effective_tau(), 0.0);
    assert_eq!(set(&["tau=.5"]).unwrap().hyper.effective_tau(), 0.5);
    assert_eq!(set(&["widths=16,32,48"]).unwrap().encoder.widths, [16, 32, 48]);
    assert_eq!(set(&["global_area=[0.2, 0.9]"]).unwrap().views.global_area, [0.2, 0.9]);
    assert_eq!(set(&["seed=18446744073709551615"]).unwrap().seed, u64::MAX);
    let shapes = set(&["hue=0.2", "data=synthetic:shapes"]).unwrap();
    assert_eq!((shapes.data, shapes.views.hue), (DataSpec::Synthetic(Scene::Shapes), 0.2));
    assert_eq!(set(&["data=synthetic:shapes"]).unwrap().views.hue, 0.075);
    assert_eq!(RunConfig::load("byol", Some("folder:x"), &[]).unwrap().views.hue, 0.1);
}

#[test]
fn bad_overrides_are_refused_by_name() {
    refused(set(&["taau=.5"]), &["--set", "taau", "`tau`"]);
    refused(set(&["learning-rate=.5"]), &["`learning_rate`"]);
    refused(set(&["stopgradient=.5"]), &["`stop_gradient`"]);
    refused(set(&["=1"]), &["unknown key"]);
    refused(set(&["tau"]), &["key=value", "tau"]);
    refused(set(&["tau=1.5"]), &["tau", "\"1.5\"", "from 0 to 1"]);
    refused(set(&["tau=NaN"]), &["tau", "NaN", "from 0 to 1"]);
    refused(set(&["batch=1"]), &["batch", "from 2 to 1024", "images"]);
    refused(set(&["batch=64.5"]), &["whole number"]);
    refused(set(&["ema=maybe"]), &["true or false"]);
    refused(set(&["normalisation=none"]), &["layernorm or batchnorm"]);
    refused(set(&["method=simclr"]), &["byol or dino"]);
    refused(set(&["encoder=vit", "heads=5"]), &["dim 48", "5 heads"]);
    refused(set(&["encoder=vit", "dim=128", "heads=1"]), &["128 features a head", "raise heads"]);
    refused(set(&["projector_output=132"]), &["projector_output", "from 4 to 128"]);
    refused(set(&["local_crops=9"]), &["from 0 to 8"]);
    refused(set(&["local_crops=2", "local_size=12"]), &["local_size 12"]);
    refused(set(&["local_crops=2", "local_size=64"]), &["local_size 64", "image_size 32"]);
    refused(set(&["prototypes=6"]), &["prototypes 6", "multiple of 4"]);
    refused(set(&["global_area=0.9,0.2"]), &["rising"]);
    refused(set(&["widths=32,64"]), &["three whole numbers"]);
    refused(set(&["widths=32,64,98"]), &["multiples of 4"]);
    refused(set(&["projector_hidden=30"]), &["projector_hidden 30", "multiple of 4"]);
    refused(set(&["image_size=30"]), &["image_size 30", "patch 4"]);
    refused(set(&["patch=16"]), &["image_size 32", "patch 16"]);
    refused(set(&["batch=1024", "learners=64"]), &["GiB", "batch 1024", "64 learners"]);
    refused(set(&[&format!("{}=1", "x".repeat(100_000))]), &["unknown key"]);
    refused(RunConfig::load("biol", None, &[]), &["biol", "`byol`", "byol-fast"]);
    refused(RunConfig::load("no/such.toml", None, &[]), &["no/such.toml"]);
    let mut config = RunConfig::default();
    config.set_live("tau", "0.5").unwrap();
    refused(config.set_live("batch", "32"), &["batch", "re-initialise"]);
}

#[test]
fn preset_files_are_checked_as_overrides_are() {
    let folder = tempfile::tempdir().unwrap();
    let load = |text: &str| {
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        RunConfig::load(path.to_str().unwrap(), None, &[])
    };
    let config = load("about = 'mine'\nhue = 0.3\ntau = 1\ndata = 'synthetic:shapes'").unwrap();
    assert_eq!((config.preset.as_str(), config.views.hue, config.hyper.tau), ("mine", 0.3, 1.0));
    refused(load("tau = 0.5"), &["mine.toml", "`about`"]);
    refused(load("about = 'x'\ntau = 2.0"), &["mine.toml", "tau", "\"2.0\"", "from 0 to 1"]);
    refused(load("about = 'x'\ntau = '0.5'"), &["tau", "a number"]);
    refused(load("about = 'x'\ntau = nan"), &["tau", "nan"]);
    refused(load("about = 'x'\nema = 1"), &["ema", "true or false"]);
    refused(load("about = 'x'\nbatch = -64"), &["batch", "-64"]);
    refused(load("about = 'x'\nlearning_rat = 1e-3"), &["learning_rat", "`learning_rate`"]);
    refused(load("about = 'x'\n[hyper]\ntau = 1"), &["hyper"]);
    refused(load("about = 'x'\n\ntau = = 2"), &["line 3"]);
    refused(load("about = 'x'\ntau = 1\ntau = 1"), &["line 3"]);
    refused(RunConfig::load(&format!("{}/.toml", folder.path().display()), None, &[]), &[".toml"]);
}

#[test]
fn a_configuration_survives_json_and_is_checked_again() {
    let mut config = set(&["tau=0.123", "seed=18446744073709551615", "data=idx:a,b"]).unwrap();
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<RunConfig>(&text).unwrap(), config);
    assert!(serde_json::from_str::<RunConfig>(&text.replace("\"tau\"", "\"taau\"")).is_err());
    config.hyper.tau = f32::NAN;
    refused(config.validate(), &["tau", "NaN"]);
}

#[test]
fn data_sources_as_text() {
    for text in ["synthetic:weaves", "synthetic:shapes-grey", "cifar10:a b", "idx:a", "idx:a:x,b", "folder:/ünï/码"] {
        assert_eq!(text.parse::<DataSpec>().unwrap().to_string(), text);
    }
    assert_eq!("synthetic".parse::<DataSpec>().unwrap(), DataSpec::Synthetic(Scene::Weaves));
    for (text, words) in [
        ("", vec!["unknown kind"]),
        ("synthetic:weave", vec!["`weaves`"]),
        ("cifar:x", vec!["`cifar10`"]),
        ("cifar10", vec!["a folder"]),
        ("cifar10:", vec!["a folder"]),
        ("folder:", vec!["a folder"]),
        ("idx:a,", vec!["label file"]),
        ("idx:,b", vec!["image file"]),
        ("/home/me/photos", vec!["something at it"]),
    ] {
        let all: Vec<&str> = words.into_iter().chain(["cifar10:DIR", "idx:IMAGES[,LABELS]", "folder:DIR", "weaves-hard"]).collect();
        refused(text.parse::<DataSpec>(), &all);
    }
}
