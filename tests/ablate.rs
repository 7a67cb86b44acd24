//! `ablate`: studies that go on where they were stopped, files that are refused, and the results that ship with the program.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use twinlens::ablate::shipped::shipped;
use twinlens::ablate::{Campaign, CampaignError, Machine, Request, Study, StudyKind, outcome_of, plot, table};
use twinlens::gpu::{AdapterChoice, Gpu};

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

/// Two conditions, two seeds, a few steps.
fn small() -> Study {
    let request = Request { overrides: vec!["batch=8".to_owned()], steps: Some(12), seeds: Some(2), ..Request::default() };
    let mut study = Study::new(StudyKind::Byol, &request).expect("a study");
    study.conditions.retain(|condition| ["all on", "stop-gradient off"].contains(&condition.name.as_str()));
    study
}

#[test]
fn a_study_that_was_stopped_goes_on_and_each_learner_is_the_run_alone() {
    let gpu = gpu();
    let folder = tempfile::tempdir().expect("a folder");
    let mut heard = 0;
    let mut first = Campaign::open(small(), folder.path()).expect("a new study");
    // The first population ends after two words; the next is stopped at its first.
    let stopped = first.run(&gpu, &mut |_| {
        heard += 1;
        if heard > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(stopped, Err(CampaignError::Interrupted)), "{stopped:?}");
    let mut second = Campaign::open(small(), folder.path()).expect("it goes on");
    assert_eq!(second.results.done.len(), 1, "what was done is kept");
    assert!(!second.results.is_complete() && table(&second.results).contains("Not complete"));
    let before = second.results.done[0].clone();
    let mut total = 0;
    second
        .run(&gpu, &mut |progress| {
            total = progress.total;
            ControlFlow::Continue(())
        })
        .expect("the rest");
    assert_eq!(total, 2 * 12, "only what was missing is trained");
    assert!(second.results.is_complete());
    assert_eq!(second.results.done[0], before);
    let study = small();
    for condition in &study.conditions {
        let ran = second.results.of(&condition.name).expect("it is done");
        assert_eq!(ran.learners.iter().map(|learner| learner.seed).collect::<Vec<_>>(), [0, 1]);
        let alone = outcome_of(&gpu, condition, 1, 12).expect("a run");
        assert_eq!(ran.learners[1], alone, "{}", condition.name);
        assert!(alone.embedding_std.is_some_and(f32::is_finite) && alone.knn_accuracy.is_some() && alone.curve.len() == 1);
    }
    assert_eq!(Campaign::open(small(), folder.path()).expect("whole").results, second.results);
    // Another study does not take its place.
    let another = Study { seeds: 3, ..small() };
    assert!(matches!(Campaign::open(another, folder.path()), Err(CampaignError::Another { .. })));
    assert!(plot(&second.results).expect("a plot").pixels().any(|pixel| pixel.0[0] > 200));
}

fn twinlens(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinlens"));
    command.env("TWINLENS_KERNELS", "default").args(arguments).output().expect("it starts")
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_command_writes_its_three_files_and_refuses_what_it_cannot_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("map");
    let out = out.to_str().expect("text");
    let arguments =
        ["ablate", "map", "--x", "tau=0,0.99", "--y", "predictor_multiplier=10", "--set", "batch=4", "--steps", "2", "--out", out];
    let output = twinlens(&[&arguments[..], &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(results["done"].as_array().map(Vec::len), Some(2));
    assert_eq!(files(Path::new(out)), ["plot.png", "results.json", "table.md"]);
    let table = std::fs::read_to_string(Path::new(out).join("table.md")).expect("a table");
    assert!(table.contains("predictor_multiplier \\ tau | 0 | 0.99"), "{table}");
    // The same again has nothing to do; other settings, a broken file and wrong words are one line each.
    assert!(twinlens(&arguments).status.success());
    let other: Vec<&str> = arguments.iter().map(|&word| if word == "2" { "3" } else { word }).collect();
    let refused = |arguments: &[&str], word: &str| {
        let output = twinlens(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.lines().count() == 1 && said.contains(word), "{said}");
    };
    refused(&other, "another --out");
    std::fs::write(Path::new(out).join("results.json"), "{\"format\": 1").expect("written");
    refused(&arguments, "results.json");
    refused(&["ablate", "byol", "--grid", "2x2", "--out", out], "--grid");
    refused(&["ablate", "dino", "--preset", "byol", "--out", out], "byol");
    refused(&["ablate", "byol", "--set", "taau=1", "--out", out], "tau");
}

#[test]
fn a_cell_of_the_shipped_results_comes_out_again() {
    let gpu = gpu();
    let results = shipped(StudyKind::Byol).expect("results ship with the program");
    assert!(results.is_complete(), "a whole study ships");
    let machine = results.machine.as_ref().expect("it was measured somewhere");
    let here = (gpu.info.name.clone(), gpu.driver(), env!("CARGO_PKG_VERSION").to_owned());
    let Machine { adapter, driver, twinlens, .. } = machine.clone();
    // Other adapters add up in another order: 20 steps drift little, a collapse is far.
    let tolerance = if here == (adapter, driver, twinlens) { 0.01 } else { 0.05 };
    for name in ["all on", "stop-gradient off"] {
        let condition = results.study.condition(name).expect("a condition");
        let shipped = &results.of(name).expect("it is done").learners[0];
        let alone = outcome_of(&gpu, condition, shipped.seed, 20).expect("a run");
        assert_eq!(alone.curve.len(), 2);
        for (ours, theirs) in alone.curve.iter().zip(&shipped.curve) {
            assert_eq!(ours.0, theirs.0);
            assert!((ours.1 - theirs.1).abs() <= tolerance, "{name}, step {}: {} here, {} shipped", ours.0, ours.1, theirs.1);
        }
    }
}

#[test]
fn the_tables_of_the_readme_are_those_of_the_shipped_results() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
    for kind in StudyKind::ALL {
        let Some(results) = shipped(kind) else { continue };
        assert!(
            readme.contains(table(results).trim_end()),
            "README lacks the table of `ablate {}` as shipped: put table.md in",
            kind.name()
        );
    }
}
