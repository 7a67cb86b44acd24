//! Folders of pictures.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use twinlens::config::DataSpec;
use twinlens::data::progress::Stage;
use twinlens::data::source::{self, ImageSet, LoadLimits, SourceError, guess, guess_several};

use crate::{read, read_within, real, refused};

pub fn picture(path: impl AsRef<Path>, width: u32, height: u32, colour: [u8; 3]) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    RgbImage::from_pixel(width, height, Rgb(colour)).save(path).unwrap();
}

/// A PNG that announces a size and holds nothing more.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    bytes.extend([8, 2, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..]);
    bytes.extend(crc.sum().to_be_bytes());
    bytes
}

/// A BMP of 24 bits a pixel that announces a size and holds nothing more.
fn bmp_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    for number in [54 + 3 * width * height, 0, 54, 40, width, height, 0x0018_0001, 0, 0, 0, 0, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

fn load(folder: &Path) -> Result<ImageSet, SourceError> {
    read(&format!("folder:{}", folder.display()))
}

fn first_pixel(set: &ImageSet, index: usize) -> [u8; 3] {
    let [r, g, b, _] = set.pixels_of(index)[0].to_le_bytes();
    [r, g, b]
}

#[test]
fn classes_are_first_level_subfolders_in_sorted_order() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    picture(at("zèbre/2.png"), 4, 3, [3, 30, 60]);
    picture(at("zèbre/deep/er/1.bmp"), 5, 5, [4, 40, 80]);
    picture(at("猫/1.PNG"), 7, 2, [5, 50, 100]);
    picture(at("ant/x.webp"), 6, 6, [1, 10, 20]);
    picture(at("ant/y.jpeg"), 16, 16, [200, 200, 200]);
    picture(at("loose.png"), 2, 2, [9, 9, 9]);
    picture(at(".hidden/1.png"), 2, 2, [0; 3]);
    picture(at("ant/.hidden.png"), 2, 2, [0; 3]);
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("ant/notes.txt"), "not a picture").unwrap();
    let set = load(folder.path()).unwrap();
    assert_eq!(set.class_names, ["ant", "zèbre", "猫"]);
    let labels: Vec<_> = set.images.iter().map(|image| image.label).collect();
    assert_eq!(labels, [Some(0), Some(0), None, Some(1), Some(1), Some(2)]);
    assert_eq!([0, 2, 3, 4, 5].map(|index| first_pixel(&set, index)[0]), [1, 9, 3, 4, 5]);
    assert_eq!(first_pixel(&set, 3), [3, 30, 60]);
    assert_eq!((set.images[3].width, set.images[3].height), (4, 3));
    assert!(set.report.skipped.is_empty());
    assert!(set.report.to_string().contains("1 other files ignored"), "{}", set.report);
    assert_eq!(set.held_out().len(), 6, "too few to hold any out");
}

#[test]
fn without_subfolders_there_are_no_classes() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..50 {
        picture(folder.path().join(format!("{index:02}.png")), 8, 8, [index, 0, 0]);
    }
    let set = load(folder.path()).unwrap();
    assert!(set.class_names.is_empty());
    assert_eq!(set.held_out(), [4, 9, 14, 19, 24, 29, 34, 39, 44, 49]);
    assert_eq!(set.training().len(), 40);
    assert!((0..50).all(|index| first_pixel(&set, index)[0] == index as u8));
}

