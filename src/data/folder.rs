//! A folder of pictures of any size (png, jpeg, bmp, webp), or a single one; class = first-level subfolder. Or several of both
//! together: class = the folder.
//!
//! Contract: files are read in sorted order, in parallel, with the same result on any number of cores; what cannot be read is
//! skipped with its reason, hidden files silently. Subtlety: headers are read first, so that the longest side is chosen before
//! a pixel is decoded: 512, or less where the whole set would not fit, and only then are pictures left out.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use image::ImageDecoder;

use super::picture::{decode, decoder, reduced};
use super::progress::{Listener, Stage, tell};
use super::source::{ImageSet, LoadLimits, LoadReport, Selection, Skipped, SourceError, failed, metadata, packed, shown};

const KIND: &str = "folder";
const EXTENSIONS: [&str; 5] = ["png", "jpg", "jpeg", "bmp", "webp"];
const MAXIMUM_DEPTH: usize = 16;
const MAXIMUM_WORKERS: usize = 8;
/// Sides to which pictures are brought so that they fit together, after [`LoadLimits::longest_side`].
const SMALLER_SIDES: [u32; 6] = [384, 256, 192, 128, 96, 64];

struct Picture {
    path: PathBuf,
    class: Option<String>,
}

/// Reads a folder, or one picture.
pub(super) fn load(path: &Path, limits: &LoadLimits, listener: &mut Listener<'_>) -> Result<ImageSet, SourceError> {
    let found = metadata(KIND, path)?;
    let mut set = ImageSet { name: name_of(path), ..ImageSet::default() };
    let mut walk = Walk::new(limits, listener);
    if found.is_dir() {
        walk.folder(path, None, 0).map_err(|stop| stop.of(path))?;
    } else {
        walk.pictures.push(Picture { path: path.into(), class: None });
    }
    let pictures = walk.end(&mut set.report);
    read(pictures, set, limits, listener, |report| nothing_usable(path, !found.is_dir(), report))
}

/// Reads pictures and folders as one set; each folder is a class.
pub(super) fn load_several(paths: &[PathBuf], limits: &LoadLimits, listener: &mut Listener<'_>) -> Result<ImageSet, SourceError> {
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        let (path, reason) = (missing.display().to_string(), "there is nothing at this path".to_owned());
        return Err(SourceError::Unreadable { source_kind: "several", path, reason });
    }
    let mut set = ImageSet { name: name_of_several(paths), ..ImageSet::default() };
    let mut walk = Walk::new(limits, listener);
    for path in paths {
        walk.entry(path.clone(), None, 0).map_err(|stop| stop.of(path))?;
    }
    let pictures = walk.end(&mut set.report);
    read(pictures, set, limits, listener, |report| SourceError::NoImages {
        source_kind: KIND,
        path: name_of_several(paths),
        reasons: reasons(report),
    })
}

/// Reads the pictures that were found; `nothing` says what to say if not one can be used.
fn read(
    pictures: Vec<Picture>,
    mut set: ImageSet,
    limits: &LoadLimits,
    listener: &mut Listener<'_>,
    nothing: impl FnOnce(&LoadReport) -> SourceError,
) -> Result<ImageSet, SourceError> {
    let count = pictures.len();
    let headers = in_parallel(count, |index| guarded(|| Ok(decoder(&pictures[index].path, limits)?.dimensions())), &mut |done| {
        tell(listener, Stage::Measuring, done, count)
    })?;
    let mut usable = Vec::new();
    for (picture, header) in pictures.into_iter().zip(headers) {
        match header {
            Ok(size) => usable.push((picture, size)),
            Err(reason) => set.report.skipped.push(Skipped { path: picture.path, reason }),
        }
    }
    let side = fit(&mut usable, limits, &mut set.report);

    let one_large = Mutex::new(());
    let read = usable.len();
    let decoded = in_parallel(read, |index| guarded(|| decode(&usable[index].0.path, side, limits, &one_large)), &mut |done| {
        tell(listener, Stage::Reading, done, read)
    })?;
    let mut classes: BTreeMap<String, u16> = BTreeMap::new();
    let mut kept = Vec::new();
    for ((picture, _), decoded) in usable.into_iter().zip(decoded) {
        match decoded {
            Ok(image) => {
                if let Some(class) = &picture.class {
                    classes.insert(class.clone(), 0);
                }
                kept.push((picture, image));
            }
            Err(reason) => set.report.skipped.push(Skipped { path: picture.path, reason }),
        }
    }
    if classes.len() > usize::from(u16::MAX) {
        set.report.notes.push(format!("{} subfolders are too many for classes: none named", classes.len()));
        classes.clear();
    }
    for (number, label) in classes.values_mut().enumerate() {
        *label = number as u16;
    }
    set.class_names = classes.keys().map(|name| shown(Path::new(name))).collect();
    for (picture, image) in kept {
        let label = picture.class.and_then(|class| classes.get(&class).copied());
        if set.pixels.len() as u64 + image.pixels().len() as u64 > limits.pixels {
            let reason = "does not fit the limit on pixels".into();
            set.report.skipped.push(Skipped { path: picture.path, reason });
            continue;
        }
        set.push(image.width(), image.height(), label, image.pixels().map(|pixel| packed(pixel.0)));
    }
    set.report.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    if set.images.is_empty() {
        return Err(nothing(&set.report));
    }
    if set.class_names.len() == 1 {
        set.report.notes.push("one class only: kNN accuracy says nothing".into());
    }
    set.hold_out_every_fifth();
    Ok(set)
}

