//! Images and views: the generator, the crops, the colours and the patches on the GPU against their naive references, their
//! statistics, and that equal seeds give equal bits.

mod measures;

use std::sync::Arc;

use twinlens::config::{RunConfig, Scene, ViewConfig};
use twinlens::data::augment::{self, ViewKey};
use twinlens::data::synthetic::{self, HELD_OUT, class_names};
use twinlens::data::views::{self, Counter, DrawnImages, Images, PatchOrder, SeedSource, StoredImages, ViewPlan, ViewRows, ViewTensors};
use twinlens::data::{halvings, rng};
use twinlens::gpu::{AdapterChoice, Gpu, Kernel, Tape, Tensor};

fn gpu() -> Arc<Gpu> {
    let choice = AdapterChoice { checked_shaders: true, ..AdapterChoice::default() }.or_environment();
    Gpu::headless(&choice).expect("an adapter")
}

fn uploaded(gpu: &Gpu, name: &str, shape: [u32; 3], elements: &[u32]) -> Tensor {
    let tensor = gpu.tensor(name, shape).unwrap();
    gpu.upload(&tensor, elements);
    tensor
}

fn view_config(family: Scene) -> ViewConfig {
    let hue = if matches!(family, Scene::Weaves | Scene::WeavesHard) { 0.5 } else { 0.075 };
    ViewConfig { hue, ..RunConfig::default().views }
}

fn plan(size: u32) -> ViewPlan {
    ViewPlan { first_view: 0, views: 2, size, area: [0.4, 1.0] }
}

/// The words of one run of two views of `batch` images, and what they were planned from.
struct Rendered {
    pixels: Vec<u32>,
    crops: Vec<u32>,
    images: Vec<u32>,
    labels: Vec<u32>,
}

fn downloaded(gpu: &Gpu, views: &ViewTensors) -> Rendered {
    Rendered {
        pixels: gpu.download(&views.pixels).unwrap(),
        crops: gpu.download(&views.crops).unwrap(),
        images: gpu.download(&views.drawn.images).unwrap(),
        labels: gpu.download(&views.drawn.labels).unwrap(),
    }
}

fn source(gpu: &Gpu, seeds: &[u32], step: u32) -> SeedSource {
    let learners = seeds.len() as u32 / 2;
    SeedSource {
        seeds: uploaded(gpu, "seeds", [learners, 1, 2], seeds),
        step: Counter::of(&uploaded(gpu, "state", [1, 1, 4], &[step, 0, 0, 0])),
    }
}

fn render(gpu: &Gpu, images: &Images, config: &ViewConfig, batch: u32, plan: &ViewPlan, source: &SeedSource) -> Rendered {
    let mut tape = Tape::new(gpu);
    let views = views::record_views(&mut tape, images, config, batch, plan, source);
    gpu.run(&tape.freeze().unwrap());
    downloaded(gpu, &views)
}

fn channels(pixel: u32) -> [i32; 4] {
    [0, 8, 16, 24].map(|shift| (pixel >> shift & 255) as i32)
}

/// Share of channels that differ by more than one level, and the mean difference in levels.
fn difference(got: &[u32], wanted: &[u32]) -> (f64, f64) {
    assert_eq!(got.len(), wanted.len());
    let (mut far, mut sum) = (0, 0);
    for (&a, &b) in got.iter().zip(wanted) {
        for (a, b) in channels(a).into_iter().zip(channels(b)) {
            far += u32::from((a - b).abs() > 1);
            sum += (a - b).abs();
        }
    }
    let count = 4.0 * got.len() as f64;
    (f64::from(far) / count, f64::from(sum) / count)
}

