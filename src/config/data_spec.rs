//! Where images come from, as text: `synthetic:weaves`, `cifar10:DIR`, `idx:IMAGES,LABELS`, `folder:DIR`.
//!
//! Contract: parsing touches no file; `Display` writes what `FromStr` reads. Subtlety: of an `idx` source the *last* comma
//! parts images from labels.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{ConfigError, nearest, shown};

/// The forms that a data source may have, for messages.
pub const FORMS: &str = "synthetic[:weaves|weaves-hard|shapes|shapes-grey], cifar10:DIR, idx:IMAGES[,LABELS] or folder:DIR";

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
            DataSpec::Cifar10(_) | DataSpec::Idx { .. } | DataSpec::Folder(_) => 0.1,
        }
    }

    /// The area of local crops that suits the source: a piece that still holds what identifies the image.
    pub fn natural_local_area(&self) -> [f32; 2] {
        match self {
            DataSpec::Synthetic(Scene::Weaves | Scene::WeavesHard) => [0.03, 0.12],
            DataSpec::Synthetic(Scene::Shapes | Scene::ShapesGrey) => [0.15, 0.45],
            DataSpec::Cifar10(_) | DataSpec::Idx { .. } | DataSpec::Folder(_) => [0.05, 0.4],
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
            "idx" => {
                let (images, labels) = match rest.and_then(|rest| rest.rsplit_once(',')) {
                    Some((images, labels)) => (Some(images), Some(path(Some(labels), "a label file after the comma")?)),
                    None => (rest, None),
                };
                Ok(DataSpec::Idx { images: path(images, "an image file")?, labels })
            }
            _ => {
                let hint = nearest(kind, ["synthetic", "cifar10", "idx", "folder"])
                    .map(|name| format!(", did you mean `{name}`?"))
                    .unwrap_or_default();
                Err(refuse(format!("unknown kind {}{hint}", shown(kind))))
            }
        }
    }
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
