//! Shaders and assets are embedded; a change in them must rebuild the crate.

fn main() {
    println!("cargo:rerun-if-changed=shaders");
    println!("cargo:rerun-if-changed=assets");
}
