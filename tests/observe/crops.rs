//! What is measured of crops: their agreement, fragments among whole images, attention on objects.

use super::*;

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
