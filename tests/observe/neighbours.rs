//! Nearest neighbours, and their ties.

use super::*;

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
