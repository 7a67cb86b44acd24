//! The meters against their naive references, with the software and the GPU kernels: awkward shapes, several learners,
//! degenerate inputs, known answers. `times` (ignored) prints what they cost at the sizes of the presets.

#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number must fail")]

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

/// A symmetric matrix with these eigenvalues in a random orthonormal basis.
fn with_spectrum(rng: &mut TestRng, values: &[f64]) -> Host {
    let n = values.len();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    while basis.len() < n {
        let mut vector: Vec<f64> = (0..n).map(|_| rng.uniform(-1.0, 1.0)).collect();
        for _ in 0..2 {
            for other in &basis {
                let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
        basis.push(vector.iter().map(|a| a / length).collect());
    }
    as_f32(&Host::from_fn([1, n, n], |_, i, j| (0..n).map(|k| values[k] * basis[k][i] * basis[k][j]).sum()))
}

#[test]
fn eigenvalues_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(4);
    let mut failures = Vec::new();
    let mut spectra: Vec<(&str, Vec<f64>)> = vec![
        ("one", vec![0.5, 0.0, 0.0, 0.0]),
        ("zero", vec![0.0; 8]),
        ("tiny", (1..=8).map(|i| 1e-12 * f64::from(i)).collect()),
        ("large", (1..=8).map(|i| 1e12 * f64::from(i)).collect()),
        ("all equal", vec![0.25; 32]),
        ("two clusters", (0..32).map(|i| if i < 10 { 1.0 } else { 0.1 }).collect()),
        ("rank 3", (0..32).map(|i| if i < 3 { 1.0 / f64::from(i + 1) } else { 0.0 }).collect()),
    ];
    for n in [4, 12, 32, 96, 128] {
        spectra.push(("geometric", (0..n).map(|i| 0.7_f64.powi(i)).collect()));
        spectra.push(("linear", (0..n).map(|i| f64::from(i + 1)).collect()));
        spectra.push(("random", (0..n).map(|_| rng.uniform(0.0, 1.0)).collect()));
    }
    for (what, values) in &spectra {
        let matrix = with_spectrum(&mut rng, values);
        let n = values.len();
        let trace: f64 = values.iter().sum();
        let mut sorted = values.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let input = upload(&gpu, "matrix", &matrix);
        // Beyond 32 dimensions there is one kernel for all adapters.
        for software in [true, false].into_iter().skip(usize::from(n > 32)) {
            let what = format!("{what} {n} {software}");
            let found = run(&gpu, software, |tape| spectrum::eigen(tape, &input));
            let values = download(&gpu, &found.values);
            let largest = sorted[0];
            failures.extend(compare(&what, &values, &sorted, (largest * 3e-6 + 1e-30, 2e-5)).err());
            let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
            if !((sum - trace).abs() <= 3e-5 * trace) {
                failures.push(format!("{what}: sum {sum}, trace {trace}"));
            }
            // Each vector is a unit vector (or 0), orthogonal to the others, and an eigenvector.
            let vectors = download(&gpu, &found.vectors);
            let row = |i: usize| vectors[i * n..(i + 1) * n].iter().map(|&value| f64::from(value));
            for i in 0..n {
                if sorted[i] <= 1e-4 * largest {
                    continue;
                }
                let product: Vec<f64> = (0..n).map(|r| row(i).enumerate().map(|(c, v)| matrix.at(0, r, c) * v).sum()).collect();
                let error = product.iter().zip(row(i)).map(|(p, v)| (p - sorted[i] * v).abs()).fold(0.0, f64::max);
                if !(error <= 2e-5 * largest) {
                    failures.push(format!("{what}: vector {i} is off by {error} (largest eigenvalue {largest})"));
                }
                for j in 0..=i {
                    let cosine: f64 = row(i).zip(row(j)).map(|(a, b)| a * b).sum();
                    if !((cosine - f64::from(i == j)).abs() <= 5e-6) {
                        failures.push(format!("{what}: vectors {i} and {j}: {cosine}"));
                    }
                }
            }
        }
    }
    finish(failures);
}

#[test]
fn effective_rank_matches_its_reference() {
    let gpu = gpu();
    let mut rng = TestRng(5);
    let mut failures = Vec::new();
    for shape in [[1, 2, 1], [1, 2, 3], [3, 7, 3], [3, 31, 32], [1, 128, 32], [1, 131, 96], [1, 64, 128]] {
        let line = as_f32(&Host::from_fn(shape, |_, r, c| 1.0 + 0.1 * (r as f64) * (c as f64 + 1.0).sin()));
        for input in [random(&mut rng, shape), around(&mut rng, shape, 0.1), around(&mut rng, shape, 1e-2), line] {
            let values = spectrum::reference(&input);
            let expected = spectrum::reference_effective_rank(&values);
            let z = upload(&gpu, "z", &input);
            let alone = upload(&gpu, "z", &learner(&input, 0));
            for software in [true, false] {
                let what = format!("{shape:?} {software}");
                let found = run(&gpu, software, |tape| spectrum::spectrum(tape, &z));
                let rank = download(&gpu, &found.effective_rank);
                // In one dimension normalised rows are 1 or -1: with R = 2 the covariance may be exactly 0.
                failures.extend(compare(&what, &rank, &expected.values, (1e-4, 2e-3)).err());
                let again = run(&gpu, software, |tape| spectrum::spectrum(tape, &alone));
                if download(&gpu, &again.effective_rank)[0].to_bits() != rank[0].to_bits() {
                    failures.push(format!("{what}: learner 0 depends on the others"));
                }
            }
        }
    }
    finish(failures);
}

/// Points of one frame.
fn frame(gpu: &Gpu, software: bool, axes: &Tensor, student: &Host, teacher: &Host, labels: &[u32]) -> (Vec<f32>, Vec<f32>) {
    let (student, teacher) = (upload(gpu, "student", student), upload(gpu, "teacher", teacher));
    let labels = upload_labels(gpu, labels);
    let found = run(gpu, software, |tape| project::project(tape, axes, &student, &teacher, &labels));
    (download(gpu, &found.points), download(gpu, &found.explained))
}

/// Orthonormal in as many dimensions as there are; zeros beyond.
fn check_axes(what: &str, axes: &[f32], columns: usize, failures: &mut Vec<String>) {
    let padded = columns.next_multiple_of(4);
    for (l, axes) in axes.chunks(3 * padded).enumerate() {
        for a in 0..3 {
            for b in 0..=a {
                let product: f64 = (0..padded).map(|c| f64::from(axes[a * padded + c]) * f64::from(axes[b * padded + c])).sum();
                let expected = f64::from(a == b && a < columns);
                if !((product - expected).abs() <= 1e-5) {
                    failures.push(format!("{what}, learner {l}: axes {a} and {b}: {product}"));
                }
            }
        }
    }
}

#[test]
fn points_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(6);
    let mut failures = Vec::new();
    for shape in [[1, 2, 1], [1, 5, 2], [3, 7, 3], [3, 61, 32], [1, 131, 96]] {
        let [learners, rows, columns] = shape;
        let labels: Vec<u32> = (0..rows as u32).map(|i| if i % 5 == 4 { u32::MAX } else { i % 8 }).collect();
        for distance in [f64::NAN, 0.3, 1e-3, 0.0] {
            let both = [0, 1].map(|_| if distance.is_nan() { random(&mut rng, shape) } else { around(&mut rng, shape, distance) });
            let units = both.each_ref().map(unit::reference);
            for software in [true, false] {
                let what = format!("{shape:?} distance {distance} {software}");
                let axes = project::axes(&gpu, learners as u32, columns as u32).expect("memory");
                let (points, explained) = frame(&gpu, software, &axes, &both[0], &both[1], &labels);
                let found = download(&gpu, &axes);
                check_axes(&what, &found, columns, &mut failures);
                let padded = columns.next_multiple_of(4);
                let on_axis = |unit: &Host, l: usize, r: usize, a: usize| -> f64 {
                    (0..columns).map(|c| unit.at(l, r, c) * f64::from(found[(l * 3 + a) * padded + c])).sum()
                };
                let expected = Host::from_fn([learners, rows, 8], |l, r, c| match c {
                    0..3 => on_axis(&units[0], l, r, c),
                    3 => {
                        if labels[r] == u32::MAX {
                            -1.0
                        } else {
                            f64::from(labels[r])
                        }
                    }
                    4..7 => on_axis(&units[1], l, r, c - 4),
                    _ => 2.0 - 2.0 * (0..columns).map(|k| units[0].at(l, r, k) * units[1].at(l, r, k)).sum::<f64>(),
                });
                failures.extend(compare(&what, &points, &expected.values, (2e-6, 1e-5)).err());
                // No other three axes show more: the sum of the three largest eigenvalues, of a trace of 1.
                let values = spectrum::reference_eigen(&spectrum::reference_second_moment(&units[0], false)).0;
                let best = Host::from_fn([learners, 1, 1], |l, _, _| (0..columns.min(3)).map(|c| values.at(l, 0, c)).sum());
                failures.extend(compare(&format!("{what}, explained"), &explained, &best.values, (1e-5, 0.0)).err());
                let shown = Host::from_fn([learners, 1, 1], |l, _, _| {
                    (0..rows).flat_map(|r| (0..3).map(move |a| (r, a))).map(|(r, a)| on_axis(&units[0], l, r, a).powi(2)).sum::<f64>()
                        / rows as f64
                });
                failures.extend(compare(&format!("{what}, shown"), &explained, &shown.values, (2e-5, 0.0)).err());
                let alone = project::axes(&gpu, 1, columns as u32).expect("memory");
                let (first, _) = frame(&gpu, software, &alone, &learner(&both[0], 0), &learner(&both[1], 0), &labels);
                if first.iter().zip(&points).any(|(a, b)| a.to_bits() != b.to_bits()) {
                    failures.push(format!("{what}: learner 0 depends on the others"));
                }
            }
        }
    }
    finish(failures);
}