fn name_of(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.into());
    shown(full.file_name().map(Path::new).unwrap_or(path))
}

/// The first one's name, and how many more.
pub(super) fn name_of_several(paths: &[PathBuf]) -> String {
    match paths {
        [] => "nothing".to_owned(),
        [one] => name_of(one),
        [first, rest @ ..] => format!("{} and {} more", name_of(first), rest.len()),
    }
}

fn nothing_usable(path: &Path, single: bool, report: &LoadReport) -> SourceError {
    if single {
        let name = path.to_string_lossy().to_lowercase();
        let mend = if name.ends_with(".bin") {
            "give a folder of pictures, or cifar10:DIR for CIFAR-10's binary files"
        } else if name.contains("ubyte") || name.contains("idx") {
            "give a folder of pictures, or idx:IMAGES[,LABELS] for MNIST's files"
        } else {
            "give a folder of pictures, or one png, jpeg, bmp or webp picture"
        };
        let reason = report.skipped.first().map(|skipped| skipped.reason.as_str()).unwrap_or_default();
        let found = format!("a file that cannot be used ({reason})");
        return SourceError::WrongKind { source_kind: KIND, path: shown(path), found, mend: mend.into() };
    }
    SourceError::NoImages { source_kind: KIND, path: shown(path), reasons: reasons(report) }
}

/// The first reasons why pictures were skipped, or that there were none.
fn reasons(report: &LoadReport) -> String {
    if report.skipped.is_empty() {
        let notes: String = report.notes.iter().map(|note| format!("{note}; ")).collect();
        return format!("{notes}give a folder with png, jpeg, bmp or webp pictures in it");
    }
    let first: Vec<String> = report.skipped.iter().take(3).map(Skipped::to_string).collect();
    let more = report.skipped.len() - first.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", first.join("; "))
}

/// Why looking through a folder ended early.
enum Stop {
    System(std::io::Error),
    Cancelled,
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::System(error)
    }
}

impl Stop {
    fn of(self, path: &Path) -> SourceError {
        match self {
            Self::System(error) => failed(KIND, path, &error),
            Self::Cancelled => SourceError::Cancelled,
        }
    }
}

/// Finds pictures in sorted order, each with its first-level folder.
struct Walk<'a, 'b> {
    limits: &'a LoadLimits,
    listener: &'a mut Listener<'b>,
    skipped: Vec<Skipped>,
    pictures: Vec<Picture>,
    /// Real paths of the folders entered: a link back to one is not followed.
    seen: HashSet<PathBuf>,
    entries: usize,
    others: usize,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn new(limits: &'a LoadLimits, listener: &'a mut Listener<'b>) -> Self {
        Self { limits, listener, skipped: Vec::new(), pictures: Vec::new(), seen: HashSet::new(), entries: 0, others: 0 }
    }

    /// The pictures that were found; what was not one goes into the report.
    fn end(self, report: &mut LoadReport) -> Vec<Picture> {
        report.skipped.extend(self.skipped);
        if self.others > 0 {
            report.notes.push(format!("{} other files ignored", self.others));
        }
        if self.entries > self.limits.folder_entries {
            report.notes.push(format!("only the first {} entries were looked at", self.limits.folder_entries));
        }
        self.pictures
    }

