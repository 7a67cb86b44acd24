//! The cloud as it is shown: its last projections in a ring of slots on the GPU, the newest's numbers on the CPU for pointer and
//! colours, and the neighbours of the image that was chosen.
//!
//! Subtlety: a projection counts as shown only when its numbers are here. The ring has room for more than may be under way, so that
//! what is drawn from it and what is picked in it are one and the same.

use std::sync::Arc;

use crate::gpu::{Gpu, Readback};
use crate::observe::neighbours::{NEIGHBOURS, decode};
use crate::observe::probe::Probe;
use crate::snapshot::{Cloud, Selection};

/// Projections kept.
const SLOTS: u32 = 64;
/// Copies that can be under way at a time.
const COPIES: usize = 4;

/// See the module.
pub(super) struct Showing {
    ring: wgpu::Buffer,
    /// Projections made so far.
    made: u64,
    copies: Readback,
    newest: Option<Newest>,
    selected: Option<u32>,
    neighbour_copies: Readback,
    neighbours: Arc<[(u32, f32)]>,
}

struct Newest {
    number: u64,
    places: Arc<[f32]>,
    clusters: Arc<[u32]>,
    prototypes: Arc<[u32]>,
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

impl Showing {
    pub(super) fn new(gpu: &Gpu, probe: &Probe) -> Self {
        let points = u64::from(probe.count) * 32;
        let ring = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("shown projections"),
            size: points * u64::from(SLOTS),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let copied = points + u64::from(probe.count) * 8;
        Self {
            ring,
            made: 0,
            copies: Readback::new(gpu, copied, COPIES),
            newest: None,
            selected: None,
            neighbour_copies: Readback::new(gpu, u64::from(NEIGHBOURS) * 8, COPIES),
            neighbours: Arc::default(),
        }
    }

    /// Chooses an image, or none; true if its neighbours are to be measured.
    pub(super) fn select(&mut self, gpu: &Gpu, probe: &Probe, image: Option<u32>) -> bool {
        let image = image.filter(|&image| image < probe.count);
        if image != self.selected {
            self.selected = image;
            self.neighbours = Arc::default();
            gpu.upload(&probe.chosen, &[image.unwrap_or(u32::MAX)]);
        }
        image.is_some()
    }

    pub(super) const fn has_selection(&self) -> bool {
        self.selected.is_some()
    }

    /// Keeps the projection that was just made, and asks for its numbers.
    pub(super) fn keep(&mut self, encoder: &mut wgpu::CommandEncoder, probe: &Probe) {
        let (bytes, slot) = (u64::from(probe.count) * 32, self.made % u64::from(SLOTS));
        encoder.copy_buffer_to_buffer(&probe.points.buffer, probe.points.offset, &self.ring, slot * bytes, bytes);
        let mut parts = vec![&probe.points, &probe.clusters];
        parts.extend(&probe.prototypes);
        self.copies.record_firsts(encoder, &parts, self.made);
        self.made += 1;
    }

    /// Asks for the neighbours that were just measured.
    pub(super) fn keep_neighbours(&mut self, encoder: &mut wgpu::CommandEncoder, probe: &Probe) {
        if let Some(image) = self.selected {
            self.neighbour_copies.record_firsts(encoder, &[&probe.neighbours], image.into());
        }
    }

    pub(super) fn submitted(&mut self) {
        self.copies.submitted();
        self.neighbour_copies.submitted();
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.copies.is_waiting() || self.neighbour_copies.is_waiting()
    }

    pub(super) fn has_room(&self) -> bool {
        self.copies.has_room() && self.neighbour_copies.has_room()
    }

    /// Takes in what has arrived.
    pub(super) fn collect(&mut self, probe: &Probe) {
        let (newest, count) = (&mut self.newest, probe.count as usize);
        self.copies.collect(|number, bytes| {
            let (points, rest) = bytes.split_at(count * 32);
            let (clusters, prototypes) = rest.split_at(count * 4);
            *newest = Some(Newest {
                number,
                places: words(points).map(f32::from_bits).collect(),
                clusters: words(clusters).collect(),
                prototypes: words(prototypes).collect(),
            });
        });
        let (selected, neighbours) = (self.selected, &mut self.neighbours);
        self.neighbour_copies.collect(|image, bytes| {
            if let Some(chosen) = selected.filter(|&chosen| u64::from(chosen) == image) {
                let words: Vec<u32> = words(bytes).collect();
                *neighbours = decode(&words, chosen, probe.count).into();
            }
        });
    }

    /// The cloud as it is to be drawn, once there is one.
    pub(super) fn cloud(&self, probe: &Probe, dimensions: u32, explained: Option<f32>, view_side: u32) -> Option<Cloud> {
        let newest = self.newest.as_ref()?;
        Some(Cloud {
            points: self.ring.clone(),
            slots: SLOTS,
            newest: newest.number,
            count: probe.count,
            places: newest.places.clone(),
            clusters: newest.clusters.clone(),
            cluster_count: probe.cluster_count,
            prototypes: newest.prototypes.clone(),
            selection: self.selected.map(|image| Selection { image, neighbours: self.neighbours.clone() }),
            dimensions,
            explained,
            views: probe.views.buffer.clone(),
            view_side,
        })
    }
}