/// Turns rows in the plane of two coordinates.
fn turned(host: &Host, p: usize, q: usize, angle: f64) -> Host {
    let (sin, cos) = angle.sin_cos();
    as_f32(&Host::from_fn(host.shape, |l, r, c| match c {
        c if c == p => cos * host.at(l, r, p) - sin * host.at(l, r, q),
        c if c == q => sin * host.at(l, r, p) + cos * host.at(l, r, q),
        c => host.at(l, r, c),
    }))
}

#[test]
fn axes_follow_the_data_without_jumps() {
    let gpu = gpu();
    let software = gpu.is_software();
    let mut rng = TestRng(7);
    let mut failures = Vec::new();
    let (rows, columns) = (64, 8);
    // Two of the three large directions are equally large on average, so the eigenvectors themselves swing about.
    let size = [3.0, 1.5, 1.5, 0.3, 0.2, 0.2, 0.1, 0.1];
    let cloud = Host::from_fn([1, rows, columns], |_, _, c| size[c] * rng.uniform(-1.0, 1.0));
    let axes = project::axes(&gpu, 1, columns as u32).expect("memory");
    let labels = vec![0; rows];
    let mut before: Option<Vec<f32>> = None;
    for step in 0..80 {
        let noisy = Host::from_fn(cloud.shape, |l, r, c| cloud.at(l, r, c) + 0.01 * rng.uniform(-1.0, 1.0));
        let angle = 0.05 * f64::from(step);
        let data = turned(&turned(&noisy, 1, 6, angle), 0, 3, 0.7 * angle);
        let (points, _) = frame(&gpu, software, &axes, &data, &data, &labels);
        check_axes(&format!("step {step}"), &download(&gpu, &axes), columns, &mut failures);
        if let Some(before) = &before {
            let moved = points.iter().zip(before).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            if !(moved < 0.12) {
                failures.push(format!("step {step}: a point moved by {moved}"));
            }
        }
        before = Some(points);
    }
    // The same data again: nothing may move.
    let still = [0, 1].map(|_| frame(&gpu, software, &axes, &cloud, &cloud, &labels).0);
    let moved = still[0].iter().zip(&still[1]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    if !(moved < 1e-5) {
        failures.push(format!("standing still, a point moved by {moved}"));
    }
    // Complete collapse leaves two axes open: they stay where they were.
    let point = Host::from_fn(cloud.shape, |_, _, c| if c == 0 { 1.0 } else { 0.0 });
    let collapsed = [0, 1].map(|_| frame(&gpu, software, &axes, &point, &point, &labels).0);
    check_axes("collapsed", &download(&gpu, &axes), columns, &mut failures);
    let length = collapsed[0][..3].iter().map(|x| x * x).sum::<f32>().sqrt();
    if !((length - 1.0).abs() < 1e-5) {
        failures.push(format!("a collapsed cloud lies at {length} from the middle, not on the sphere"));
    }
    if collapsed[0].iter().zip(&collapsed[1]).any(|(a, b)| (a - b).abs() > 1e-5) {
        failures.push("a collapsed cloud moves".to_owned());
    }
    finish(failures);
}

#[test]
fn first_axes_point_to_their_largest_component() {
    let gpu = gpu();
    let mut rng = TestRng(8);
    let mut failures = Vec::new();
    for columns in [3, 32] {
        let axes = project::axes(&gpu, 1, columns as u32).expect("memory");
        let data = random(&mut rng, [1, 40, columns]);
        frame(&gpu, gpu.is_software(), &axes, &data, &data, &[0; 40]);
        for axis in download(&gpu, &axes).chunks(columns.next_multiple_of(4)) {
            let largest = axis.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).expect("columns");
            if !(largest > 0.0) {
                failures.push(format!("{columns}: {axis:?}"));
            }
        }
    }
    finish(failures);
}

