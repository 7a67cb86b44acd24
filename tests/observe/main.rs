//! The meters against their naive references, with the software and the GPU kernels: awkward shapes, several learners,
//! degenerate inputs, known answers. `times` (ignored) prints what they cost at the sizes of the presets.

#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number must fail")]

mod choices;
mod cloud;
mod crops;
mod neighbours;

use std::sync::Arc;

use twinlens::gpu::{AdapterChoice, Gpu, Tape, Tensor};
use twinlens::observe::distribution::Distribution;
use twinlens::observe::step_log::{DistributionValues, StepLog, StepValues};
use twinlens::observe::{attention, distribution, fragments, knn, pairs, project, spectrum, spread, unit};
use twinlens::ops::case::{TestRng, compare};
use twinlens::ops::reference::Host;

fn gpu() -> Arc<Gpu> {
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    Gpu::headless(&choice).expect("an adapter")
}

fn upload(gpu: &Gpu, name: &str, host: &Host) -> Tensor {
    let tensor = gpu.tensor(name, host.shape.map(|size| size as u32)).expect("memory");
    let elements: Vec<f32> = host.values.iter().map(|&value| value as f32).collect();
    gpu.upload(&tensor, &elements);
    tensor
}

fn upload_labels(gpu: &Gpu, labels: &[u32]) -> Tensor {
    let tensor = gpu.tensor("labels", [1, labels.len() as u32, 1]).expect("memory");
    gpu.upload(&tensor, labels);
    tensor
}