#[test]
fn random_bits_and_uniforms_are_those_of_the_twin() {
    let gpu = gpu();
    const RNG_PROBE: Kernel = Kernel::new("data/rng_probe.wgsl");
    let rows = 1000_u32;
    let mut tape = Tape::new(&gpu);
    let key = [0x1234_5678, 0x9ABC_DEF0];
    let words = tape.tensor("words", [1, rows, 4]);
    let uniforms = tape.tensor("uniforms", [1, rows, 4]);
    tape.dispatch(&RNG_PROBE)
        .set("rows", rows)
        .set("key_low", key[0])
        .set("key_high", key[1])
        .write("words", &words)
        .write("uniforms", &uniforms)
        .over([rows, 1, 1]);
    gpu.run(&tape.freeze().unwrap());
    let words: Vec<u32> = gpu.download(&words).unwrap();
    let uniforms: Vec<f32> = gpu.download(&uniforms).unwrap();
    for row in 0..rows {
        let wanted = rng::random4(key, [row, row.wrapping_mul(0x9E37_79B9)]);
        let range = 4 * row as usize..4 * row as usize + 4;
        assert_eq!(words[range.clone()], wanted, "row {row}");
        assert_eq!(uniforms[range].iter().map(|u| u.to_bits()).collect::<Vec<_>>(), rng::uniform4(wanted).map(f32::to_bits));
    }
}

#[test]
fn random_numbers_are_uniform_and_uncorrelated() {
    // Counters as the program uses them: small seeds, small steps, small indices.
    let mut words = Vec::new();
    for seed in 0..4 {
        for step in 1..=32 {
            for image in 0..64 {
                words.push(rng::random4(augment::step_key([seed, 0], step), [image, 16]));
            }
        }
    }
    let draws: Vec<[f64; 4]> = words.iter().map(|&words| rng::uniform4(words).map(f64::from)).collect();
    let count = draws.len() as f64;
    for i in 0..4 {
        let mean = draws.iter().map(|draw| draw[i]).sum::<f64>() / count;
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0 / count).sqrt(), "mean of word {i}: {mean}");
        for shift in [28, 8, 0] {
            let mut bins = [0.0; 16];
            words.iter().for_each(|words| bins[(words[i] >> shift & 15) as usize] += 1.0);
            let chi2: f64 = bins.iter().map(|bin| (bin - count / 16.0).powi(2) / (count / 16.0)).sum();
            assert!(chi2 < 45.0, "chi squared of word {i}, bits from {shift}, with 15 degrees of freedom: {chi2}");
        }
        for j in 0..4 {
            for lag in [0, 1, 64, 2048] {
                if lag == 0 && i == j {
                    continue;
                }
                let pairs = draws.iter().zip(&draws[lag..]);
                let covariance = pairs.map(|(a, b)| (a[i] - 0.5) * (b[j] - 0.5)).sum::<f64>() / count;
                assert!((covariance * 12.0).abs() < 5.0 / count.sqrt(), "words {i}, {j} at lag {lag}: {}", covariance * 12.0);
            }
        }
    }
}

/// Where an edge or a threshold (solarise) falls between the two computations a pixel may differ by more than a level.
const FAR_SHARE: f64 = 0.002;
const MEAN_LEVELS: f64 = 0.02;

#[test]
fn whole_scenes_match_the_reference() {
    let gpu = gpu();
    for family in Scene::ALL {
        for size in [16, 32, 33] {
            let mut tape = Tape::new(&gpu);
            let chunk = uploaded(&gpu, "chunk", [1, 1, 1], &[3]);
            let first = Counter { buffer: chunk, scale: 24, offset: 100 };
            let views = views::record_whole(&mut tape, &Images::Synthetic(family), size, 24, &first);
            gpu.run(&tape.freeze().unwrap());
            let got = downloaded(&gpu, &views);
            for (row, pixels) in got.pixels.chunks_exact((size * size) as usize).enumerate() {
                let identifier = HELD_OUT + 172 + row as u32;
                assert_eq!(got.images[4 * row..4 * row + 4], [identifier, synthetic::class(family, identifier), 1, 1]);
                assert_eq!(got.labels[row], synthetic::class(family, identifier));
                let (far, mean) = difference(pixels, &synthetic::reference_image(family, identifier, size));
                assert!(far <= FAR_SHARE && mean <= MEAN_LEVELS, "{family:?} {identifier:#x} at {size}: {far} far, mean {mean}");
            }
        }
    }
}

