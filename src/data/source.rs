//! Images from files: one type for every source, with a report of what was read, skipped and thinned out.
//!
//! Contract: [`load`] returns within the limits or with a one-line error; it never panics on a file's content, and the same
//! files give the same set on every machine. Subtlety: what does not fit is thinned out in even blocks with one pseudo-random
//! pick each, since plain every-nth would keep only some classes of a set that cycles through them.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::progress::Listener;
use super::{cifar10, folder, idx};
use crate::config::DataSpec;

/// One image of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageEntry {
    /// Where its pixels begin in [`ImageSet::pixels`], in pixels.
    pub offset: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Index into [`ImageSet::class_names`].
    pub label: Option<u16>,
    /// Kept from training, for the meters.
    pub held_out: bool,
}

/// Images of any size, packed as RGBA8 (one u32 a pixel, R in the low byte, alpha 255), as they will lie on the GPU.
#[derive(Clone, Debug, Default)]
pub struct ImageSet {
    /// Short name for titles.
    pub name: String,
    /// Names of the classes; empty where there are no labels.
    pub class_names: Vec<String>,
    /// The images, in the source's order.
    pub images: Vec<ImageEntry>,
    /// All pixels, image after image, row-major.
    pub pixels: Vec<u32>,
    /// What was read, skipped and thinned out.
    pub report: LoadReport,
}

impl ImageSet {
    /// Indices of the images to train on.
    pub fn training(&self) -> Vec<u32> {
        self.indices(false)
    }

    /// Indices of the images kept for the meters; all of them where none is held out.
    pub fn held_out(&self) -> Vec<u32> {
        self.indices(true)
    }

    fn indices(&self, held_out: bool) -> Vec<u32> {
        let none = !self.images.iter().any(|image| image.held_out);
        (0..self.images.len() as u32).filter(|index| none || self.images[*index as usize].held_out == held_out).collect()
    }

    /// The pixels of one image, row-major.
    pub fn pixels_of(&self, index: usize) -> &[u32] {
        let image = &self.images[index];
        &self.pixels[image.offset as usize..][..(image.width * image.height) as usize]
    }

    /// Appends an image; the caller keeps within [`LoadLimits::pixels`], so offsets fit.
    pub(super) fn push(&mut self, width: u32, height: u32, label: Option<u16>, pixels: impl IntoIterator<Item = u32>) -> &mut ImageEntry {
        let offset = self.pixels.len() as u32;
        self.pixels.extend(pixels);
        debug_assert_eq!(self.pixels.len(), offset as usize + (width * height) as usize);
        let index = self.images.len();
        self.images.push(ImageEntry { offset, width, height, label, held_out: false });
        &mut self.images[index]
    }

    /// Holds out every fifth image, counted class by class, where there are 50 or more; says in the report what it did.
    pub(super) fn hold_out_every_fifth(&mut self) {
        const LEAST: usize = 50;
        if self.images.len() < LEAST {
            self.report.notes.push(format!("fewer than {LEAST} images: none held out, the meters look at the images that are trained on"));
            return;
        }
        let mut order: Vec<usize> = (0..self.images.len()).collect();
        order.sort_by_key(|index| self.images[*index].label); // stable
        for index in order.into_iter().skip(4).step_by(5) {
            self.images[index].held_out = true;
        }
        self.report.notes.push("every fifth image held out for the meters".into());
    }
}

/// What a source may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Pixels of the whole set, four bytes each on the GPU.
    pub pixels: u64,
    /// Images of the whole set.
    pub images: usize,
    /// Longest side at which a picture from a folder is kept, in pixels.
    pub longest_side: u32,
    /// Longest side of a picture that is decoded at all, in pixels.
    pub decoded_side: u32,
    /// Bytes that one decoded picture may take.
    pub decoded_bytes: u64,
    /// Bytes of one picture file.
    pub picture_file_bytes: u64,
    /// Entries of a folder and its subfolders that are looked at.
    pub folder_entries: usize,
}

impl Default for LoadLimits {
    /// 94 MiB on the GPU: with a third more for the halvings, under the 128 MiB that every adapter binds.
    fn default() -> Self {
        LoadLimits {
            pixels: (94 << 20) / 4,
            images: 100_000,
            longest_side: 512,
            decoded_side: 16_384,
            decoded_bytes: 256 << 20,
            picture_file_bytes: 256 << 20,
            folder_entries: 500_000,
        }
    }
}

/// A file or record that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = self.path.file_name().map(Path::new).unwrap_or(&self.path);
        write!(f, "{}: {}", shown(name), self.reason)
    }
}

