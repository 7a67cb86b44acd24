//! Every operation against its naive reference and its gradient check, with the software and the GPU kernels.
//! One test an operation family: nextest runs each in its own process, so a driver crash names the culprit.

use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Gpu, Tape, Tensor};
use twinlens::ops;
use twinlens::ops::case::{Case, TestRng, check};
use twinlens::ops::reference::Host;

fn gpu() -> Arc<Gpu> {
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    Gpu::headless(&choice).expect("an adapter")
}

fn run(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let gpu = gpu();
    let failures: Vec<String> = cases.iter().filter_map(|case| check(&gpu, case).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn layernorm() {
    run(ops::layernorm::cases());
}

#[test]
fn linear() {
    run(ops::linear::cases());
}

#[test]
fn batchnorm() {
    run(ops::batchnorm::cases());
}

#[test]
fn segment_squares() {
    run(ops::segment_squares::cases());
}

#[test]
fn pool() {
    run(ops::pool::cases());
}

#[test]
fn l2norm() {
    run(ops::l2norm::cases());
}

#[test]
fn blend() {
    run(ops::blend::cases());
}

#[test]
fn byol_loss() {
    run(ops::byol_loss::cases());
}

#[test]
fn attention() {
    run(ops::attention::cases());
}

#[test]
fn positions() {
    run(ops::positions::cases());
}

#[test]
fn tokens() {
    run(ops::tokens::cases());
}

#[test]
fn first_rows() {
    run(ops::first_rows::cases());
}

#[test]
fn softmax() {
    run(ops::softmax::cases());
}

#[test]
fn cross_entropy() {
    run(ops::cross_entropy::cases());
}

fn uploaded(gpu: &Gpu, name: &str, shape: [u32; 3], values: &[f32]) -> Tensor {
    let tensor = gpu.tensor(name, shape).expect("a small tensor");
    gpu.upload(&tensor, values);
    tensor
}

fn random(count: u32, seed: u64) -> Vec<f32> {
    let mut rng = TestRng(seed);
    (0..count).map(|_| rng.uniform(-2.0, 2.0) as f32).collect()
}

/// The bits of an operation's output and of its inputs' gradients, all of them for the first learner only.
fn first_learner(gpu: &Gpu, case: &Case, software: bool, learners: usize) -> Vec<Vec<u32>> {
    let mut tape = Tape::new(gpu).with_variants(software);
    let tensors: Vec<Tensor> = (case.inputs.iter().zip(1..))
        .map(|(input, seed)| {
            let mut rng = TestRng(seed);
            let [all, rows, columns] = input.shape;
            let count = all.min(learners);
            let values: Vec<f32> = (0..count * rows * columns).map(|_| rng.uniform(input.range.0, input.range.1) as f32).collect();
            let tensor = uploaded(gpu, input.name, [count, rows, columns].map(|size| size as u32), &values);
            if input.differentiable {
                tape.track(&tensor);
            }
            tensor
        })
        .collect();
    let y = (case.record)(&mut tape, &tensors);
    tape.backward(&y);
    let mut looked_at = vec![y];
    looked_at.extend(tensors.iter().filter_map(|tensor| tape.written_gradient(tensor)));
    gpu.run(&tape.freeze().expect("a sound tape"));
    looked_at.iter().map(|tensor| gpu.download::<u32>(tensor).expect("a download")[..tensor.elements() as usize].to_vec()).collect()
}

#[test]
fn a_learner_computes_alone_as_among_others() {
    let gpu = gpu();
    let cases: Vec<Case> = ops::all_cases().into_iter().filter(|case| case.inputs.iter().all(|input| input.shape[0] > 1)).collect();
    assert!(cases.len() >= 6);
    for (case, software) in cases.iter().flat_map(|case| [(case, true), (case, false)]) {
        let among = first_learner(&gpu, case, software, usize::MAX);
        assert_eq!(first_learner(&gpu, case, software, 1), among, "{}, software {software}", case.name);
    }
}

#[test]
fn items_beyond_one_line_of_groups() {
    let gpu = gpu();
    let shape = [1, 2049, 1025];
    let values: Vec<f32> = (0..2049 * 1025).map(|index| index as f32).collect();
    let x = uploaded(&gpu, "x", shape, &values);
    let mut tape = Tape::new(&gpu);
    tape.track(&x);
    let y = ops::pool::mean_pool(&mut tape, &x, 1);
    tape.seed(&y, &x);
    tape.unwind();
    let dx = tape.written_gradient(&x).expect("a gradient");
    gpu.run(&tape.freeze().unwrap());
    for tensor in [&y, &dx] {
        assert!(gpu.download::<f32>(tensor).unwrap() == values, "{} is not a copy", tensor.name);
    }
}

#[test]
fn rows_beyond_one_line_of_groups() {
    let gpu = gpu();
    let (batch, shape) = (16385, [1, 2 * 16385, 2]);
    let along = |x: f32, y: f32| [x, y].repeat(2 * 16385);
    let (across, up) = (uploaded(&gpu, "across", shape, &along(2.0, 0.0)), uploaded(&gpu, "up", shape, &along(0.0, 1.0)));
    let learners = uploaded(&gpu, "learners", [1, 1, WORDS], &[0.0; WORDS as usize]);
    let mut tape = Tape::new(&gpu).with_variants(false);
    tape.track(&across);
    let unit = ops::l2norm::l2norm(&mut tape, &across);
    tape.seed(&unit, &up);
    tape.unwind();
    let dunit = tape.written_gradient(&across).expect("a gradient");
    let q = uploaded(&gpu, "q", shape, &along(2.0, 0.0));
    tape.track(&q);
    let loss = ops::byol_loss::byol_loss(&mut tape, &q, &up, &learners, batch);
    tape.backward(&loss.mean);
    let dq = tape.written_gradient(&q).expect("a gradient");
    gpu.run(&tape.freeze().unwrap());
    let read = |tensor: &Tensor| gpu.download::<f32>(tensor).unwrap();
    assert!(read(&unit) == along(1.0, 0.0) && read(&dunit) == along(0.0, 0.5));
    assert!(read(&loss.rows) == vec![2.0; 2 * 16385] && read(&loss.mean) == [2.0]);
    let expected: Vec<f64> = along(0.0, 1.0).iter().map(|slope| -0.5 * f64::from(*slope) / f64::from(batch)).collect();
    ops::case::compare("dq", &read(&dq), &expected, (1e-12, 1e-6)).unwrap();
}

/// 32-bit words of a learner.
const WORDS: u32 = ops::LEARNER_WORDS as u32;

/// A learner's word in the `learners` tensor, all others 0.
fn learner_words(word: usize, value: f32) -> [f32; WORDS as usize] {
    std::array::from_fn(|index| if index == word { value } else { 0.0 })
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_predictor_that_is_off_leaves_nothing_behind() {
    let gpu = gpu();
    let shape = [2, 5, 13];
    let (mut predicted, mut z, mut dq) = (random(130, 1), random(130, 2), random(130, 3));
    // Learner 0 has the predictor off, learner 1 on; what is out may hold anything.
    predicted[0] = f32::NAN;
    predicted[1] = f32::INFINITY;
    z[65] = f32::NAN;
    (dq[2], dq[67]) = (f32::NAN, f32::INFINITY);
    let learners = uploaded(&gpu, "learners", [2, 1, WORDS], &[learner_words(4, 0.0), learner_words(4, 1.0)].concat());
    let inputs = [uploaded(&gpu, "predicted", shape, &predicted), uploaded(&gpu, "z", shape, &z)];
    let mut tape = Tape::new(&gpu);
    inputs.iter().for_each(|input| tape.track(input));
    let q = ops::blend::blend(&mut tape, &inputs[0], &inputs[1], &learners);
    tape.seed(&q, &uploaded(&gpu, "dq", shape, &dq));
    tape.unwind();
    let [dpredicted, dz] = inputs.each_ref().map(|input| tape.written_gradient(input).expect("a gradient"));
    gpu.run(&tape.freeze().unwrap());
    let read = |tensor: &Tensor| bits(&gpu.download::<f32>(tensor).unwrap());
    assert_eq!(read(&q), [bits(&z[..65]), bits(&predicted[65..])].concat());
    assert_eq!(read(&dpredicted)[..65], [0; 65]);
    assert_eq!(read(&dz)[65..], [0; 65]);
    assert_eq!(read(&dz)[3..65], bits(&dq[3..65]));
    assert_eq!(read(&dpredicted)[68..], bits(&dq[68..]));
}

#[test]
fn a_stop_gradient_that_is_on_stops_everything() {
    let gpu = gpu();
    let shape = [2, 6, 7];
    for software in [true, false] {
        let (mut q, z) = (random(84, 4), random(84, 5));
        q[0] = f32::NAN;
        let learners = uploaded(&gpu, "learners", [2, 1, WORDS], &[learner_words(5, 0.0), learner_words(5, 1.0)].concat());
        let [q, z] = [uploaded(&gpu, "q", shape, &q), uploaded(&gpu, "z", shape, &z)];
        let mut tape = Tape::new(&gpu).with_variants(software);
        tape.track(&z);
        let loss = ops::byol_loss::byol_loss(&mut tape, &q, &z, &learners, 3);
        tape.backward(&loss.mean);
        let dz = tape.written_gradient(&z).expect("a gradient");
        assert!(tape.written_gradient(&q).is_none(), "nobody asked for it");
        gpu.run(&tape.freeze().unwrap());
        let dz = gpu.download::<f32>(&dz).unwrap();
        assert_eq!(bits(&dz[..42]), [0; 42], "learner 0 stops");
        assert!(dz[42..].iter().all(|value| value.is_finite() && *value != 0.0), "learner 1 does not");
    }
}

#[test]
fn a_stop_gradient_that_is_on_stops_the_teachers_softmax() {
    let gpu = gpu();
    let shape = [2, 6, 7];
    for software in [true, false] {
        let mut words = ops::softmax::test_learners(2);
        *words.at_mut(0, 0, ops::softmax::TEACHER_GRADIENT_WORD) = 0.0;
        let words: Vec<f32> = words.values.iter().map(|&value| value as f32).collect();
        let learners = uploaded(&gpu, "learners", [2, 1, WORDS], &words);
        let center = uploaded(&gpu, "center", [2, 1, 7], &random(14, 8));
        let mut dp = random(84, 7);
        dp[0] = f32::NAN;
        let logits = uploaded(&gpu, "logits", shape, &random(84, 6));
        let mut tape = Tape::new(&gpu).with_variants(software);
        tape.track(&logits);
        let p = ops::softmax::teacher_softmax(&mut tape, &logits, &center, &learners);
        tape.seed(&p, &uploaded(&gpu, "dp", shape, &dp));
        tape.unwind();
        let dlogits = tape.written_gradient(&logits).expect("a gradient");
        gpu.run(&tape.freeze().unwrap());
        let dlogits = gpu.download::<f32>(&dlogits).unwrap();
        assert_eq!(bits(&dlogits[..42]), [0; 42], "learner 0 stops");
        assert!(
            dlogits[42..].iter().all(|value| value.is_finite()) && dlogits[42..].iter().any(|value| *value != 0.0),
            "learner 1 does not"
        );
    }
}

#[test]
fn the_center_follows_the_mean_of_the_logits() {
    let gpu = gpu();
    let mut rng = TestRng(9);
    for (software, [learners, rows, columns]) in [true, false]
        .into_iter()
        .flat_map(|software| [[1, 1, 1], [1, 2, 3], [3, 13, 31], [1, 48, 64], [2, 301, 129]].map(|shape: [usize; 3]| (software, shape)))
    {
        let words = ops::softmax::test_learners(learners);
        let learners_tensor =
            uploaded(&gpu, "learners", [learners as u32, 1, WORDS], &words.values.iter().map(|&value| value as f32).collect::<Vec<_>>());
        let logits = gpu.tensor("logits", [learners, rows, columns].map(|size| size as u32)).unwrap();
        let center = gpu.tensor("center", [learners, 1, columns].map(|size| size as u32)).unwrap();
        let mut tape = Tape::new(&gpu).with_variants(software);
        ops::center::update_center(&mut tape, &center, &logits, &learners_tensor);
        let program = tape.freeze().unwrap();
        let mut expected = Host::zeros([learners, 1, columns]);
        for step in 0..4 {
            let host = Host::from_fn([learners, rows, columns], |_, _, c| rng.uniform(-1.0, 1.0) + c as f64 / 50.0);
            gpu.upload(&logits, &host.values.iter().map(|&value| value as f32).collect::<Vec<_>>());
            gpu.run(&program);
            expected = ops::center::reference(&expected, &host, &words);
            let what = format!("software {software}, {learners}x{rows}x{columns}, step {step}");
            ops::case::compare(&what, &gpu.download::<f32>(&center).unwrap(), &expected.values, (1e-6, 1e-5)).unwrap();
        }
    }
}