#[test]
fn views_match_the_reference() {
    let gpu = gpu();
    for family in Scene::ALL {
        for (seed, size) in [([1, 0], 32), ([2, 7], 16), ([3, 0], 33)] {
            let config = ViewConfig { solarise_probability: 0.3, ..view_config(family) };
            let (batch, plan) = (16, ViewPlan { first_view: 2, ..plan(size) });
            let got = render(&gpu, &Images::Synthetic(family), &config, batch, &plan, &source(&gpu, &seed, 5));
            let mut worst = (0.0, 0.0);
            for (row, pixels) in (0..).zip(got.pixels.chunks_exact((size * size) as usize)) {
                let key = ViewKey { seed, step: 5, view: 2 + row / batch, image: row % batch };
                let identifier = augment::image_word(seed, 5, key.image) & !HELD_OUT;
                assert_eq!(got.images[4 * key.image as usize], identifier);
                let crop = augment::crop_box(key, &config, plan.area, [1, 1]);
                check_box(&got.crops[20 * row as usize..], crop);
                let change = augment::photometric(key, &config, size);
                let raw: Vec<[f64; 3]> = (0..size * size)
                    .map(|pixel| {
                        let [u, v] = crop.position(pixel % size, pixel / size, size);
                        let footprint = f64::from(crop.height) / f64::from(size);
                        let [r, g, b, _] = synthetic::reference_colour(family, identifier, u, v, footprint);
                        [r, g, b]
                    })
                    .collect();
                let (far, mean) = difference(pixels, &augment::reference_view(&raw, size as usize, &change));
                worst = (f64::max(worst.0, far), f64::max(worst.1, mean));
            }
            assert!(worst.0 <= 0.005 && worst.1 <= 0.05, "{family:?} seed {seed:?} at {size}: {worst:?}");
        }
    }
}

fn check_box(plan: &[u32], wanted: augment::CropBox) {
    let [left, top, width, height] = [0, 1, 2, 3].map(|i| f32::from_bits(plan[i]));
    assert_eq!(width < 0.0, wanted.flip);
    let left = if width < 0.0 { left + width } else { left };
    for (got, wanted) in [left, top, width.abs(), height].into_iter().zip([wanted.left, wanted.top, wanted.width, wanted.height]) {
        assert!((got - wanted).abs() <= 1e-6, "{got} for {wanted}");
    }
}

#[test]
fn equal_seeds_give_equal_bits_and_others_do_not() {
    let gpu = gpu();
    let images = Images::Synthetic(Scene::Weaves);
    let config = view_config(Scene::Weaves);
    let run = |seeds: &[u32], step| render(&gpu, &images, &config, 8, &plan(16), &source(&gpu, seeds, step)).pixels;
    let alone = run(&[5, 0], 3);
    assert_eq!(alone, run(&[5, 0], 3));
    assert_ne!(alone, run(&[5, 1], 3), "the seed's high word");
    assert_ne!(alone, run(&[6, 0], 3), "the seed");
    assert_ne!(alone, run(&[5, 0], 4), "the step");
    assert_ne!(alone[..8 * 256], alone[8 * 256..], "the two views");
    let together = run(&[5, 0, 6, 0, 5, 0], 3);
    assert_eq!(together[..alone.len()], alone, "learner 0 of 3");
    assert_eq!(together[2 * alone.len()..], alone, "learner 2 with the same seed");
    assert_eq!(together[alone.len()..2 * alone.len()], run(&[6, 0], 3), "learner 1");
    // a fixed probe set: whatever the state says
    let probe = |step| {
        let mut source = source(&gpu, &[5, 0], step);
        source.step = Counter::fixed(&source.step.buffer, 3);
        render(&gpu, &images, &config, 8, &plan(16), &source).pixels
    };
    assert_eq!(probe(17), alone);
    // globals and locals of the same images
    let mut tape = Tape::new(&gpu);
    let source = source(&gpu, &[5, 0], 3);
    let drawn: DrawnImages = views::record_images(&mut tape, &images, 8, &source);
    let globals = views::record_crops(&mut tape, &images, &drawn, &config, &plan(16), &source);
    let locals = ViewPlan { first_view: 2, views: 3, size: 8, area: [0.05, 0.1] };
    let locals = views::record_crops(&mut tape, &images, &drawn, &config, &locals, &source);
    gpu.run(&tape.freeze().unwrap());
    assert_eq!(gpu.download::<u32>(&globals.pixels).unwrap(), alone);
    assert_eq!(locals.pixels.shape(), [1, 24, 64]);
    let first: Vec<u32> = gpu.download(&locals.crops).unwrap();
    let key = ViewKey { seed: [5, 0], step: 3, view: 2, image: 0 };
    check_box(&first, augment::crop_box(key, &config, [0.05, 0.1], [1, 1]));
}