/// What was read and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Images in the set.
    pub loaded: usize,
    /// Files that were left out, each with its reason.
    pub skipped: Vec<Skipped>,
    /// Whatever else is worth knowing: thinning, downsizing, what is held out.
    pub notes: Vec<String>,
}

impl fmt::Display for LoadReport {
    /// One line; with `{:#}` everything, a line each.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} images", self.loaded)?;
        if !self.skipped.is_empty() {
            write!(f, ", {} skipped", self.skipped.len())?;
        }
        if f.alternate() {
            self.notes.iter().try_for_each(|note| write!(f, "\n{note}"))?;
            return self.skipped.iter().try_for_each(|skipped| write!(f, "\nskipped {}: {}", shown(&skipped.path), skipped.reason));
        }
        if let Some(first) = self.skipped.first() {
            write!(f, " ({first}{})", if self.skipped.len() > 1 { "; ..." } else { "" })?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

/// Why a source gives no images. `Display` is one line: what, where, how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing there.
    #[error("{source_kind}: {path} does not exist; check the path")]
    Missing {
        /// Kind of source.
        source_kind: &'static str,
        /// The path.
        path: String,
    },
    /// Something else than what the source reads.
    #[error("{source_kind}: {path} is {found}; {mend}")]
    WrongKind {
        /// Kind of source.
        source_kind: &'static str,
        /// The path.
        path: String,
        /// What it is.
        found: String,
        /// How to mend it.
        mend: String,
    },
    /// The system does not let it be read.
    #[error("{source_kind}: cannot read {path}: {reason}")]
    Unreadable {
        /// Kind of source.
        source_kind: &'static str,
        /// The path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// Content that does not fit the format.
    #[error("{source_kind}: {path} {what}; {mend}")]
    Malformed {
        /// Kind of source.
        source_kind: &'static str,
        /// The path.
        path: String,
        /// What is wrong, with the numbers found and expected.
        what: String,
        /// How to mend it.
        mend: String,
    },
    /// Not one image could be used.
    #[error("{source_kind}: no usable image in {path}: {reasons}")]
    NoImages {
        /// Kind of source.
        source_kind: &'static str,
        /// The path.
        path: String,
        /// The first reasons.
        reasons: String,
    },
    /// Whoever waited for it does no more.
    #[error("loading was cancelled")]
    Cancelled,
    /// Rendered images have no files.
    #[error(
        "data source {spec} is rendered on the GPU and has no files to load; give cifar10:DIR, idx:IMAGES[,LABELS], folder:DIR or several:PATH|PATH..."
    )]
    Rendered {
        /// The source.
        spec: String,
    },
}

impl SourceError {
    /// For a source whose reading broke off.
    pub fn unreadable(spec: &DataSpec, reason: &str) -> Self {
        let (source_kind, path) = match spec {
            DataSpec::Synthetic(_) => return SourceError::Rendered { spec: spec.to_string() },
            DataSpec::Cifar10(path) => ("cifar10", path),
            DataSpec::Idx { images, .. } => ("idx", images),
            DataSpec::Folder(path) => ("folder", path),
            DataSpec::Several(paths) => {
                let path = folder::name_of_several(paths);
                return SourceError::Unreadable { source_kind: "several", path, reason: reason.replace('\n', " ") };
            }
        };
        SourceError::Unreadable { source_kind, path: shown(path), reason: reason.replace('\n', " ") }
    }
}

/// Reads a source; `listener` hears how far it is, and may stop it.
pub fn load(spec: &DataSpec, limits: &LoadLimits, listener: &mut Listener<'_>) -> Result<ImageSet, SourceError> {
    let limits = LoadLimits { pixels: limits.pixels.min(1 << 30), ..*limits }; // offsets are u32
    let mut set = match spec {
        DataSpec::Synthetic(_) => {
            return Err(SourceError::Rendered { spec: spec.to_string() });
        }
        DataSpec::Cifar10(path) => cifar10::load(path, &limits, listener)?,
        DataSpec::Idx { images, labels } => idx::load(images, labels.as_deref(), &limits, listener)?,
        DataSpec::Folder(path) => folder::load(path, &limits, listener)?,
        DataSpec::Several(paths) => folder::load_several(paths, &limits, listener)?,
    };
    set.report.loaded = set.images.len();
    Ok(set)
}

