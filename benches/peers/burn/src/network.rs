//! Encoders and heads, of burn's own layers. Field names are PyTorch's; see `names`.
//!
//! Linear layers get plain row matrices, which burn multiplies faster than batches of small ones. The ViT's last block works out
//! queries, projection and MLP for CLS alone, as Twinlens does.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu_approximate, relu, softmax};
use burn::tensor::backend::Backend;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Tensor, module};

use crate::dump::Dump;

fn linear<B: Backend>(inputs: usize, outputs: usize, device: &B::Device) -> Linear<B> {
    LinearConfig::new(inputs, outputs).init(device)
}

fn norm<B: Backend>(dump: &Dump, features: usize, device: &B::Device) -> LayerNorm<B> {
    LayerNormConfig::new(features).with_epsilon(dump.number("/hyper/layernorm_epsilon")).init(device)
}

/// x / max(|x|, epsilon), by row.
pub fn unit<B: Backend>(x: Tensor<B, 2>, epsilon: f64) -> Tensor<B, 2> {
    let length = x.clone().square().sum_dim(1).sqrt().clamp_min(epsilon);
    x / length
}

/// A view's patches on the device.
#[derive(Clone, Debug)]
pub struct View<B: Backend> {
    /// (images · grid · grid, features).
    pub rows: Tensor<B, 2>,
    /// Patches along a side.
    pub grid: usize,
}

#[derive(Module, Debug)]
struct Stage<B: Backend> {
    linear: Linear<B>,
    norm: LayerNorm<B>,
}

/// Patches, then twice 2x2 neighbours, each through Linear, LayerNorm, GELU; mean over what is left.
#[derive(Module, Debug)]
pub struct Pyramid<B: Backend> {
    stages: Vec<Stage<B>>,
}

impl<B: Backend> Pyramid<B> {
    fn new(dump: &Dump, device: &B::Device) -> Self {
        let mut inputs = 3 * dump.size("/encoder/patch").pow(2);
        let mut stages = Vec::new();
        for width in dump.sizes("/encoder/widths") {
            stages.push(Stage { linear: linear(inputs, width, device), norm: norm(dump, width, device) });
            inputs = 4 * width;
        }
        Self { stages }
    }

    fn forward(&self, view: &View<B>) -> Tensor<B, 2> {
        let (mut x, mut grid) = (view.rows.clone(), view.grid);
        for (index, stage) in self.stages.iter().enumerate() {
            if index > 0 {
                let [rows, c] = x.dims();
                let half = grid / 2;
                let squares = x.reshape([rows / (grid * grid), half, 2, half, 2, c]).permute([0, 1, 3, 2, 4, 5]);
                x = squares.reshape([rows / 4, 4 * c]);
                grid = half;
            }
            x = gelu_approximate(stage.norm.forward(stage.linear.forward(x)));
        }
        let [rows, c] = x.dims();
        let cells = grid * grid;
        x.reshape([rows / cells, cells, c]).mean_dim(1).reshape([rows / cells, c])
    }
}

#[derive(Module, Debug)]
struct PatchEmbed<B: Backend> {
    proj: Linear<B>,
}

#[derive(Module, Debug)]
struct Attention<B: Backend> {
    qkv: Linear<B>,
    proj: Linear<B>,
    heads: usize,
}

impl<B: Backend> Attention<B> {
    /// Of the first `queries` tokens of each image to all of its; (images, queries, D).
    fn forward(&self, x: Tensor<B, 3>, queries: usize) -> Tensor<B, 3> {
        let [images, n, d] = x.dims();
        let split = |rows: Tensor<B, 2>, n: usize| rows.reshape([images, n, self.heads, d / self.heads]).swap_dims(1, 2);
        let rows = x.clone().reshape([images * n, d]);
        let (q, kv) = if queries == n {
            let qkv = self.qkv.forward(rows);
            (qkv.clone().narrow(1, 0, d), qkv.narrow(1, d, 2 * d))
        } else {
            let (weight, bias) = (self.qkv.weight.val(), self.qkv.bias.as_ref().map(Param::val));
            let part = |x, start, length| {
                module::linear(x, weight.clone().narrow(1, start, length), bias.clone().map(|bias| bias.narrow(0, start, length)))
            };
            (part(x.narrow(1, 0, queries).reshape([images * queries, d]), 0, d), part(rows, d, 2 * d))
        };
        let (q, k, v) = (split(q, queries), split(kv.clone().narrow(1, 0, d), n), split(kv.narrow(1, d, d), n));
        let scale = 1.0 / ((d / self.heads) as f64).sqrt();
        let mixed = softmax(q.matmul(k.transpose()) * scale, 3).matmul(v);
        self.proj.forward(mixed.swap_dims(1, 2).reshape([images * queries, d])).reshape([images, queries, d])
    }
}