/// `count` within five standard deviations of a binomial.
#[track_caller]
fn binomial(what: &str, count: usize, total: usize, probability: f64) {
    let expected = total as f64 * probability;
    let bound = 5.0 * (expected * (1.0 - probability)).sqrt();
    assert!((count as f64 - expected).abs() <= bound, "{what}: {count} of {total}, expected {expected:.0} within {bound:.0}");
}

#[test]
fn draws_have_the_statistics_they_claim() {
    let gpu = gpu();
    for family in [Scene::Weaves, Scene::Shapes] {
        let config = ViewConfig { solarise_probability: 0.1, ..view_config(family) };
        let (batch, steps) = (512, 4);
        let mut classes = vec![0; class_names(family).len()];
        let (mut flips, mut jittered, mut grey, mut solarised, mut areas) = (0, 0, 0, 0, Vec::new());
        for step in 1..=steps {
            let got = render(&gpu, &Images::Synthetic(family), &config, batch, &plan(4), &source(&gpu, &[9, 0], step));
            got.labels.iter().for_each(|&label| classes[label as usize] += 1);
            assert!(got.images.chunks_exact(4).all(|image| image[0] < HELD_OUT), "a training image with a held-out identifier");
            for crop in got.crops.chunks_exact(20) {
                let crop: Vec<f32> = crop.iter().map(|&word| f32::from_bits(word)).collect();
                flips += usize::from(crop[2] < 0.0);
                let (left, right) = (crop[0].min(crop[0] + crop[2]), crop[0].max(crop[0] + crop[2]));
                assert!(left >= 0.0 && crop[1] >= 0.0 && right <= 1.000_001 && crop[1] + crop[3] <= 1.000_001);
                assert!((0.399_999..=1.000_001).contains(&(crop[3] * crop[3])));
                areas.push(f64::from(crop[3] * crop[3]));
                jittered += usize::from(crop[11] != 0.0);
                grey += usize::from((crop[4] - crop[8]).abs() < 1e-6 && (crop[4] - crop[12]).abs() < 1e-6);
                solarised += usize::from(crop[15] == 1.0);
            }
        }
        let (images, crops) = ((batch * steps) as usize, areas.len());
        for (class, &count) in classes.iter().enumerate() {
            binomial(class_names(family)[class], count, images, 1.0 / classes.len() as f64);
        }
        binomial("flips", flips, crops, 0.5);
        binomial("jittered", jittered, crops, 0.8);
        binomial("grey", grey, crops, 0.2);
        binomial("solarised", solarised, crops, 0.1);
        let mean = areas.iter().sum::<f64>() / crops as f64;
        assert!((mean - 0.7).abs() < 5.0 * 0.6 / (12.0 * crops as f64).sqrt(), "mean area {mean}");
        assert!(areas.iter().copied().fold(1.0, f64::min) < 0.405 && areas.iter().copied().fold(0.0, f64::max) > 0.995);
    }
}

