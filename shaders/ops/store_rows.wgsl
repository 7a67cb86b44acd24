// Copies rows of 32-bit words into a table that holds rows first, first + 1, ... of a long list; the source's rows are those
// from counter * rows on. Rows outside of the table are left out.
// source (L, R, C); table (L, N, C). Overwrites those rows.
struct Params { rows: u32, columns: u32, table_rows: u32, first: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counter: array<u32>;
@group(0) @binding(2) var<storage, read> source: array<u32>;
@group(0) @binding(3) var<storage, read_write> table: array<u32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
    if (gid.x >= params.columns) { return; }
    let number = counter[0] * params.rows + gid.y;
    if (number < params.first || number - params.first >= params.table_rows) { return; }
    let row = number - params.first;
    table[(gid.z * params.table_rows + row) * params.columns + gid.x] = source[(gid.z * params.rows + gid.y) * params.columns + gid.x];
}
