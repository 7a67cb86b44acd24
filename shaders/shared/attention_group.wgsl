// Attention heads of up to 64 dimensions for GPUs: a thread has one row to itself, the other side's rows come in chunks through
// workgroup memory.
#import "shared/sequences.wgsl"

// Dimensions of a head.
override HEAD: u32 = 16u;
// Rows of a tile: a workgroup's threads.
const TILE: u32 = 32u;

var<workgroup> front: array<f32, 2048>;
var<workgroup> back: array<f32, 2048>;

// Rows of a chunk.
fn chunk_rows() -> u32 { return 2048u / HEAD; }