#[test]
fn bad_files_are_skipped_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    picture(at("good.png"), 300, 200, [10, 20, 30]);
    let whole = fs::read(at("good.png")).unwrap();
    fs::write(at("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(at("empty.jpg"), []).unwrap();
    fs::write(at("garbage.webp"), b"garbage garbage garbage garbage").unwrap();
    fs::write(at("huge.png"), png_header(60_000, 60_000)).unwrap();
    fs::write(at("big.bmp"), bmp_header(10_000, 9_000)).unwrap();
    fs::write(at("head.png"), png_header(8_000, 8_000)).unwrap();
    fs::write(at("gif.png"), b"GIF89a\x01\0\x01\0\0\0\0;").unwrap();
    picture(at("jpeg.jpg"), 64, 64, [1, 2, 3]);
    let jpeg = fs::read(at("jpeg.jpg")).unwrap();
    fs::write(at("jpeg.jpg"), &jpeg[..100]).unwrap();
    let set = load(folder.path()).unwrap();
    assert_eq!(set.images.len(), 1);
    let full = format!("{:#}", set.report);
    for words in [
        "cut.png: damaged",
        "empty.jpg: empty file",
        "garbage.webp: not a png",
        "huge.png: announces 60000x60000 pixels, more than 16384 a side",
        "big.bmp: 10000x9000 pixels take more than 256 MiB",
        "head.png: damaged",
        "gif.png: not a png",
        "jpeg.jpg: damaged",
    ] {
        assert!(full.contains(words), "`{words}` is missing in:\n{full}");
    }
    assert_eq!(full.lines().filter(|line| line.starts_with("skipped")).count(), 8);
    assert!(set.report.to_string().contains("1 images, 8 skipped (big.bmp"), "{}", set.report);
    fs::remove_file(at("good.png")).unwrap();
    refused(load(folder.path()), &["no usable image", "big.bmp", "cut.png", "empty.jpg", "5 more"]);
}

#[test]
fn nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    refused(load(folder.path()), &["no usable image", "png, jpeg, bmp or webp"]);
    fs::write(folder.path().join("a.txt"), "x").unwrap();
    refused(load(folder.path()), &["1 other files ignored"]);
    refused(load(&folder.path().join("absent")), &["absent", "does not exist", "check the path"]);
    refused(load(&folder.path().join("a\nb")), &["does not exist"]);
    refused(load(&folder.path().join("a.txt")), &["a.txt", "a file", "give a folder"]);
    fs::write(folder.path().join("data_batch_1.bin"), "x").unwrap();
    refused(load(&folder.path().join("data_batch_1.bin")), &["cifar10:DIR"]);
    refused(load(Path::new("/dev/zero")), &["/dev/zero"]);
    refused(read("synthetic"), &["rendered on the GPU", "folder:DIR"]);
}

#[test]
fn one_picture_is_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.png");
    picture(&path, 40, 30, [1, 2, 3]);
    assert_eq!(guess(&path), DataSpec::Folder(path.clone()));
    let set = load(&path).unwrap();
    assert_eq!((set.name.as_str(), set.images.len()), ("one.png", 1));
    assert_eq!(set.training(), set.held_out());
}

#[test]
fn large_pictures_are_downsized_by_area() {
    let folder = tempfile::tempdir().unwrap();
    let checks = RgbImage::from_fn(3000, 1501, |x, y| Rgb([if (x + y) % 2 == 0 { 0 } else { 200 }, (x / 12) as u8, 7]));
    checks.save(folder.path().join("a.png")).unwrap();
    picture(folder.path().join("b.png"), 512, 100, [7; 3]);
    picture(folder.path().join("c.png"), 2, 16_000, [7; 3]);
    let set = load(folder.path()).unwrap();
    assert_eq!((set.images[0].width, set.images[0].height), (512, 256));
    assert_eq!((set.images[1].width, set.images[1].height), (512, 100));
    assert_eq!((set.images[2].width, set.images[2].height), (1, 512));
    assert!(set.report.to_string().contains("2 pictures downsized to 512 pixels"), "{}", set.report);
    for (index, pixel) in set.pixels_of(0).iter().enumerate() {
        let [r, g, b, _] = pixel.to_le_bytes();
        let expected = (index % 512) as f32 / 512.0 * 250.0;
        assert!((90..=110).contains(&r), "checks average to grey, not {r}");
        assert!((f32::from(g) - expected).abs() < 3.0, "{g} {expected}");
        assert_eq!(b, 7);
    }
}

#[test]
fn a_set_that_does_not_fit_is_made_smaller_then_thinned() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..60 {
        picture(folder.path().join(format!("{}/{index:02}.png", index % 3)), 256, 256, [index, 0, 0]);
    }
    let spec = format!("folder:{}", folder.path().display());
    let limits = LoadLimits { pixels: 60 * 128 * 128, ..LoadLimits::default() };
    let set = read_within(&spec, &limits).unwrap();
    assert_eq!((set.images.len(), set.images[0].width), (60, 128));
    let limits = LoadLimits { pixels: 30 * 64 * 64, ..LoadLimits::default() };
    let set = read_within(&spec, &limits).unwrap();
    assert_eq!((set.images.len(), set.images[0].width), (30, 64));
    assert!(set.report.to_string().contains("an even selection of 30 kept"), "{}", set.report);
    for class in 0..3 {
        assert_eq!(set.images.iter().filter(|image| image.label == Some(class)).count(), 10);
    }
    let again = read_within(&spec, &limits).unwrap();
    assert_eq!((set.images, set.pixels), (again.images, again.pixels));
    let set = read_within(&spec, &LoadLimits { images: 7, ..LoadLimits::default() }).unwrap();
    assert_eq!((set.images.len(), set.images[0].width), (7, 256));
    refused(read_within(&spec, &LoadLimits { pixels: 10, ..limits }), &["does not fit"]);
}

