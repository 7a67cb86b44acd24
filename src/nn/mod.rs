//! Networks as shapes and offsets: layers own no weights. A layer is built once against a [`ParameterLayout`]; its forward is
//! recorded over any [`Network`], the student's flat buffer or the teacher's.

pub mod dino_head;
pub mod encoder;
pub mod init;
pub mod linear;
pub mod mlp;
pub mod norm;
pub mod parameters;
pub mod pyramid;
pub mod vit;

pub use dino_head::{DinoHead, DinoHeadShape, DinoOutputs};
pub use encoder::{Encoded, Encoder, Patches};
pub use linear::Linear;
pub use mlp::Mlp;
pub use norm::{Norm, NormKind};
pub use parameters::{Form, Group, Network, ParameterId, ParameterLayout, ParameterSpec, Roles, Start, TorchParameter};
pub use pyramid::Pyramid;
pub use vit::{Vit, VitShape};
