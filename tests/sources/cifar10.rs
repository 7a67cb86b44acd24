//! CIFAR-10's binary files.

use std::fs;

use twinlens::data::source::LoadLimits;

use crate::{read, read_within, real, refused};

const RECORD: usize = 3073;

/// Records whose label and pixels follow from their number.
fn batch(from: usize, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in from..from + count {
        bytes.push((index % 10) as u8);
        bytes.extend((0..3072).map(|i| (i * 7 + index * 13) as u8));
    }
    bytes
}

fn folder(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let spec = format!("cifar10:{}", folder.path().display());
    (folder, spec)
}

#[test]
fn planes_become_pixels_and_the_test_file_is_held_out() {
    let names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n";
    let (_folder, spec) = folder(&[
        ("data_batch_10.bin", batch(20, 5)),
        ("data_batch_2.bin", batch(10, 10)),
        ("test_batch.bin", batch(25, 4)),
        ("batches.meta.txt", names.into()),
    ]);
    let set = read(&spec).unwrap();
    assert_eq!(set.images.len(), 19);
    assert_eq!(set.held_out(), [15, 16, 17, 18]);
    assert_eq!(set.class_names.concat(), "abcdefghij");
    for (place, image) in set.images.iter().enumerate() {
        let index = place + 10;
        assert_eq!(image.label, Some((index % 10) as u16));
        let pixel = set.pixels_of(place)[37];
        let plane = |plane: usize| (((plane * 1024 + 37) * 7 + index * 13) as u8) as u32;
        assert_eq!(pixel, plane(0) | plane(1) << 8 | plane(2) << 16 | 255 << 24);
    }
}

#[test]
fn either_kind_of_file_may_be_missing() {
    for name in ["data_batch_1.bin", "test_batch.bin"] {
        let (_folder, spec) = folder(&[(name, batch(0, 100))]);
        let set = read(&spec).unwrap();
        assert_eq!((set.training().len(), set.held_out().len()), (80, 20));
        assert_eq!(set.class_names[9], "truck");
        assert!(set.report.to_string().contains("is missing"), "{}", set.report);
        for class in 0..10 {
            let of_class = |index: &&u32| set.images[**index as usize].label == Some(class);
            assert_eq!(set.held_out().iter().filter(of_class).count(), 2, "held out of class {class}");
        }
    }
}

#[test]
fn what_does_not_fit_is_thinned_evenly() {
    let (_folder, spec) = folder(&[("data_batch_1.bin", batch(0, 400)), ("test_batch.bin", batch(400, 100))]);
    let limits = LoadLimits { pixels: 1024 * 200, ..LoadLimits::default() };
    let set = read_within(&spec, &limits).unwrap();
    assert_eq!((set.training().len(), set.held_out().len()), (160, 40));
    assert!(set.report.to_string().contains("an even selection of 200"), "{}", set.report);
    for class in 0..10 {
        let of_class = set.images.iter().filter(|image| image.label == Some(class)).count();
        assert!((10..=30).contains(&of_class), "{of_class} of class {class}");
    }
    refused(read_within(&spec, &LoadLimits { pixels: 1000, ..limits }), &["no image"]);
}

#[test]
fn bad_files_are_named() {
    let whole = batch(0, 3);
    let cut = whole[..whole.len() - 1].to_vec();
    let (_folder, spec) = folder(&[("data_batch_1.bin", cut)]);
    refused(read(&spec), &["data_batch_1.bin", "9218 bytes", "expected 6146 or 9219"]);
    let (_folder, spec) = folder(&[("data_batch_1.bin", whole.clone()), ("test_batch.bin", vec![])]);
    refused(read(&spec), &["test_batch.bin", "empty", "3073"]);
    let mut wrong = whole.clone();
    wrong[2 * RECORD] = 10;
    let (_folder, spec) = folder(&[("data_batch_1.bin", wrong)]);
    refused(read(&spec), &["data_batch_1.bin", "label 10", "record 2", "0 to 9"]);
    let (_folder, spec) = folder(&[("data_batch_1", whole.clone())]);
    refused(read(&spec), &["Python", "cifar-10-binary.tar.gz"]);
    let (_folder, spec) = folder(&[]);
    refused(read(&spec), &["data_batch_*.bin"]);
    let (folder, spec) = folder(&[("data_batch_1.bin", whole)]);
    refused(read(&format!("{spec}/data_batch_1.bin")), &["is a file", "folder"]);
    refused(read(&format!("{spec}/absent")), &["absent", "does not exist"]);
    fs::create_dir(folder.path().join("test_batch.bin")).unwrap();
    refused(read(&spec), &["test_batch.bin", "a folder"]);
}

#[test]
fn the_real_files() {
    let Some(path) = real("cifar-10-batches-bin") else {
        return;
    };
    let set = read(&format!("cifar10:{path}")).unwrap();
    assert_eq!((set.training().len(), set.held_out().len()), (10_000, 2_000));
    assert_eq!(set.class_names[3], "cat");
    for class in 0..10 {
        assert_eq!(set.images.iter().filter(|image| image.label == Some(class)).count(), 1200);
    }
    assert!(set.report.skipped.is_empty() && set.report.notes.is_empty(), "{}", set.report);
}
