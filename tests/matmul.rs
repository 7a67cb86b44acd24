//! Linear layers on slices of flat parameter buffers: a learner's results are bit for bit those of the run alone, whatever the
//! variant, and the software adapter gets the fast kernels.

use std::collections::BTreeSet;

use twinlens::gpu::{AdapterChoice, Choices, Gpu, Needs, Tape, aligned_elements};
use twinlens::ops::case::TestRng;
use twinlens::ops::matmul::{Layout, linear};

const ROWS: u32 = 300;
const INS: u32 = 12;
const OUTS: u32 = 36;

/// y, dx, and the flat gradient buffer of the first `learners` learners, each learner's in one piece.
fn run(gpu: &Gpu, learners: u32, variant: &str) -> Vec<Vec<f32>> {
    let bias_at = aligned_elements(OUTS * INS);
    let parameters = bias_at + aligned_elements(OUTS);
    let tensor = |name, shape: [u32; 3], seed: u64| {
        let mut rng = TestRng(seed);
        let values: Vec<f32> = (0..shape.iter().product::<u32>()).map(|_| rng.uniform(-1.0, 1.0) as f32).collect();
        let tensor = gpu.tensor(name, shape).expect("it fits");
        gpu.upload(&tensor, &values);
        tensor
    };
    let x = tensor("x", [learners, ROWS, INS], 1);
    let dy = tensor("dy", [learners, ROWS, OUTS], 2);
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
    let outputs = [(); 2].map(|()| linear(&mut tape, &x, &weight, Some(&bias)));
    outputs.iter().for_each(|y| tape.seed(y, &dy));
    tape.unwind();
    let dx = tape.written_gradient(&x).expect("written");
    let program = tape.freeze().expect("a valid program");
    gpu.run(&program);
    [&outputs[1], &dx, &gradient].map(|tensor| gpu.download::<f32>(tensor).expect("a download")).into()
}

#[test]
fn learners_do_not_meet() {
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    let names: BTreeSet<&str> = Layout::ALL.iter().flat_map(|layout| layout.family().offered(&gpu)).map(|variant| variant.name).collect();
    assert!(names.len() >= 2);
    for variant in names {
        let alone = run(&gpu, 1, variant);
        let together = run(&gpu, 3, variant);
        for (alone, together) in alone.iter().zip(&together) {
            assert!(alone.iter().all(|value| value.is_finite()));
            assert_eq!(together.len(), 3 * alone.len());
            let same = alone.iter().zip(together).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{variant}: learner 0 of 3 differs from the run alone");
        }
    }
}

#[test]
fn a_software_adapter_gets_register_kernels() {
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    let wanted = if gpu.has(Needs::EightLanes) { "register" } else { "plain" };
    let mut tape = Tape::new(&gpu).with_variants(true);
    for layout in Layout::ALL {
        assert_eq!(tape.choose(layout.family(), |_| true), wanted);
        assert_eq!(tape.choose(layout.family(), |variant| variant != "register"), "plain");
    }
    assert!(gpu.has(Needs::EightLanes) || !gpu.info.name.contains("llvmpipe"), "llvmpipe without its fast kernels");
}
