//! Linear layers on slices of flat parameter buffers: a learner's results are bit for bit those of the run alone, whatever the
//! variant, gradients from few rows need no second dispatch, and the software adapter gets the fast kernels.

use std::collections::BTreeSet;
use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Choices, Gpu, Needs, Tape, aligned_elements};
use twinlens::ops::case::{TestRng, compare};
use twinlens::ops::linear::linear;
use twinlens::ops::matmul::Layout;
use twinlens::ops::sum_parts::sum_parts;

/// More than one split sums, and as few as one does.
const ROWS: [u32; 2] = [300, 100];
const INS: u32 = 12;
const OUTS: u32 = 36;

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

struct Outcome {
    /// y, dx, and the flat gradient buffer, each learner's in one piece.
    values: [Vec<f32>; 3],
    /// The kernels of the backward.
    kernels: Vec<String>,
}

/// A layer over `rows` rows, recorded twice, with the first `learners` learners.
fn run(gpu: &Gpu, learners: u32, rows: u32, variant: &str) -> Outcome {
    run_with(gpu, learners, rows, variant, false)
}

/// The same, with sums that wait for the end of the backward if `collecting`.
fn run_with(gpu: &Gpu, learners: u32, rows: u32, variant: &str, collecting: bool) -> Outcome {
    let bias_at = aligned_elements(OUTS * INS);
    let parameters = bias_at + aligned_elements(OUTS);
    let tensor = |name, shape: [u32; 3], seed: u64| {
        let mut rng = TestRng(seed);
        let values: Vec<f32> = (0..shape.iter().product::<u32>()).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let tensor = gpu.tensor(name, shape).expect("it fits");
        gpu.upload(&tensor, &values);
        tensor
    };
    let x = tensor("x", [learners, rows, INS], 1);
    let dy = tensor("dy", [learners, rows, OUTS], 2);
    let student = tensor("student", [learners, 1, parameters], 3);
    let gradient = tensor("gradient", [learners, 1, parameters], 4);
    let weight = student.slice("weight", 0, OUTS, INS);
    let bias = student.slice("bias", bias_at, 1, OUTS);
    let mut choices = Choices::default();
    for family in Layout::ALL.map(Layout::family) {
        choices.set(family, family.variant(variant));
    }
    let mut tape = Tape::new(gpu).with_choices(choices);
    tape.track(&x);
    tape.bind_gradient(&weight, &gradient.slice("dweight", 0, OUTS, INS));
    tape.bind_gradient(&bias, &gradient.slice("dbias", bias_at, 1, OUTS));
    if collecting {
        tape.collect_sums(&gradient, sum_parts);
    }
    let outputs = [(); 2].map(|()| linear(&mut tape, &x, &weight, Some(&bias)));
    outputs.iter().for_each(|y| tape.seed(y, &dy));
    tape.scope("backward", Tape::unwind);
    let dx = tape.written_gradient(&x).expect("written");
    let program = tape.freeze().expect("a valid program");
    gpu.run(&program);
    let backward = program.labels().filter(|label| label.starts_with("backward/"));
    Outcome {
        values: [&outputs[1], &dx, &gradient].map(|tensor| gpu.download::<f32>(tensor).expect("a download")),
        kernels: backward.filter_map(|label| label.rsplit('/').next().map(str::to_owned)).collect(),
    }
}

fn variants(gpu: &Gpu) -> BTreeSet<&'static str> {
    let names: BTreeSet<&str> = Layout::ALL.iter().flat_map(|layout| layout.family().offered(gpu)).map(|variant| variant.name).collect();
    assert!(names.len() >= 3);
    names
}

#[test]
fn learners_do_not_meet() {
    let gpu = gpu();
    for (variant, rows) in variants(&gpu).into_iter().flat_map(|variant| ROWS.map(|rows| (variant, rows))) {
        let alone = run(&gpu, 1, rows, variant);
        let together = run(&gpu, 3, rows, variant);
        for (alone, together) in alone.values.iter().zip(&together.values) {
            assert!(alone.iter().all(|value| value.is_finite()));
            assert_eq!(together.len(), 3 * alone.len());
            let same = alone.iter().zip(together).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{variant}, {rows} rows: learner 0 of 3 differs from the run alone");
        }
    }
}

#[test]
fn gradients_from_few_rows_are_written_straight_to_their_places() {
    let gpu = gpu();
    let [many, few] = ROWS;
    for variant in variants(&gpu) {
        let folds = |outcome: &Outcome| outcome.kernels.iter().filter(|kernel| *kernel == "matmul_fold").count();
        assert_eq!(folds(&run(&gpu, 2, many, variant)), 2, "{variant}");
        let outcome = run(&gpu, 2, few, variant);
        // The register kernels compute both gradients of a layer at once.
        let dispatches = if variant == "register" { 2 } else { 4 };
        assert_eq!((folds(&outcome), outcome.kernels.len()), (0, dispatches), "{variant}");
        // The second learner's, which lie behind the first one's; both layers add, the first one in place.
        let values = |seed: u64, columns: u32| {
            let mut rng = TestRng(seed);
            let all: Vec<f64> = (0..2 * few * columns).map(|_| rng.uniform(-1.0, 1.0)).collect();
            all[(few * columns) as usize..].to_vec()
        };
        let (x, dy) = (values(1, INS), values(2, OUTS));
        let (ins, outs) = (INS as usize, OUTS as usize);
        let row_sum = |term: &dyn Fn(usize) -> f64| (0..few as usize).map(|row| 2.0 * term(row)).sum::<f64>();
        let weights: Vec<f64> = (0..outs * ins).map(|i| row_sum(&|row| dy[row * outs + i / ins] * x[row * ins + i % ins])).collect();
        let biases: Vec<f64> = (0..outs).map(|o| row_sum(&|row| dy[row * outs + o])).collect();
        let gradient = &outcome.values[2][outcome.values[2].len() / 2..];
        let bias_at = aligned_elements(OUTS * INS) as usize;
        compare(&format!("{variant}, weights"), &gradient[..outs * ins], &weights, (1e-4, 1e-4)).unwrap();
        compare(&format!("{variant}, bias"), &gradient[bias_at..bias_at + outs], &biases, (1e-4, 1e-4)).unwrap();
    }
}

#[test]
fn sums_that_wait_are_the_same_to_the_bit() {
    let gpu = gpu();
    for variant in variants(&gpu) {
        let [at_once, later] = [false, true].map(|collecting| run_with(&gpu, 2, ROWS[0], variant, collecting));
        let sums = |outcome: &Outcome, name: &str| outcome.kernels.iter().filter(|kernel| *kernel == name).count();
        // The second layer's are of the same gradients: the first one's do not wait for them.
        assert_eq!([sums(&later, "matmul_fold"), sums(&later, "sum_parts")], [0, 2], "{variant}");
        for (one, other) in at_once.values.iter().zip(&later.values) {
            let same = one.iter().zip(other).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same && one.len() == other.len(), "{variant}: sums that wait differ");
        }
    }
}

#[test]
fn a_software_adapter_gets_register_kernels() {
    let gpu = gpu();
    let wanted = if gpu.has(Needs::EightLanes) { "register" } else { "plain" };
    let mut tape = Tape::new(&gpu).with_variants(true);
    for layout in Layout::ALL {
        assert_eq!(tape.choose(layout.family(), |_| true), wanted);
        assert_eq!(tape.choose(layout.family(), |variant| variant != "register"), "plain");
    }
    assert!(gpu.has(Needs::EightLanes) || !gpu.info.name.contains("llvmpipe"), "llvmpipe without its fast kernels");
}
