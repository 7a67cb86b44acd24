//! What the cloud's colours and its chosen image are told by: clusters, likeliest prototypes, nearest neighbours.

use super::*;
use twinlens::command::Command;
use twinlens::config::RunConfig;
use twinlens::observe::{cluster, likeliest, neighbours};
use twinlens::session::{Cadence, Pace, Session};

/// Rows of length 1 as the GPU has them, padded to four columns.
fn unit_rows(rng: &mut TestRng, shape: [usize; 3]) -> Host {
    let [learners, rows, columns] = shape;
    let unit = as_f32(&unit::reference(&random(rng, shape)));
    Host::from_fn([learners, rows, columns.next_multiple_of(4)], |l, r, c| if c < columns { unit.at(l, r, c) } else { 0.0 })
}

fn words(gpu: &Gpu, tensor: &Tensor) -> Vec<u32> {
    gpu.download(tensor).expect("a device")
}

const AWKWARD: [[usize; 3]; 6] = [[1, 1, 4], [1, 2, 1], [3, 7, 3], [1, 61, 32], [2, 131, 96], [1, 300, 12]];

#[test]
fn clusters_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(31);
    let mut failures = Vec::new();
    for shape in AWKWARD {
        let [learners, rows, columns] = shape;
        let input = unit_rows(&mut rng, shape);
        for clusters in [1, 3, 8, 10] {
            let k = clusters as usize;
            let what = format!("{shape:?}, {clusters} clusters");
            let x = upload(&gpu, "x", &input);
            let centroids = cluster::centroids(&gpu, learners as u32, clusters, columns as u32).expect("memory");
            for iteration in 0..12 {
                let before = download(&gpu, &centroids);
                let mut moved =
                    Host { shape: [learners, k, input.shape[2]], values: before.iter().map(|&value| f64::from(value)).collect() };
                let first = run(&gpu, true, |tape| cluster::cluster(tape, &centroids, &x, 0));
                let found = words(&gpu, &first);
                for l in 0..learners {
                    let expected = cluster::reference_assign(&input, &moved, l);
                    let mut assigned = Vec::new();
                    for (r, &(best, cosine, margin)) in expected.iter().enumerate() {
                        let own = found[l * rows + r] as usize;
                        if own != best && margin > 1e-5 {
                            failures.push(format!("{what}, {iteration}: row {r} of {l} is in {own}, expected {best} by {margin}"));
                        }
                        assigned.push((own, cosine));
                    }
                    cluster::reference_move(&input, &mut moved, l, &assigned);
                }
                // Of rows that are equally badly off the GPU may take another.
                run(&gpu, true, |tape| cluster::cluster(tape, &centroids, &x, 1));
                let after = download(&gpu, &centroids);
                let agrees = compare(&format!("{what}, {iteration}"), &after, &moved.values, (2e-4, 1e-4));
                let has_empty = (0..learners).any(|l| (0..k).any(|c| !found[l * rows..(l + 1) * rows].contains(&(c as u32))));
                if !has_empty {
                    failures.extend(agrees.err());
                }
            }
            let found = words(&gpu, &run(&gpu, true, |tape| cluster::cluster(tape, &centroids, &x, 20)));
            for l in 0..learners {
                let own = &found[l * rows..(l + 1) * rows];
                let inhabited = (0..clusters).filter(|cluster| own.contains(cluster)).count();
                if inhabited < k.min(rows) && columns > 1 {
                    failures.push(format!("{what}: {inhabited} clusters of learner {l} have rows"));
                }
            }
        }
    }
    finish(failures);
}

#[test]
fn bunches_are_found_and_keep_their_numbers_while_they_move() {
    let gpu = gpu();
    let mut rng = TestRng(32);
    let (bunches, rows) = (8, 160);
    let centres = unit_rows(&mut rng, [1, bunches, 32]);
    let drift = unit_rows(&mut rng, [1, bunches, 32]);
    let noise = random(&mut rng, [1, rows, 32]);
    let centroids = cluster::centroids(&gpu, 1, bunches as u32, 32).expect("memory");
    let mut known: Option<Vec<u32>> = None;
    for moment in 0..10 {
        let share = 0.05 * f64::from(moment);
        let place = |r: usize, c: usize| centres.at(0, r % bunches, c) + share * drift.at(0, r % bunches, c) + 0.03 * noise.at(0, r, c);
        let input = as_f32(&unit::reference(&Host::from_fn([1, rows, 32], |_, r, c| place(r, c))));
        let x = upload(&gpu, "x", &input);
        let found = words(&gpu, &run(&gpu, true, |tape| cluster::cluster(tape, &centroids, &x, 3)));
        if moment < 3 {
            continue;
        }
        let of_bunch: Vec<u32> = (0..bunches).map(|bunch| found[bunch]).collect();
        assert!(found.iter().enumerate().all(|(r, &cluster)| cluster == of_bunch[r % bunches]), "a bunch is torn at {moment}: {found:?}");
        let mut sorted = of_bunch.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..bunches as u32).collect::<Vec<_>>(), "each bunch is a cluster");
        if let Some(known) = &known {
            assert_eq!(known, &found, "clusters changed their numbers at {moment}");
        }
        known = Some(found);
    }
    // Collapsed or broken rows are no trouble.
    for value in [0.5, 0.0, f64::NAN] {
        let x = upload(&gpu, "x", &Host::from_fn([1, rows, 32], |_, _, c| if c == 0 { value } else { 0.0 }));
        let found = words(&gpu, &run(&gpu, true, |tape| cluster::cluster(tape, &centroids, &x, 3)));
        assert!(found.iter().all(|&cluster| cluster < bunches as u32), "{value}");
    }
}

