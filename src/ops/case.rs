//! One table of cases for parity, gradient check and bench; and the check itself.
//!
//! A case is checked four ways: forward against the reference; backward against the reference's backward; the reference's
//! backward against central differences of its forward; and recorded twice, so that gradients must add. All of it with the
//! kernels for software adapters, with those for GPUs, and with every other variant that the adapter can run.

use std::collections::{BTreeMap, BTreeSet};

use super::reference::Host;
use crate::gpu::{Choices, Consulted, Gpu, Tape, Tensor};

type RecordFn = Box<dyn Fn(&mut Tape<'_>, &[Tensor]) -> Tensor>;
type ForwardFn = Box<dyn Fn(&[Host]) -> Host>;
type BackwardFn = Box<dyn Fn(&[Host], &Host) -> Vec<Host>>;

/// An input of a case.
pub struct Input {
    /// Name.
    pub name: &'static str,
    /// (L, R, C)
    pub shape: [usize; 3],
    /// Values are drawn uniformly from here.
    pub range: (f64, f64),
    /// Whether a gradient with respect to it is checked.
    pub differentiable: bool,
}

impl Input {
    /// A differentiable input with values in -2..2.
    pub const fn new(name: &'static str, shape: [usize; 3]) -> Self {
        Self { name, shape, range: (-2.0, 2.0), differentiable: true }
    }

    /// The same with values from another range.
    #[must_use]
    pub const fn within(mut self, low: f64, high: f64) -> Self {
        self.range = (low, high);
        self
    }

    /// The same without a gradient.
    #[must_use]
    pub const fn constant(mut self) -> Self {
        self.differentiable = false;
        self
    }
}

/// An operation at one shape.
pub struct Case {
    /// Operation and shape.
    pub name: String,
    /// Inputs in the order in which `record`, `forward` and `backward` take them.
    pub inputs: Vec<Input>,
    /// Records the operation.
    pub record: RecordFn,
    /// Naive forward.
    pub forward: ForwardFn,
    /// Naive backward: the gradient with respect to every input (anything for constants), given the output's.
    pub backward: BackwardFn,
    /// Absolute and relative tolerance of the GPU against the reference.
    pub tolerance: (f64, f64),
    /// Floating-point operations of forward and backward, for the bench.
    pub flops: u64,
}

/// A small deterministic generator for test values: SplitMix64 (Steele et al., 2014).
pub struct TestRng(pub u64);

impl TestRng {
    /// Uniform in [low, high), as an f32 holds it.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        f64::from((low + (high - low) * unit) as f32)
    }
}

/// Compares, element by element, `|actual - expected| <= absolute + relative * |expected|`, both finite; reports the worst.
pub fn compare(what: &str, actual: &[f32], expected: &[f64], (absolute, relative): (f64, f64)) -> Result<(), String> {
    if actual.len() != expected.len() {
        return Err(format!("{what}: {} elements, expected {}", actual.len(), expected.len()));
    }
    let mut worst: Option<(usize, f64)> = None;
    for (index, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let excess = (f64::from(a) - e).abs() / (absolute + relative * e.abs());
        let bad = !a.is_finite() || !e.is_finite() || !(excess <= 1.0);
        let size = if excess.is_nan() { f64::INFINITY } else { excess };
        if bad && worst.is_none_or(|(_, previous)| size > previous) {
            worst = Some((index, size));
        }
    }
    match worst {
        None => Ok(()),
        Some((index, excess)) => {
            Err(format!("{what}: element {index} is {}, expected {} ({excess:.1} times the tolerance)", actual[index], expected[index]))
        }
    }
}

/// As a whole, values may be off by this share of the reference's length: two variants then agree to 1e-5.
const WHOLE: f64 = 5e-6;

/// Compares the lengths of the difference and of what is expected.
fn compare_whole(what: &str, actual: &[f32], expected: &[f64]) -> Result<(), String> {
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let off = length(&mut actual.iter().zip(expected).map(|(&a, &e)| f64::from(a) - e));
    let whole = length(&mut expected.iter().copied());
    // What cancels to nearly nothing is as exact as what it came from.
    if off <= WHOLE * whole + 2e-5 { Ok(()) } else { Err(format!("{what}: off by {off:.1e} of {whole:.1e} as a whole")) }
}

fn to_f32(host: &Host) -> Vec<f32> {
    host.values.iter().map(|&value| value as f32).collect()
}

/// The dials (L, 1, 16) of a case's learners, for as many learners as `like` has: what a case's table of inputs cannot hold,
/// whose words are all drawn from one range.
pub(super) fn upload_learners(tape: &mut Tape<'_>, learners: &Host, like: &Tensor) -> Tensor {
    let words = learners.shape[2];
    let tensor = tape.gpu().tensor("learners", [like.learners, 1, words as u32]).expect("a small tensor");
    tape.gpu().upload(&tensor, &to_f32(learners)[..like.learners as usize * words]);
    tensor
}

fn shape32(shape: [usize; 3]) -> [u32; 3] {
    shape.map(|size| size as u32)
}