#[test]
fn noise_has_its_deviation() {
    let gpu = gpu();
    let quiet = ViewConfig { jitter_probability: 0.0, grey_probability: 0.0, noise: 0.0, ..view_config(Scene::Shapes) };
    let run = |config| render(&gpu, &Images::Synthetic(Scene::Shapes), &config, 32, &plan(32), &source(&gpu, &[1, 2], 1)).pixels;
    let (without, with) = (run(quiet), run(ViewConfig { noise: 0.04, ..quiet }));
    let mut differences = Vec::new();
    for (a, b) in without.iter().zip(&with) {
        let (a, b) = (channels(*a), channels(*b));
        differences.extend((0..3).filter(|&c| (60..195).contains(&a[c])).map(|c| f64::from(b[c] - a[c])));
    }
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let deviation = (differences.iter().map(|d| d * d).sum::<f64>() / count).sqrt() / 255.0;
    let beyond = differences.iter().filter(|d| d.abs() > 2.0 * 0.04 * 255.0).count() as f64 / count;
    assert!(mean.abs() < 0.2 && (deviation - 0.04).abs() < 0.001, "mean {mean} levels, deviation {deviation}");
    assert!((beyond - 0.0455).abs() < 0.005, "beyond two deviations: {beyond}");
}

fn stored(gpu: &Gpu) -> (StoredImages, Vec<(Vec<u32>, u32, u32)>) {
    let smooth = |width: u32, height: u32, shift: u32| {
        let pixels = (0..width * height).map(|i| {
            let (x, y) = (f64::from(i % width) / f64::from(width), f64::from(i / width) / f64::from(height));
            let wave = |phase: f64| (127.0 + 120.0 * (5.0 * x + 3.0 * y + phase + f64::from(shift)).sin()) as u32;
            wave(0.0) | wave(2.0) << 8 | wave(4.0) << 16 | 255 << 24
        });
        (pixels.collect::<Vec<u32>>(), width, height)
    };
    let images = vec![smooth(32, 32, 0), smooth(200, 100, 1), smooth(97, 331, 2), smooth(1, 1, 3), smooth(5, 3, 4)];
    let listed = images.iter().zip(10..).map(|((pixels, width, height), label)| (&pixels[..], *width, *height, label));
    (StoredImages::upload(gpu, listed, &[0, 1, 2, 3, 4], &[4, 1]).unwrap(), images)
}

#[test]
fn stored_images_are_sampled_where_the_crop_lies() {
    let gpu = gpu();
    let (tensors, images) = stored(&gpu);
    let plain = ViewConfig { jitter_probability: 0.0, grey_probability: 0.0, noise: 0.0, ..view_config(Scene::Shapes) };
    let (batch, size, seed) = (40, 32, [4, 4]);
    let got = render(&gpu, &Images::Stored(tensors), &plain, batch, &plan(size), &source(&gpu, &seed, 2));
    let mut seen = [0; 5];
    for (row, pixels) in (0..).zip(got.pixels.chunks_exact((size * size) as usize)) {
        let key = ViewKey { seed, step: 2, view: row / batch, image: row % batch };
        let index = augment::image_word(seed, 2, key.image) % 5;
        seen[index as usize] += 1;
        let (_, width, height) = images[index as usize];
        assert_eq!(got.images[4 * key.image as usize..][..4], [index, 10 + index, width, height]);
        let crop = augment::crop_box(key, &plain, [0.4, 1.0], [width, height]);
        check_box(&got.crops[20 * row as usize..], crop);
        let square = (crop.width * width as f32 - crop.height * height as f32).abs();
        assert!(square < 1e-3, "square in pixels");
        if width.min(height) < 32 {
            continue; // enlarged: bilinear, no smooth truth to compare with
        }
        for (pixel, &got) in (0..).zip(pixels) {
            let [u, v] = crop.position(pixel % size, pixel / size, size);
            for (channel, phase) in [0.0, 2.0, 4.0].into_iter().enumerate() {
                // pixel centres lie half a pixel in
                let (x, y) = (u - 0.5 / f64::from(width), v - 0.5 / f64::from(height));
                let truth = 127.0 + 120.0 * (5.0 * x + 3.0 * y + phase + f64::from(index)).sin();
                let got = f64::from(channels(got)[channel]);
                assert!((got - truth).abs() < 6.0, "image {index} row {row} pixel {pixel}: {got} for {truth}");
            }
        }
    }
    assert!(seen.iter().all(|&count| count > 0));
}

