//! Kernel families: their names, their shader files, and that a choice is taken where a step is recorded.

use std::collections::{BTreeMap, BTreeSet};

use twinlens::gpu::{AdapterChoice, Choices, Gpu, MadeFor, ShaderLibrary, Tape};
use twinlens::observe;
use twinlens::ops;

#[test]
fn families_are_named_once_and_their_shaders_exist() {
    let shaders = ShaderLibrary::embedded();
    let files: BTreeSet<String> =
        shaders.paths().iter().map(|file| file.rsplit('/').next().unwrap_or(file).trim_end_matches(".wgsl").to_owned()).collect();
    assert!(files.len() > 100);
    let mut owner = BTreeMap::new();
    for family in observe::families() {
        assert!(family.variants.len() >= 2, "{} has one variant", family.name);
        let names: BTreeSet<&str> = family.variants.iter().map(|variant| variant.name).collect();
        assert_eq!(names.len(), family.variants.len(), "variants of {}", family.name);
        let kinds = |kind| family.variants.iter().any(|variant| variant.made_for == kind);
        assert!(kinds(MadeFor::Gpu), "{} has nothing for GPUs", family.name);
        assert!(owner.insert(family.name.to_owned(), family.name).is_none(), "two families are called {}", family.name);
        let own: BTreeSet<&str> = family.variants.iter().flat_map(|variant| variant.kernels).copied().collect();
        for name in own {
            // A product's shader may serve all layouts.
            let shared = ["_nt_", "_nn_", "_tn_"].into_iter().fold(name.to_owned(), |name, layout| name.replace(layout, "_"));
            assert!(files.contains(name) || files.contains(&shared), "{}: there is no shader {name}", family.name);
            assert!(owner.insert(format!("kernel {name}"), family.name).is_none(), "two families have {name}");
        }
    }
    assert!(owner.len() >= ops::FAMILIES.len());
}

#[test]
fn what_is_asked_for_is_taken_and_what_cannot_be_is_not() {
    let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
    for family in observe::families() {
        let last = family.variants.last().expect("a family has variants");
        for variant in family.offered(&gpu) {
            let mut tape = Tape::new(&gpu).with_choices(Choices::default().with(family, variant));
            assert_eq!(tape.choose(family, |_| true), variant.name, "{}", family.name);
            // Where it does not take the shape, something else is.
            if variant != last {
                assert_ne!(tape.choose(family, |name| name != variant.name), variant.name, "{}", family.name);
            }
        }
        let mut choices = Choices::default().with(family, last);
        choices.set(family, None);
        assert_eq!(choices, Choices::default());
    }
}