#[derive(Module, Debug)]
struct Mlp<B: Backend> {
    fc1: Linear<B>,
    fc2: Linear<B>,
}

#[derive(Module, Debug)]
struct Block<B: Backend> {
    norm1: LayerNorm<B>,
    attn: Attention<B>,
    norm2: LayerNorm<B>,
    mlp: Mlp<B>,
}

impl<B: Backend> Block<B> {
    fn forward(&self, x: Tensor<B, 3>, queries: usize) -> Tensor<B, 3> {
        let [images, _, d] = x.dims();
        let x = x.clone().narrow(1, 0, queries) + self.attn.forward(self.norm1.forward(x), queries);
        let rows = self.norm2.forward(x.clone()).reshape([images * queries, d]);
        x + self.mlp.fc2.forward(gelu_approximate(self.mlp.fc1.forward(rows))).reshape([images, queries, d])
    }
}

/// timm's vision transformer; its output is the CLS token.
#[derive(Module, Debug)]
pub struct Vit<B: Backend> {
    cls_token: Param<Tensor<B, 3>>,
    pos_embed: Param<Tensor<B, 3>>,
    patch_embed: PatchEmbed<B>,
    blocks: Vec<Block<B>>,
    norm: LayerNorm<B>,
}

impl<B: Backend> Vit<B> {
    fn new(dump: &Dump, device: &B::Device) -> Self {
        let [d, patch, ratio] = ["dim", "patch", "mlp_ratio"].map(|key| dump.size(&format!("/encoder/{key}")));
        let tokens = 1 + (dump.size("/encoder/image_size") / patch).pow(2);
        let block = |_| Block {
            norm1: norm(dump, d, device),
            attn: Attention { qkv: linear(d, 3 * d, device), proj: linear(d, d, device), heads: dump.size("/encoder/heads") },
            norm2: norm(dump, d, device),
            mlp: Mlp { fc1: linear(d, ratio * d, device), fc2: linear(ratio * d, d, device) },
        };
        Self {
            cls_token: Param::from_tensor(Tensor::zeros([1, 1, d], device)),
            pos_embed: Param::from_tensor(Tensor::zeros([1, tokens, d], device)),
            patch_embed: PatchEmbed { proj: linear(3 * patch * patch, d, device) },
            blocks: (0..dump.size("/encoder/depth")).map(block).collect(),
            norm: norm(dump, d, device),
        }
    }

    fn forward(&self, view: &View<B>) -> Tensor<B, 2> {
        let patches = view.grid * view.grid;
        let embedded = self.patch_embed.proj.forward(view.rows.clone());
        let [rows, d] = embedded.dims();
        let images = rows / patches;
        let position = self.pos_embed.val();
        let (cls, positions) = (position.clone().narrow(1, 0, 1), position.clone().narrow(1, 1, position.dims()[1] - 1));
        let cls = (self.cls_token.val() + cls).expand([images, 1, d]);
        let x = Tensor::cat(vec![cls, embedded.reshape([images, patches, d]) + resized(positions, view.grid)], 1);
        let (last, others) = self.blocks.split_last().expect("a ViT has blocks");
        let x = others.iter().fold(x, |x, block| block.forward(x, patches + 1));
        self.norm.forward(last.forward(x, 1)).reshape([images, d])
    }
}

/// Positions (1, n · n, D) at a grid of another size, bilinear.
fn resized<B: Backend>(positions: Tensor<B, 3>, grid: usize) -> Tensor<B, 3> {
    let [_, count, d] = positions.dims();
    let side = count.isqrt();
    if side == grid {
        return positions;
    }
    let square = positions.swap_dims(1, 2).reshape([1, d, side, side]);
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_align_corners(false);
    interpolate(square, [grid, grid], options).reshape([1, d, grid * grid]).swap_dims(1, 2)
}

