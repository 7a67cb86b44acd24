//! DINO's head over a network's flat parameters, against a naive composition of the references, forwards and backwards.

use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Gpu, Tape, Tensor};
use twinlens::nn::init::initial_parameters;
use twinlens::nn::{DinoHead, DinoHeadShape, Form, Group, Network, ParameterLayout};
use twinlens::ops::case::{TestRng, compare};
use twinlens::ops::l2norm::LEAST_LENGTH;
use twinlens::ops::reference::Host;
use twinlens::ops::{l2norm, linear};

fn gpu() -> Arc<Gpu> {
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    Gpu::headless(&choice).expect("an adapter")
}

fn uploaded(gpu: &Gpu, name: &str, shape: [u32; 3], values: impl IntoIterator<Item = f64>) -> Tensor {
    let tensor = gpu.tensor(name, shape).expect("a small tensor");
    gpu.upload(&tensor, &values.into_iter().map(|value| value as f32).collect::<Vec<_>>());
    tensor
}

const LEARNERS: usize = 2;

/// Every parameter as (L, rows, columns), in the layout's order.
fn parameters(layout: &ParameterLayout, flat: &[f32]) -> Vec<Host> {
    let total = layout.total() as usize;
    let one = |spec: &twinlens::nn::ParameterSpec| {
        Host::from_fn([LEARNERS, spec.rows as usize, spec.columns as usize], |l, r, c| {
            f64::from(flat[l * total + spec.first as usize + r * spec.columns as usize + c])
        })
    };
    layout.specs().iter().map(one).collect()
}

/// Values of each layer's input, then the bottleneck, the normalised prototypes and the logits.
struct Naive {
    inputs: Vec<Host>,
    raw: Vec<Host>,
    bottleneck: Host,
    prototypes: Host,
    logits: Host,
}

fn naive(weights: &[Host], x: &Host) -> Naive {
    let (mut inputs, mut raw) = (vec![x.clone()], Vec::<Host>::new());
    for layer in weights[..weights.len() - 1].chunks(2) {
        if let Some(before) = raw.last() {
            inputs.push(linear::gelu(before));
        }
        raw.push(linear::reference(&[inputs.last().unwrap().clone(), layer[0].clone(), layer[1].clone()]));
    }
    let bottleneck = l2norm::reference(raw.last().unwrap(), LEAST_LENGTH.into());
    let prototypes = l2norm::reference(weights.last().unwrap(), LEAST_LENGTH.into());
    let logits = linear::reference(&[bottleneck.clone(), prototypes.clone()]);
    Naive { inputs, raw, bottleneck, prototypes, logits }
}

/// The gradients of all parameters in order, and of x.
fn naive_backward(weights: &[Host], naive: &Naive, dlogits: &Host) -> (Vec<Host>, Host) {
    let mut gradients = linear::reference_backward(&[naive.bottleneck.clone(), naive.prototypes.clone()], dlogits);
    let last = l2norm::reference_backward(weights.last().unwrap(), &gradients[1], LEAST_LENGTH.into());
    let mut dy = l2norm::reference_backward(naive.raw.last().unwrap(), &gradients.swap_remove(0), LEAST_LENGTH.into());
    let mut backwards = vec![last];
    for layer in (0..naive.raw.len()).rev() {
        let inputs = [naive.inputs[layer].clone(), weights[2 * layer].clone(), weights[2 * layer + 1].clone()];
        let [dx, dweight, dbias]: [Host; 3] = linear::reference_backward(&inputs, &dy).try_into().unwrap();
        backwards.extend([dbias, dweight]);
        dy = if layer == 0 { dx } else { linear::gelu_backward(&naive.raw[layer - 1], &dx) };
    }
    backwards.reverse();
    (backwards, dy)
}