/// Records, runs, and returns what was recorded.
fn run<R>(gpu: &Gpu, software: bool, record: impl FnOnce(&mut Tape<'_>) -> R) -> R {
    let mut tape = Tape::new(gpu).with_variants(software);
    let recorded = record(&mut tape);
    gpu.run(&tape.freeze().expect("a valid tape"));
    recorded
}

fn download(gpu: &Gpu, tensor: &Tensor) -> Vec<f32> {
    gpu.download(tensor).expect("a device")
}

fn random(rng: &mut TestRng, shape: [usize; 3]) -> Host {
    Host::from_fn(shape, |_, _, _| rng.uniform(-1.0, 1.0))
}

/// Rows around a common direction, as a (nearly) collapsed network puts them.
fn around(rng: &mut TestRng, shape: [usize; 3], distance: f64) -> Host {
    let centre: Vec<f64> = (0..shape[2]).map(|_| rng.uniform(0.5, 1.0)).collect();
    as_f32(&Host::from_fn(shape, |_, _, c| centre[c] + distance * rng.uniform(-1.0, 1.0)))
}

/// What the GPU gets.
fn as_f32(host: &Host) -> Host {
    Host { shape: host.shape, values: host.values.iter().map(|&value| f64::from(value as f32)).collect() }
}

fn learner(host: &Host, l: usize) -> Host {
    Host::from_fn([1, host.shape[1], host.shape[2]], |_, r, c| host.at(l, r, c))
}

fn finish(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

const SHAPES: [[usize; 3]; 7] = [[1, 2, 1], [1, 2, 3], [3, 7, 3], [3, 31, 32], [1, 128, 32], [1, 131, 96], [3, 5, 129]];

#[test]
fn spread_matches_its_reference() {
    let gpu = gpu();
    let mut rng = TestRng(1);
    let mut failures = Vec::new();
    for shape in SHAPES {
        let inputs = [random(&mut rng, shape), around(&mut rng, shape, 0.1), around(&mut rng, shape, 2e-3)];
        for (software, input) in [true, false].into_iter().flat_map(|software| inputs.iter().map(move |input| (software, input))) {
            let z = upload(&gpu, "z", input);
            let y = run(&gpu, software, |tape| spread::spread(tape, &z));
            let actual = download(&gpu, &y);
            failures.extend(compare(&format!("{shape:?} {software}"), &actual, &spread::reference(input).values, (2e-6, 1e-4)).err());
            let alone = upload(&gpu, "z", &learner(input, 0));
            let y = run(&gpu, software, |tape| spread::spread(tape, &alone));
            if download(&gpu, &y)[0].to_bits() != actual[0].to_bits() {
                failures.push(format!("{shape:?} {software}: learner 0 depends on the others"));
            }
        }
    }
    finish(failures);
}

#[test]
fn spread_of_degenerate_rows() {
    let gpu = gpu();
    let mut rng = TestRng(2);
    let mut failures = Vec::new();
    let rows = around(&mut rng, [1, 1, 32], 0.3);
    let equal = |scale: f64| as_f32(&Host::from_fn([1, 128, 32], |_, _, c| scale * rows.at(0, 0, c)));
    let zero = Host::zeros([1, 128, 32]);
    let one_zero = Host::from_fn([1, 128, 32], |_, r, c| if r == 0 { 0.0 } else { rows.at(0, 0, c) });
    let random = random(&mut rng, [1, 128, 32]);
    let huge = as_f32(&Host { values: random.values.iter().map(|value| value * 1e30).collect(), ..random.clone() });
    let tiny = as_f32(&Host { values: random.values.iter().map(|value| value * 1e-9).collect(), ..random });
    for software in [true, false] {
        for (what, input) in [
            ("equal rows", &equal(1.0)),
            ("equal huge rows", &equal(1e30)),
            ("zeros", &zero),
            ("one zero row", &one_zero),
            ("huge", &huge),
            ("tiny", &tiny),
        ] {
            let z = upload(&gpu, "z", input);
            let (std, meters) = run(&gpu, software, |tape| (spread::spread(tape, &z), spectrum::spectrum(tape, &z)));
            let std = download(&gpu, &std);
            failures.extend(compare(&format!("{what} {software}"), &std, &spread::reference(input).values, (1e-5, 1e-4)).err());
            let rank = download(&gpu, &meters.effective_rank)[0];
            if !(0.999..32.01).contains(&rank) {
                failures.push(format!("{what} {software}: rank {rank}"));
            }
            if what == "zeros" && rank != 1.0 {
                failures.push(format!("zeros {software}: rank {rank} instead of 1"));
            }
        }
    }
    // What is not a number must not look like a collapse.
    let z = upload(&gpu, "z", &Host::from_fn([1, 8, 4], |_, r, c| if r + c == 0 { f64::NAN } else { 1.0 }));
    let std = run(&gpu, gpu.is_software(), |tape| spread::spread(tape, &z));
    if !download(&gpu, &std)[0].is_nan() {
        failures.push("NaN was lost".to_owned());
    }
    finish(failures);
}

/// Rows that sum to 1: softmax of random values, the sharper the larger `sharpness`, around a row that all share.
fn distributions(rng: &mut TestRng, shape: [usize; 3], sharpness: f64, shared: f64) -> Host {
    let common: Vec<f64> = (0..shape[2]).map(|_| shared * rng.uniform(-1.0, 1.0)).collect();
    let mut p = Host::from_fn(shape, |_, _, c| (sharpness * rng.uniform(-1.0, 1.0) + common[c]).exp());
    for row in p.values.chunks_mut(shape[2]) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
    as_f32(&p)
}

#[test]
fn distributions_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(12);
    let mut failures = Vec::new();
    for shape in [[1, 1, 1], [1, 2, 3], [3, 7, 5], [3, 31, 32], [1, 48, 64], [2, 131, 96], [1, 67, 300], [3, 5, 129]] {
        let columns = shape[2];
        let one_hot = Host::from_fn(shape, |_, r, c| f64::from(u8::from(c == r * 7 % columns)));
        let uniform = as_f32(&Host::from_fn(shape, |_, _, _| 1.0 / columns as f64));
        let inputs = [
            ("soft", distributions(&mut rng, shape, 1.0, 0.0)),
            ("sharp", distributions(&mut rng, shape, 30.0, 0.0)),
            ("constant", distributions(&mut rng, shape, 0.01, 2.0)),
            ("one-hot", one_hot),
            ("uniform", uniform),
        ];
        for (software, (what, input)) in [true, false].into_iter().flat_map(|software| inputs.iter().map(move |input| (software, input))) {
            let measure = |input: &Host| {
                let p = upload(&gpu, "p", input);
                let measured = run(&gpu, software, |tape| distribution::distribution(tape, &p));
                [measured.teacher_entropy, measured.mean_teacher_entropy, measured.prototypes_used].map(|meter| download(&gpu, &meter))
            };
            let actual = measure(input);
            let expected = distribution::reference(input);
            for (meter, name) in ["teacher_entropy", "mean_teacher_entropy", "prototypes_used"].into_iter().enumerate() {
                let what = format!("{name} of {what} {shape:?} {software}");
                let expected: Vec<f64> = expected.iter().map(|meters| meters[meter]).collect();
                failures.extend(compare(&what, &actual[meter], &expected, (3e-6, 2e-5)).err());
            }
            let alone = measure(&learner(input, 0));
            if actual.iter().zip(&alone).any(|(among, alone)| among[0].to_bits() != alone[0].to_bits()) {
                failures.push(format!("{what} {shape:?} {software}: learner 0 depends on the others"));
            }
        }
    }
    // What is not a number must not look like a sharp distribution.
    for software in [true, false] {
        let p = upload(&gpu, "p", &Host::from_fn([1, 8, 4], |_, r, c| if r + c == 0 { f64::NAN } else { 0.25 }));
        let measured = run(&gpu, software, |tape| distribution::distribution(tape, &p));
        if ![measured.teacher_entropy, measured.mean_teacher_entropy].iter().all(|meter| download(&gpu, meter)[0].is_nan()) {
            failures.push(format!("NaN was lost {software}"));
        }
    }
    finish(failures);
}

#[test]
fn unit_rows_and_moments_match_their_references() {
    let gpu = gpu();
    let mut rng = TestRng(3);
    let mut failures = Vec::new();
    for shape in [[1, 2, 1], [3, 7, 3], [1, 128, 32], [2, 131, 96]] {
        for (input, centred) in [(random(&mut rng, shape), false), (random(&mut rng, shape), true), (around(&mut rng, shape, 1e-2), true)] {
            let x = upload(&gpu, "x", &input);
            let (u, moment) = run(&gpu, true, |tape| {
                let u = unit::normalise(tape, &x);
                let moment = spectrum::second_moment(tape, &u, centred);
                (u, moment)
            });
            let [learners, rows, columns] = shape;
            let padded = columns.next_multiple_of(4);
            let naive = unit::reference(&input);
            let expected = Host::from_fn([learners, rows, padded], |l, r, c| if c < columns { naive.at(l, r, c) } else { 0.0 });
            failures.extend(compare(&format!("unit {shape:?}"), &download(&gpu, &u), &expected.values, (1e-7, 1e-6)).err());
            let expected = spectrum::reference_second_moment(&expected, centred);
            let what = format!("moment {shape:?} centred {centred}");
            failures.extend(compare(&what, &download(&gpu, &moment), &expected.values, (2e-8, 1e-5)).err());
        }
    }
    finish(failures);
}

#[test]
fn the_step_log_keeps_every_step() {
    let gpu = gpu();
    let mut failures = Vec::new();
    for distributions in [false, true] {
        let log = StepLog::new(&gpu, 3, distributions).expect("memory");
        let state = gpu.tensor("state", [1, 1, 4]).expect("memory");
        let meters: Vec<Tensor> = (0..7).map(|_| gpu.tensor("meter", [3, 1, 1]).expect("memory")).collect();
        let mut tape = Tape::new(&gpu);
        log.record(&mut tape, &state, [&meters[0], &meters[1], &meters[2], &meters[3]]);
        if distributions {
            let [teacher_entropy, mean_teacher_entropy, prototypes_used] = [4, 5, 6].map(|column: usize| meters[column].clone());
            let measured = Distribution { teacher_entropy, mean_teacher_entropy, prototypes_used };
            log.record_distribution(&mut tape, &state, &measured);
        }
        let program = tape.freeze().expect("a valid tape");
        for step in 1..=258_u32 {
            gpu.upload(&state, &[step, 0, 0, 0]);
            for (column, meter) in meters.iter().enumerate() {
                let values: Vec<f32> = (0..3).map(|l| (step * 100 + l * 10 + column as u32) as f32).collect();
                gpu.upload(meter, &values);
            }
            gpu.run(&program);
            if ![1, 256, 258].contains(&step) {
                continue;
            }
            let ring = download(&gpu, &log.ring);
            let steps = StepLog::decode(bytemuck::cast_slice(&ring), 3, 0, step.into());
            let first = step.saturating_sub(255).max(1);
            for (l, of_learner) in steps.iter().enumerate() {
                let value = |step: u32, column: u32| (step * 100 + l as u32 * 10 + column) as f32;
                let expected: Vec<StepValues> = (first..=step)
                    .map(|step| StepValues {
                        step: step.into(),
                        loss: value(step, 0),
                        student_std: value(step, 1),
                        teacher_std: value(step, 2),
                        gradient_norm: value(step, 3),
                        distribution: distributions.then(|| DistributionValues {
                            teacher_entropy: value(step, 4),
                            mean_teacher_entropy: value(step, 5),
                            prototypes_used: value(step, 6),
                        }),
                    })
                    .collect();
                if *of_learner != expected {
                    failures.push(format!("after step {step}, learner {l}: {:?} ...", of_learner.first()));
                }
            }
        }
    }
    finish(failures);
}

/// Processor time of all threads, which a busy machine does not stretch (Linux; else 0).
fn cpu_millis() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanos = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse::<f64>().ok();
    threads.filter_map(|thread| nanos(thread.path())).sum::<f64>() / 1e6
}