#[allow(clippy::too_many_arguments, reason = "two tables with their labels, and where failures go")]
fn check_knn(
    what: &str,
    gpu: &Gpu,
    bank: &Host,
    bank_labels: &[u32],
    queries: &Host,
    labels: &[u32],
    exact: bool,
    failures: &mut Vec<String>,
) {
    let naive = knn::reference(bank, bank_labels, queries);
    for software in [true, false] {
        let what = format!("{what} {software}");
        let record = |bank: &Host, queries: &Host| {
            let (bank, queries) = (upload(gpu, "bank", bank), upload(gpu, "queries", queries));
            let (bank_labels, labels) = (upload_labels(gpu, bank_labels), upload_labels(gpu, labels));
            let found = run(gpu, software, |tape| knn::knn(tape, &bank, &bank_labels, &queries, &labels));
            let blocks = run(gpu, software, |tape| knn::knn_in_blocks(tape, &bank, &bank_labels, &queries, &labels, 1));
            assert_eq!(download(gpu, &found.accuracy), download(gpu, &blocks.accuracy), "{what}: block by block");
            (gpu.download::<u32>(&found.predictions).expect("a device"), download(gpu, &found.accuracy))
        };
        let (predictions, accuracy) = record(bank, queries);
        let mut unclear = 0;
        for (l, of_learner) in naive.iter().enumerate() {
            let found = &predictions[l * labels.len()..][..labels.len()];
            for (q, expected) in of_learner.iter().enumerate() {
                // f32 may decide otherwise where the reference is undecided; never where ties are exact in both.
                let clear = exact || expected.margin > 1e-5;
                unclear += u32::from(!clear);
                if clear && found[q] != expected.class {
                    failures.push(format!("{what}: learner {l} query {q} is {}, expected {expected:?}", found[q]));
                }
            }
            let counted = labels.iter().filter(|&&label| label != knn::NO_LABEL).count();
            let right = found.iter().zip(labels).filter(|(found, label)| found == label && **label != knn::NO_LABEL).count();
            failures.extend(compare(&what, &accuracy[l..=l], &[right as f64 / counted.max(1) as f64], (1e-6, 1e-6)).err());
        }
        if unclear as usize * 20 > naive.len() * labels.len() {
            failures.push(format!("{what}: {unclear} queries were too close to call; the test says little"));
        }
        let (alone, alone_accuracy) = record(&learner(bank, 0), &learner(queries, 0));
        if alone != predictions[..labels.len()] || alone_accuracy[0].to_bits() != accuracy[0].to_bits() {
            failures.push(format!("{what}: learner 0 depends on the others"));
        }
    }
}

