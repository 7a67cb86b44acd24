//! The scenes: which of the five stories the window tells. BYOL's and DINO's need a run of their method; the multi-crop scene
//! shows the crops of any run, the kernels' its training step; the map needs learners on a grid, or proposes some.

use crate::config::Method;

/// A scene.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scene {
    /// BYOL's three asymmetries, and the embedding cloud.
    #[default]
    Byol,
    /// DINO's balance, and its prototypes.
    Dino,
    /// An image with its global and local crops.
    Multicrop,
    /// The training step, kernel by kernel.
    Kernels,
    /// A grid of learners over two keys: where life ends and collapse begins.
    Map,
}

impl Scene {
    /// All scenes, in the order of the tabs.
    pub const ALL: [Self; 5] = [Self::Byol, Self::Dino, Self::Multicrop, Self::Kernels, Self::Map];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Byol => "byol",
            Self::Dino => "dino",
            Self::Multicrop => "multicrop",
            Self::Kernels => "kernels",
            Self::Map => "map",
        }
    }

    /// The scene of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scene| scene.name() == name)
    }

    /// The name on its tab.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Byol => "BYOL",
            Self::Dino => "DINO",
            Self::Multicrop => "Multi-crop",
            Self::Kernels => "Kernels",
            Self::Map => "Map",
        }
    }

    /// The number on its tab, which is also its key.
    pub const fn number(self) -> u32 {
        match self {
            Self::Byol => 1,
            Self::Dino => 2,
            Self::Multicrop => 3,
            Self::Kernels => 4,
            Self::Map => 5,
        }
    }

    /// The preset that is trained for it where none is chosen.
    pub const fn preset(self) -> &'static str {
        match self {
            Self::Kernels | Self::Map => Self::Byol.name(),
            _ => self.name(),
        }
    }

    /// The method that it is about; none if it shows any.
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Byol => Some(Method::Byol),
            Self::Dino => Some(Method::Dino),
            Self::Multicrop | Self::Kernels | Self::Map => None,
        }
    }

    /// Whether it can show a run of `method`.
    pub fn shows(self, method: Method) -> bool {
        self.method().is_none_or(|own| own == method)
    }

    /// The scene of a run where none is asked for: with local crops they are the story, else the method is.
    pub const fn of_run(method: Method, local_crops: u32) -> Self {
        match method {
            _ if local_crops > 0 => Self::Multicrop,
            Method::Byol => Self::Byol,
            Method::Dino => Self::Dino,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_methods() {
        for scene in Scene::ALL {
            assert_eq!(Scene::from_name(scene.name()), Some(scene));
        }
        assert_eq!(Scene::from_name("kernel"), None);
        assert!(Scene::Multicrop.shows(Method::Byol) && Scene::Kernels.shows(Method::Dino));
        assert!(Scene::Dino.shows(Method::Dino) && !Scene::Dino.shows(Method::Byol));
        assert_eq!(Scene::of_run(Method::Dino, 0), Scene::Dino);
        assert_eq!(Scene::of_run(Method::Dino, 4), Scene::Multicrop);
    }
}
