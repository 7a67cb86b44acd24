//! MNIST's file format (IDX), raw or gzipped: unsigned bytes, images as (count, rows, columns), labels as (count).
//!
//! Contract: headers are believed only as far as the file can hold what they announce, checked before anything is allocated;
//! greys become RGB; every fifth image is held out. Subtlety: decompression stops one byte after what the header announces,
//! so a gzip bomb costs no more than an honest file.

use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::progress::{Listener, Stage, tell};
use super::source::{ImageSet, LoadLimits, Selection, SourceError, failed, open, packed, shown};

const KIND: &str = "idx";
/// Magic numbers: two zero bytes, 8 for unsigned bytes, the number of dimensions.
const LABEL_MAGIC: u32 = 0x0801;
const IMAGE_MAGIC: u32 = 0x0803;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Largest factor by which deflate can shrink a file.
const DEFLATE_RATIO: u64 = 1032;
const MAXIMUM_CONTENT_BYTES: u64 = 1 << 30;
const MAXIMUM_SIDE: u32 = 512;
const MAXIMUM_RECORDS: u32 = 1 << 24;
const FASHION: [&str; 10] = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

/// An open file past its magic number.
struct Idx<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
    /// Bytes of the file, and the most that its content can be.
    length: u64,
    most_content: u64,
    gzipped: bool,
}

impl<'a> Idx<'a> {
    fn open(path: &'a Path, magic: u32) -> Result<Self, SourceError> {
        let (mut file, length) = open(KIND, path)?;
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start).map_err(|error| failed(KIND, path, &error))?;
        let gzipped = start == GZIP_MAGIC;
        let file = BufReader::with_capacity(1 << 16, std::io::Cursor::new(start).chain(file));
        let reader: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let most_content = if gzipped { length.saturating_mul(DEFLATE_RATIO) } else { length };
        let mut idx = Idx { path, reader, length, most_content, gzipped };
        if length == 0 {
            return Err(idx.malformed("is empty".into()));
        }
        let found = idx.number("the magic number")?;
        if found == magic {
            return Ok(idx);
        }
        Err(idx.malformed(match found {
            IMAGE_MAGIC => "holds images where labels are expected".into(),
            LABEL_MAGIC => "holds labels where images are expected".into(),
            _ => format!("begins with 0x{found:08x}, where 0x{magic:08x} is expected (unsigned bytes only)"),
        }))
    }

    fn malformed(&self, what: String) -> SourceError {
        SourceError::Malformed {
            source_kind: KIND,
            path: shown(self.path),
            what,
            mend: "give idx:IMAGES[,LABELS], for example idx:train-images-idx3-ubyte.gz,train-labels-idx1-ubyte.gz".into(),
        }
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<(), SourceError> {
        self.reader.read_exact(bytes).map_err(|error| {
            let packed = if self.gzipped { " compressed" } else { "" };
            match error.kind() {
                ErrorKind::UnexpectedEof => self.malformed(format!("ends within {what} ({}{packed} bytes): it is truncated", self.length)),
                ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                    self.malformed(format!("is damaged within {what} ({})", error.to_string().replace('\n', " ")))
                }
                _ => failed(KIND, self.path, &error),
            }
        })
    }

    fn number(&mut self, what: &str) -> Result<u32, SourceError> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes, what)?;
        Ok(u32::from_be_bytes(bytes))
    }

    /// Refuses a header of `header` bytes that announces more records than the file can hold, or than are read.
    fn check_count(&self, count: u32, record: u64, header: u64) -> Result<(), SourceError> {
        let content = header + u64::from(count) * record;
        if count == 0 {
            return Err(self.malformed("announces no record".into()));
        }
        if count > MAXIMUM_RECORDS || content > MAXIMUM_CONTENT_BYTES {
            return Err(self.malformed(format!(
                "announces {count} records of {record} bytes, more than the {MAXIMUM_RECORDS} records or {} MiB that are read",
                MAXIMUM_CONTENT_BYTES >> 20
            )));
        }
        let fits = if self.gzipped { content <= self.most_content } else { content == self.length };
        if !fits {
            let compressed = if self.gzipped { " compressed" } else { "" };
            return Err(self.malformed(format!(
                "announces {count} records of {record} bytes, {content} bytes in all, but has {}{compressed} bytes",
                self.length
            )));
        }
        Ok(())
    }

    /// Refuses content after the last record.
    fn finish(mut self) -> Result<(), SourceError> {
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.malformed("goes on after what its header announces".into())),
            Err(_) => Err(self.malformed("is damaged at its end (checksum)".into())),
        }
    }
}