#[test]
fn knn_matches_its_reference() {
    let gpu = gpu();
    let mut rng = TestRng(9);
    let mut failures = Vec::new();
    for (learners, n, m, columns, classes) in [
        (1, 1, 1, 1, 1),
        (1, 7, 3, 3, 2),
        (3, 20, 5, 32, 4),
        (1, 21, 9, 96, 3),
        (3, 131, 37, 32, 8),
        (1, 203, 64, 129, 1000),
        (1, 509, 130, 96, 1),
    ] {
        let label = |i: usize| (i * 7919 % classes) as u32;
        let centre = random(&mut rng, [learners, classes, columns]);
        let mut draw = |count: usize| {
            Host::from_fn([learners, count, columns], |l, r, c| centre.at(l, label(r) as usize, c) + 0.9 * rng.uniform(-1.0, 1.0))
        };
        let (bank, queries) = (as_f32(&draw(n)), as_f32(&draw(m)));
        let bank_labels: Vec<u32> = (0..n).map(|i| if i % 11 == 10 { knn::NO_LABEL } else { label(i) }).collect();
        let labels: Vec<u32> = (0..m).map(|i| if i % 7 == 6 { knn::NO_LABEL } else { label(i) }).collect();
        let what = format!("{learners} x {n} x {m} x {columns}, {classes} classes");
        check_knn(&what, &gpu, &bank, &bank_labels, &queries, &labels, false, &mut failures);
    }
    finish(failures);
}

