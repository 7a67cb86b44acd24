//! The ViT: timm's names and layouts, its values and gradients against a naive one in f64 that knows only PyTorch's layouts, and
//! the last block's short cut against the whole.

use std::collections::HashMap;
use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Gpu, Profile, Tape, Tensor};
use twinlens::nn::init::initial_parameters;
use twinlens::nn::{Network, ParameterLayout, Vit, VitShape};
use twinlens::ops::activation::Activation;
use twinlens::ops::case::{TestRng, compare};
use twinlens::ops::sequences::Sequences;

const SMALL: VitShape = VitShape { patch: 2, dim: 32, depth: 2, heads: 2, mlp_ratio: 2, grid: 4 };
const CROPS: Sequences = Sequences { counts: [3, 2], lengths: [16, 4] };
const DINO: VitShape = VitShape { patch: 4, dim: 48, depth: 2, heads: 3, mlp_ratio: 2, grid: 8 };

fn gpu() -> Arc<Gpu> {
    Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter")
}

fn network(shape: VitShape) -> (ParameterLayout, Vit) {
    let mut layout = ParameterLayout::default();
    let vit = Vit::new(&mut layout, shape);
    (layout, vit)
}

fn random(count: u32, seed: u64) -> Vec<f32> {
    let mut rng = TestRng(seed);
    (0..count).map(|_| rng.uniform(-1.0, 1.0) as f32).collect()
}

fn uploaded(gpu: &Gpu, name: &str, shape: [u32; 3], values: &[f32]) -> Tensor {
    let tensor = gpu.tensor(name, shape).expect("a small tensor");
    gpu.upload(&tensor, values);
    tensor
}

/// Initial weights, with everything that starts at 0 or 1 moved away from there.
fn weights(layout: &ParameterLayout, seed: u64) -> Vec<f32> {
    let mut flat = initial_parameters(layout, seed);
    let noise = random(layout.total(), seed + 1);
    for spec in layout.specs() {
        for index in spec.first as usize..(spec.first + spec.elements()) as usize {
            flat[index] += 0.3 * noise[index];
        }
    }
    flat
}

/// Parameters by name, with their shapes, as PyTorch has them.
type Torch = HashMap<String, (Vec<usize>, Vec<f64>)>;

fn torch(layout: &ParameterLayout, flat: &[f32]) -> Torch {
    let one = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
    let name = |name: &str| name.strip_prefix("encoder.").expect("an encoder's parameter").to_owned();
    layout.torch_parameters().map(|parameter| (name(parameter.name()), (parameter.shape(), one(parameter.values(flat))))).collect()
}

#[test]
fn names_and_shapes_are_timms() {
    let (layout, _) = network(DINO);
    let mut expected = vec![
        ("cls_token".to_owned(), vec![1, 1, 48]),
        ("pos_embed".to_owned(), vec![1, 65, 48]),
        ("patch_embed.proj.weight".to_owned(), vec![48, 3, 4, 4]),
        ("patch_embed.proj.bias".to_owned(), vec![48]),
    ];
    for block in 0..2 {
        for (name, shape) in [
            ("norm1.weight", vec![48]),
            ("norm1.bias", vec![48]),
            ("attn.qkv.weight", vec![144, 48]),
            ("attn.qkv.bias", vec![144]),
            ("attn.proj.weight", vec![48, 48]),
            ("attn.proj.bias", vec![48]),
            ("norm2.weight", vec![48]),
            ("norm2.bias", vec![48]),
            ("mlp.fc1.weight", vec![96, 48]),
            ("mlp.fc1.bias", vec![96]),
            ("mlp.fc2.weight", vec![48, 96]),
            ("mlp.fc2.bias", vec![48]),
        ] {
            expected.push((format!("blocks.{block}.{name}"), shape));
        }
    }
    expected.extend([("norm.weight".to_owned(), vec![48]), ("norm.bias".to_owned(), vec![48])]);
    let names: Vec<_> = layout.torch_parameters().map(|parameter| (parameter.name().to_owned(), parameter.shape())).collect();
    let expected: Vec<_> = expected.into_iter().map(|(name, shape)| (format!("encoder.{name}"), shape)).collect();
    assert_eq!(names, expected);
    // Matrices alone are decayed.
    for spec in layout.specs() {
        let matrix = spec.name.ends_with(".weight") && !spec.name.contains("norm");
        assert_eq!(spec.is_decayed(), matrix, "{}", spec.name);
    }
}

