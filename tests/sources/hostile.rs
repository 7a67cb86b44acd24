//! Random and damaged bytes: no reader panics, hangs or grows.

use std::fs;

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use twinlens::config::{DataSpec, RunConfig};
use twinlens::data::source::guess;

use crate::{folder::png_header, idx, read};

/// Good files of each kind, to be damaged.
fn good() -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let noise = RgbImage::from_fn(24, 20, |x, y| Rgb([(x * 91 + y * 37) as u8, (x * y) as u8, (x ^ y) as u8]));
    let mut files = Vec::new();
    for name in ["x.png", "x.jpg", "x.bmp", "x.webp"] {
        noise.save(folder.path().join(name)).unwrap();
        files.push((name, fs::read(folder.path().join(name)).unwrap()));
    }
    files.push(("x.png", png_header(3000, 2000)));
    files.push(("idx", idx::images(12, 6, 5)));
    files.push(("idx", idx::gzip(&idx::images(12, 6, 5))));
    files.push(("data_batch_1.bin", vec![3; 3073 * 2]));
    files
}

/// Reads bytes under a name as every source that takes such a file.
fn read_all(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    fs::write(folder.path().join("labels"), idx::labels(12)).unwrap();
    let [at, path] = [folder.path(), &path].map(|path| path.display().to_string());
    for spec in [
        format!("folder:{at}"),
        format!("folder:{path}"),
        format!("cifar10:{at}"),
        format!("idx:{path}"),
        format!("idx:{path},{at}/labels"),
        format!("idx:{at}/labels,{path}"),
        guess(path.as_ref()).to_string(),
    ] {
        if let Err(error) = read(&spec) {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(name in prop::sample::select(vec!["x.png", "x.jpg", "x.bmp", "x.webp", "idx", "test_batch.bin"]),
                    start in prop::sample::select(vec![&b""[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"RIFF\x40\0\0\0WEBPVP8 ", b"\0\0\x08\x03", b"\x1f\x8b\x08\0"]),
                    rest in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(name, &[start, &rest].concat());
    }

    #[test]
    fn damaged_files(which in 0..8_usize, cut in 0.0..1.0_f64, keep_whole: bool,
                     changes in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6)) {
        let files = good();
        let (name, mut bytes) = files[which % files.len()].clone();
        for (place, value) in changes {
            let place = (place * place * bytes.len() as f64) as usize; // headers more often
            bytes[place] = value;
        }
        if !keep_whole {
            bytes.truncate((cut * bytes.len() as f64) as usize);
        }
        read_all(name, &bytes);
    }

    #[test]
    fn random_text_as_a_configuration(text in "\\PC{0,40}", key in "[a-z_]{0,24}", value in "[-+0-9a-z.,\\[\\]]{0,12}") {
        let _ = text.parse::<DataSpec>();
        for pair in [text.clone(), format!("{key}={value}"), format!("tau={value}"), format!("widths={value}")] {
            if let Err(error) = RunConfig::load("byol", None, &[pair]) {
                prop_assert!(!error.to_string().contains('\n'));
            }
        }
        let _ = twinlens::config::presets::parse("x", "x", &text);
    }
}
