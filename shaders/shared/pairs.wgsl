// Four floats as two u64, and back: llvmpipe pays 8 ns for every element it loads or stores, whether of 4 bytes or of 8
// (12 against 7 GFLOP/s in matmul_nt_register).

fn low(pair: u64) -> f32 { return bitcast<f32>(u32(pair)); }
fn high(pair: u64) -> f32 { return bitcast<f32>(u32(pair >> 32u)); }
fn unpack(four: vec2<u64>) -> vec4<f32> { return vec4<f32>(low(four.x), high(four.x), low(four.y), high(four.y)); }
fn pack_pair(x: f32, y: f32) -> u64 { return u64(bitcast<u32>(x)) | (u64(bitcast<u32>(y)) << 32u); }
fn pack(four: vec4<f32>) -> vec2<u64> { return vec2<u64>(pack_pair(four.x, four.y), pack_pair(four.z, four.w)); }