#[test]
fn the_head_is_its_parts() {
    let gpu = gpu();
    for (software, layers) in [(true, 2), (true, 3), (false, 2), (false, 3)] {
        let mut layout = ParameterLayout::default();
        // Something before it, so that the head does not start at 0.
        layout.matrix("before".to_owned(), 3, 5, Group::Shared);
        let shape = DinoHeadShape { inputs: 12, hidden: 20, bottleneck: 8, prototypes: 17, layers };
        let head = DinoHead::new(&mut layout, "head", shape);
        let mut flat: Vec<f32> = (0..LEARNERS as u64).flat_map(|seed| initial_parameters(&layout, seed)).collect();
        // Prototypes far from unit length, and biases that are not 0.
        let (total, mut rng) = (layout.total() as usize, TestRng(3));
        for spec in layout.specs() {
            for (l, i) in (0..LEARNERS).flat_map(|l| (0..spec.elements() as usize).map(move |i| (l, i))) {
                let value = &mut flat[l * total + spec.first as usize + i];
                *value = if spec.form == Form::Matrix { 1.7 * *value } else { rng.uniform(-0.5, 0.5) as f32 };
            }
        }
        let x = Host::from_fn([LEARNERS, 9, 12], |_, _, _| rng.uniform(-2.0, 2.0));
        let dlogits = Host::from_fn([LEARNERS, 9, 17], |_, _, _| rng.uniform(-1.0, 1.0));
        let weights = uploaded(&gpu, "student", [LEARNERS as u32, 1, layout.total()], flat.iter().map(|&value| value.into()));
        let gradient = gpu.tensor("gradient", weights.shape()).unwrap();
        let input = uploaded(&gpu, "x", [LEARNERS as u32, 9, 12], x.values.iter().copied());
        let mut tape = Tape::new(&gpu).with_variants(software);
        let network = Network { layout: &layout, flat: &weights };
        network.bind_gradients(&mut tape, &gradient, |_| true);
        tape.track(&input);
        let outputs = head.forward(&mut tape, network, &input);
        tape.seed(&outputs.logits, &uploaded(&gpu, "dlogits", [LEARNERS as u32, 9, 17], dlogits.values.iter().copied()));
        tape.unwind();
        let dinput = tape.written_gradient(&input).expect("a gradient");
        gpu.run(&tape.freeze().unwrap());
        let all = parameters(&layout, &flat);
        let expected = naive(&all[1..], &x);
        let (gradients, dx) = naive_backward(&all[1..], &expected, &dlogits);
        let what = |name: &str| format!("software {software}, {layers} layers, {name}");
        let read = |tensor: &Tensor| gpu.download::<f32>(tensor).unwrap();
        compare(&what("bottleneck"), &read(&outputs.bottleneck), &expected.bottleneck.values, (1e-5, 1e-4)).unwrap();
        compare(&what("logits"), &read(&outputs.logits), &expected.logits.values, (1e-5, 1e-4)).unwrap();
        assert!(expected.logits.values.iter().all(|cosine| cosine.abs() <= 1.0 + 1e-9));
        compare(&what("dx"), &read(&dinput), &dx.values, (2e-5, 2e-4)).unwrap();
        let actual = parameters(&layout, &read(&gradient));
        for ((spec, actual), expected) in layout.specs()[1..].iter().zip(&actual[1..]).zip(&gradients) {
            let actual: Vec<f32> = actual.values.iter().map(|&value| value as f32).collect();
            compare(&what(&spec.name), &actual, &expected.values, (3e-5, 3e-4)).unwrap();
        }
    }
}

#[test]
fn names_groups_and_sizes() {
    let mut layout = ParameterLayout::default();
    DinoHead::new(&mut layout, "head", DinoHeadShape { inputs: 48, hidden: 128, bottleneck: 32, prototypes: 64, layers: 2 });
    let names: Vec<_> = layout.torch_parameters().map(|parameter| (parameter.name().to_owned(), parameter.shape())).collect();
    let expected = [
        ("head.mlp.0.weight", vec![128, 48]),
        ("head.mlp.0.bias", vec![128]),
        ("head.mlp.2.weight", vec![32, 128]),
        ("head.mlp.2.bias", vec![32]),
        ("head.last_layer.weight_v", vec![64, 32]),
    ];
    assert_eq!(names, expected.map(|(name, shape)| (name.to_owned(), shape)));
    // The prototypes are decayed, averaged into the teacher, and of their own group.
    let words = layout.group_words();
    assert_eq!(words[words.len() - 32..], [0b1101; 32]);
    assert!(words[..words.len() - 32].iter().all(|word| [0b101, 0b100].contains(word)));
}
