//! How dispatches are laid out over rows and over elements, so that any number of them fits the dispatch limits.

use crate::gpu::Tape;

/// Whether to use kernels that load two floats as one u64, with a thread for each of `threads` in workgroups of 8: for llvmpipe.
pub(super) fn pairs_suit(tape: &Tape<'_>, threads: u32) -> bool {
    tape.is_software() && tape.gpu().features.contains(wgpu::Features::SHADER_INT64) && threads <= 8 * 65535
}

/// One row a thread on software adapters, one row a workgroup of 64 on GPUs (32,768 rows for each y).
pub(super) fn rows_over(software: bool, rows: u32, learners: u32) -> [u32; 3] {
    if software { [rows, 1, learners] } else { [rows.min(32768) * 64, rows.div_ceil(32768), learners] }
}

/// Items for each y, as in `shaders/shared/item.wgsl`.
const ITEMS_PER_Y: u32 = 32768 * 64;

/// One item a thread; the shader finds its item with `item_index`.
pub(super) fn items_over(items: u32, learners: u32) -> [u32; 3] {
    [items.min(ITEMS_PER_Y), items.div_ceil(ITEMS_PER_Y), learners]
}
