//! Records the window. Its frames are copied into a ring of buffers, come back when they are ready, and are encoded on a thread of
//! their own; when either is behind, a frame is dropped and counted. No frame of the window ever waits.
//!
//! Subtlety: a film ends in steps: no more copies, then what is under way arrives, then the encoder finishes the file. Only leaving
//! the program waits for that.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::film::{Cap, Finished, Kind, Shot, Writer};
use crate::gpu::{Gpu, Readback};
use crate::save::{self, Belongs};
use crate::view::screen::Recording;

/// Copies under way at most.
const SLOTS: usize = 3;
/// How long leaving the program waits for the encoder.
const PATIENCE: Duration = Duration::from_secs(20);

/// Frames a second, and when a film ends by itself: GIFs are large.
const fn limits(kind: Kind) -> (u32, Cap) {
    match kind {
        Kind::Gif => (12, Cap { time: Duration::from_secs(30), bytes: 64 << 20 }),
        Kind::Mp4 => (25, Cap { time: Duration::from_secs(3600), bytes: 4 << 30 }),
    }
}

/// A film of the window.
pub struct Recorder {
    ring: Option<Readback>,
    writer: Writer,
    kind: Kind,
    size: [u32; 2],
    swapped: bool,
    interval: Duration,
    first: Option<Instant>,
    next: Option<Instant>,
    latest: Duration,
    taken: u64,
    dropped: u64,
    stopping: bool,
    why: Option<&'static str>,
}

impl Recorder {
    /// Begins a film of frames of `size` pixels in `format`; gives where it will lie. `name` is the file's, without its end.
    pub fn start(
        gpu: &Gpu,
        folder: Option<&Path>,
        name: &str,
        size: [u32; 2],
        format: wgpu::TextureFormat,
    ) -> Result<(Self, String), String> {
        let kind = Kind::at_hand();
        let folder = folder.map_or_else(|| save::folder_for(Belongs::Films), Path::to_owned);
        let path = save::free_name(&folder, name, kind.extension());
        let (rate, cap) = limits(kind);
        let writer = Writer::start(&path, kind, size, rate, cap)
            .map_err(|error| format!("The window cannot be recorded as {}: {error}", path.display()))?;
        let bytes = u64::from(Readback::row_bytes(size[0])) * u64::from(size[1]);
        let recorder = Self {
            ring: Some(Readback::new(gpu, bytes, SLOTS)),
            writer,
            kind,
            size,
            swapped: matches!(format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb),
            // A little less than a beat, for frames come a little early and late.
            interval: Duration::from_secs(1) * 9 / (10 * rate),
            first: None,
            next: None,
            latest: Duration::ZERO,
            taken: 0,
            dropped: 0,
            stopping: false,
            why: None,
        };
        let how = match kind {
            Kind::Mp4 => "",
            Kind::Gif => " (GIF, at most 30 s: for MP4, install ffmpeg)",
        };
        Ok((recorder, format!("Recording to {}{how}; F10 stops.", path.display())))
    }

    /// How it stands; none once it stops.
    pub fn state(&self) -> Option<Recording> {
        (!self.stopping).then_some(Recording { seconds: self.latest.as_secs_f32(), frames: self.taken })
    }

    /// Copies the frame if it is its turn; `encoder` is the one that draws it. A frame of another size ends the film.
    pub fn take(&mut self, encoder: &mut wgpu::CommandEncoder, frame: &wgpu::Texture, now: Instant) {
        if self.stopping || self.next.is_some_and(|next| now < next) {
            return;
        }
        if [frame.width(), frame.height()] != self.size {
            self.stop(Some("the window changed its size"));
            return;
        }
        if !frame.usage().contains(wgpu::TextureUsages::COPY_SRC) {
            return;
        }
        let first = *self.first.get_or_insert(now);
        self.next = Some(now + self.interval);
        self.latest = now - first;
        let copied = self.ring.as_mut().is_some_and(|ring| ring.record_texture(encoder, frame, self.latest.as_micros() as u64));
        if copied {
            self.taken += 1;
        } else {
            self.dropped += 1;
        }
    }

    /// To be called after the frame's encoder has been submitted.
    pub fn submitted(&mut self) {
        if let Some(ring) = &mut self.ring {
            ring.submitted();
        }
    }

    /// No more frames; the file is finished from [`Self::poll`] to poll. `why`, if it was not the user.
    pub fn stop(&mut self, why: Option<&'static str>) {
        if !self.stopping {
            self.stopping = true;
            self.why = why;
        }
    }

