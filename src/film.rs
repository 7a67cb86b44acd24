//! Films as files: GIF by our own encoder, MP4 by `ffmpeg` on the path. `render` writes them frame by frame; the window hands its
//! frames to a [`Writer`], which encodes on a thread of its own and never makes anyone wait.
//!
//! Contract: a file appears under its name only when it is whole. Subtlety: a window's frames come when they come, so each carries
//! its time; GIF stores the time to the next one, MP4 repeats frames until the clock has caught up.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};

use crate::save::Aside;

/// The format of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An animation that every browser and slide shows; large.
    Gif,
    /// A film; needs `ffmpeg`.
    Mp4,
}

impl Kind {
    /// The end of the file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Mp4 => "mp4",
        }
    }

    /// The better format that this machine can write: MP4 where `ffmpeg` is on the path.
    pub fn at_hand() -> Self {
        let program = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX);
        let is_there =
            std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(&program).is_file()));
        if is_there { Self::Mp4 } else { Self::Gif }
    }
}

/// A film that is being written.
pub struct Film {
    file: Aside,
    rate: u32,
    encoder: Encoder,
}

enum Encoder {
    Gif(Box<GifEncoder<BufWriter<File>>>),
    Mp4(Child),
}

impl Film {
    /// Begins a film of `size` pixels at `rate` frames a second.
    pub fn open(path: &Path, kind: Kind, size: [u32; 2], rate: u32) -> io::Result<Self> {
        let file = Aside::new(path)?;
        let encoder = match kind {
            Kind::Gif => {
                let mut encoder = GifEncoder::new_with_speed(BufWriter::new(File::create(file.aside())?), 10);
                encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
                Encoder::Gif(Box::new(encoder))
            }
            Kind::Mp4 => {
                let child = Command::new("ffmpeg")
                    .args(["-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba"])
                    .args(["-s", &format!("{}x{}", size[0], size[1]), "-r", &rate.to_string(), "-i", "-", "-an"])
                    // Even sides, and the pixel format that every player knows.
                    .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-crf", "20"])
                    .args(["-movflags", "+faststart", "-f", "mp4"])
                    .arg(file.aside())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::piped())
                    .spawn()
                    .map_err(|error| {
                        let text = format!("ffmpeg is needed for .mp4 and did not start ({error}); install it, or give a .gif");
                        io::Error::new(error.kind(), text)
                    })?;
                Encoder::Mp4(child)
            }
        };
        Ok(Self { file, rate, encoder })
    }

    /// Adds a frame that stays for so many of the film's beats.
    pub fn add(&mut self, picture: &RgbaImage, beats: u32) -> io::Result<()> {
        let millis = 1000 * u64::from(beats) / u64::from(self.rate);
        match &mut self.encoder {
            Encoder::Gif(_) => self.add_for(picture, Duration::from_millis(millis)),
            Encoder::Mp4(child) => match &mut child.stdin {
                Some(pipe) => (0..beats).try_for_each(|_| pipe.write_all(picture.as_raw())),
                None => Ok(()),
            },
        }
    }

    /// GIF: adds a frame that stays for that long, to the hundredth of a second.
    fn add_for(&mut self, picture: &RgbaImage, time: Duration) -> io::Result<()> {
        let Encoder::Gif(encoder) = &mut self.encoder else { return Ok(()) };
        let delay = Delay::from_numer_denom_ms(time.as_millis().min(600_000) as u32, 1);
        encoder.encode_frame(Frame::from_parts(picture.clone(), 0, 0, delay)).map_err(io::Error::other)
    }

    /// Bytes in the file so far.
    fn bytes(&self) -> u64 {
        std::fs::metadata(self.file.aside()).map_or(0, |file| file.len())
    }

    /// It is whole: gives the file its name, and says which.
    pub fn finish(self) -> io::Result<PathBuf> {
        match self.encoder {
            Encoder::Gif(encoder) => drop(encoder), // writes the trailer and what is buffered
            Encoder::Mp4(mut child) => {
                drop(child.stdin.take());
                let output = child.wait_with_output()?;
                if !output.status.success() {
                    let said = String::from_utf8_lossy(&output.stderr);
                    return Err(io::Error::other(format!("ffmpeg: {}", said.lines().last().unwrap_or("no reason given"))));
                }
            }
        }
        let path = self.file.path().to_owned();
        self.file.finish().map(|()| path)
    }
}

/// A frame as it came from the GPU, and when.
pub struct Shot {
    /// Since the film's first frame.
    pub at: Duration,
    /// Rows of four bytes a pixel, `row_bytes` each.
    pub bytes: Vec<u8>,
    /// Bytes from one row to the next.
    pub row_bytes: usize,
    /// Blue comes first.
    pub swapped: bool,
}