#[test]
fn transparency_lies_on_grey_and_greys_are_read() {
    let folder = tempfile::tempdir().unwrap();
    RgbaImage::from_pixel(2, 2, Rgba([255, 0, 10, 0])).save(folder.path().join("a.png")).unwrap();
    RgbaImage::from_pixel(2, 2, Rgba([255, 0, 10, 255])).save(folder.path().join("b.png")).unwrap();
    image::GrayImage::from_pixel(2, 2, image::Luma([77])).save(folder.path().join("c.png")).unwrap();
    image::ImageBuffer::from_pixel(2, 2, image::Luma([0xABCD_u16])).save(folder.path().join("d.png")).unwrap();
    let set = load(folder.path()).unwrap();
    assert_eq!([0, 1, 2, 3].map(|index| first_pixel(&set, index)), [[128; 3], [255, 0, 10], [77; 3], [0xAB; 3]]);
}

#[cfg(unix)]
#[test]
fn links_do_not_loop_and_pipes_do_not_block() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    picture(at("a/1.png"), 4, 4, [1; 3]);
    symlink(folder.path(), at("a/up")).unwrap();
    symlink(at("a"), at("b")).unwrap();
    symlink(at("self"), at("self")).unwrap();
    symlink(at("nowhere"), at("gone.png")).unwrap();
    symlink("/dev/zero", at("zero.png")).unwrap();
    let status = std::process::Command::new("mkfifo").arg(at("pipe.png")).status();
    let set = load(folder.path()).unwrap();
    assert_eq!(set.images.len(), 1);
    let full = format!("{:#}", set.report);
    assert!(full.contains("gone.png: a link to nothing") && full.contains("zero.png: no regular file"), "{full}");
    if status.is_ok_and(|status| status.success()) {
        assert!(full.contains("pipe.png: no regular file"), "{full}");
        refused(read(&format!("idx:{}", at("pipe.png").display())), &["no regular file"]);
    }
}

#[test]
fn the_real_photographs() {
    let Some(path) = real("photos") else { return };
    let set = read(&format!("folder:{path}")).unwrap();
    assert_eq!((set.name.as_str(), set.images.len()), ("photos", 5));
    assert!(set.report.skipped.is_empty() && set.class_names.is_empty(), "{}", set.report);
    assert!(set.images.iter().all(|image| image.width.max(image.height) <= 512));
}

#[test]
fn several_folders_dropped_together_are_one_set_with_a_class_each() {
    let root = tempfile::tempdir().unwrap();
    let mut dropped = Vec::new();
    for class in ["cats", "dogs"] {
        let folder = root.path().join(class);
        fs::create_dir(&folder).unwrap();
        for index in 0..3 {
            RgbImage::from_pixel(8, 8, Rgb([index; 3])).save(folder.join(format!("{index}.png"))).unwrap();
        }
        dropped.push(folder);
    }
    let alone = root.path().join("a|b.png");
    RgbImage::from_pixel(9, 5, Rgb([7; 3])).save(&alone).unwrap();
    dropped.push(alone);
    let spec = guess_several(&dropped).unwrap();
    assert_eq!(spec.to_string().parse::<DataSpec>().unwrap(), spec, "{spec}");
    let set = read(&spec.to_string()).unwrap();
    assert_eq!(set.class_names, ["cats", "dogs"]);
    let labels: Vec<Option<u16>> = set.images.iter().map(|image| image.label).collect();
    assert_eq!(labels, [None, Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)]);
    assert_eq!(guess_several(&dropped[..1]), Some(DataSpec::Folder(dropped[0].clone())));
    assert_eq!(guess_several(&[]), None);
    refused("several:".parse::<DataSpec>(), &["several", "paths"]);
}

#[test]
fn reading_stops_when_it_is_told_to() {
    let root = tempfile::tempdir().unwrap();
    for index in 0..40 {
        RgbImage::from_pixel(8, 8, Rgb([index; 3])).save(root.path().join(format!("{index}.png"))).unwrap();
    }
    let spec = DataSpec::Folder(root.path().into());
    for stage in [Stage::Measuring, Stage::Reading] {
        let mut told = 0;
        let result = source::load(&spec, &LoadLimits::default(), &mut |progress| {
            told += usize::from(progress.stage == stage);
            if told == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(result.unwrap_err(), SourceError::Cancelled);
        assert_eq!(told, 5, "it was told once, and heard no more");
    }
}