    fn folder(&mut self, folder: &Path, class: Option<&str>, depth: usize) -> Result<(), Stop> {
        if !self.seen.insert(folder.canonicalize()?) {
            return Ok(());
        }
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            self.entries += 1;
            if self.entries > self.limits.folder_entries {
                break;
            }
            if self.entries.is_multiple_of(256) {
                tell(self.listener, Stage::Finding, self.entries, 0).map_err(|_| Stop::Cancelled)?;
            }
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                paths.push(entry.path());
            }
        }
        paths.sort();
        for path in paths {
            self.entry(path, class, depth)?;
        }
        Ok(())
    }

    /// A file or folder that lies `depth` folders deep.
    fn entry(&mut self, path: PathBuf, class: Option<&str>, depth: usize) -> Result<(), Stop> {
        let Ok(found) = std::fs::metadata(&path) else {
            self.skip_picture(path, "a link to nothing, or not readable");
            return Ok(());
        };
        if found.is_dir() {
            if depth == MAXIMUM_DEPTH {
                self.skip(path, "nested too deep");
                return Ok(());
            }
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match self.folder(&path, Some(class.unwrap_or(&name)), depth + 1) {
                Err(Stop::System(error)) => self.skip(path, &error.to_string()),
                other => return other,
            }
        } else if !has_picture_extension(&path) {
            self.others += 1;
        } else if !found.is_file() {
            self.skip(path, "no regular file");
        } else {
            self.pictures.push(Picture { path, class: class.map(str::to_string) });
        }
        Ok(())
    }

    fn skip_picture(&mut self, path: PathBuf, reason: &str) {
        if has_picture_extension(&path) {
            self.skip(path, reason);
        } else {
            self.others += 1;
        }
    }

    fn skip(&mut self, path: PathBuf, reason: &str) {
        self.skipped.push(Skipped { path, reason: reason.replace('\n', " ") });
    }
}

fn has_picture_extension(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Chooses the longest side at which all pictures fit; if even the least is too much, keeps an even selection.
fn fit(usable: &mut Vec<(Picture, (u32, u32))>, limits: &LoadLimits, report: &mut LoadReport) -> u32 {
    let pixels_at = |side: u32, size: (u32, u32)| {
        let (width, height) = reduced(size, side);
        u64::from(width) * u64::from(height)
    };
    let sides: Vec<u32> =
        std::iter::once(limits.longest_side).chain(SMALLER_SIDES.into_iter().filter(|side| *side < limits.longest_side)).collect();
    let total_at = |side: u32| usable.iter().map(|(_, size)| pixels_at(side, *size)).sum::<u64>();
    let count = usable.len();
    let side = sides.iter().copied().find(|side| total_at(*side) <= limits.pixels).unwrap_or(sides[sides.len() - 1]);
    let mut total = total_at(side);
    if total > limits.pixels || count > limits.images {
        let share = limits.pixels as f64 / total.max(1) as f64;
        let mut keep = limits.images.min((count as f64 * share.min(1.0)) as usize).max(1);
        loop {
            let selection = Selection::new(count, keep);
            let kept = |index: usize| selection.contains(index as u64);
            total = usable.iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, (_, size))| pixels_at(side, *size)).sum();
            if total <= limits.pixels || keep == 1 {
                let mut index = 0;
                usable.retain(|_| {
                    index += 1;
                    kept(index - 1)
                });
                break;
            }
            keep = (keep * 9 / 10).max(1);
        }
        report.notes.push(format!(
            "{count} pictures do not fit {} MiB on the GPU: an even selection of {} kept",
            (limits.pixels * 4) >> 20,
            usable.len()
        ));
    }
    let downsized = usable.iter().filter(|(_, size)| reduced(*size, side) != *size).count();
    if downsized > 0 {
        report.notes.push(format!("{downsized} pictures downsized to {side} pixels on their longer side"));
    }
    side
}

/// Turns a panic inside a decoder into a reason.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("the decoder failed on it".into()))
}

/// `work(0..count)` over the cores, results in order; `on_done` is told the number done, from this thread, and its error ends the work.
fn in_parallel<R: Send, E>(
    count: usize,
    work: impl Fn(usize) -> R + Sync,
    on_done: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAXIMUM_WORKERS).min(count);
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
    let mut stopped = None;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..workers {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for (done, (index, result)) in receiver.into_iter().enumerate() {
            results[index] = Some(result);
            if stopped.is_none()
                && let Err(error) = on_done(done + 1)
            {
                stopped = Some(error);
                next.store(count, Ordering::Relaxed);
            }
        }
    });
    match stopped {
        Some(error) => Err(error),
        None => Ok(results.into_iter().map(|result| result.expect("every index is worked on")).collect()),
    }
}