/// Either encoder.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are two of them")]
pub enum Encoder<B: Backend> {
    Pyramid(Pyramid<B>),
    Vit(Vit<B>),
}

/// Linear, LayerNorm, ReLU, Linear: BYOL's projector and predictor.
#[derive(Module, Debug)]
struct Projector<B: Backend> {
    at0: Linear<B>,
    at1: LayerNorm<B>,
    at3: Linear<B>,
}

impl<B: Backend> Projector<B> {
    fn new(dump: &Dump, inputs: usize, device: &B::Device) -> Self {
        let [hidden, output] = ["hidden", "bottleneck"].map(|key| dump.size(&format!("/head/{key}")));
        Self { at0: linear(inputs, hidden, device), at1: norm(dump, hidden, device), at3: linear(hidden, output, device) }
    }

    fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        self.at3.forward(relu(self.at1.forward(self.at0.forward(x))))
    }
}

#[derive(Module, Debug)]
struct HeadMlp<B: Backend> {
    at0: Linear<B>,
    at2: Linear<B>,
}

#[derive(Module, Debug)]
struct Prototypes<B: Backend> {
    weight_v: Param<Tensor<B, 2>>,
}

/// DINO's head of two linear layers: cosines with the prototypes.
#[derive(Module, Debug)]
struct Head<B: Backend> {
    mlp: HeadMlp<B>,
    last_layer: Prototypes<B>,
    epsilon: f64,
}

impl<B: Backend> Head<B> {
    fn new(dump: &Dump, inputs: usize, device: &B::Device) -> Self {
        let [hidden, bottleneck, prototypes] = ["hidden", "bottleneck", "prototypes"].map(|key| dump.size(&format!("/head/{key}")));
        assert_eq!(dump.size("/head/layers"), 2, "linear layers of DINO's head known here");
        Self {
            mlp: HeadMlp { at0: linear(inputs, hidden, device), at2: linear(hidden, bottleneck, device) },
            last_layer: Prototypes { weight_v: Param::from_tensor(Tensor::zeros([prototypes, bottleneck], device)) },
            epsilon: dump.number("/hyper/l2norm_epsilon"),
        }
    }

    fn forward(&self, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let x = self.mlp.at2.forward(gelu_approximate(self.mlp.at0.forward(x)));
        unit(x, self.epsilon).matmul(unit(self.last_layer.weight_v.val(), self.epsilon).transpose())
    }
}

/// A student or a teacher; the teacher has no predictor.
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    encoder: Encoder<B>,
    projector: Option<Projector<B>>,
    predictor: Option<Projector<B>>,
    head: Option<Head<B>>,
}

impl<B: Backend> Network<B> {
    /// With burn's initial values.
    pub fn new(dump: &Dump, device: &B::Device) -> Self {
        let (encoder, features) = if dump.text("/encoder/kind") == "pyramid" {
            (Encoder::Pyramid(Pyramid::new(dump, device)), *dump.sizes("/encoder/widths").last().expect("stages"))
        } else {
            (Encoder::Vit(Vit::new(dump, device)), dump.size("/encoder/dim"))
        };
        let byol = dump.text("/method") == "byol";
        Self {
            encoder,
            projector: byol.then(|| Projector::new(dump, features, device)),
            predictor: byol.then(|| Projector::new(dump, dump.size("/head/bottleneck"), device)),
            head: (!byol).then(|| Head::new(dump, features, device)),
        }
    }

    /// The same without the predictor.
    pub fn without_predictor(self) -> Self {
        Self { predictor: None, ..self }
    }

    /// What the loss compares, by (view, image): projections or predictions, or logits.
    pub fn forward(&self, views: &[View<B>]) -> Tensor<B, 2> {
        let encoded = views.iter().map(|view| match &self.encoder {
            Encoder::Pyramid(pyramid) => pyramid.forward(view),
            Encoder::Vit(vit) => vit.forward(view),
        });
        let mut x = Tensor::cat(encoded.collect(), 0);
        for part in self.projector.iter().chain(&self.predictor) {
            x = part.forward(x);
        }
        self.head.iter().fold(x, |x, head| head.forward(x))
    }
}
