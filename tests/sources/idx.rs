//! MNIST's file format.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use twinlens::config::DataSpec;
use twinlens::data::source::{LoadLimits, guess};

use crate::{read, read_within, refused};

pub fn images(count: u32, rows: u32, columns: u32) -> Vec<u8> {
    let mut bytes = header(&[0x803, count, rows, columns]);
    bytes.extend((0..count * rows * columns).map(|i| (i % 251) as u8));
    bytes
}

pub fn labels(count: u32) -> Vec<u8> {
    let mut bytes = header(&[0x801, count]);
    bytes.extend((0..count).map(|i| (i % 7) as u8));
    bytes
}

fn header(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn pair(folder: &Path, images: &[u8], labels: &[u8]) -> String {
    fs::write(folder.join("i"), images).unwrap();
    fs::write(folder.join("l"), labels).unwrap();
    format!("idx:{0}/i,{0}/l", folder.display())
}

#[test]
fn raw_and_gzipped_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let [i, l] = [images(60, 5, 3), labels(60)];
    let raw = read(&pair(folder.path(), &i, &l)).unwrap();
    assert_eq!((raw.images[7].width, raw.images[7].height, raw.images[7].label), (3, 5, Some(0)));
    assert_eq!(raw.class_names, ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(raw.pixels_of(7)[4], 0xFF00_0000 | (0x01_0101 * (7 * 15 + 4)));
    assert_eq!((raw.training().len(), raw.held_out().len()), (48, 12));
    let packed = read(&pair(folder.path(), &gzip(&i), &gzip(&l))).unwrap();
    assert_eq!((raw.images, raw.pixels, raw.class_names), (packed.images, packed.pixels, packed.class_names));
    let unlabelled = read(&format!("idx:{}/i", folder.path().display())).unwrap();
    assert!(unlabelled.class_names.is_empty() && unlabelled.images.iter().all(|image| image.label.is_none()));
}

#[test]
fn fashion_has_its_names_and_drops_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("Fashion-MNIST");
    fs::create_dir(&inner).unwrap();
    let [i, l] = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"].map(|name| inner.join(name));
    fs::write(&i, gzip(&images(20, 8, 8))).unwrap();
    assert_eq!(guess(&i), DataSpec::Idx { images: i.clone(), labels: None });
    fs::write(&l, gzip(&labels(20))).unwrap();
    assert_eq!(guess(&i), DataSpec::Idx { images: i.clone(), labels: Some(l) });
    assert_eq!(guess(folder.path()), DataSpec::Folder(folder.path().into()));
    let set = read(&guess(&i).to_string()).unwrap();
    assert_eq!(set.class_names[9], "Ankle boot");
    assert_eq!(set.held_out().len(), 20, "too few to hold any out");
    refused(read(&format!("folder:{}", i.display())), &["idx:IMAGES[,LABELS]"]);
}

#[test]
fn thinned_within_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let spec = pair(folder.path(), &images(100, 4, 4), &labels(100));
    let set = read_within(&spec, &LoadLimits { pixels: 16 * 60, ..LoadLimits::default() }).unwrap();
    assert_eq!(set.images.len(), 60);
    let set = read_within(&spec, &LoadLimits { images: 10, ..LoadLimits::default() }).unwrap();
    assert_eq!(set.images.len(), 10);
}

#[test]
fn headers_that_lie_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [i, l] = [images(10, 4, 4), labels(10)];
    let lie = |images: &[u8], labels: &[u8], words: &[&str]| {
        refused(read(&pair(folder.path(), images, labels)), words);
    };
    let with_header = |numbers: &[u32]| [header(numbers), i[16..].to_vec()].concat();
    for huge in [[u32::MAX, 4, 4], [u32::MAX, 512, 512], [11, 4, 4], [9, 4, 4]] {
        let bytes = with_header(&[0x803, huge[0], huge[1], huge[2]]);
        lie(&bytes, &l, &["announces", &huge[0].to_string()]);
        if huge[0] != 9 {
            lie(&gzip(&bytes), &labels(huge[0].min(20)), &[]);
        }
    }
    lie(&with_header(&[0x803, 10, u32::MAX, u32::MAX]), &l, &["4294967295x4294967295"]);
    lie(&with_header(&[0x803, 10, 0, 4]), &l, &["4x0"]);
    lie(&with_header(&[0x803, 0, 4, 4]), &l, &["no record"]);
    lie(&with_header(&[0xD03, 10, 4, 4]), &l, &["0x00000d03", "0x00000803"]);
    lie(&l, &i, &["holds labels where images"]);
    lie(&i, &i, &["holds images where labels"]);
    lie(&i, &labels(9), &["9 labels for 10 images"]);
    lie(&i, &l[..17], &["10 records", "17 bytes"]);
    lie(&i[..i.len() - 1], &l, &["announces 10 records of 16 bytes, 176 bytes", "175 bytes"]);
    lie(&[i.clone(), vec![0]].concat(), &l, &["176 bytes", "177 bytes"]);
    lie(&gzip(&[i.clone(), vec![0]].concat()), &l, &["goes on after"]);
    lie(&gzip(&i[..100]), &l, &["ends within", "truncated"]);
    let packed = gzip(&i);
    lie(&packed[..packed.len() / 2], &l, &[]);
    lie(&packed[..3], &l, &[]);
    let mut damaged = packed.clone();
    *damaged.last_mut().unwrap() ^= 1;
    damaged[packed.len() - 6] ^= 1;
    lie(&damaged, &l, &["damaged"]);
    lie(&[], &l, &["empty"]);
    lie(&[0], &l, &["truncated"]);
    lie(b"garbage, not a data set at all", &l, &["0x67617262"]);
    refused(read(&format!("idx:{}", folder.path().display())), &["a folder"]);
    refused(read("idx:/no/such/file"), &["/no/such/file", "does not exist"]);
    fs::write(folder.path().join("i"), &i).unwrap();
    refused(read(&format!("idx:{}/i,/no/labels", folder.path().display())), &["/no/labels", "does not exist"]);
}

#[test]
fn a_gzip_bomb_stops_at_what_the_header_announces() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&images(10, 4, 4)).unwrap();
    for _ in 0..128 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    refused(read(&pair(folder.path(), &bomb, &labels(10))), &["goes on after"]);
    refused(read(&pair(folder.path(), &images(10, 4, 4), &bomb)), &["holds images where labels"]);
}