impl Shot {
    /// The picture: rows without their padding, red first, opaque.
    fn picture(&self, [width, height]: [u32; 2]) -> Option<RgbaImage> {
        let mut pixels = Vec::with_capacity(width as usize * height as usize * 4);
        for row in self.bytes.chunks_exact(self.row_bytes.max(1)).take(height as usize) {
            pixels.extend_from_slice(row.get(..width as usize * 4)?);
        }
        for pixel in pixels.chunks_exact_mut(4) {
            if self.swapped {
                pixel.swap(0, 2);
            }
            pixel[3] = 255;
        }
        RgbaImage::from_raw(width, height, pixels)
    }
}

/// When a film ends by itself.
#[derive(Clone, Copy, Debug)]
pub struct Cap {
    /// After so long.
    pub time: Duration,
    /// After so many bytes, as far as they have reached the file.
    pub bytes: u64,
}

/// What became of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Where it is.
    pub path: PathBuf,
    /// How long it plays.
    pub time: Duration,
    /// Frames in it.
    pub frames: u64,
    /// Its cap ended it.
    pub capped: bool,
}

/// Frames that wait for the encoder at most.
const QUEUE: usize = 4;

/// A film that is encoded on a thread of its own.
pub struct Writer {
    queue: Option<SyncSender<Shot>>,
    thread: Option<JoinHandle<io::Result<Finished>>>,
    frames: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Writer {
    /// Begins a film; errors that show at once are told at once.
    pub fn start(path: &Path, kind: Kind, size: [u32; 2], rate: u32, cap: Cap) -> io::Result<Self> {
        let film = Film::open(path, kind, size, rate)?;
        let (sender, receiver) = sync_channel(QUEUE);
        let (frames, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::Builder::new().name("film".to_owned()).spawn({
            let (frames, over) = (frames.clone(), over.clone());
            move || {
                let result = write(film, &receiver, size, cap, &frames);
                over.store(true, Ordering::Release);
                result
            }
        })?;
        Ok(Self { queue: Some(sender), thread: Some(thread), frames, over })
    }

    /// Hands over a frame; false if it was dropped because the encoder is behind. Never waits.
    pub fn offer(&self, shot: Shot) -> bool {
        match self.queue.as_ref().map(|queue| queue.try_send(shot)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        }
    }

    /// Frames encoded so far.
    pub fn frames(&self) -> u64 {
        self.frames.load(Ordering::Acquire)
    }

    /// No frames come any more; the thread finishes the file.
    pub fn stop(&mut self) {
        self.queue = None;
    }

    /// The thread has come to its end: by [`Self::stop`], the cap, or an error.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// What became of it; waits for the thread, so ask [`Self::is_over`] first where that matters.
    pub fn finish(mut self) -> io::Result<Finished> {
        self.stop();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(io::Error::other("the encoder stopped")),
        }
    }
}

/// Writes what comes until nothing does any more; a frame is held back until the next one says for how long it stayed.
fn write(mut film: Film, queue: &Receiver<Shot>, size: [u32; 2], cap: Cap, frames: &AtomicU64) -> io::Result<Finished> {
    let mut held: Option<(RgbaImage, Duration)> = None;
    let mut written = Duration::ZERO;
    let mut capped = false;
    let mut end = Duration::ZERO;
    for shot in queue {
        capped = shot.at >= cap.time || film.bytes() >= cap.bytes;
        if capped {
            break;
        }
        let Some(picture) = shot.picture(size) else { continue };
        if let Some((before, _)) = held.take() {
            written += stay(&mut film, &before, shot.at.saturating_sub(written))?;
        }
        end = shot.at;
        held = Some((picture, shot.at));
        frames.fetch_add(1, Ordering::AcqRel);
    }
    // The last one stays for a beat at least; longer, so that a loop can be read, in a GIF.
    if let Some((last, _)) = held {
        let beat = Duration::from_secs(1) / film.rate;
        let rest = if matches!(film.encoder, Encoder::Gif(_)) { Duration::from_millis(1500) } else { beat };
        written += stay(&mut film, &last, end.saturating_sub(written) + rest)?;
    }
    let count = frames.load(Ordering::Acquire);
    if count == 0 {
        return Err(io::Error::other("no frame came"));
    }
    Ok(Finished { path: film.finish()?, time: written, frames: count, capped })
}

/// Shows a picture for about `time`; gives for how long it really does. What is missing is made up by the next one.
fn stay(film: &mut Film, picture: &RgbaImage, time: Duration) -> io::Result<Duration> {
    match film.encoder {
        Encoder::Gif(_) => {
            // Browsers play anything below 20 ms slowly.
            let hundredths = (time.as_millis() as u64 / 10).max(2);
            let time = Duration::from_millis(10 * hundredths);
            film.add_for(picture, time).map(|()| time)
        }
        Encoder::Mp4(_) => {
            let beats = (time.as_secs_f64() * f64::from(film.rate)).round() as u32;
            film.add(picture, beats).map(|()| Duration::from_secs(1) * beats / film.rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::AnimationDecoder as _;

    const NO_CAP: Cap = Cap { time: Duration::from_secs(3600), bytes: u64::MAX };

    fn shot(millis: u64, size: [u32; 2], shade: u8) -> Shot {
        let row_bytes = (size[0] as usize * 4).next_multiple_of(256);
        let bytes = [shade, 10, 200, 0].repeat(row_bytes / 4 * size[1] as usize);
        Shot { at: Duration::from_millis(millis), bytes, row_bytes, swapped: true }
    }

    fn offer_all(writer: &Writer, shots: impl Iterator<Item = Shot>) {
        for shot in shots {
            let (at, bytes, row_bytes, swapped) = (shot.at, shot.bytes, shot.row_bytes, shot.swapped);
            while !writer.is_over() && !writer.offer(Shot { at, bytes: bytes.clone(), row_bytes, swapped }) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    #[test]
    fn a_gif_plays_as_long_as_was_recorded() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.gif");
        let size = [37, 20];
        let writer = Writer::start(&path, Kind::Gif, size, 12, NO_CAP).expect("a writer");
        offer_all(&writer, (0..10).map(|index| shot(100 * index, size, 25 * index as u8)));
        assert!(!path.exists(), "the name comes when the film is whole");
        let finished = writer.finish().expect("a film");
        assert_eq!((finished.frames, finished.capped), (10, false));
        assert_eq!(finished.time, Duration::from_millis(900 + 1500));
        let decoder = image::codecs::gif::GifDecoder::new(io::BufReader::new(File::open(&path).expect("the film"))).expect("a GIF");
        let frames = decoder.into_frames().collect_frames().expect("frames");
        let times: Vec<u128> = frames.iter().map(|frame| Duration::from(frame.delay()).as_millis()).collect();
        assert_eq!(times.iter().sum::<u128>(), 2400, "{times:?}");
        let pixel = frames[9].buffer().get_pixel(5, 5);
        assert!(pixel[0].abs_diff(200) < 8 && pixel[2].abs_diff(225) < 8 && pixel[3] == 255, "{pixel:?}: red and blue are in their places");
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left aside");
    }

    #[test]
    fn nobody_waits_and_what_is_too_much_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let size = [640, 400];
        let writer = Writer::start(&folder.path().join("a.gif"), Kind::Gif, size, 12, NO_CAP).expect("a writer");
        let shots: Vec<Shot> = (0..40).map(|index| shot(10 * index, size, index as u8)).collect();
        let taken = shots.into_iter().filter(|_| true).map(|shot| writer.offer(shot)).filter(|taken| *taken).count();
        assert!((1..40).contains(&taken), "{taken} of 40 were taken");
        assert_eq!(writer.finish().expect("a film").frames, taken as u64);
    }

    #[test]
    fn the_cap_ends_a_film() {
        let folder = tempfile::tempdir().expect("a folder");
        let size = [16, 16];
        let cap = Cap { time: Duration::from_millis(500), ..NO_CAP };
        let writer = Writer::start(&folder.path().join("a.gif"), Kind::Gif, size, 12, cap).expect("a writer");
        offer_all(&writer, (0..30).map(|index| shot(50 * index, size, 0)));
        let finished = writer.finish().expect("a film");
        assert!(finished.capped);
        assert_eq!(finished.frames, 10);
    }

    #[test]
    fn nothing_is_left_where_no_frame_came() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = Writer::start(&folder.path().join("a.gif"), Kind::Gif, [16, 16], 12, NO_CAP).expect("a writer");
        assert!(writer.finish().is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn ffmpeg_writes_the_same_length() {
        if Kind::at_hand() != Kind::Mp4 {
            eprintln!("SKIPPED: ffmpeg is not installed, so no MP4 was written");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.mp4");
        let size = [65, 33];
        let writer = Writer::start(&path, Kind::Mp4, size, 20, NO_CAP).expect("a writer");
        offer_all(&writer, [0, 90, 210, 1000].into_iter().map(|millis| shot(millis, size, 99)));
        let finished = writer.finish().expect("a film");
        assert_eq!((finished.frames, finished.time), (4, Duration::from_millis(1050)));
        assert!(std::fs::metadata(path).expect("the film").len() > 500);
    }
}
