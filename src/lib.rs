//! Twinlens: BYOL and DINO train live on the GPU, every part of it in WGSL compute shaders, and the room watches what keeps the
//! representation from collapsing. This page is the map of the house.
//!
//! # The house
//!
//! Imports run one way; `tests/layering.rs` names every arrow that does not.
//!
//! | room | what is in it |
//! |---|---|
//! | [`gpu`] | knows wgpu, knows no machine learning: adapter choice, kernels reflected through naga, tensors, the static tape, readback ring, timestamps |
//! | [`ops`] | one file a kernel family: what is recorded, its backward, a naive f64 reference, a case table |
//! | [`nn`] | networks as shapes and offsets; layers own no weights |
//! | [`data`] | sources (procedural, CIFAR-10, IDX, folders), crops, augmentation, patches |
//! | [`methods`] | which heads there are and what is compared with what: BYOL, DINO |
//! | [`train`] | one step, recorded once; initialisation; checkpoints |
//! | [`observe`] | meters: spread, spectrum, distributions over prototypes, kNN, fragments, attention; the cloud's projection, the look at one image; the verdict |
//! | [`session`] | a running experiment, which window, commands and tests all drive |
//! | [`view`] | the picture: knows training only through [`snapshot::Snapshot`], answers with [`command::Command`]s |
//! | [`app`] | the window: winit, surfaces, input |
//! | [`cli`] | the command line, one file a command |
//!
//! [`config`], [`command`], [`snapshot`], [`profile`], [`lesson`], [`rng`], [`save`], [`folders`] and [`film`] are plain and free to import. Shaders lie in `shaders/` under the same
//! names; `shaders/shared` holds what others `#import`.
//!
//! # A step
//!
//! [`train::Trainer`] records a training step on a [`gpu::Tape`] once: views (images synthesised or sampled, cropped, coloured), both
//! networks' forward, the loss, the backward, AdamW, the teacher's EMA, the meters, the step counter. [`gpu::Tape::freeze`] checks
//! every dispatch against its shader and gives a [`gpu::Program`] that replays with nothing left to decide: the step's number, warm-up
//! and bias corrections live in a GPU buffer that the last dispatch moves on, so steps need nothing from the CPU.
//! [`session::Session`] cuts steps and measurements into slices so that frames get their turn, and takes numbers in through
//! [`gpu::Readback`] rings without waiting for them.
//!
//! **Learners.** Every tensor has a leading learner axis: L networks train in the same dispatches, each with its own seed and its own
//! switches ([`train::learner::LearnerWords`], data in a buffer). Learner 0 of L is the run alone, bit for bit. What they are to each
//! other ([`config::Gathering`]) decides how they are shown: [`view::gathering`] has the words, [`view::charts::crowd`] the lines, and
//! [`view::cloud`] draws several clouds in one pass.
//!
//! **Crops.** All crops of a network, globals and locals, go through a layer as one row matrix; [`ops::sequences::Sequences`] says
//! where each image's rows lie. The teacher gets the first rows, which are the globals'.
//!
//! **Adding things.** A kernel is one `.wgsl` and its recording function; an operation adds its cases to [`ops::all_cases`] and is
//! then checked four ways with the software and the GPU kernels (see [`ops::case`]). A method is one file and one line in
//! [`methods::build`]; a preset is one file in `assets/presets`; a key of `--set` is one row in [`config::KEYS`].
//!
//! **Kernel variants.** A [`gpu::Family`] is several ways to compute one thing; [`gpu::Tape::choose`] takes one when a step is recorded: what
//! was asked for ([`gpu::Choices`]: measured at the first start by [`session::tuning`], or picked in the window), else what suits the
//! kind of adapter. A new variant is a shader, an entry in its family, and a branch where the dispatch is recorded; the case
//! tables then check it by themselves.
//!
//! # The picture
//!
//! A frame is built anew from a [`snapshot::Snapshot`]: panels ([`view::panels`]) write with a brush in logical pixels
//! ([`view::paint`]) and push commands; wgpu draws the cloud and all pictures below them, straight from the training's buffers. A
//! colour is a meaning that knows both themes ([`view::theme`]); presenting is another set of type sizes and panes, not another
//! window. The brush can remember what it writes, and a test holds every text of every scene, size, scale and mode against the rule
//! that nothing is cut off or written over (`tests/frames/layout.rs`); names that are not ours may be shortened. It remembers, too,
//! what may be touched and what the pointer is told: every such area and every number that is written answers with a sentence
//! (`tests/frames/tips.rs`).
//!
//! What is drawn is what is quoted: captions, cards, the badge and lessons give a meter's value as its chart does
//! ([`view::charts::reading`]).
//!
//! What flows in the diagram moves with finished steps, dots move between two measured projections: nothing eases towards a value
//! that was not measured. A walked step ([`snapshot::SubStep`]) is the step's own program, stopped at the boundaries of its scopes.
//!
//! # Where we left the proposal, and why
//!
//! - **Tensors keep their buffer alive** (`Clone`, an `Arc` inside) instead of being `Copy` handles into an arena: a program that is
//!   dropped frees its activations, and a step can be recorded anew without anyone owning the old one's memory.
//! - **Shapes are always (L, R, C)**: learners, rows, columns. Everything here is a row matrix; three numbers say it all.
//! - **Uniforms are set by field name** and laid out by reflection, so there is no Rust struct to keep equal to the shader's.
//! - **2x2 regrouping costs nothing**: patches are written in Morton order, in which the four neighbours are four consecutive rows, at
//!   every level. What would be a kernel with a backward is a reshape; a test holds it against the naive regrouping.
//! - **GELU and ReLU are fused** into the normalisation before them; between the layers of a ViT's MLP and of DINO's head, where no
//!   normalisation stands, into the product's epilogue, which keeps its slopes for the backward ([`ops::linear`]). So is what is
//!   added to a residual stream.
//! - **Gradients are passed along residuals without a copy**: the gradient of a sum becomes that of the residual, and what comes later
//!   adds to it in place ([`gpu::Tape::pass_gradient`]); nobody reads it as the sum's again.
//! - **What may wait is summed once**: the parts of weight gradients (split products, chunks of a normalisation's rows) lie in one buffer
//!   and are summed in one dispatch at the end of the backward ([`gpu::Tape::collect_sums`]). Whoever asks for such a gradient
//!   earlier gets the sums first; they are the same to the bit.
//! - **Both products of a layer's backward are one dispatch** where the register kernels take both ([`ops::matmul::BACKWARD`]): they
//!   read the same gradient, and a weight gradient of few tiles alone leaves cores idle.
//! - **A ViT's qkv is two parameters**, the query's and the key's with the value's, which carry one name and are joined where they
//!   leave the program: so the last block can compute queries for CLS alone without slicing a matrix where no binding may begin.
//! - **A look at an image draws the batch's crops again** instead of copying them out: the draws hang on (seed, step, view, number in
//!   the batch), so image 0 of a batch of one is image 0 of the batch, to the bit (a test says so).
//! - **Attention is judged on patches only**: what CLS pays to itself is left out, so that even attention has the object's share of
//!   the area.
//! - **`byol` has its predictor at 15 times the learning rate and τ .985** (SCIENCE.md: 10 and .99): with views rendered afresh each
//!   step, 10 left one seed in five half collapsed at step 400 with the EMA off, and one healthy run at kNN .78; with .99 the
//!   encoder learned more before its projector collapsed without the predictor (kNN up to .47).
//! - **Inter lies in `assets/fonts`** (SIL OFL) instead of coming from a crate: no crate ships two of its weights together, and
//!   the weights tell titles from labels.
//! - **S is a whole step and W walks one**: a lecturer needs both.
//! - **`multicrop` and `attention` have DINO's temperature and centre of `dino-fast`**: with those of `dino` the ViT stays near
//!   uniform for longer than a lecture has.
//!
//! # Traps found on llvmpipe (Mesa 22.3)
//!
//! - A loop bound or branch that hangs on the uniform alone can make it compile the kernel anew at every dispatch; mixing in a
//!   `workgroup_id` component that is always 0 stops that.
//! - All loops of one invocation together end silently after 65,535 iterations.
//! - A storage load costs about 8 ns a lane however wide up to 8 bytes, so 64-bit loads halve it (`SHADER_INT64`, asked for where
//!   offered).
//! - `queue.submit` waits until the submission before it has been done, and presenting waits for the frame: wgpu chains submissions by
//!   semaphores, and Mesa waits for those on the caller's thread.
//! - Once a window has been drawn, a pass's first timestamp is taken only after its first dispatch ([`session`]'s `costs`).
//! - Once something has been drawn on the device, a timestamp is taken only when the next one is asked for: a pass then seems to take
//!   nothing, and its time lies before its begin ([`gpu::Stamps::micros`]).
//! - pcg4d's low bits are poor when only its last words vary: the counter goes first ([`rng::random4`]).

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod data;
pub mod event_log;
pub mod film;
pub mod folders;
pub mod gpu;
pub mod lesson;
pub mod methods;
pub mod nn;
pub mod observe;
pub mod ops;
pub mod profile;
pub mod rng;
pub mod save;
pub mod session;
pub mod snapshot;
pub mod train;
pub mod view;
