//! The command line as a user meets it: exit codes, one line on stderr, what is on stdout, files that are broken.

use std::path::Path;
use std::process::{Command, Output};

fn twinlens(arguments: &[&str]) -> Output {
    twinlens_with(arguments, &[("TWINLENS_KERNELS", "default")])
}

fn twinlens_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twinlens"))
        .args(arguments)
        .envs(environment.iter().copied())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("RUST_LOG")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("twinlens starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines_of(output: &Output) -> Vec<String> {
    stderr(output).lines().map(str::to_owned).collect()
}

fn refuses(arguments: &[&str], code: i32, words: &[&str]) {
    let output = twinlens(arguments);
    let lines = lines_of(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
    assert!(lines.first().is_some_and(|line| line.starts_with("twinlens: ")), "{}", stderr(&output));
    assert_eq!(lines.len(), 1, "{arguments:?}: one line, not {}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    for word in words {
        assert!(lines[0].contains(word), "{arguments:?}: '{}' does not say '{word}'", lines[0]);
    }
}

const TRAIN: [&str; 5] = ["train", "--steps", "2", "--set", "batch=4"];

fn train_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&TRAIN[..], more].concat()
}

#[test]
fn wrong_usage_is_one_line_and_exit_2() {
    refuses(&["train", "--steps", "many"], 2, &["many"]);
    refuses(&["train", "--steps", "5", "--preset", "byoll"], 2, &["byoll", "byol"]);
    refuses(&train_with(&["--set", "learning_rat=1"]), 2, &["learning_rat", "learning_rate"]);
    refuses(&train_with(&["--set", "tau=2"]), 2, &["tau", "2"]);
    refuses(&train_with(&["--set", "tau=nan"]), 2, &["tau"]);
    refuses(&train_with(&["--set", "tau"]), 2, &["tau"]);
    refuses(&train_with(&["--twin", "predictor"]), 2, &["--twin predictor", "KEY=VALUE"]);
    refuses(&train_with(&["--twin", "predictr=off"]), 2, &["predictr", "predictor"]);
    refuses(&train_with(&["--twin", "batch=8"]), 2, &["batch"]);
    refuses(&train_with(&["--twin", "tau=2"]), 2, &["tau", "2"]);
    refuses(&train_with(&["--twin", "tau=0", "--seeds", "3"]), 2, &["--twin", "--seeds"]);
    refuses(&train_with(&["--twin", "tau=0", "--set", "learners=3"]), 2, &["learners", "--twin"]);
    refuses(&train_with(&["--seeds", "1"]), 2, &["--seeds", "1"]);
    refuses(&train_with(&["--seeds", "3", "--resume", "/does/not/exist"]), 2, &["--seeds"]);
    refuses(&train_with(&["--data", "nonsense:x"]), 2, &["nonsense"]);
    refuses(&train_with(&["--data", "folder:/does/not/exist"]), 2, &["/does/not/exist"]);
    refuses(&train_with(&["--resume", "/does/not/exist"]), 2, &["/does/not/exist"]);
    refuses(&train_with(&["--log", "/proc/nowhere/log.jsonl"]), 2, &["/proc/nowhere"]);
    refuses(&["dump-step", "--learner", "3", "--out", "/tmp/x"], 2, &["--learner"]);
    refuses(&["render", "--scene", "byol", "--preset", "dino", "--steps", "1", "--out", "/tmp/x.png"], 2, &["--scene byol", "dino"]);
    refuses(&["render", "--scene", "opera", "--steps", "1", "--out", "/tmp/x.png"], 2, &["opera", "multicrop"]);
    refuses(&["profile", "--steps", "0"], 2, &["--steps"]);
    refuses(&["profile", "--steps", "1", "--set", "batch=4", "--trace", "/proc/nowhere/t.json"], 2, &["/proc/nowhere"]);
    refuses(&["dance"], 2, &["dance"]);
}

#[test]
fn an_absent_adapter_is_one_line_and_exit_3() {
    refuses(&train_with(&["--adapter", "voodoo2"]), 3, &["voodoo2", "--software"]);
    refuses(&train_with(&["--backend", "glide"]), 3, &["glide", "vulkan"]);
}

