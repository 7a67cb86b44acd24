//! A ring of staging buffers: small results come back when they are ready, and nobody waits. Full ring: the copy is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::context::Gpu;
use super::memory::Tensor;

const FREE: u8 = 0;
const RECORDED: u8 = 1;
const IN_FLIGHT: u8 = 2;
const READY: u8 = 3;
const FAILED: u8 = 4;

struct Slot {
    staging: wgpu::Buffer,
    state: Arc<AtomicU8>,
    tag: u64,
    bytes: u64,
}

/// The ring. Use: [`record`](Self::record) into an encoder, submit it, [`submitted`](Self::submitted), and later
/// [`collect`](Self::collect).
pub struct Readback {
    slots: Vec<Slot>,
    next: usize,
    oldest: usize,
}

impl Readback {
    /// A ring of `slots` buffers of `bytes` (a multiple of 4) each.
    pub fn new(gpu: &Gpu, bytes: u64, slots: usize) -> Self {
        let slot = || Slot {
            staging: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("readback"),
                size: bytes,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            state: Arc::new(AtomicU8::new(FREE)),
            tag: 0,
            bytes,
        };
        Self { slots: (0..slots).map(|_| slot()).collect(), next: 0, oldest: 0 }
    }

    /// Whether a copy would find room.
    pub fn has_room(&self) -> bool {
        self.slots[self.next].state.load(Ordering::Acquire) == FREE
    }

    /// Copies `bytes` of `buffer` from `offset`; `tag` comes back with them. False if the ring is full: nothing was recorded.
    pub fn record(&mut self, encoder: &mut wgpu::CommandEncoder, buffer: &wgpu::Buffer, offset: u64, bytes: u64, tag: u64) -> bool {
        self.record_ranges(encoder, &[(buffer, offset, bytes)], tag)
    }

    /// Copies tensors one behind the other; `tag` comes back with them. False if the ring is full: nothing was recorded.
    pub fn record_parts(&mut self, encoder: &mut wgpu::CommandEncoder, tensors: &[&Tensor], tag: u64) -> bool {
        let ranges: Vec<_> = tensors.iter().map(|tensor| (&tensor.buffer, tensor.offset, tensor.bytes())).collect();
        self.record_ranges(encoder, &ranges, tag)
    }

    /// Copies what tensors hold of one learner, one behind the other. False if the ring is full: nothing was recorded.
    pub fn record_of(&mut self, encoder: &mut wgpu::CommandEncoder, tensors: &[&Tensor], learner: u32, tag: u64) -> bool {
        let parts: Vec<_> = tensors.iter().map(|tensor| tensor.of_learner(learner)).collect();
        self.record_parts(encoder, &parts.iter().collect::<Vec<_>>(), tag)
    }

    /// Bytes from one row of a copied texture to the next: a multiple of what copies are aligned to.
    pub const fn row_bytes(width: u32) -> u32 {
        (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
    }

    /// Copies a texture of four bytes a pixel, its rows [`Self::row_bytes`] apart; `tag` comes back with it. False if the ring is
    /// full: nothing was recorded.
    pub fn record_texture(&mut self, encoder: &mut wgpu::CommandEncoder, texture: &wgpu::Texture, tag: u64) -> bool {
        if !self.has_room() {
            return false;
        }
        let slot = &mut self.slots[self.next];
        let row_bytes = Self::row_bytes(texture.width());
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &slot.staging,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row_bytes), rows_per_image: None },
            },
            texture.size(),
        );
        slot.tag = tag;
        slot.bytes = u64::from(row_bytes) * u64::from(texture.height());
        slot.state.store(RECORDED, Ordering::Release);
        self.next = (self.next + 1) % self.slots.len();
        true
    }

    /// Copies ranges of buffers, (buffer, first byte, bytes) each, one behind the other. False if the ring is full: nothing was
    /// recorded.
    pub fn record_ranges(&mut self, encoder: &mut wgpu::CommandEncoder, ranges: &[(&wgpu::Buffer, u64, u64)], tag: u64) -> bool {
        if !self.has_room() {
            return false;
        }
        let slot = &mut self.slots[self.next];
        let mut place = 0;
        for &(buffer, offset, bytes) in ranges {
            encoder.copy_buffer_to_buffer(buffer, offset, &slot.staging, place, bytes);
            place += bytes;
        }
        slot.tag = tag;
        slot.bytes = place;
        slot.state.store(RECORDED, Ordering::Release);
        self.next = (self.next + 1) % self.slots.len();
        true
    }

    /// To be called after the encoder that was recorded into has been submitted.
    pub fn submitted(&mut self) {
        for slot in &self.slots {
            if slot.state.compare_exchange(RECORDED, IN_FLIGHT, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                let state = slot.state.clone();
                slot.staging.slice(..slot.bytes).map_async(wgpu::MapMode::Read, move |result| {
                    state.store(if result.is_ok() { READY } else { FAILED }, Ordering::Release);
                });
            }
        }
    }

    /// Whether copies are still on their way.
    pub fn is_waiting(&self) -> bool {
        self.slots.iter().any(|slot| slot.state.load(Ordering::Acquire) == IN_FLIGHT)
    }

    /// Hands over what has arrived, oldest first, as (tag, bytes).
    pub fn collect(&mut self, mut take: impl FnMut(u64, &[u8])) {
        loop {
            let slot = &self.slots[self.oldest];
            match slot.state.load(Ordering::Acquire) {
                READY => take(slot.tag, &slot.staging.slice(..slot.bytes).get_mapped_range()),
                FAILED => {}
                _ => return,
            }
            slot.staging.unmap();
            slot.state.store(FREE, Ordering::Release);
            self.oldest = (self.oldest + 1) % self.slots.len();
        }
    }
}
