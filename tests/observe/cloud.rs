//! Eigenvalues, effective rank, and the cloud's axes and points.

use super::*;

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
