//! CIFAR-10 in its official binary layout: records of one label byte and 3072 planar RGB bytes.
//!
//! Contract: `data_batch_*.bin` train, `test_batch.bin` is held out; a file of another length than whole records, or a label
//! above 9, is an error. Subtlety: either kind of file may be missing; then every fifth image is held out instead.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::progress::{Listener, Stage, tell};
use super::source::{ImageSet, LoadLimits, LoadReport, Selection, SourceError, failed, metadata, open, packed, shown};

const KIND: &str = "cifar10";
const SIDE: u32 = 32;
const PLANE: usize = (SIDE * SIDE) as usize;
const RECORD: usize = 1 + 3 * PLANE;

/// Records in a file that is still believed to be CIFAR-10 (the official ones have 10,000).
const MAXIMUM_RECORDS: u64 = 500_000;
const NAMES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const MEND: &str = "unpack cifar-10-binary.tar.gz again";

/// Whether this folder holds CIFAR-10's binary files.
pub(super) fn looks_like(folder: &Path) -> bool {
    folder.is_dir() && files(folder).is_ok_and(|(training, test)| test.is_some() || !training.is_empty())
}

type Files = (Vec<PathBuf>, Option<PathBuf>);

/// The training files in order and the test file of a folder.
fn files(folder: &Path) -> Result<Files, SourceError> {
    let mut training = Vec::new();
    let mut test = None;
    for entry in std::fs::read_dir(folder).map_err(|error| failed(KIND, folder, &error))? {
        let path = entry.map_err(|error| failed(KIND, folder, &error))?.path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some("test_batch.bin") => test = Some(path),
            Some(name) if name.starts_with("data_batch_") && name.ends_with(".bin") => training.push(path),
            _ => {}
        }
    }
    training.sort_by(|a, b| (a.as_os_str().len(), a).cmp(&(b.as_os_str().len(), b)));
    Ok((training, test))
}

/// Reads the folder.
pub(super) fn load(folder: &Path, limits: &LoadLimits, listener: &mut Listener<'_>) -> Result<ImageSet, SourceError> {
    if !metadata(KIND, folder)?.is_dir() {
        return Err(SourceError::WrongKind {
            source_kind: KIND,
            path: shown(folder),
            found: "a file".into(),
            mend: "give the folder that holds data_batch_1.bin and test_batch.bin".into(),
        });
    }
    let mut folder = folder.to_path_buf();
    let (mut training, mut test) = files(&folder)?;
    let inner = folder.join("cifar-10-batches-bin"); // the archive's own folder
    if training.is_empty() && test.is_none() && inner.is_dir() {
        folder = inner;
        (training, test) = files(&folder)?;
    }
    if training.is_empty() && test.is_none() {
        let python = folder.join("data_batch_1").exists();
        let reasons = if python {
            "these are the Python files; get the binary version (cifar-10-binary.tar.gz)"
        } else {
            "there is neither data_batch_*.bin nor test_batch.bin; give the folder of cifar-10-binary.tar.gz"
        };
        return Err(SourceError::NoImages { source_kind: KIND, path: shown(&folder), reasons: reasons.into() });
    }

    let mut set = ImageSet { name: "CIFAR-10".into(), ..ImageSet::default() };
    set.class_names = class_names(&folder, &mut set.report);
    let has_test = test.is_some();
    let has_training = !training.is_empty();
    let mut batches = Vec::new();
    for (path, held_out) in training.into_iter().map(|path| (path, false)).chain(test.map(|path| (path, true))) {
        let records = records_in(&path)?;
        batches.push(Batch { path, records, held_out: held_out && has_training });
    }
    let total = batches.iter().map(|batch| batch.records).sum::<u64>();
    let selection = Selection::of_records(total, [SIDE; 2], limits, &mut set.report).ok_or_else(|| SourceError::NoImages {
        source_kind: KIND,
        path: shown(&folder),
        reasons: "the limit leaves room for no image".into(),
    })?;
    set.images.reserve_exact(selection.count());
    set.pixels.reserve_exact(selection.count() * PLANE);
    let mut first = 0;
    for batch in &batches {
        read_batch(batch, first, &selection, &mut set)?;
        first += batch.records;
        tell(listener, Stage::Reading, first as usize, total as usize)?;
    }
    if !(has_training && has_test) {
        let missing = if has_training { "test_batch.bin" } else { "data_batch_*.bin" };
        set.report.notes.push(format!("{missing} is missing"));
        set.hold_out_every_fifth();
    }
    Ok(set)
}

struct Batch {
    path: PathBuf,
    records: u64,
    held_out: bool,
}

/// Reads a file's selected records, numbered from `first` over all files; checks every label.
fn read_batch(batch: &Batch, first: u64, selection: &Selection, set: &mut ImageSet) -> Result<(), SourceError> {
    let path = &batch.path;
    let (file, _) = open(KIND, path)?;
    let mut file = BufReader::with_capacity(64 * RECORD, file);
    let mut record = [0; RECORD];
    for index in 0..batch.records {
        file.read_exact(&mut record).map_err(|error| failed(KIND, path, &error))?;
        let label = record[0];
        if usize::from(label) >= NAMES.len() {
            return Err(SourceError::Malformed {
                source_kind: KIND,
                path: shown(path),
                what: format!("has label {label} in record {index}, where 0 to 9 are expected"),
                mend: MEND.into(),
            });
        }
        if selection.contains(first + index) {
            let (red, rest) = record[1..].split_at(PLANE);
            let (green, blue) = rest.split_at(PLANE);
            let pixels = (0..PLANE).map(|i| packed([red[i], green[i], blue[i]]));
            set.push(SIDE, SIDE, Some(label.into()), pixels).held_out = batch.held_out;
        }
    }
    Ok(())
}

/// The ten names of `batches.meta.txt`, or the official ones.
fn class_names(folder: &Path, report: &mut LoadReport) -> Vec<String> {
    const MAXIMUM_BYTES: u64 = 1 << 16;
    let mut text = String::new();
    let read =
        open(KIND, &folder.join("batches.meta.txt")).is_ok_and(|(file, _)| file.take(MAXIMUM_BYTES).read_to_string(&mut text).is_ok());
    let names: Vec<String> = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(|name| shown(Path::new(name))).collect();
    if read && names.len() == NAMES.len() {
        return names;
    }
    report.notes.push("batches.meta.txt does not hold ten names: the official ones are used".into());
    NAMES.map(String::from).to_vec()
}

fn records_in(path: &Path) -> Result<u64, SourceError> {
    let (_, length) = open(KIND, path)?;
    let malformed = |what: String| Err(SourceError::Malformed { source_kind: KIND, path: shown(path), what, mend: MEND.into() });
    let records = length / RECORD as u64;
    if length == 0 {
        return malformed(format!("is empty; expected records of {RECORD} bytes (official files have 30730000 bytes)"));
    }
    if !length.is_multiple_of(RECORD as u64) {
        return malformed(format!(
            "has {length} bytes, not whole records of {RECORD} bytes: expected {} or {} bytes",
            records * RECORD as u64,
            (records + 1) * RECORD as u64
        ));
    }
    if records > MAXIMUM_RECORDS {
        return malformed(format!("has {records} records, more than the {MAXIMUM_RECORDS} that are read"));
    }
    Ok(records)
}
