//! The frame, drawn offscreen from made-up snapshots. No window and no training. Pictures to look at go to the folder that
//! `TWINLENS_PICTURES` names.

mod cloud;
mod crops;
mod diagram;
mod harness;
mod images;
mod kernels;
mod layout;
mod lesson;
mod map;
mod meters;
mod panes;
mod present;
mod scrubber;
mod tips;
mod twin;
mod walk;