#[test]
#[ignore = "prints times; run with --ignored --nocapture"]
fn times() {
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    println!("{}", gpu.info.name);
    let mut rng = TestRng(10);
    const REPEATS: u32 = 8;
    let wanted = std::env::var("TIMES").unwrap_or_default();
    let report = |what: &str, record: &dyn Fn(&mut Tape<'_>)| {
        if !what.contains(&wanted) {
            return;
        }
        let mut tape = Tape::new(&gpu);
        record(&mut tape);
        let start = std::time::Instant::now();
        let program = tape.freeze().expect("a valid tape");
        println!("{what}: {:.0} ms to build", start.elapsed().as_secs_f64() * 1e3);
        let best = |range: std::ops::Range<usize>| {
            let run = |_| {
                let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                (0..REPEATS).for_each(|_| program.encode_range(&mut encoder, range.clone(), None));
                let (cpu, wall) = (cpu_millis(), std::time::Instant::now());
                gpu.queue.submit([encoder.finish()]);
                gpu.wait().expect("a device");
                ((cpu_millis() - cpu) / f64::from(REPEATS), wall.elapsed().as_secs_f64() * 1e3 / f64::from(REPEATS))
            };
            (0..5).map(run).fold((f64::MAX, f64::MAX), |best, one| (best.0.min(one.0), best.1.min(one.1)))
        };
        let (cpu, wall) = best(0..program.len());
        println!("{what}: {wall:.3} ms, {cpu:.3} ms of processor time, {} dispatches", program.len());
        for (index, label) in program.labels().enumerate().take(8) {
            let (cpu, wall) = best(index..index + 1);
            println!("    {label}: {wall:.3} ms, {cpu:.3}");
        }
    };
    for (rows, columns) in [(128, 32), (128, 31), (256, 128)] {
        let z = upload(&gpu, "z", &random(&mut rng, [1, rows, columns]));
        report(&format!("spread {rows} x {columns}"), &|tape| drop(spread::spread(tape, &z)));
        report(&format!("spectrum {rows} x {columns}"), &|tape| drop(spectrum::spectrum(tape, &z)));
    }
    for (rows, columns) in [(48, 64), (128, 256)] {
        let p = upload(&gpu, "p", &distributions(&mut rng, [1, rows, columns], 5.0, 0.0));
        report(&format!("distribution {rows} x {columns}"), &|tape| drop(distribution::distribution(tape, &p)));
    }
    for (rows, columns) in [(512, 32), (512, 128)] {
        let z = upload(&gpu, "z", &random(&mut rng, [1, rows, columns]));
        let labels = upload_labels(&gpu, &vec![0; rows]);
        let axes = project::axes(&gpu, 1, columns as u32).expect("memory");
        report(&format!("project {rows} x {columns}"), &|tape| drop(project::project(tape, &axes, &z, &z, &labels)));
    }
    for columns in [32, 96, 256] {
        let bank = upload(&gpu, "bank", &random(&mut rng, [1, 2048, columns]));
        let queries = upload(&gpu, "queries", &random(&mut rng, [1, 512, columns]));
        let labels = [2048_u32, 512].map(|count| upload_labels(&gpu, &(0..count).map(|i| i % 8).collect::<Vec<_>>()));
        report(&format!("knn 2048 / 512 x {columns}"), &|tape| drop(knn::knn(tape, &bank, &labels[0], &queries, &labels[1])));
    }
}
