//! Where the ViT looks: the share of the last block's CLS attention that lies on the object of procedural shapes.
//!
//! Shares are of the attention to patches; what CLS pays to itself is left out, so that even attention has the object's share of
//! the area.

use crate::gpu::{Kernel, Tape, Tensor};
use crate::ops::reference::Host;
use crate::snapshot::AttentionReferences;

const SHARE: Kernel = Kernel::new("observe/attention_share.wgsl");

/// The share of each image's attention on its mask, mean over heads. attention (L, images · heads, 1 + patches), masks
/// (1, images, patches) → (L, images, 1).
pub fn attention_share(tape: &mut Tape<'_>, attention: &Tensor, masks: &Tensor) -> Tensor {
    let [learners, rows, columns] = attention.shape();
    let [_, images, patches] = masks.shape();
    assert!(rows.is_multiple_of(images) && columns > patches, "{} beside {}", attention.name, masks.name);
    let y = tape.tensor("attention_share", [learners, images, 1]);
    tape.dispatch(&SHARE)
        .set("images", images)
        .set("heads", rows / images)
        .set("columns", columns)
        .set("patches", patches)
        .read("attention", attention)
        .read("mask", masks)
        .write("y", &y)
        .flops(3 * attention.all_elements())
        .over([images, 1, learners]);
    y
}

/// Naive.
pub fn reference(attention: &Host, masks: &Host) -> Host {
    let [_, images, patches] = masks.shape;
    let heads = attention.shape[1] / images;
    Host::from_fn([attention.shape[0], images, 1], |l, image, _| {
        let share = |head: usize| {
            let weight = |p: usize| attention.at(l, image * heads + head, 1 + p);
            let all: f64 = (0..patches).map(weight).sum();
            (0..patches).map(|p| weight(p) * masks.at(0, image, p)).sum::<f64>() / all
        };
        (0..heads).map(share).sum::<f64>() / heads as f64
    })
}

/// What no attention is needed for: the mean area, and the share on each object of the mean of all objects' masks (that objects
/// lie in the middle). `masks` are (images, patches).
pub fn references(masks: &[f32], patches: usize) -> AttentionReferences {
    let images = (masks.len() / patches).max(1) as f32;
    let mut mean = vec![0.0; patches];
    for mask in masks.chunks_exact(patches) {
        mean.iter_mut().zip(mask).for_each(|(mean, covered)| *mean += covered / images);
    }
    let total: f32 = mean.iter().sum();
    let center_prior = mean.iter().map(|covered| covered * covered).sum::<f32>() / total.max(1e-12);
    AttentionReferences { untrained: None, area: total / patches as f32, center_prior }
}
