//! Where images come from, as text: `synthetic:weaves`, `cifar10:DIR`, `idx:IMAGES,LABELS`, `folder:DIR`, `several:PATH|PATH`.
//!
//! Contract: parsing touches no file; `Display` writes what `FromStr` reads. Subtlety: of an `idx` source the *last* comma
//! parts images from labels; in a `several` source, a `|` that belongs to a path is written twice.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{ConfigError, nearest, shown};

/// The forms that a data source may have, for messages.
pub const FORMS: &str =
    "synthetic[:weaves|weaves-hard|shapes|shapes-grey], cifar10:DIR, idx:IMAGES[,LABELS], folder:DIR or several:PATH|PATH...";

/// The procedural images that the GPU renders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scene {
    /// Eight materials, recognisable from a fragment.
    #[default]
    Weaves,
    /// The same under stronger clutter and illumination.
    WeavesHard,
    /// Four shapes in three textures.
    Shapes,
    /// The same with little colour, brighter or darker than the ground.
    ShapesGrey,
}

impl Scene {
    /// All of them, in the order of their codes on the GPU.
    pub const ALL: [Scene; 4] = [Scene::Weaves, Scene::WeavesHard, Scene::Shapes, Scene::ShapesGrey];

    /// The name in a data source.
    pub fn name(self) -> &'static str {
        match self {
            Scene::Weaves => "weaves",
            Scene::WeavesHard => "weaves-hard",
            Scene::Shapes => "shapes",
            Scene::ShapesGrey => "shapes-grey",
        }
    }
}

/// A source of images.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataSpec {
    /// Rendered on the GPU, without end.
    Synthetic(Scene),
    /// A folder in CIFAR-10's official binary layout.
    Cifar10(PathBuf),
    /// MNIST's file format, raw or gzipped.
    Idx {
        /// The file of images.
        images: PathBuf,
        /// The file of labels.
        labels: Option<PathBuf>,
    },
    /// A folder of pictures, or one picture.
    Folder(PathBuf),
    /// Pictures, and folders of them, each of which is a class.
    Several(Vec<PathBuf>),
}

impl Default for DataSpec {
    fn default() -> Self {
        DataSpec::Synthetic(Scene::default())
    }
}

impl DataSpec {
    /// The hue rotation (± turns) that leaves this source its classes: any for weaves, ±.15π for shapes, ±.1 turn for photographs.
    pub fn natural_hue(&self) -> f32 {
        match self {
            DataSpec::Synthetic(Scene::Weaves | Scene::WeavesHard) => 0.5,
            DataSpec::Synthetic(Scene::Shapes | Scene::ShapesGrey) => 0.075,
            DataSpec::Cifar10(_) | DataSpec::Idx { .. } | DataSpec::Folder(_) | DataSpec::Several(_) => 0.1,
        }
    }

    /// The area of local crops that suits the source: a piece that still holds what identifies the image.
    pub fn natural_local_area(&self) -> [f32; 2] {
        match self {
            DataSpec::Synthetic(Scene::Weaves | Scene::WeavesHard) => [0.03, 0.12],
            DataSpec::Synthetic(Scene::Shapes | Scene::ShapesGrey) => [0.15, 0.45],
            DataSpec::Cifar10(_) | DataSpec::Idx { .. } | DataSpec::Folder(_) | DataSpec::Several(_) => [0.05, 0.4],
        }
    }

    /// What it is called where space is short: the folder's or file's own name.
    pub fn short(&self) -> String {
        let name = |path: &Path| match path.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => path.display().to_string(),
        };
        match self {
            DataSpec::Synthetic(_) => self.to_string(),
            DataSpec::Cifar10(path) | DataSpec::Folder(path) | DataSpec::Idx { images: path, .. } => name(path),
            DataSpec::Several(paths) => match paths.as_slice() {
                [] => "nothing".to_owned(),
                [one] => name(one),
                [first, rest @ ..] => format!("{} and {} more", name(first), rest.len()),
            },
        }
    }

    /// Whether images are rendered rather than read.
    pub fn is_synthetic(&self) -> bool {
        matches!(self, DataSpec::Synthetic(_))
    }
}

impl fmt::Display for DataSpec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            DataSpec::Synthetic(scene) => write!(f, "synthetic:{}", scene.name()),
            DataSpec::Cifar10(folder) => write!(f, "cifar10:{}", folder.display()),
            DataSpec::Idx { images, labels: None } => write!(f, "idx:{}", images.display()),
            DataSpec::Idx { images, labels: Some(labels) } => write!(f, "idx:{},{}", images.display(), labels.display()),
            DataSpec::Folder(folder) => write!(f, "folder:{}", folder.display()),
            DataSpec::Several(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| path.display().to_string().replace('|', "||")).collect();
                write!(f, "several:{}", paths.join("|"))
            }
        }
    }
}

impl FromStr for DataSpec {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let refuse = |reason: String| ConfigError::BadData { text: shown(text), reason };
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let path = |rest: Option<&str>, what: &str| match rest {
            Some(rest) if !rest.is_empty() => Ok(PathBuf::from(rest)),
            _ => Err(refuse(format!("{kind} needs {what} after the colon"))),
        };
        match kind {
            "synthetic" => match rest {
                None => Ok(DataSpec::default()),
                Some(name) => Scene::ALL.into_iter().find(|scene| scene.name() == name).map(DataSpec::Synthetic).ok_or_else(|| {
                    let hint =
                        nearest(name, Scene::ALL.map(Scene::name)).map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
                    refuse(format!("unknown scene {}{hint}", shown(name)))
                }),
            },
            "cifar10" => path(rest, "a folder").map(DataSpec::Cifar10),
            "folder" => path(rest, "a folder").map(DataSpec::Folder),
            "several" => match parted(rest.unwrap_or_default()) {
                paths if paths.is_empty() => Err(refuse("several needs paths after the colon".to_owned())),
                paths => Ok(DataSpec::Several(paths)),
            },
            "idx" => {
                let (images, labels) = match rest.and_then(|rest| rest.rsplit_once(',')) {
                    Some((images, labels)) => (Some(images), Some(path(Some(labels), "a label file after the comma")?)),
                    None => (rest, None),
                };
                Ok(DataSpec::Idx { images: path(images, "an image file")?, labels })
            }
            _ if kind.contains(['/', '\\']) => {
                Err(refuse("a path alone is taken by --data only, and only where there is something at it".to_owned()))
            }
            _ => {
                let hint = nearest(kind, ["synthetic", "cifar10", "idx", "folder", "several"])
                    .map(|name| format!(", did you mean `{name}`?"))
                    .unwrap_or_default();
                Err(refuse(format!("unknown kind {}{hint}", shown(kind))))
            }
        }
    }
}

/// The paths between single `|`; a double one is a `|` of the path. Empty ones are left out.
fn parted(text: &str) -> Vec<PathBuf> {
    let (mut paths, mut path) = (Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '|' {
            path.push(letter);
        } else if letters.next_if_eq(&'|').is_some() {
            path.push('|');
        } else {
            paths.push(std::mem::take(&mut path));
        }
    }
    paths.push(path);
    paths.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

impl TryFrom<String> for DataSpec {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

impl From<DataSpec> for String {
    fn from(spec: DataSpec) -> String {
        spec.to_string()
    }
}
