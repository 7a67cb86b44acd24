//! Filling a long table chunk by chunk: a program that replays once a chunk, the chunk's number being on the GPU.

use crate::gpu::{Kernel, Tape, Tensor};

const STORE_ROWS: Kernel = Kernel::new("ops/store_rows.wgsl");
const COUNT: Kernel = Kernel::new("ops/count.wgsl");

/// `source` (L, R, C) holds rows counter · R and on of a long list, `table` (L, N, C) rows `first` to `first + N`: copies what
/// they share.
pub fn store_rows(tape: &mut Tape<'_>, source: &Tensor, table: &Tensor, first: u32, counter: &Tensor) {
    let [learners, rows, columns] = source.shape();
    tape.dispatch(&STORE_ROWS)
        .set("rows", rows)
        .set("columns", columns)
        .set("table_rows", table.rows)
        .set("first", first)
        .read("counter", counter)
        .read("source", source)
        .read_write("table", table)
        .untouched((8 * table.all_elements()).saturating_sub(4 * source.all_elements()))
        .over([columns, rows, learners]);
}

/// counter += 1
pub fn count(tape: &mut Tape<'_>, counter: &Tensor) {
    tape.dispatch(&COUNT).read_write("counter", counter).over([1, 1, 1]);
}