#[test]
fn a_fine_pattern_becomes_grey_not_moire() {
    let gpu = gpu();
    let side = 512;
    let checks: Vec<u32> = (0..side * side).map(|i| if (i % side + i / side) % 2 == 0 { 0xFFFF_FFFF } else { 0xFF00_0000 }).collect();
    let stored = StoredImages::upload(&gpu, [(&checks[..], side, side, 0)], &[0], &[0]).unwrap();
    let plain = ViewConfig { jitter_probability: 0.0, grey_probability: 0.0, noise: 0.0, ..view_config(Scene::Shapes) };
    let got = render(&gpu, &Images::Stored(stored), &plain, 16, &plan(32), &source(&gpu, &[0, 0], 1));
    assert!(got.pixels.iter().all(|&pixel| channels(pixel)[..3].iter().all(|level| (126..=129).contains(level))));
}

#[test]
fn blur_matches_the_reference() {
    let gpu = gpu();
    let (tensors, _) = stored(&gpu);
    let images = Images::Stored(tensors);
    let plain = ViewConfig { jitter_probability: 0.0, grey_probability: 0.0, noise: 0.0, ..view_config(Scene::Shapes) };
    let blurred = ViewConfig { blur_probability: 0.5, jitter_probability: 0.8, ..plain };
    let (batch, seed) = (64, [4, 4]);
    let sharp = render(&gpu, &images, &plain, batch, &plan(16), &source(&gpu, &seed, 2)).pixels;
    let got = render(&gpu, &images, &blurred, batch, &plan(16), &source(&gpu, &seed, 2)).pixels;
    let mut count = 0;
    for (row, (sharp, got)) in (0..).zip(sharp.chunks_exact(256).zip(got.chunks_exact(256))) {
        let key = ViewKey { seed, step: 2, view: row / batch, image: row % batch };
        let change = augment::photometric(key, &blurred, 16);
        count += usize::from(change.blur > 0.0);
        let raw: Vec<[f64; 3]> = sharp.iter().map(|&pixel| [0, 1, 2].map(|c| f64::from(channels(pixel)[c]) / 255.0)).collect();
        // the sharp view was rounded to levels, which colour changes stretch: two levels more
        let wanted = augment::reference_view(&raw, 16, &change);
        for (a, b) in got.iter().zip(&wanted) {
            let worst = channels(*a).into_iter().zip(channels(*b)).map(|(a, b)| (a - b).abs()).max();
            assert!(worst <= Some(3), "row {row}: {a:x} for {b:x}, {change:?}");
        }
    }
    binomial("blurred", count, 2 * batch as usize, 0.5);
}

#[test]
fn held_out_stored_images_are_walked_in_order() {
    let gpu = gpu();
    let (tensors, images) = stored(&gpu);
    let mut tape = Tape::new(&gpu);
    let chunk = uploaded(&gpu, "chunk", [1, 1, 1], &[1]);
    let first = Counter { buffer: chunk, scale: 3, offset: 0 };
    let whole = views::record_whole(&mut tape, &Images::Stored(tensors), 32, 3, &first);
    gpu.run(&tape.freeze().unwrap());
    let got = downloaded(&gpu, &whole);
    assert_eq!(got.labels, [11, 14, 11], "rows 3, 4, 5 of 4, 1, 4, 1, ...");
    let (_, width, height) = images[1];
    let crop: Vec<f32> = got.crops[..4].iter().map(|&word| f32::from_bits(word)).collect();
    assert_eq!((width, height), (200, 100));
    assert_eq!(crop, [0.25, 0.0, 0.5, 1.0], "the square in the middle");
}

#[test]
fn halvings_are_means_behind_the_image() {
    let mut pool = vec![7];
    let image: Vec<u32> = (0..130 * 70).map(|i| (i % 251) | (i % 83) << 8).collect();
    assert_eq!(halvings::append(&mut pool, &image, 130, 70), 1);
    assert_eq!(pool.len(), 1 + 130 * 70 + 65 * 35);
    let mean = |c: u32| ([0, 1, 130, 131].iter().map(|&at: &usize| image[at] >> c & 255).sum::<u32>() + 2) / 4;
    assert_eq!(pool[1 + 130 * 70], mean(0) | mean(8) << 8);
}