/// Runs all checks of one case; every failure is collected.
pub fn check(gpu: &Gpu, case: &Case) -> Result<(), String> {
    let mut rng = TestRng(0x7717 ^ case.name.len() as u64);
    let inputs: Vec<Host> =
        case.inputs.iter().map(|input| Host::from_fn(input.shape, |_, _, _| rng.uniform(input.range.0, input.range.1))).collect();
    let expected = (case.forward)(&inputs);
    let dy = Host::from_fn(expected.shape, |_, _, _| rng.uniform(-1.0, 1.0));
    let expected_gradients = (case.backward)(&inputs, &dy);
    let mut failures = Vec::new();
    failures.extend(central_differences(case, &inputs, &dy, &expected_gradients).err());
    let values = Values { inputs: &inputs, expected: &expected, dy: &dy, gradients: &expected_gradients };
    let mut tried = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut families = Vec::new();
    for software in [true, false] {
        let kind = if software { "software kernels" } else { "GPU kernels" };
        let tape = Tape::new(gpu).with_variants(software);
        failures.extend(run(tape, case, kind, &values, &mut |consulted| {
            tried.entry(consulted.family.name).or_default().extend(&consulted.chosen);
            families.push(consulted.family);
        }));
    }
    families.dedup();
    for (family, variant) in families.into_iter().flat_map(|family| family.offered(gpu).map(move |variant| (family, variant))) {
        if tried.entry(family.name).or_default().insert(variant.name) {
            let kind = format!("{} {}", family.name, variant.name);
            let tape = Tape::new(gpu).with_choices(Choices::default().with(family, variant));
            failures.extend(run(tape, case, &kind, &values, &mut |_| ()));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(format!("{}: {}", case.name, failures.join("; "))) }
}

/// What a case's run is given and what it must come to.
struct Values<'a> {
    inputs: &'a [Host],
    expected: &'a Host,
    dy: &'a Host,
    gradients: &'a [Host],
}

/// Records the case on `tape`, runs and compares it; what is wrong. `note` hears which families were asked for a variant.
fn run(tape: Tape<'_>, case: &Case, kind: &str, values: &Values<'_>, note: &mut dyn FnMut(&Consulted)) -> Option<String> {
    compared(tape, case, kind, values, note).err()
}

fn compared(mut tape: Tape<'_>, case: &Case, kind: &str, values: &Values<'_>, note: &mut dyn FnMut(&Consulted)) -> Result<(), String> {
    let &Values { inputs, expected, dy, gradients } = values;
    let gpu = tape.gpu();
    let fail = |error: crate::gpu::GpuError| format!("{kind}: {error}");
    let mut tensors = Vec::new();
    for (input, host) in case.inputs.iter().zip(inputs) {
        let tensor = gpu.tensor(input.name, shape32(input.shape)).map_err(fail)?;
        gpu.upload(&tensor, &to_f32(host));
        if input.differentiable {
            tape.track(&tensor);
        }
        tensors.push(tensor);
    }
    let seed = gpu.tensor("dy", shape32(dy.shape)).map_err(fail)?;
    gpu.upload(&seed, &to_f32(dy));
    // Recorded twice on the same inputs: each gradient must come out twice as large.
    let outputs = [(case.record)(&mut tape, &tensors), (case.record)(&mut tape, &tensors)];
    let differentiable = case.inputs.iter().any(|input| input.differentiable);
    if differentiable {
        outputs.iter().for_each(|output| tape.seed(output, &seed));
        tape.unwind();
    }
    let written: Vec<_> = tensors.iter().map(|tensor| tape.written_gradient(tensor)).collect();
    tape.consulted().for_each(note);
    let program = tape.freeze().map_err(fail)?;
    gpu.run(&program);
    let mut failures = Vec::new();
    for output in &outputs {
        if output.shape() != shape32(expected.shape) {
            return Err(format!("{kind}: output has shape {:?}, expected {:?}", output.shape(), expected.shape));
        }
        let actual = gpu.download::<f32>(output).map_err(fail)?;
        let what = format!("{kind}, forward");
        failures.extend(compare(&what, &actual, &expected.values, case.tolerance).err());
        failures.extend(compare_whole(&what, &actual, &expected.values).err());
    }
    for ((input, gradient), expected) in case.inputs.iter().zip(&written).zip(gradients) {
        if !input.differentiable {
            continue;
        }
        let what = format!("{kind}, gradient of {}", input.name);
        let Some(gradient) = gradient else {
            failures.push(format!("{what}: never written"));
            continue;
        };
        let doubled: Vec<f64> = expected.values.iter().map(|value| 2.0 * value).collect();
        let actual = gpu.download::<f32>(gradient).map_err(fail)?;
        failures.extend(compare(&what, &actual, &doubled, case.tolerance).err());
        failures.extend(compare_whole(&what, &actual, &doubled).err());
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

/// Elements of each input that are checked by central differences.
const PROBES: usize = 24;

fn central_differences(case: &Case, inputs: &[Host], dy: &Host, gradients: &[Host]) -> Result<(), String> {
    let objective = |inputs: &[Host]| -> f64 {
        let y = (case.forward)(inputs);
        y.values.iter().zip(&dy.values).map(|(a, b)| a * b).sum()
    };
    for (index, input) in case.inputs.iter().enumerate().filter(|(_, input)| input.differentiable) {
        let count = inputs[index].values.len();
        for probe in 0..PROBES.min(count) {
            let element = probe * count / PROBES.min(count);
            let mut moved = inputs.to_vec();
            let step = 1e-5;
            moved[index].values[element] += step;
            let above = objective(&moved);
            moved[index].values[element] -= 2.0 * step;
            let below = objective(&moved);
            let numeric = (above - below) / (2.0 * step);
            let analytic = gradients[index].values[element];
            if !((numeric - analytic).abs() <= 1e-6 + 1e-5 * analytic.abs().max(1.0)) {
                return Err(format!("reference gradient of {} at {element} is {analytic}, central differences say {numeric}", input.name));
            }
        }
    }
    Ok(())
}
