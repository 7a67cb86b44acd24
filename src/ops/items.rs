//! How dispatches are laid out over rows and over elements, so that any number of them fits the dispatch limits.

/// Whether so many threads in workgroups of 8 fit one line of workgroups.
pub(super) const fn fits_lines(threads: u32) -> bool {
    threads <= 8 * 65535
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