#[test]
fn neighbours_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(33);
    let mut failures = Vec::new();
    for shape in AWKWARD {
        let [learners, rows, _] = shape;
        let input = unit_rows(&mut rng, shape);
        let x = upload(&gpu, "x", &input);
        for chosen in [0, rows / 2, rows - 1] {
            let number = upload_labels(&gpu, &[chosen as u32]);
            let found = words(&gpu, &run(&gpu, true, |tape| neighbours::neighbours(tape, &x, &number)));
            for l in 0..learners {
                let what = format!("{shape:?}, row {chosen} of {l}");
                let expected = neighbours::reference(&input, l, chosen);
                let own = neighbours::decode(&found[l * 12..(l + 1) * 12], chosen as u32, rows as u32);
                if own.len() != expected.len().min(6) {
                    failures.push(format!("{what}: {} neighbours", own.len()));
                    continue;
                }
                for (place, (&(row, cosine), &(_, best))) in own.iter().zip(&expected).enumerate() {
                    let true_cosine = expected.iter().find(|pair| pair.0 == row).map_or(f64::NAN, |pair| pair.1);
                    if !((f64::from(cosine) - best).abs() < 1e-5 && (true_cosine - best).abs() < 1e-5) {
                        failures.push(format!("{what}: {place} is {row} with {cosine} ({true_cosine}), expected {best}"));
                    }
                }
            }
        }
        let nobody = upload_labels(&gpu, &[u32::MAX]);
        let found = words(&gpu, &run(&gpu, true, |tape| neighbours::neighbours(tape, &x, &nobody)));
        assert!(neighbours::decode(&found[..12], u32::MAX, rows as u32).is_empty(), "nobody has neighbours");
    }
    // Equal rows: the first ones, in order. A broken row comes last and is not told.
    let x = upload(&gpu, "x", &Host::from_fn([1, 9, 4], |_, r, c| if r == 3 { f64::NAN } else { f64::from(c == 0) }));
    let found = words(&gpu, &run(&gpu, true, |tape| neighbours::neighbours(tape, &x, &upload_labels(&gpu, &[1]))));
    let own: Vec<u32> = neighbours::decode(&found, 1, 9).iter().map(|pair| pair.0).collect();
    assert_eq!(own, [0, 2, 4, 5, 6, 7]);
    finish(failures);
}

#[test]
fn likeliest_match_their_reference() {
    let gpu = gpu();
    let mut rng = TestRng(34);
    for shape in [[1, 1, 4], [3, 7, 8], [1, 67, 64], [2, 131, 1024]] {
        let input = random(&mut rng, shape);
        let found = words(&gpu, &run(&gpu, true, |tape| likeliest::likeliest(tape, &upload(&gpu, "x", &input))));
        assert_eq!(found, likeliest::reference(&input), "{shape:?}");
    }
    let equal = upload(&gpu, "x", &Host::from_fn([1, 3, 8], |_, r, _| if r == 2 { f64::NAN } else { 0.125 }));
    assert_eq!(words(&gpu, &run(&gpu, true, |tape| likeliest::likeliest(tape, &equal))), [0, 0, 0]);
}

#[test]
fn a_session_keeps_the_cloud_and_measures_neighbours_of_the_chosen_image() {
    let gpu = gpu();
    let load = |preset: &str, images: &str| RunConfig::load(preset, None, &["batch=8".to_owned(), format!("cloud_images={images}")]);
    for images in ["4097", "-1", "many"] {
        assert!(load("byol", images).is_err(), "{images}");
    }
    for (preset, images) in [("byol", 37_u32), ("dino", 5), ("byol", 1)] {
        let config = load(preset, &images.to_string()).expect("a valid configuration");
        let cadence = Cadence { cloud_every: Some(1), ..Cadence::headless(1, None) };
        let mut session = Session::open(gpu.clone(), config, cadence).expect("a session");
        assert!(session.snapshot().cloud.is_none(), "nothing is projected yet");
        session.apply(Command::SelectImage(Some(images - 1)));
        session.advance(Pace::Steps(2)).expect("steps");
        session.settle().expect("a device");
        let cloud = session.snapshot().cloud.expect("a cloud");
        assert_eq!((cloud.count, cloud.newest, cloud.places.len() as u32), (images, 2, 8 * images), "{preset}");
        assert_eq!(cloud.clusters.len() as u32, images);
        assert!(cloud.clusters.iter().all(|&cluster| cluster < cloud.cluster_count));
        assert_eq!(cloud.prototypes.len() as u32, if preset == "dino" { images } else { 0 });
        let selection = cloud.selection.expect("an image is chosen");
        assert_eq!((selection.image, selection.neighbours.len() as u32), (images - 1, (images - 1).min(6)), "{preset}");
        assert!(selection.neighbours.is_sorted_by(|a, b| a.1 >= b.1), "nearest first: {:?}", selection.neighbours);
        assert!(selection.neighbours.iter().all(|&(image, cosine)| image < images - 1 && cosine.abs() < 1.001));
        for nobody in [None, Some(images)] {
            session.apply(Command::SelectImage(nobody));
            session.advance(Pace::Steps(0)).expect("no steps");
            assert!(session.snapshot().cloud.expect("a cloud").selection.is_none());
        }
    }
}
