//! A step as `twinlens dump-step` writes it: numbers of step.json, tensors of step.safetensors, the views as patches.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::Value;

/// The dumped step.
pub struct Dump {
    meta: Value,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// All views of one size: (views · batch · patches, features), and the patches of a view by row and column.
pub struct Patches {
    pub rows: Vec<f32>,
    pub grid: usize,
    pub features: usize,
}

impl Dump {
    /// What `dump-step` wrote in `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| std::fs::read(folder.join(name)).with_context(|| folder.join(name).display().to_string());
        let meta: Value = serde_json::from_slice(&read("step.json")?)?;
        let bytes = read("step.safetensors")?;
        let tensors = SafeTensors::deserialize(&bytes)?.tensors().into_iter().map(|(name, view)| {
            let values = view.data().chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]));
            (name, (view.shape().to_vec(), values.collect()))
        });
        let dump = Self { tensors: tensors.collect(), meta };
        let hyper = |key| dump.number(&format!("/hyper/{key}")) == 1.0;
        let known = hyper("predictor") && hyper("stop_gradient") && dump.text("/normalisation") == "layernorm";
        ensure!(known, "only steps with predictor, stop-gradient and layer norm are known here");
        Ok(dump)
    }

    /// A number of step.json by its JSON pointer.
    pub fn number(&self, pointer: &str) -> f64 {
        self.meta.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("step.json lacks {pointer}"))
    }

    /// A whole number.
    pub fn size(&self, pointer: &str) -> usize {
        self.number(pointer) as usize
    }

    /// A list of whole numbers.
    pub fn sizes(&self, pointer: &str) -> Vec<usize> {
        let list = self.meta.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("step.json lacks {pointer}"));
        list.iter().filter_map(Value::as_u64).map(|size| size as usize).collect()
    }

    /// A word.
    pub fn text(&self, pointer: &str) -> &str {
        self.meta.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("step.json lacks {pointer}"))
    }

    /// A tensor by name, if the dump has it.
    pub fn tensor(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.tensors.get(name).map(|(shape, values)| (&**shape, &**values))
    }

    /// Globals, then locals where there are any.
    pub fn views(&self) -> Vec<Patches> {
        let (globals, all) = (self.size("/globals"), self.size("/globals") + self.size("/locals"));
        [0..globals, globals..all].into_iter().filter(|range| !range.is_empty()).map(|range| self.patches(range)).collect()
    }

    /// (B, 3, H, W) as the first layer reads it; Twinlens' synthesis writes patches too, so none of it is timed.
    fn patches(&self, range: std::ops::Range<usize>) -> Patches {
        let patch = self.size("/encoder/patch");
        let channel_last = self.text("/encoder/kind") == "pyramid"; // row, column, channel; the ViT: channel, row, column
        let (mut rows, mut grid) = (Vec::new(), 0);
        let features = 3 * patch * patch;
        for index in range {
            let (shape, values) = self.tensor(&format!("views.{index}")).expect("a view");
            let side = shape[3];
            grid = side / patch;
            for image in values.chunks_exact(3 * side * side) {
                for (py, px) in (0..grid * grid).map(|patch| (patch / grid, patch % grid)) {
                    rows.extend((0..features).map(|i| {
                        let (channel, pixel) = if channel_last { (i % 3, i / 3) } else { (i / (patch * patch), i % (patch * patch)) };
                        image[(channel * side + py * patch + pixel / patch) * side + px * patch + pixel % patch]
                    }));
                }
            }
        }
        Patches { rows, grid, features }
    }
}

/// Writes tensors with the shapes that the dump gives them.
pub fn write(path: &Path, dump: &Dump, tensors: &BTreeMap<String, Vec<f32>>) -> Result<()> {
    let bytes: BTreeMap<_, Vec<u8>> = tensors.iter().map(|(name, x)| (name, x.iter().flat_map(|x| x.to_le_bytes()).collect())).collect();
    let views = bytes.iter().map(|(name, bytes)| {
        let (shape, _) = dump.tensor(name).with_context(|| format!("the dump has no {name}"))?;
        Ok((name, TensorView::new(Dtype::F32, shape.to_vec(), bytes)?))
    });
    let views: BTreeMap<_, _> = views.collect::<Result<_>>()?;
    Ok(safetensors::serialize_to_file(&views, None, path)?)
}
