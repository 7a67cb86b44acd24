//! Kernel families: several ways to compute one thing behind one name, of which one is taken when a step is recorded.
//!
//! Contract of [`Tape::choose`](super::Tape::choose): the variant that was asked for, if the adapter has what it needs and it takes the
//! shape; else the first of the family that was made for this kind of adapter and takes it; else the family's last, which
//! takes every shape everywhere. Subtlety: variants add in different orders, so their results differ in the last bits; the
//! same bits need the same adapter and the same choices.

use std::collections::BTreeMap;

use super::context::Gpu;

/// The kind of adapter that a variant was written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeFor {
    /// CPU adapters (llvmpipe): no workgroup memory, no barriers.
    Software,
    /// GPUs.
    Gpu,
    /// Whatever nothing better takes: the plain kernel.
    Anything,
}

/// What an adapter must have to run a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// What every adapter has.
    Nothing,
    /// 64-bit integers, to load two floats at once.
    Pairs,
    /// 64-bit integers and subgroups of exactly 8 lanes.
    EightLanes,
}

/// One way to compute what its family computes.
#[derive(Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name within the family.
    pub name: &'static str,
    /// The kind of adapter it was written for.
    pub made_for: MadeFor,
    /// What it needs.
    pub needs: Needs,
    /// The names of the kernels (stems of their shader files, most of them) that it has and not all of the family have; no other
    /// family has them.
    pub kernels: &'static [&'static str],
}

impl Variant {
    /// For software adapters.
    pub const fn software(name: &'static str, needs: Needs, kernels: &'static [&'static str]) -> Self {
        Self { name, made_for: MadeFor::Software, needs, kernels }
    }

    /// For GPUs.
    pub const fn gpu(name: &'static str, needs: Needs, kernels: &'static [&'static str]) -> Self {
        Self { name, made_for: MadeFor::Gpu, needs, kernels }
    }

    /// For whatever nothing better takes.
    pub const fn plain(kernels: &'static [&'static str]) -> Self {
        Self { name: "plain", made_for: MadeFor::Anything, needs: Needs::Nothing, kernels }
    }
}

/// Kernels that compute the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, unique.
    pub name: &'static str,
    /// The stems of the shader files that several of its variants share.
    pub kernels: &'static [&'static str],
    /// Its variants, the preferred ones first; the last takes every shape on every adapter.
    pub variants: &'static [Variant],
}

impl Family {
    /// The variant of that name.
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// The stems of all its shader files.
    pub fn stems(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.kernels.iter().chain(self.variants.iter().flat_map(|variant| variant.kernels)).copied()
    }

    /// The variants that `gpu` can run.
    pub fn offered<'a>(&'static self, gpu: &'a Gpu) -> impl Iterator<Item = &'static Variant> + 'a {
        self.variants.iter().filter(move |variant| gpu.has(variant.needs))
    }
}

/// Which variants to take: what was asked for, by family; the kind of adapter decides the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    asked: BTreeMap<&'static str, &'static str>,
}

impl Choices {
    /// Asks for a variant.
    #[must_use]
    pub fn with(mut self, family: &'static Family, variant: &'static Variant) -> Self {
        self.set(family, Some(variant));
        self
    }

    /// Asks for a variant, or (none) leaves the family to the kind of adapter.
    pub fn set(&mut self, family: &'static Family, variant: Option<&'static Variant>) {
        match variant {
            Some(variant) => self.asked.insert(family.name, variant.name),
            None => self.asked.remove(family.name),
        };
    }

    /// The variant that was asked for.
    pub fn asked(&self, family: &Family) -> Option<&'static str> {
        self.asked.get(family.name).copied()
    }

    /// Everything that was asked for, as (family, variant).
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.asked.iter().map(|(&family, &variant)| (family, variant))
    }

    /// The variant for one shape; `fits` says which names take it.
    pub(super) fn choose(
        &self,
        family: &'static Family,
        gpu: &Gpu,
        software: bool,
        fits: impl Fn(&'static str) -> bool,
    ) -> &'static Variant {
        let takes = |variant: &&Variant| gpu.has(variant.needs) && fits(variant.name);
        let kind = if software { MadeFor::Software } else { MadeFor::Gpu };
        let asked = self.asked(family).and_then(|name| family.variant(name)).filter(takes);
        let suitable = || family.variants.iter().find(|variant| variant.made_for == kind && takes(variant));
        let last = || family.variants.last().unwrap_or_else(|| panic!("family {} has no variants", family.name));
        asked.or_else(suitable).unwrap_or_else(last)
    }
}

impl Gpu {
    /// Whether the adapter has what a variant needs.
    pub fn has(&self, needs: Needs) -> bool {
        let pairs = self.features.contains(wgpu::Features::SHADER_INT64);
        let subgroups = self.features.contains(wgpu::Features::SUBGROUP);
        let lanes = [self.info.subgroup_min_size, self.info.subgroup_max_size];
        match needs {
            Needs::Nothing => true,
            Needs::Pairs => pairs,
            Needs::EightLanes => pairs && subgroups && lanes == [8, 8],
        }
    }
}