#[test]
fn patches_of_two_groups_lie_behind_each_other() {
    let gpu = gpu();
    for (learners, patch, order) in [(1, 4, PatchOrder::Morton), (3, 4, PatchOrder::Raster), (2, 2, PatchOrder::Morton)] {
        let pixels = |rows: u32, size: u32, salt| -> Tensor {
            let words: Vec<u32> = (0..learners * rows * size * size).map(|i| rng::hash4([i, salt, 2, 3])[0]).collect();
            uploaded(&gpu, "views", [learners, rows, size * size], &words)
        };
        let (globals, locals) = (pixels(3, 32, 1), pixels(5, 16, 9));
        let run = |groups: &[&Tensor]| -> (Vec<f32>, [u32; 2]) {
            let mut tape = Tape::new(&gpu);
            let groups: Vec<_> = groups.iter().map(|views| ViewRows::all(views)).collect();
            let patches = views::record_patches(&mut tape, &groups, patch, order);
            gpu.run(&tape.freeze().unwrap());
            (gpu.download(&patches.rows).unwrap(), patches.sequences.counts)
        };
        let ((all, counts), (first, _), (second, _)) = (run(&[&globals, &locals]), run(&[&globals]), run(&[&locals]));
        assert_eq!(counts, [3, 5]);
        let (of_first, of_second) = (first.len() / learners as usize, second.len() / learners as usize);
        let expected: Vec<f32> =
            first.chunks(of_first).zip(second.chunks(of_second)).flat_map(|(first, second)| [first, second].concat()).collect();
        assert!(all == expected, "{learners} learners, {patch}, {order:?}");
    }
}

#[test]
fn object_masks_are_the_share_of_each_patch() {
    let gpu = gpu();
    for (family, size, patch) in [(Scene::ShapesGrey, 32, 4), (Scene::Shapes, 16, 8)] {
        let images = Images::Synthetic(family);
        let mut tape = Tape::new(&gpu);
        let zero = uploaded(&gpu, "zero", [1, 1, 1], &[0]);
        let drawn = views::record_held_out(&mut tape, &images, 5, &Counter::fixed(&zero, 7));
        let masks = views::record_object_masks(&mut tape, &images, &drawn, size, patch).expect("shapes have objects");
        gpu.run(&tape.freeze().unwrap());
        let got = gpu.download::<f32>(&masks).unwrap();
        let grid = size / patch;
        for (index, &covered) in got.iter().enumerate() {
            let (image, number) = (index as u32 / (grid * grid), index as u32 % (grid * grid));
            let coverage = |x: u32, y: u32| {
                let place = |pixel: u32| (f64::from(pixel) + 0.5) / f64::from(size);
                let (u, v) = (place(number % grid * patch + x), place(number / grid * patch + y));
                synthetic::reference_colour(family, HELD_OUT + 7 + image, u, v, 1.0 / f64::from(size))[3]
            };
            let naive = (0..patch * patch).map(|pixel| coverage(pixel % patch, pixel / patch)).sum::<f64>() / f64::from(patch * patch);
            assert!((f64::from(covered) - naive).abs() <= 1e-4, "{family:?} image {image} patch {number}: {covered}, {naive}");
        }
        let [least, most] = [f32::min, f32::max].map(|of| got.iter().copied().reduce(of).expect("patches"));
        assert!(most - least > 0.2, "{family:?}: from {least} to {most}");
        assert!(views::record_object_masks(&mut Tape::new(&gpu), &Images::Synthetic(Scene::Weaves), &drawn, size, patch).is_none());
    }
}