#[test]
fn values_go_to_torch_and_back() {
    let (layout, _) = network(SMALL);
    let flat: Vec<f32> = weights(&layout, 3);
    let mut back = vec![0.0; flat.len()];
    for parameter in layout.torch_parameters() {
        parameter.put(&parameter.values(&flat), &mut back);
    }
    assert!(flat == back);
    let named = torch(&layout, &flat);
    let ours = |name: &str, part: usize, index: usize| {
        let spec = layout.specs().iter().filter(|spec| spec.name == format!("encoder.{name}")).nth(part).expect("a part");
        f64::from(flat[spec.first as usize + index])
    };
    let theirs = |name: &str, index: usize| named[name].1[index];
    // Output 5, row 1, column 0, channel 2 of 2 x 2 patches: ours run (row, column, channel), theirs (channel, row, column).
    assert_eq!(theirs("patch_embed.proj.weight", 5 * 12 + 2 * 4 + 2), ours("patch_embed.proj.weight", 0, 5 * 12 + 2 * 3 + 2));
    assert_eq!(theirs("blocks.1.attn.qkv.weight", (32 + 7) * 32 + 9), ours("blocks.1.attn.qkv.weight", 1, 7 * 32 + 9));
    assert_eq!(theirs("blocks.1.attn.qkv.bias", 32 + 40), ours("blocks.1.attn.qkv.bias", 1, 40));
}

fn layernorm(x: &[f64], gain: &[f64], shift: &[f64]) -> Vec<f64> {
    let count = x.len() as f64;
    let mean = x.iter().sum::<f64>() / count;
    let variance = x.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    x.iter().zip(gain.iter().zip(shift)).map(|(value, (gain, shift))| gain * (value - mean) / (variance + 1e-6).sqrt() + shift).collect()
}

