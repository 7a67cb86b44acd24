//! The picture: everything that is seen, drawn from a [`Snapshot`](crate::snapshot::Snapshot) and answered with
//! [`Command`](crate::command::Command)s. It knows nothing else of the training.

pub mod camera;
pub mod charts;
pub mod cloud;
pub mod explain;
pub mod flow;
pub mod frame;
pub mod layout;
pub mod paint;
pub mod panels;
pub mod picture;
pub mod pictures;
pub mod prototypes;
pub mod scene;
pub mod screen;
pub mod theme;
pub mod undo;

use std::path::{Path, PathBuf};

use crate::config::DataSpec;

/// The data source that a path, dropped or typed, stands for: a folder of CIFAR-10 batches, an IDX file, or else pictures.
/// A text that is a data source already ("synthetic:shapes") is taken as it is.
pub fn data_spec_of(text: &str) -> Result<DataSpec, String> {
    let text = text.trim();
    let known = ["synthetic", "cifar10:", "idx:", "folder:"].iter().any(|form| text.starts_with(form));
    if known && !Path::new(text).exists() {
        return text.parse::<DataSpec>().map_err(|error| error.to_string());
    }
    data_spec_of_path(Path::new(text))
}

/// The data source of an existing path.
pub fn data_spec_of_path(path: &Path) -> Result<DataSpec, String> {
    if path.is_dir() {
        let batches = |folder: &Path| folder.join("data_batch_1.bin").is_file();
        let inside = path.join("cifar-10-batches-bin");
        return Ok(match () {
            () if batches(path) => DataSpec::Cifar10(path.to_owned()),
            () if batches(&inside) => DataSpec::Cifar10(inside),
            () => DataSpec::Folder(path.to_owned()),
        });
    }
    if !path.is_file() {
        return Err(format!("there is nothing at {}", path.display()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.starts_with("data_batch_") {
        return Ok(DataSpec::Cifar10(path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned)));
    }
    if name.contains("idx3-ubyte") {
        let labels = path.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"));
        return Ok(DataSpec::Idx { images: path.to_owned(), labels: labels.is_file().then_some(labels) });
    }
    Ok(DataSpec::Folder(path.to_owned()))
}