#[test]
fn broken_checkpoints_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("good.safetensors");
    let saved = twinlens(&train_with(&["--save", good.to_str().expect("utf-8")]));
    assert!(saved.status.success(), "{}", stderr(&saved));
    let bytes = std::fs::read(&good).expect("saved");
    let broken = folder.path().join("broken.safetensors");
    let resume = |bytes: &[u8]| {
        std::fs::write(&broken, bytes).expect("written");
        refuses(&train_with(&["--resume", broken.to_str().expect("utf-8")]), 2, &["checkpoint", "broken.safetensors"]);
    };
    resume(&[]);
    resume(b"garbage that is no header at all");
    resume(&bytes[..bytes.len() / 2]);
    resume(&[&u64::MAX.to_le_bytes()[..], &bytes[8..]].concat());
    // A configuration out of range, inside of an intact file.
    let text = String::from_utf8_lossy(&bytes[8..]).into_owned();
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let hostile = text[..header].replace("\\\"batch\\\":4", "\\\"batch\\\":4000000000");
    assert_ne!(hostile, text[..header], "the metadata holds the batch");
    resume(&[&(hostile.len() as u64).to_le_bytes()[..], hostile.as_bytes(), &bytes[8 + header..]].concat());
}

#[test]
fn json_is_one_object_and_logs_are_identical_for_a_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        let arguments = [&["train", "--steps", "20", "--set", "batch=4", "--json", "--log", path.to_str().expect("utf-8")], more].concat();
        let output = twinlens(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
        (std::fs::read_to_string(path).expect("a log"), summary)
    };
    let (first, summary) = run("a.jsonl", &[]);
    let (second, _) = run("b.jsonl", &[]);
    assert_eq!(first, second);
    assert_eq!(first.lines().count(), 3, "steps 0, 10 and 20");
    for key in [
        "step",
        "loss",
        "embedding_std",
        "effective_rank",
        "knn_accuracy",
        "knn_projection",
        "verdict",
        "steps_per_second",
        "adapter",
        "seed",
        "preset",
    ] {
        assert!(!summary[key].is_null(), "{key} in {summary}");
    }
    assert_eq!(summary["learners"].as_array().map(Vec::len), Some(1));
    let (_, several) = run("c.jsonl", &["--learners", "2"]);
    assert_eq!(several["learners"].as_array().map(Vec::len), Some(2));
    assert_eq!(several["learners"][0]["loss"], summary["loss"], "learner 0 of 2 is the run alone");
}

#[test]
fn resume_continues_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("utf-8").to_owned();
    let run = |arguments: &[&str]| {
        let output = twinlens(&[&["train", "--set", "tau=0.97"], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    };
    let (straight, part, rest, checkpoint) = (file("straight"), file("part"), file("rest"), file("c.safetensors"));
    run(&["--set", "batch=4", "--steps", "20", "--log", &straight]);
    run(&["--set", "batch=4", "--steps", "10", "--log", &part, "--save", &checkpoint]);
    run(&["--steps", "20", "--resume", &checkpoint, "--log", &rest]);
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).expect("a log");
    assert_eq!(read(&part) + &read(&rest), read(&straight));
}

#[test]
fn dump_step_writes_what_it_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("utf-8");
    let output = twinlens(&["dump-step", "--set", "batch=4", "--at-step", "2", "--out", out]);
    assert!(output.status.success(), "{}", stderr(&output));
    let bytes = std::fs::read(folder.path().join("step.safetensors")).expect("the tensors");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let shape = |name: &str| tensors.tensor(name).unwrap_or_else(|_| panic!("{name} is missing")).shape().to_vec();
    assert_eq!(shape("views.0"), [4, 3, 32, 32]);
    assert_eq!(shape("views.1"), [4, 3, 32, 32]);
    assert_eq!(shape("student.out.1"), [4, 32]);
    assert_eq!(shape("teacher.out.0"), [4, 32]);
    assert_eq!(shape("loss"), [0_usize; 0]);
    for role in ["student.before", "student.after", "teacher.before", "moment1.before", "moment2.after", "grad"] {
        assert_eq!(shape(&format!("{role}.encoder.stages.0.linear.weight")), [32, 48], "{role}");
    }
    assert_eq!(shape("grad.predictor.3.weight"), [32, 128]);
    assert!(tensors.tensor("teacher.after.predictor.0.weight").is_err(), "the teacher has no predictor");
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("step.json")).expect("step.json")).expect("JSON");
    assert_eq!(json["step"], 2);
    assert!((json["hyper"]["learning_rate"].as_f64().expect("a number") - 2e-3 * 2.0 / 20.0).abs() < 1e-9, "warmed up");
}