    /// The device is gone, and the copies under way with it.
    pub fn device_lost(&mut self) {
        self.ring = None;
        self.stop(Some("the graphics device was lost"));
    }

    /// Hands what has arrived to the encoder; once the film is done, gives what to say of it.
    pub fn poll(mut self) -> Result<Self, String> {
        self.collect();
        if self.writer.is_over() {
            return Err(self.report());
        }
        Ok(self)
    }

    fn collect(&mut self) {
        let row_bytes = Readback::row_bytes(self.size[0]) as usize;
        if let Some(ring) = &mut self.ring {
            ring.collect(|tag, bytes| {
                let shot = Shot { at: Duration::from_micros(tag), bytes: bytes.to_vec(), row_bytes, swapped: self.swapped };
                if !self.writer.offer(shot) {
                    self.dropped += 1;
                    self.taken = self.taken.saturating_sub(1);
                }
            });
        }
        if self.stopping && self.ring.as_ref().is_none_or(|ring| !ring.is_waiting()) {
            self.writer.stop();
        }
    }

    /// Ends the film now, waiting for all that is under way; gives what to say of it.
    pub fn finish(mut self, gpu: Option<&Gpu>) -> String {
        self.stop(None);
        match gpu {
            Some(gpu) if gpu.wait().is_ok() => {}
            _ => self.ring = None,
        }
        self.collect();
        self.writer.stop();
        let limit = Instant::now() + PATIENCE;
        while !self.writer.is_over() {
            if Instant::now() > limit {
                return "The film was given up: its encoder did not come to an end.".to_owned();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.report()
    }

    fn report(self) -> String {
        let (why, dropped, kind) = (self.why, self.dropped, self.kind);
        match self.writer.finish() {
            Ok(finished) => told(&finished, kind, dropped, why),
            Err(error) => format!("The film could not be saved: {error}"),
        }
    }
}

/// What to say of a film.
fn told(finished: &Finished, kind: Kind, dropped: u64, why: Option<&str>) -> String {
    let Finished { path, time, frames, capped } = finished;
    let mut text = format!("Saved {}: {:.1} s, {frames} frames", path.display(), time.as_secs_f32());
    if dropped > 0 {
        text += &format!(", {dropped} dropped");
    }
    text += ".";
    match (capped, why, kind) {
        (true, _, Kind::Gif) => text += " A GIF ends at 30 s or 64 MiB.",
        (true, _, Kind::Mp4) => text += " A film ends after an hour or 4 GiB.",
        (false, Some(why), _) => text += &format!(" It ended because {why}."),
        (false, None, _) => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::AdapterChoice;

    /// Frames of a texture that is cleared to another grey each time.
    #[test]
    fn frames_are_copied_dropped_and_counted_and_another_size_ends_the_film() {
        let gpu = Gpu::headless(&AdapterChoice::default().or_environment()).expect("an adapter");
        let folder = tempfile::tempdir().expect("a folder");
        let texture = |width: u32| {
            gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width, height: 40, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Bgra8Unorm,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            })
        };
        let frame = texture(70);
        let (mut recorder, _) = Recorder::start(&gpu, Some(folder.path()), "a", [70, 40], frame.format()).expect("a recorder");
        let start = Instant::now();
        let mut shown = 0;
        for index in 0..12_u32 {
            let mut encoder = gpu.device.create_command_encoder(&Default::default());
            recorder.take(&mut encoder, &frame, start + Duration::from_millis(100) * index);
            gpu.queue.submit([encoder.finish()]);
            recorder.submitted();
            // For a while nothing is taken in: the ring is full, and frames are dropped.
            if !(4..9).contains(&index) {
                gpu.wait().expect("the device");
                recorder = recorder.poll().unwrap_or_else(|text| panic!("{text}"));
                std::thread::sleep(Duration::from_millis(30));
            }
            shown += 1;
        }
        let state = recorder.state().expect("it goes on");
        assert_eq!(state.frames + recorder.dropped, shown);
        assert!(recorder.dropped >= 2, "{} were dropped", recorder.dropped);
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        recorder.take(&mut encoder, &texture(71), start + Duration::from_secs(3));
        assert_eq!(recorder.state(), None, "another size ends it");
        let limit = Instant::now() + Duration::from_secs(20);
        let text = loop {
            match recorder.poll() {
                Ok(going) => recorder = going,
                Err(text) => break text,
            }
            assert!(Instant::now() < limit, "it never ended");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(text.contains("Saved") && text.contains("dropped") && text.contains("changed its size"), "{text}");
        let files: Vec<_> = std::fs::read_dir(folder.path()).expect("the folder").flatten().map(|file| file.file_name()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
    }
}
