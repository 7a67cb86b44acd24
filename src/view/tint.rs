//! What the colours of the cloud mean: classes, clusters, the pairs' loss, prototypes.

use crate::snapshot::{Cloud, Snapshot};

use super::theme::{self, Colour};

/// What an image's colour tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tint {
    /// Its class, which training never sees.
    Class,
    /// Its cluster by the student's projection.
    Cluster,
    /// How far apart student and teacher put its two views.
    Loss,
    /// The prototype that the teacher finds likeliest.
    Prototype,
}

impl Tint {
    /// What can be shown of a run, the first being what is shown where nothing was chosen.
    pub fn of(snapshot: &Snapshot) -> Vec<Self> {
        let prototypes = snapshot.cloud.as_ref().is_some_and(|cloud| !cloud.prototypes.is_empty());
        let mut all = vec![Self::Cluster, Self::Loss];
        if !snapshot.class_names.is_empty() {
            all.insert(0, Self::Class);
        }
        if prototypes {
            all.push(Self::Prototype);
        }
        all
    }

    /// All of them.
    pub const ALL: [Self; 4] = [Self::Class, Self::Cluster, Self::Loss, Self::Prototype];

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tint| tint.title() == name)
    }

    /// Its name on screen and in lessons.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Cluster => "cluster",
            Self::Loss => "loss",
            Self::Prototype => "prototype",
        }
    }

    /// One or two sentences: what the colours say, and what they are taken from.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Class => "Colour: the class of the image. Training never sees it; it is for display only.",
            Self::Cluster => {
                "Colour: clusters of the student's projections, in all dimensions (spherical k-means, measured anew with each \
                 projection from where its centroids were). Labels play no part in it."
            }
            Self::Loss => {
                "Colour: 2 − 2 cos of the student's and the teacher's projection of the image's two views; 0 is the same direction."
            }
            Self::Prototype => "Colour: the prototype to which the teacher gives the image's largest share.",
        }
    }

    /// The colour of an image.
    pub fn colour(self, cloud: &Cloud, image: u32) -> Colour {
        let no_label = theme::CLASSES[10];
        let at = image as usize;
        match self {
            Self::Class => cloud.class(image).map_or(no_label, theme::class_colour),
            Self::Cluster => cloud.clusters.get(at).map_or(no_label, |&cluster| theme::class_colour(cluster as usize)),
            Self::Loss => cloud.loss(image).map_or(no_label, theme::loss_colour),
            Self::Prototype => cloud.prototypes.get(at).map_or(no_label, |&prototype| theme::prototype_colour(prototype)),
        }
    }
}