#[test]
fn a_dumped_step_of_dino_has_the_names_that_pytorch_users_expect() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("utf-8");
    let output = twinlens(&["dump-step", "--preset", "multicrop", "--set", "batch=2", "--set", "local_crops=3", "--out", out]);
    assert!(output.status.success(), "{}", stderr(&output));
    let bytes = std::fs::read(folder.path().join("step.safetensors")).expect("the tensors");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let shape = |name: &str| tensors.tensor(name).unwrap_or_else(|_| panic!("{name} is missing")).shape().to_vec();
    assert_eq!(shape("views.1"), [2, 3, 32, 32]);
    assert_eq!(shape("views.4"), [2, 3, 16, 16]);
    assert_eq!(shape("student.out.4"), [2, 64]);
    assert_eq!(shape("teacher.out.1"), [2, 64]);
    assert!(tensors.tensor("teacher.out.2").is_err(), "the teacher sees the globals only");
    assert_eq!((shape("center.before"), shape("center.after")), (vec![64], vec![64]));
    for role in ["student.before", "teacher.after", "moment1.after", "grad"] {
        for (name, expected) in [
            ("encoder.cls_token", vec![1, 1, 48]),
            ("encoder.pos_embed", vec![1, 65, 48]),
            ("encoder.patch_embed.proj.weight", vec![48, 3, 4, 4]),
            ("encoder.blocks.1.attn.qkv.weight", vec![144, 48]),
            ("encoder.blocks.0.attn.qkv.bias", vec![144]),
            ("encoder.blocks.0.mlp.fc1.weight", vec![96, 48]),
            ("encoder.norm.bias", vec![48]),
            ("head.mlp.2.weight", vec![32, 128]),
            ("head.last_layer.weight_v", vec![64, 32]),
        ] {
            assert_eq!(shape(&format!("{role}.{name}")), expected, "{role}.{name}");
        }
    }
    assert_eq!(shape("student.before.head.last_layer.weight_g"), [64, 1]);
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("step.json")).expect("step.json")).expect("JSON");
    assert_eq!((json["method"].as_str(), json["locals"].as_u64(), json["encoder"]["kind"].as_str()), (Some("dino"), Some(3), Some("vit")));
    assert!(
        ["teacher_temperature", "student_temperature", "centering", "center_momentum"].iter().all(|key| json["hyper"][key].is_number())
    );
}

#[test]
fn the_log_of_dino_has_its_own_fields() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let arguments = ["train", "--preset", "multicrop-pyramid", "--steps", "10", "--set", "batch=4", "--json", "--log"];
    let output = twinlens(&[&arguments[..], &[path.to_str().expect("utf-8")]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    for key in [
        "teacher_entropy",
        "mean_teacher_entropy",
        "mutual_information",
        "kl",
        "prototypes_used",
        "fragment_to_whole",
        "fragment_to_fragment",
        "fragment_median_rank",
    ] {
        assert!(summary[key].is_number(), "{key} in {summary}");
    }
    assert_eq!(summary["agreement"].as_array().map(Vec::len), Some(6), "one a crop");
    let last = std::fs::read_to_string(path).expect("a log").lines().last().map(str::to_owned).expect("lines");
    let last: serde_json::Value = serde_json::from_str(&last).expect("JSON");
    let number = |key: &str| last[key].as_f64().unwrap_or_else(|| panic!("{key} in {last}"));
    assert!((number("loss") - number("teacher_entropy") - number("kl")).abs() < 1e-5);
    assert!((number("mean_teacher_entropy") - number("teacher_entropy") - number("mutual_information")).abs() < 1e-5);
}

#[test]
fn resume_takes_what_may_change_while_it_trains() {
    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("c.safetensors");
    let path = saved.to_str().expect("utf-8");
    let run = |arguments: &[&str]| {
        let output = twinlens(&[&["train", "--json", "--log-every", "1"], arguments].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("JSON")
    };
    let crops = |summary: &serde_json::Value| summary["agreement"].as_array().map(Vec::len);
    let first = run(&["--preset", "dino", "--set", "batch=4", "--steps", "2", "--save", path]);
    assert_eq!(crops(&first), Some(2));
    let more = run(&["--steps", "3", "--resume", path, "--set", "local_crops=3"]);
    assert_eq!(crops(&more), Some(5), "two globals and three locals");
}

#[test]
fn presets_and_doctor_print_something_useful() {
    let presets = twinlens(&["presets"]);
    assert!(presets.status.success());
    let text = String::from_utf8_lossy(&presets.stdout).into_owned();
    assert!(
        ["byol ", "byol-fast", "byol-batchnorm", "byol-vit", "dino ", "dino-fast", "dino-vit", "multicrop ", "attention"]
            .iter()
            .all(|name| text.contains(name)),
        "{text}"
    );
    let explained = twinlens(&["presets", "--explain"]);
    assert!(String::from_utf8_lossy(&explained.stdout).contains("predictor_multiplier"));
    let doctor = twinlens(&["doctor"]);
    assert!(doctor.status.success(), "{}", stderr(&doctor));
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("chosen"));
}

#[test]
fn kernels_are_measured_at_the_first_start_and_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().to_str().expect("a plain path");
    let run = |more: &[&str]| {
        let arguments = [&["train", "--preset", "byol", "--steps", "1", "--set", "batch=8", "--json"], more].concat();
        let output = twinlens_with(&arguments, &[("XDG_CACHE_HOME", cache), ("TWINLENS_KERNELS", "")]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok(), "stdout holds the summary alone");
        stderr(&output).contains("measuring which kernels suit")
    };
    assert!(run(&[]), "the first start measures");
    assert!(!run(&[]), "the second remembers");
    let files: Vec<_> = std::fs::read_dir(folder.path().join("twinlens")).expect("the cache").flatten().map(|entry| entry.path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    for broken in
        ["", "{\"choices\":{\"layernorm\":\"none such\"},\"measured\":{}}", "{\"choices\":{\"none such\":\"rows\"},\"measured\":{}}"]
    {
        std::fs::write(file, broken).expect("it can be written");
        assert!(run(&[]), "what cannot be used is measured again: {broken}");
    }
    assert!(run(&["--retune"]), "--retune measures again");
}

/// The remembered roof in a cache.
fn remembered_roof(cache: &Path) -> std::path::PathBuf {
    let mut files = std::fs::read_dir(cache.join("twinlens")).expect("a cache").map(|entry| entry.expect("an entry").path());
    files.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("roof-"))).expect("a roof")
}

