//! The clouds as they are shown: their last projections in a ring of slots on the GPU, the newest's numbers on the CPU for pointer
//! and colours, and the neighbours of the image that was chosen.
//!
//! A past cloud is put into the ring like any other, so the picture moves there and back.
//!
//! Subtlety: a projection counts as shown only when its numbers are here. The ring has room for more than may be under way, so that
//! what is drawn from it and what is picked in it are one and the same.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::gpu::{Gpu, Readback};
use crate::observe::neighbours::{NEIGHBOURS, decode};
use crate::observe::probe::Probe;
use crate::snapshot::{Cloud, Selection};

/// Projections kept.
const SLOTS: u32 = 64;
/// Bytes of the ring at most: many learners get fewer slots.
const RING_BYTES: u64 = 32 << 20;
/// Slots at least: as many as may be under way, and two to move between.
const LEAST_SLOTS: u64 = 8;
/// Copies that can be under way at a time.
const COPIES: usize = 4;

/// See the module.
pub(super) struct Showing {
    ring: wgpu::Buffer,
    slots: u32,
    /// Projections made so far.
    made: u64,
    copies: Readback,
    /// Of the projections whose numbers are on their way: number and step.
    steps: VecDeque<(u64, u64)>,
    newest: Option<Newest>,
    /// The newest of the present, while a past one is shown.
    present: Option<Clouds>,
    selected: Option<u32>,
    neighbour_copies: Readback,
    neighbours: Arc<[(u32, f32)]>,
}

struct Newest {
    number: u64,
    clouds: Clouds,
}

/// What is known of all learners' clouds, one a learner.
pub(super) type Clouds = Arc<[Numbers]>;

/// What is known of one learner's cloud.
pub(super) struct Numbers {
    places: Arc<[f32]>,
    clusters: Arc<[u32]>,
    prototypes: Arc<[u32]>,
}

/// What a cloud is shown with.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// Dimensions of a projection.
    pub(super) dimensions: u32,
    /// Share of the squared length that the axes show.
    pub(super) explained: Option<f32>,
    /// Side of a view in pixels.
    pub(super) view_side: u32,
    /// It is the learner whose neighbours are measured.
    pub(super) in_front: bool,
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}