/// Whether this file begins as IDX images do.
pub(super) fn looks_like(path: &Path) -> bool {
    path.is_file() && Idx::open(path, IMAGE_MAGIC).is_ok()
}

/// The label file that MNIST's naming puts beside an image file.
pub(super) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let labels = images.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"));
    (labels != images && labels.is_file()).then_some(labels)
}

/// Reads an image file and its labels.
pub(super) fn load(
    images: &Path,
    labels: Option<&Path>,
    limits: &LoadLimits,
    listener: &mut Listener<'_>,
) -> Result<ImageSet, SourceError> {
    let mut file = Idx::open(images, IMAGE_MAGIC)?;
    let [count, height, width] = [file.number("its header")?, file.number("its header")?, file.number("its header")?];
    if !(1..=MAXIMUM_SIDE).contains(&height) || !(1..=MAXIMUM_SIDE).contains(&width) {
        return Err(file.malformed(format!("announces images of {width}x{height}, where 1 to {MAXIMUM_SIDE} pixels a side are read")));
    }
    file.check_count(count, u64::from(width) * u64::from(height), 16)?;
    let labels = labels.map(|path| read_labels(path, count)).transpose()?;

    let name = images.file_name().map(Path::new).unwrap_or(images);
    let mut set = ImageSet { name: shown(name), ..ImageSet::default() };
    if let Some(labels) = &labels {
        set.class_names = class_names(images, labels);
    }
    let selection = Selection::of_records(count.into(), [width, height], limits, &mut set.report).ok_or_else(|| SourceError::NoImages {
        source_kind: KIND,
        path: shown(images),
        reasons: "the limit leaves room for no image".into(),
    })?;
    let mut record = vec![0; (width * height) as usize];
    for index in 0..count {
        file.fill(&mut record, &format!("image {index} of {count}"))?;
        if selection.contains(index.into()) {
            let label = labels.as_ref().map(|labels| labels[index as usize].into());
            set.push(width, height, label, record.iter().map(|grey| packed([*grey; 3])));
        }
        if index % 1024 == 0 {
            tell(listener, Stage::Reading, index as usize, count as usize)?;
        }
    }
    file.finish()?;
    tell(listener, Stage::Reading, count as usize, count as usize)?;
    set.hold_out_every_fifth();
    Ok(set)
}

fn read_labels(path: &Path, images: u32) -> Result<Vec<u8>, SourceError> {
    let mut file = Idx::open(path, LABEL_MAGIC)?;
    let count = file.number("its header")?;
    if count != images {
        return Err(file.malformed(format!("announces {count} labels for {images} images")));
    }
    file.check_count(count, 1, 8)?;
    let mut labels = vec![0; count as usize];
    file.fill(&mut labels, "its labels")?;
    file.finish()?;
    Ok(labels)
}

fn class_names(images: &Path, labels: &[u8]) -> Vec<String> {
    let classes = labels.iter().max().map_or(0, |most| usize::from(*most) + 1);
    if classes <= FASHION.len() && images.to_string_lossy().to_lowercase().contains("fashion") {
        return FASHION.map(String::from).to_vec();
    }
    (0..classes).map(|class| class.to_string()).collect()
}
