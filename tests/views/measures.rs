//! No checks: pictures for the eye, and what things cost. Run by hand with `--ignored --nocapture`.

use super::*;

/// Not a check: pictures to look at. `cargo test --test views -- --ignored contact_sheet`, then target/views/*.png.
#[test]
#[ignore = "writes pictures for the eye"]
fn contact_sheet() {
    let gpu = gpu();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/views");
    std::fs::create_dir_all(&folder).unwrap();
    for family in Scene::ALL {
        let classes = class_names(family).len() as u32;
        let mut tape = Tape::new(&gpu);
        let chunk = uploaded(&gpu, "chunk", [1, 1, 1], &[0]);
        let large = views::record_whole(&mut tape, &Images::Synthetic(family), 96, 4 * classes, &Counter::of(&chunk));
        let source = source(&gpu, &[0, 0], 1);
        let views = views::record_views(&mut tape, &Images::Synthetic(family), &view_config(family), 32, &plan(32), &source);
        gpu.run(&tape.freeze().unwrap());
        save(&folder.join(format!("{}-whole.png", family.name())), &gpu.download::<u32>(&large.pixels).unwrap(), 96, classes, 1);
        save(&folder.join(format!("{}-views.png", family.name())), &gpu.download::<u32>(&views.pixels).unwrap(), 32, 16, 3);
    }
}

fn save(path: &std::path::Path, rows: &[u32], size: u32, across: u32, zoom: u32) {
    let count = rows.len() as u32 / (size * size);
    let cell = size * zoom + 4;
    let sheet = image::RgbImage::from_fn(across * cell, count.div_ceil(across) * cell, |x, y| {
        let (index, dx, dy) = (y / cell * across + x / cell, x % cell / zoom, y % cell / zoom);
        if index >= count || dx >= size || dy >= size {
            return image::Rgb([20; 3]);
        }
        let [r, g, b, _] = channels(rows[(index * size * size + dy * size + dx) as usize]).map(|level| level as u8);
        image::Rgb([r, g, b])
    });
    sheet.save(path).unwrap();
}

/// Not a check: how well the pixels themselves tell the classes (SCIENCE: weaves .52, weaves-hard .31).
#[test]
#[ignore = "a measurement"]
fn raw_pixel_knn() {
    let gpu = gpu();
    for family in Scene::ALL {
        let classes = class_names(family).len();
        let (bank, queries) = (2048_usize, 512);
        let mut tape = Tape::new(&gpu);
        let chunk = uploaded(&gpu, "chunk", [1, 1, 1], &[0]);
        let whole = views::record_whole(&mut tape, &Images::Synthetic(family), 32, (bank + queries) as u32, &Counter::of(&chunk));
        gpu.run(&tape.freeze().unwrap());
        let got = downloaded(&gpu, &whole);
        let rows: Vec<Vec<f32>> = got
            .pixels
            .chunks_exact(1024)
            .map(|view| {
                let row: Vec<f32> = view.iter().flat_map(|&pixel| [0, 1, 2].map(|c| channels(pixel)[c] as f32 / 255.0 - 0.5)).collect();
                let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
                row.into_iter().map(|x| x / norm).collect()
            })
            .collect();
        let mut right = 0;
        for query in bank..bank + queries {
            let similarity = |other: &Vec<f32>| -> f32 { rows[query].iter().zip(other).map(|(a, b)| a * b).sum() };
            let mut nearest: Vec<(f32, u32)> = (0..bank).map(|i| (similarity(&rows[i]), got.labels[i])).collect();
            nearest.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut votes = vec![0.0; classes];
            nearest[..20].iter().for_each(|(s, label)| votes[*label as usize] += ((s - 1.0) / 0.07).exp());
            let best = (0..classes).max_by(|&a, &b| votes[a].total_cmp(&votes[b])).unwrap();
            right += usize::from(best as u32 == got.labels[query]);
        }
        println!("{family:?}: {:.3}, chance {:.3}", right as f64 / queries as f64, 1.0 / classes as f64);
    }
}

/// Not a check: milliseconds of the views of a step, stage by stage.
#[test]
#[ignore = "a measurement"]
fn timings() {
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).unwrap();
    let (tensors, _) = stored(&gpu);
    let cases =
        [("weaves", Images::Synthetic(Scene::Weaves)), ("shapes", Images::Synthetic(Scene::Shapes)), ("stored", Images::Stored(tensors))];
    for (name, images) in cases {
        let mut tape = Tape::new(&gpu);
        let config = view_config(Scene::Weaves);
        let views = views::record_views(&mut tape, &images, &config, 64, &plan(32), &source(&gpu, &[0, 0], 1));
        views::record_patches(&mut tape, &[ViewRows::all(&views.pixels)], 4, PatchOrder::Morton);
        let program = tape.freeze().unwrap();
        let labels: Vec<String> = program.labels().map(str::to_owned).collect();
        // best wall-clock time, and the process's processor time over two cores, which neighbours disturb less
        let time = |range: std::ops::Range<usize>| {
            let run = || {
                let start = std::time::Instant::now();
                let mut encoder = gpu.device.create_command_encoder(&Default::default());
                program.encode_range(&mut encoder, range.clone(), None);
                gpu.queue.submit([encoder.finish()]);
                gpu.wait().unwrap();
                start.elapsed().as_secs_f64() * 1e3
            };
            let before = processor_millis();
            let best = (0..100).map(|_| run()).fold(f64::INFINITY, f64::min);
            format!("best {best:.2} ms, processor {:.2} ms", (processor_millis() - before) / 200.0)
        };
        println!("{name}: all {}", time(0..program.len()));
        for (index, label) in labels.iter().enumerate() {
            println!("    {label}: {}", time(index..index + 1));
        }
    }
}

fn processor_millis() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat.split(' ').skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    fields.iter().sum::<f64>() * 10.0
}