/// A ViT of one image's patches, straight from its description; every patch runs (row, column, channel). The embedding, and the
/// last block's attention of the CLS token, head by head.
fn naive(shape: VitShape, torch: &Torch, patches: &[Vec<f64>]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (dim, patch, head) = (shape.dim as usize, shape.patch as usize, (shape.dim / shape.heads) as usize);
    let get = |name: &str| &torch[name].1[..];
    let linear = |name: &str, x: &[f64]| -> Vec<f64> {
        let (weight, bias) = (get(&format!("{name}.weight")), get(&format!("{name}.bias")));
        let row = |out: usize| weight[out * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        bias.iter().enumerate().map(|(out, bias)| bias + row(out)).collect()
    };
    let norm = |name: &str, x: &[f64]| layernorm(x, get(&format!("{name}.weight")), get(&format!("{name}.bias")));
    let positions: Vec<&[f64]> = get("pos_embed").chunks_exact(dim).collect();
    let (grid0, grid1) = (shape.grid as usize, patches.len().isqrt());
    let place = |target: usize| {
        let place = ((target as f64 + 0.5) * grid0 as f64 / grid1 as f64 - 0.5).max(0.0);
        (place.floor() as usize, (place.floor() as usize + 1).min(grid0 - 1), place.fract())
    };
    let mut x = vec![get("cls_token").iter().zip(positions[0]).map(|(token, position)| token + position).collect::<Vec<f64>>()];
    for (number, values) in patches.iter().enumerate() {
        // The convolution of an image of one patch.
        let mut image = vec![0.0; values.len()];
        for (index, value) in values.iter().enumerate() {
            image[index % 3 * patch * patch + index / 3] = *value;
        }
        let ((y0, y1, ty), (x0, x1, tx)) = (place(number / grid1), place(number % grid1));
        let at = |y: usize, x: usize, c: usize| positions[1 + y * grid0 + x][c];
        let position =
            |c| (1.0 - ty) * ((1.0 - tx) * at(y0, x0, c) + tx * at(y0, x1, c)) + ty * ((1.0 - tx) * at(y1, x0, c) + tx * at(y1, x1, c));
        x.push(linear("patch_embed.proj", &image).iter().enumerate().map(|(c, value)| value + position(c)).collect());
    }
    let mut attention = Vec::new();
    for block in 0..shape.depth {
        let name = |part: &str| format!("blocks.{block}.{part}");
        let qkv: Vec<Vec<f64>> = x.iter().map(|row| linear(&name("attn.qkv"), &norm(&name("norm1"), row))).collect();
        let mut mixed = vec![vec![0.0; dim]; x.len()];
        attention.clear();
        for first in (0..dim).step_by(head) {
            for (token, out) in mixed.iter_mut().enumerate() {
                let score =
                    |key: &Vec<f64>| (first..first + head).map(|c| qkv[token][c] * key[dim + c]).sum::<f64>() / (head as f64).sqrt();
                let powers: Vec<f64> = qkv.iter().map(|key| score(key).exp()).collect();
                let total: f64 = powers.iter().sum();
                let shares: Vec<f64> = powers.iter().map(|power| power / total).collect();
                for c in first..first + head {
                    out[c] = shares.iter().zip(&qkv).map(|(share, value)| share * value[2 * dim + c]).sum();
                }
                if token == 0 {
                    attention.push(shares);
                }
            }
        }
        for (row, mixed) in x.iter_mut().zip(&mixed) {
            row.iter_mut().zip(linear(&name("attn.proj"), mixed)).for_each(|(x, more)| *x += more);
            let hidden = linear(&name("mlp.fc1"), &norm(&name("norm2"), row));
            let active: Vec<f64> = hidden.iter().map(|&u| Activation::Gelu.value(u)).collect();
            row.iter_mut().zip(linear(&name("mlp.fc2"), &active)).for_each(|(x, more)| *x += more);
        }
    }
    (norm("norm", &x[0]), attention)
}

/// The patches of each image, in f64.
fn images(patches: &[f32], sequences: Sequences, vector: usize) -> Vec<Vec<Vec<f64>>> {
    let rows: Vec<Vec<f64>> = patches.chunks_exact(vector).map(|row| row.iter().copied().map(f64::from).collect()).collect();
    let image = |image| rows[sequences.offset(image) as usize..][..sequences.length(image) as usize].to_vec();
    (0..sequences.images()).map(image).collect()
}

struct Outcome {
    embedding: Vec<f32>,
    attention: Vec<f32>,
    /// Of the sum of the embeddings times `dy`; flat.
    gradient: Vec<f32>,
}

fn run(gpu: &Gpu, software: bool, all_tokens: bool, flat: &[f32], patches: &[f32], dy: &[f32]) -> Outcome {
    let (layout, vit) = network(SMALL);
    let learners = flat.len() as u32 / layout.total();
    let student = uploaded(gpu, "student", [learners, 1, layout.total()], flat);
    let gradient = gpu.tensor("gradient", student.shape()).unwrap();
    let patches = uploaded(gpu, "patches", [1, CROPS.rows(), 12], patches);
    let network = Network { layout: &layout, flat: &student };
    let mut tape = Tape::new(gpu).with_variants(software);
    network.bind_gradients(&mut tape, &gradient, |_| true);
    let encoded = vit.forward(&mut tape, network, &patches, CROPS, all_tokens);
    assert_eq!(encoded.tokens.is_some(), all_tokens);
    assert_eq!(encoded.embedding.shape(), [learners, CROPS.images(), SMALL.dim]);
    assert_eq!(encoded.attention.shape(), [learners, CROPS.images() * SMALL.heads, 17]);
    let dy = uploaded(gpu, "dy", encoded.embedding.shape(), &dy.repeat(learners as usize));
    tape.seed(&encoded.embedding, &dy);
    tape.unwind();
    gpu.run(&tape.freeze().expect("a sound tape"));
    let read = |tensor: &Tensor| gpu.download::<f32>(tensor).unwrap();
    Outcome { embedding: read(&encoded.embedding), attention: read(&encoded.attention), gradient: read(&gradient) }
}

#[test]
fn values_and_gradients_are_those_of_a_naive_one() {
    let gpu = gpu();
    let (layout, _) = network(SMALL);
    // The second learner is compared: its parameters lie behind the first one's.
    let total = layout.total() as usize;
    let flat = [weights(&layout, 10), weights(&layout, 20)].concat();
    let patches = random(CROPS.rows() * 12, 30);
    let dy = random(CROPS.images() * SMALL.dim, 40);
    let views = images(&patches, CROPS, 12);
    let named = torch(&layout, &flat[total..]);
    let mut expected = Vec::new();
    let mut expected_attention = Vec::new();
    for view in &views {
        let (embedding, attention) = naive(SMALL, &named, view);
        expected.extend(embedding);
        for mut line in attention {
            line.resize(17, 0.0);
            expected_attention.extend(line);
        }
    }
    let objective = |torch: &Torch| -> f64 {
        let embeddings = views.iter().flat_map(|view| naive(SMALL, torch, view).0);
        embeddings.zip(&dy).map(|(value, &slope)| value * f64::from(slope)).sum()
    };
    // Two elements of every parameter, moved up and down.
    let mut probes = Vec::new();
    for (name, (_, values)) in &named {
        for element in [values.len() / 3, values.len() - 1] {
            let mut moved = named.clone();
            let step = 1e-5;
            moved.get_mut(name).unwrap().1[element] += step;
            let above = objective(&moved);
            moved.get_mut(name).unwrap().1[element] -= 2.0 * step;
            probes.push((name.clone(), element, (above - objective(&moved)) / (2.0 * step)));
        }
    }
    for (software, all_tokens) in [(true, false), (true, true), (false, false), (false, true)] {
        let outcome = run(&gpu, software, all_tokens, &flat, &patches, &dy);
        let what = format!("software {software}, all tokens {all_tokens}");
        let second = |values: &[f32]| values[values.len() / 2..].to_vec();
        compare(&format!("embedding, {what}"), &second(&outcome.embedding), &expected, (1e-4, 1e-4)).unwrap();
        compare(&format!("attention, {what}"), &second(&outcome.attention), &expected_attention, (1e-5, 1e-4)).unwrap();
        let gradients = torch(&layout, &outcome.gradient[total..]);
        for (name, element, slope) in &probes {
            let actual = gradients[name].1[*element] as f32;
            compare(&format!("gradient of {name}[{element}], {what}"), &[actual], &[*slope], (2e-4, 1e-3)).unwrap();
        }
    }
}

#[test]
fn the_last_blocks_short_cut_changes_nothing() {
    let gpu = gpu();
    let (layout, _) = network(SMALL);
    let flat = weights(&layout, 50);
    let (patches, dy) = (random(CROPS.rows() * 12, 60), random(CROPS.images() * SMALL.dim, 70));
    for software in [true, false] {
        let [short, whole] = [false, true].map(|all_tokens| run(&gpu, software, all_tokens, &flat, &patches, &dy));
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        compare("embedding", &short.embedding, &wide(&whole.embedding), (1e-5, 1e-5)).unwrap();
        compare("attention", &short.attention, &wide(&whole.attention), (1e-6, 1e-5)).unwrap();
        compare("gradient", &short.gradient, &wide(&whole.gradient), (2e-5, 1e-4)).unwrap();
    }
}

/// What the encoders of a step cost: `cargo test --test vit -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn time_of_a_step() {
    let gpu = gpu();
    let (layout, vit) = network(DINO);
    let globals = Sequences::uniform(48, 64);
    for crops in [globals, Sequences { counts: [48, 96], lengths: [64, 16] }] {
        let flat = uploaded(&gpu, "flat", [1, 1, layout.total()], &initial_parameters(&layout, 1));
        let teacher = uploaded(&gpu, "teacher", [1, 1, layout.total()], &initial_parameters(&layout, 1));
        let gradient = gpu.tensor("gradient", flat.shape()).unwrap();
        let all = uploaded(&gpu, "patches", [1, crops.rows(), 48], &random(crops.rows() * 48, 2));
        let first = uploaded(&gpu, "patches", [1, globals.rows(), 48], &random(globals.rows() * 48, 2));
        let mut tape = Tape::new(&gpu);
        let network = Network { layout: &layout, flat: &flat };
        network.bind_gradients(&mut tape, &gradient, |_| true);
        let embedding = vit.forward(&mut tape, network, &all, crops, false).embedding;
        let network = Network { layout: &layout, flat: &teacher };
        tape.no_grad(|tape| vit.forward(tape, network, &first, globals, false));
        tape.backward(&embedding);
        let program = tape.freeze().unwrap();
        gpu.run(&program);
        let labels: Vec<_> = program.labels().map(str::to_owned).collect();
        let mut best = vec![f64::INFINITY; labels.len()];
        for _ in 0..7 {
            let profile = Profile::measure(&gpu, &program).unwrap();
            best.iter_mut().zip(profile.micros).for_each(|(best, time)| *best = best.min(time));
        }
        println!("{crops:?}: {} dispatches, {:.1} ms", labels.len(), best.iter().sum::<f64>() / 1000.0);
        labels.iter().zip(best).for_each(|(label, time)| println!("{time:9.0} us {label}"));
    }
}