/// The source that a file or folder dropped on the window most likely is.
pub fn guess(path: &Path) -> DataSpec {
    let inside = path.join("cifar-10-batches-bin"); // the archive's own folder
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    if cifar10::looks_like(path) {
        DataSpec::Cifar10(path.into())
    } else if cifar10::looks_like(&inside) {
        DataSpec::Cifar10(inside)
    } else if let Some(folder) = path.parent()
        && (name.starts_with("data_batch_") || name == "test_batch.bin")
        && cifar10::looks_like(folder)
    {
        DataSpec::Cifar10(folder.into())
    } else if idx::looks_like(path) {
        DataSpec::Idx { images: path.into(), labels: idx::labels_beside(path) }
    } else {
        DataSpec::Folder(path.into())
    }
}

/// The source that files and folders dropped together most likely are: MNIST's or CIFAR-10's files, or pictures in one set, each
/// folder a class. None of nothing.
pub fn guess_several(paths: &[PathBuf]) -> Option<DataSpec> {
    let known = |path: &&PathBuf| !matches!(guess(path), DataSpec::Folder(_));
    match paths {
        [] => None,
        [one] => Some(guess(one)),
        several => Some(match several.iter().find(known) {
            Some(path) => guess(path),
            None => {
                let mut paths = several.to_vec();
                paths.sort();
                paths.dedup();
                DataSpec::Several(paths)
            }
        }),
    }
}

/// Which of `total` records to keep so that at most `keep` remain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selection {
    total: u64,
    keep: u64,
}

impl Selection {
    /// For records of one size, within the limits; says in the report if it thins out. None if not one fits.
    pub(super) fn of_records(total: u64, [width, height]: [u32; 2], limits: &LoadLimits, report: &mut LoadReport) -> Option<Self> {
        let pixels = u64::from(width) * u64::from(height);
        let keep = (limits.pixels / pixels.max(1)).min(limits.images as u64).min(total);
        if keep < total {
            report.notes.push(format!(
                "{total} images of {width}x{height} are more than {} MiB on the GPU or {} images: an even selection of {keep} kept",
                (limits.pixels * 4) >> 20,
                limits.images
            ));
        }
        (keep > 0).then_some(Selection { total, keep })
    }

    /// `keep` of `total`, at least one.
    pub(super) fn new(total: usize, keep: usize) -> Self {
        Selection { total: total as u64, keep: keep.clamp(1, total.max(1)) as u64 }
    }

    /// Number of records kept.
    pub(super) fn count(&self) -> usize {
        self.keep as usize
    }

    /// Whether record `index` is kept: one of each of `keep` even blocks.
    pub(super) fn contains(&self, index: u64) -> bool {
        let start_of = |block: u64| (block * self.total).div_ceil(self.keep);
        let block = index * self.keep / self.total;
        let start = start_of(block);
        index == start + mixed(block) % (start_of(block + 1) - start)
    }
}

/// SplitMix64's output function.
fn mixed(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One pixel as the GPU reads it.
pub(super) fn packed([r, g, b]: [u8; 3]) -> u32 {
    u32::from_le_bytes([r, g, b, 255])
}

/// A path for messages: one line, of bounded length, the end kept.
pub(crate) fn shown(path: &Path) -> String {
    const LONGEST: usize = 160;
    let text: Vec<char> = path.to_string_lossy().chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let start = text.len().saturating_sub(LONGEST);
    let dots = if start > 0 { "..." } else { "" };
    format!("{dots}{}", text[start..].iter().collect::<String>())
}

/// What the file system knows of a path, or the error that says so.
pub(super) fn metadata(source_kind: &'static str, path: &Path) -> Result<Metadata, SourceError> {
    std::fs::metadata(path).map_err(|error| failed(source_kind, path, &error))
}

/// Opens a regular file (a pipe would block, a device never end) and gives its length in bytes.
pub(super) fn open(source_kind: &'static str, path: &Path) -> Result<(File, u64), SourceError> {
    let found = metadata(source_kind, path)?;
    if !found.is_file() {
        return Err(SourceError::WrongKind {
            source_kind,
            path: shown(path),
            found: if found.is_dir() { "a folder".into() } else { "no regular file".into() },
            mend: "give a file".into(),
        });
    }
    let file = File::open(path).map_err(|error| failed(source_kind, path, &error))?;
    Ok((file, found.len()))
}

/// The error for a failed system call.
pub(super) fn failed(source_kind: &'static str, path: &Path, error: &io::Error) -> SourceError {
    let path = shown(path);
    match error.kind() {
        io::ErrorKind::NotFound => SourceError::Missing { source_kind, path },
        _ => SourceError::Unreadable { source_kind, path, reason: error.to_string().replace('\n', " ") },
    }
}