#[test]
fn a_profile_says_the_same_to_everyone() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().to_str().expect("a plain path");
    let (trace, csv) = (folder.path().join("step.json"), folder.path().join("step.csv"));
    let mut arguments = vec!["profile", "--steps", "4", "--set", "batch=4", "--json"];
    arguments.extend(["--trace", trace.to_str().expect("utf-8"), "--csv", csv.to_str().expect("utf-8")]);
    let output = twinlens_with(&arguments, &[("XDG_CACHE_HOME", cache), ("TWINLENS_KERNELS", "default")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let kernels = object["kernels"].as_array().expect("kernels");
    let fields = ["name", "calls", "median_us", "p95_us", "gflops", "gbps", "share", "roof_fraction"];
    assert!(kernels.len() > 10 && kernels.iter().all(|kernel| fields.iter().all(|field| !kernel[field].is_null())), "{object}");
    assert!(object["step_millis"].as_f64().is_some_and(|millis| millis > 0.0) && object["clock"].is_string(), "{object}");
    assert!(object["roof"]["peak_gflops"].as_f64().is_some_and(|peak| peak > 0.0), "{object}");
    // The trace has the same totals.
    let trace: serde_json::Value = serde_json::from_slice(&std::fs::read(&trace).expect("a trace")).expect("JSON");
    let slices = trace["traceEvents"].as_array().expect("events").iter().filter(|event| event["cat"] == "dispatch");
    let traced: f64 = slices.clone().filter_map(|event| event["dur"].as_f64()).sum();
    let total = object["kernel_millis"].as_f64().expect("a number") * 1e3;
    assert!((traced - total).abs() <= 1e-3 * slices.count() as f64, "{traced} in the trace, {total} in the object");
    let lines = std::fs::read_to_string(&csv).expect("a table").lines().count() as u64;
    assert_eq!(Some(lines - 1), object["dispatches"].as_u64());
    // A broken file in the cache is measured anew.
    let roof = remembered_roof(folder.path());
    std::fs::write(&roof, "{\"peak_gflops\": 1e999").expect("it can be broken");
    let output =
        twinlens_with(&["profile", "--steps", "1", "--set", "batch=4"], &[("XDG_CACHE_HOME", cache), ("TWINLENS_KERNELS", "default")]);
    assert!(output.status.success() && stderr(&output).contains("measuring"), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("of roof"));
    let again: serde_json::Value = serde_json::from_slice(&std::fs::read(&roof).expect("a roof")).expect("JSON");
    assert!(again["peak_gflops"].as_f64().is_some_and(|peak| peak > 0.0), "{again}");
}

/// What is in a checkpoint under a name.
fn tensor(path: &Path, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a checkpoint");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    file.tensor(name).unwrap_or_else(|_| panic!("{name} is missing")).data().to_vec()
}

#[test]
fn each_side_of_a_twin_and_each_seed_is_the_run_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        let arguments = ["train", "--steps", "4", "--set", "batch=4", "--evaluate-every", "0", "--json", "--save"];
        let output = twinlens(&[&arguments[..], &[path.to_str().expect("utf-8")], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        (path, serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("one JSON object on stdout"))
    };
    let weights = |role: &str| format!("{role}.encoder.stages.0.linear.weight");
    let (alone, summary) = run("alone", &[]);
    let (without, _) = run("without", &["--set", "predictor=off"]);
    let (twin, both) = run("twin", &["--twin", "predictor=false"]);
    for role in ["student", "teacher", "moment2"] {
        let [a, b] = ["", "learner1."].map(|side| tensor(&twin, &format!("{side}{}", weights(role))));
        assert!(a == tensor(&alone, &weights(role)) && b == tensor(&without, &weights(role)), "{role}");
        assert!(a != b, "the twins differ");
    }
    let learners = both["learners"].as_array().expect("an array");
    assert_eq!(learners.len(), 2);
    assert_eq!(learners[0]["loss"], summary["loss"]);
    assert_ne!(learners[1]["loss"], summary["loss"]);
    assert_eq!([&learners[0]["set"]["predictor"], &learners[1]["set"]["predictor"]], [true, false]);
    let (seeds, several) = run("seeds", &["--seeds", "2", "--seed", "7"]);
    let (eighth, _) = run("eighth", &["--seed", "8"]);
    assert!(tensor(&seeds, &format!("learner1.{}", weights("student"))) == tensor(&eighth, &weights("student")), "seed 8");
    assert_eq!([&several["learners"][0]["seed"], &several["learners"][1]["seed"]], [7, 8]);
}

#[test]
fn a_twin_is_rendered_in_one_picture_with_both_learners_meters() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("twin.png");
    let arguments = ["render", "--preset", "byol-fast", "--set", "batch=8", "--twin", "predictor=off", "--steps", "3", "--json", "--out"];
    let output = twinlens(&[&arguments[..], &[path.to_str().expect("utf-8")]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    let losses: Vec<_> = summary["learners"].as_array().expect("an array").iter().map(|learner| learner["loss"].as_f64()).collect();
    assert!(losses.len() == 2 && losses[0].is_some() && losses[0] != losses[1], "{losses:?}");
    assert_eq!(summary["step"], 3);
    assert_eq!(image::image_dimensions(&path).expect("a picture"), (1280, 800));
}

#[test]
fn a_run_is_saved_as_an_event_log_and_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.toml");
    let path = file.to_str().expect("UTF-8");
    let flips =
        ["--at", "1:predictor=off", "--at", "2:stop_gradient=off", "--at", "2:ema=off", "--at", "3:predictor=on", "--at", "4:tau=0.5"];
    let train = [&["train", "--steps", "5", "--set", "batch=4", "--seed", "3", "--json", "--log-events", path], &flips[..]].concat();
    let output = twinlens(&train);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = twinlens(&["replay", path, "--verify", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(outcome["same"] == true && outcome["events"] == 5 && outcome["steps"] == 5, "{outcome}");
    assert_eq!(outcome["weights"], outcome["saved_weights"]);
    // Others' weights: said plainly, and not taken for a bug.
    let text = std::fs::read_to_string(&file).expect("the file");
    let log = twinlens::event_log::EventLog::read(&file).expect("a whole file");
    let other = twinlens::event_log::EventLog { adapter: "Another GPU".to_owned(), weights: "0".repeat(64), ..log };
    other.write(&file).expect("written");
    let output = twinlens(&["replay", path, "--verify"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("weights differ: made on Another GPU, this is"), "{}", stderr(&output));
    assert!(twinlens(&["replay", path]).status.success(), "nobody asked for them");
    std::fs::write(&file, text.replacen("predictor=off", "predictor=on ", 1)).expect("written");
    refuses(&["replay", path], 2, &["checksum", path]);
    refuses(&["replay", "/does/not/exist"], 2, &["/does/not/exist"]);
    refuses(&train_with(&["--at", "1:predictr=off"]), 2, &["predictr", "predictor"]);
    refuses(&train_with(&["--at", "3:predictor=off"]), 2, &["--at 3:predictor=off", "step 0 to 2"]);
    refuses(&train_with(&["--at", "1:tau=7"]), 2, &["tau", "7"]);
    refuses(&train_with(&["--log-events", "/proc/nowhere/log.toml"]), 2, &["/proc/nowhere"]);
}