impl Showing {
    pub(super) fn new(gpu: &Gpu, probe: &Probe) -> Self {
        let (points, learners) = (probe.points.bytes(), u64::from(probe.points.learners));
        let slots = (RING_BYTES / points).clamp(LEAST_SLOTS, u64::from(SLOTS));
        let ring = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("shown projections"),
            size: points * slots,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let copied = points + learners * u64::from(probe.count) * 8;
        Self {
            ring,
            slots: slots as u32,
            made: 0,
            copies: Readback::new(gpu, copied, COPIES),
            steps: VecDeque::new(),
            newest: None,
            present: None,
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

    /// Another learner is in front: its neighbours are not those of the last. True if they are to be measured.
    pub(super) fn forget_neighbours(&mut self) -> bool {
        self.neighbours = Arc::default();
        self.has_selection()
    }

    pub(super) const fn has_selection(&self) -> bool {
        self.selected.is_some()
    }

    /// Keeps the projection that was just made at `step`, and asks for its numbers.
    pub(super) fn keep(&mut self, encoder: &mut wgpu::CommandEncoder, probe: &Probe, step: u64) {
        let (bytes, slot) = (probe.points.bytes(), self.made % u64::from(self.slots));
        encoder.copy_buffer_to_buffer(&probe.points.buffer, probe.points.offset, &self.ring, slot * bytes, bytes);
        let mut parts = vec![&probe.points, &probe.clusters];
        parts.extend(&probe.prototypes);
        if self.copies.record_parts(encoder, &parts, self.made) {
            self.steps.push_back((self.made, step));
        }
        self.made += 1;
    }

    /// Shows a past projection (none: no cloud is known of then), until [`Self::show_present`].
    pub(super) fn show_past(&mut self, gpu: &Gpu, probe: &Probe, clouds: Option<&Clouds>) {
        if self.present.is_none() {
            self.present = Some(self.newest.take().map_or_else(|| Arc::from([]), |newest| newest.clouds));
        }
        self.newest = None;
        if let Some(clouds) = clouds {
            self.put(gpu, probe, clouds.clone());
        }
    }

    /// Shows the newest projection again.
    pub(super) fn show_present(&mut self, gpu: &Gpu, probe: &Probe) {
        if let Some(clouds) = self.present.take() {
            self.newest = None;
            if !clouds.is_empty() {
                self.put(gpu, probe, clouds);
            }
        }
    }

    /// From now on this is the newest projection; none that was made before is on its way.
    pub(super) fn go_back(&mut self, gpu: &Gpu, probe: &Probe, clouds: Option<&Clouds>) {
        self.present = None;
        self.neighbours = Arc::default();
        if let Some(clouds) = clouds {
            self.put(gpu, probe, clouds.clone());
        }
    }

    /// The newest projection of the present, if one is known.
    pub(super) fn newest(&self) -> Option<Clouds> {
        let clouds = self.present.clone().or_else(|| Some(self.newest.as_ref()?.clouds.clone()))?;
        (!clouds.is_empty()).then_some(clouds)
    }

    /// Puts numbers that are here into the next slot of the ring.
    fn put(&mut self, gpu: &Gpu, probe: &Probe, clouds: Clouds) {
        let (bytes, slot) = (probe.points.bytes(), self.made % u64::from(self.slots));
        let places: Vec<f32> = clouds.iter().flat_map(|numbers| numbers.places.iter().copied()).collect();
        debug_assert_eq!(places.len() as u64 * 4, bytes, "the clouds of all learners");
        gpu.queue.write_buffer(&self.ring, slot * bytes, bytemuck::cast_slice(&places));
        self.newest = Some(Newest { number: self.made, clouds });
        self.made += 1;
    }

    /// Asks for the neighbours that were just measured.
    pub(super) fn keep_neighbours(&mut self, encoder: &mut wgpu::CommandEncoder, probe: &Probe, learner: u32) {
        if let Some(image) = self.selected {
            self.neighbour_copies.record_of(encoder, &[&probe.neighbours], learner, image.into());
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

    /// Takes in what has arrived: the newest projection and its step.
    pub(super) fn collect(&mut self, gpu: &Gpu, probe: &Probe) -> Option<(u64, Clouds)> {
        let (mut arrived, count, learners) = (None, probe.count as usize, probe.points.learners as usize);
        self.copies.collect(|number, bytes| {
            let (points, rest) = bytes.split_at(learners * count * 32);
            let (clusters, prototypes) = rest.split_at(learners * count * 4);
            let clouds = (0..learners).map(|learner| {
                let of = |bytes: &[u8], each: usize| bytes.get(learner * each..(learner + 1) * each).unwrap_or_default().to_vec();
                Numbers {
                    places: words(&of(points, count * 32)).map(f32::from_bits).collect(),
                    clusters: words(&of(clusters, count * 4)).collect(),
                    prototypes: words(&of(prototypes, count * 4)).collect(),
                }
            });
            arrived = Some((number, clouds.collect::<Clouds>()));
        });
        let (selected, neighbours) = (self.selected, &mut self.neighbours);
        self.neighbour_copies.collect(|image, bytes| {
            if let Some(chosen) = selected.filter(|&chosen| u64::from(chosen) == image) {
                let words: Vec<u32> = words(bytes).collect();
                *neighbours = decode(&words, chosen, probe.count).into();
            }
        });
        let (number, clouds) = arrived?;
        let mut step = None;
        while self.steps.front().is_some_and(|(made, _)| *made <= number) {
            step = self.steps.pop_front().map(|(_, step)| step);
        }
        match (&mut self.present, &self.newest) {
            (Some(present), _) => *present = clouds.clone(),
            // It was made before one that was put in since.
            (None, Some(newest)) if newest.number > number => self.put(gpu, probe, clouds.clone()),
            (None, _) => self.newest = Some(Newest { number, clouds: clouds.clone() }),
        }
        Some((step?, clouds))
    }

    /// A learner's cloud as it is to be drawn, once there is one.
    pub(super) fn cloud(&self, probe: &Probe, learner: u32, shown: Shown) -> Option<Cloud> {
        let newest = self.newest.as_ref()?;
        // Neighbours are measured at the present only.
        let neighbours = if self.present.is_none() { self.neighbours.clone() } else { Arc::default() };
        let numbers = newest.clouds.get(learner as usize)?;
        Some(Cloud {
            points: self.ring.clone(),
            slots: self.slots,
            newest: newest.number,
            count: probe.count,
            learner,
            learners: probe.points.learners,
            places: numbers.places.clone(),
            clusters: numbers.clusters.clone(),
            cluster_count: probe.cluster_count,
            prototypes: numbers.prototypes.clone(),
            selection: self.selected.filter(|_| shown.in_front).map(|image| Selection { image, neighbours: neighbours.clone() }),
            dimensions: shown.dimensions,
            explained: shown.explained,
            views: probe.views.buffer.clone(),
            view_side: shown.view_side,
        })
    }
}