#[test]
fn knn_ties_go_to_the_smaller_index_and_the_smaller_class() {
    let gpu = gpu();
    let mut failures = Vec::new();
    let n = 64;
    // All similarities are 1: the first 20 vote.
    let same = Host::from_fn([1, n, 4], |_, _, c| f64::from(c == 0));
    let query = Host::from_fn([1, 2, 4], |_, _, c| f64::from(c == 0));
    let expect = |what: &str, bank: &Host, bank_labels: &[u32], class: u32, failures: &mut Vec<String>| {
        assert_eq!(knn::reference(bank, bank_labels, &query)[0][0].class, class, "{what}: the reference");
        check_knn(what, &gpu, bank, bank_labels, &query, &[class, knn::NO_LABEL], true, failures);
    };
    let labels = |of: &dyn Fn(usize) -> u32| (0..n).map(of).collect::<Vec<_>>();
    expect("first 20", &same, &labels(&|i| u32::from(i < 11) + 5), 6, &mut failures);
    expect("beyond the 20th", &same, &labels(&|i| if i < 20 { 3 } else { 1 }), 3, &mut failures);
    expect("10 to 10", &same, &labels(&|i| if i % 2 == 0 { 9 } else { 2 }), 2, &mut failures);
    expect("20 classes", &same, &labels(&|i| 1000 - i as u32), 981, &mut failures);
    expect("no labels", &same, &labels(&|_| knn::NO_LABEL), knn::NO_LABEL, &mut failures);
    // The nearest come last in the bank, and pass the others.
    let late = Host::from_fn([1, n, 4], |_, r, c| f64::from(c == usize::from(r < n - 20)));
    expect("the last 20", &late, &labels(&|i| u32::from(i < n - 20)), 0, &mut failures);
    // Ten that pass all others leave the first ten of these in; not voting themselves, they show which.
    let passing = Host::from_fn([1, n, 4], |_, r, c| f64::from(c == usize::from(r < n - 10)));
    let first_ten = labels(&|i| if i >= n - 10 { knn::NO_LABEL } else { 1 + u32::from(i < 10) });
    expect("ten passing", &passing, &first_ten, 2, &mut failures);
    // Zero rows have no direction: similarity 0, no NaN.
    let zero = Host::zeros([1, n, 4]);
    expect("zero rows", &zero, &labels(&|i| 4 + u32::from(i >= 5)), 5, &mut failures);
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

#[test]
fn pair_cosines_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(21);
    let mut failures = Vec::new();
    for (learners, batch, views, columns) in [(1, 1, 2, 4), (3, 5, 2, 32), (2, 13, 6, 12), (1, 64, 10, 128)] {
        let mut student = random(&mut rng, [learners, views * batch, columns]);
        let teacher = random(&mut rng, [learners, 2 * batch, columns]);
        (0..columns).for_each(|c| *student.at_mut(0, 0, c) = 0.0); // no direction: cosine 0
        let (a, b) = (upload(&gpu, "student", &student), upload(&gpu, "teacher", &teacher));
        let y = run(&gpu, true, |tape| pairs::pair_cosines(tape, &a, &b));
        let name = format!("{learners}x{batch}x{views}x{columns}");
        failures.extend(compare(&name, &download(&gpu, &y), &pairs::reference(&student, &teacher).values, (1e-5, 1e-5)).err());
        let globals = run(&gpu, true, |tape| pairs::pair_cosines(tape, &a.first_rows(2 * batch as u32), &b));
        let first = Host::from_fn([learners, 2 * batch, columns], |l, r, c| student.at(l, r, c));
        let expected = pairs::reference(&first, &teacher).values;
        failures.extend(compare(&format!("{name}, globals"), &download(&gpu, &globals), &expected, (1e-5, 1e-5)).err());
    }
    finish(failures);
}