#[test]
fn patches_are_the_pixels_in_their_order() {
    let gpu = gpu();
    for (learners, rows, size, patch) in [(1, 3, 32, 4), (2, 2, 16, 4), (1, 2, 32, 8), (1, 1, 24, 4), (2, 2, 16, 2), (1, 1, 9, 3)] {
        let pixels: Vec<u32> = (0..learners * rows * size * size).map(|i| rng::hash4([i, 1, 2, 3])[0]).collect();
        let views = uploaded(&gpu, "views", [learners, rows, size * size], &pixels);
        let grid = size / patch;
        let run = |order, first: u32, count: u32| -> Vec<f32> {
            let mut tape = Tape::new(&gpu);
            let chunk = uploaded(&gpu, "chunk", [1, 1, 1], &[first]);
            let some = ViewRows { views: &views, first: Counter::of(&chunk), rows: count };
            let patches = views::record_patches(&mut tape, &[some], patch, order).rows;
            assert_eq!(patches.shape(), [learners, count * grid * grid, patch * patch * 3]);
            gpu.run(&tape.freeze().unwrap());
            gpu.download(&patches).unwrap()
        };
        let value = |learner: u32, row: u32, x: u32, y: u32, channel: u32| {
            let pixel = pixels[(((learner * rows + row) * size + y) * size + x) as usize];
            ((pixel >> (8 * channel) & 255) as f32 / 255.0 - 0.5) * 4.0
        };
        let naive = |at: &dyn Fn(u32) -> [u32; 2], first: u32, count: u32| {
            let mut wanted = Vec::new();
            for learner in 0..learners {
                for row in first..first + count {
                    for number in 0..grid * grid {
                        let [px, py] = at(number);
                        for item in 0..patch * patch * 3 {
                            let (channel, dx, dy) = (item % 3, item / 3 % patch, item / 3 / patch);
                            wanted.push(value(learner, row, px * patch + dx, py * patch + dy, channel));
                        }
                    }
                }
            }
            wanted
        };
        let close = |got: Vec<f32>, wanted: Vec<f32>| {
            assert_eq!(got.len(), wanted.len());
            assert!(got.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-6));
        };
        let raster = |number| [number % grid, number / grid];
        close(run(PatchOrder::Raster, 0, rows), naive(&raster, 0, rows));
        close(run(PatchOrder::Raster, rows - 1, 1), naive(&raster, rows - 1, 1));
        if !grid.is_power_of_two() {
            continue;
        }
        // Morton by its meaning: cut the square into four, (0,0), (0,1), (1,0), (1,1), again and again.
        fn zigzag(side: u32, number: u32) -> [u32; 2] {
            if side == 1 {
                return [0, 0];
            }
            let (half, quarter) = (side / 2, side * side / 4);
            let [x, y] = zigzag(half, number % quarter);
            [x + half * (number / quarter % 2), y + half * (number / quarter / 2)]
        }
        let morton = run(PatchOrder::Morton, 0, rows);
        close(morton.clone(), naive(&|number| zigzag(grid, number), 0, rows));
        // four consecutive rows are the 2x2 neighbours, in order
        let raster = run(PatchOrder::Raster, 0, rows);
        let columns = (patch * patch * 3) as usize;
        let row_of = |matrix: &[f32], view: u32, number: u32| {
            let start = (view * grid * grid + number) as usize * columns;
            matrix[start..start + columns].to_vec()
        };
        for view in 0..learners * rows {
            for group in 0..grid * grid / 4 {
                let [x, y] = zigzag(grid / 2, group);
                let neighbours = [[0, 0], [1, 0], [0, 1], [1, 1]].map(|[dx, dy]| (2 * y + dy) * grid + 2 * x + dx);
                for (i, number) in (0..).zip(neighbours) {
                    assert_eq!(row_of(&morton, view, 4 * group + i), row_of(&raster, view, number));
                }
            }
        }
    }
}

#[test]
fn encoder_input_is_channel_planes() {
    let pixels = [0xFF00_80FF, 0xFF40_2000, 0, 0xFFFF_FFFF];
    let input = augment::encoder_input(&pixels, 2);
    assert_eq!(input.len(), 12);
    assert_eq!((input[0], input[1], input[2], input[3]), (2.0, -2.0, -2.0, 2.0));
    assert!((input[4] - (128.0 / 255.0 - 0.5) * 4.0).abs() < 1e-6 && (input[9] - (64.0 / 255.0 - 0.5) * 4.0).abs() < 1e-6);
}
