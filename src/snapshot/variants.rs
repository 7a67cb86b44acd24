//! The kernel variants of the step: what a picker of them needs to know.

/// A kernel family that the step uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelChoice {
    /// Its name.
    pub family: &'static str,
    /// The stems of its shader files, of all its variants.
    pub kernels: Vec<&'static str>,
    /// The variants that this adapter can run.
    pub offered: Vec<&'static str>,
    /// The variants that the step's shapes take now: more than one where one does not take every shape.
    pub chosen: Vec<&'static str>,
    /// What was asked for; none: the kind of adapter decided.
    pub asked: Option<&'static str>,
}

impl KernelChoice {
    /// The offered variant after the one in use.
    pub fn next(&self) -> Option<&'static str> {
        let current = self.asked.or_else(|| self.chosen.first().copied())?;
        let place = self.offered.iter().position(|&name| name == current)?;
        self.offered.get((place + 1) % self.offered.len()).copied()
    }
}