#[test]
fn the_median_rank_of_fragments_matches_its_reference() {
    let gpu = gpu();
    let mut rng = TestRng(22);
    let mut failures = Vec::new();
    for (shape, noise) in [([1, 1, 4], 0.0), ([2, 7, 12], 1.0), ([3, 64, 32], 3.0), ([1, 131, 96], 8.0)] {
        let wholes = random(&mut rng, shape);
        let fragments = Host::from_fn(shape, |l, r, c| wholes.at(l, r, c) + noise * rng.uniform(-1.0, 1.0));
        let (a, b) = (upload(&gpu, "fragments", &fragments), upload(&gpu, "wholes", &wholes));
        let y = run(&gpu, true, |tape| fragments::median_own_rank(tape, &a, &b));
        let expected = fragments::reference(&fragments, &wholes).values;
        failures.extend(compare(&format!("{shape:?}, noise {noise}"), &download(&gpu, &y), &expected, (1e-6, 0.0)).err());
    }
    finish(failures);
}

#[test]
fn attention_shares_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(23);
    let mut failures = Vec::new();
    for (learners, images, heads, patches) in [(1, 1, 1, 1), (2, 7, 3, 16), (3, 65, 2, 64)] {
        let weights = Host::from_fn([learners, images * heads, patches + 1], |_, _, _| rng.uniform(0.0, 1.0));
        let masks = Host::from_fn([1, images, patches], |_, _, _| rng.uniform(0.0, 1.0));
        let (a, b) = (upload(&gpu, "attention", &weights), upload(&gpu, "masks", &masks));
        let y = run(&gpu, true, |tape| attention::attention_share(tape, &a, &b));
        let expected = attention::reference(&weights, &masks).values;
        failures.extend(compare(&format!("{images}x{heads}x{patches}"), &download(&gpu, &y), &expected, (1e-5, 1e-5)).err());
    }
    // Three objects in a row of four patches: the mean mask is (1, 2/3, 1/3, 0).
    let known = attention::references(&[1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0], 4);
    assert!((known.area - 0.5).abs() < 1e-6 && (known.center_prior - 14.0 / 18.0).abs() < 1e-6, "{known:?}");
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
