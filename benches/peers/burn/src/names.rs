//! Modules' parameters by PyTorch's names: loading them from a dump and reading them back.
//!
//! A module's fields are named as PyTorch names them; `at0` is the element 0 of a `Sequential`. burn keeps a linear layer's matrix
//! as (in, out), the dump as (out, in).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

use crate::dump::Dump;

/// Where a walk through a module is.
#[derive(Default)]
struct Place {
    names: Vec<String>,
    in_linear: bool,
}

impl Place {
    fn enter(&mut self, name: &str, container: &str) {
        let index = name.strip_prefix("at").filter(|rest| rest.parse::<u32>().is_ok());
        self.in_linear = container == "Struct:Linear";
        self.names.push(match name {
            _ if container.starts_with("Enum:") => String::new(),
            "gamma" => "weight".to_owned(),
            "beta" => "bias".to_owned(),
            _ => index.unwrap_or(name).to_owned(),
        });
    }

    fn exit(&mut self) {
        self.names.pop();
    }

    fn name(&self) -> String {
        self.names.iter().filter(|name| !name.is_empty()).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// Whether the parameter here is transposed in the dump.
    fn transposed(&self) -> bool {
        self.in_linear && self.names.last().is_some_and(|name| name == "weight")
    }
}

fn transpose(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows;
    (0..values.len()).map(|i| values[i % rows * columns + i / rows]).collect()
}

/// The dump's tensor of that name, as burn keeps it.
pub fn load<B: Backend, const D: usize>(dump: &Dump, name: &str, transposed: bool, device: &B::Device) -> Tensor<B, D> {
    let (shape, values) = dump.tensor(name).unwrap_or_else(|| panic!("the dump has no {name}"));
    let data = if transposed {
        TensorData::new(transpose(values, shape[0]), [values.len() / shape[0], shape[0]])
    } else {
        TensorData::new(values.to_vec(), shape.to_vec())
    };
    Tensor::from_data(data, device)
}

/// Gives every parameter of a module the dump's value, keeping its id.
pub struct Loader<'a, B: Backend> {
    dump: &'a Dump,
    prefix: &'a str,
    device: &'a B::Device,
    place: Place,
}

impl<'a, B: Backend> Loader<'a, B> {
    /// Of the tensors named `prefix` + the parameter's name.
    pub fn new(dump: &'a Dump, prefix: &'a str, device: &'a B::Device) -> Self {
        Self { dump, prefix, device, place: Place::default() }
    }
}

impl<B: Backend> ModuleMapper<B> for Loader<'_, B> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let name = format!("{}{}", self.prefix, self.place.name());
        Param::initialized(param.id, load(self.dump, &name, self.place.transposed(), self.device).require_grad())
    }
}

/// What is done with every parameter of a module: its id, its name, whether it is transposed in the dump, and its value.
pub trait Visit<B: Backend> {
    fn visit<const D: usize>(&mut self, id: ParamId, name: &str, transposed: bool, value: Tensor<B, D>);
}

struct Walk<'a, V> {
    place: Place,
    visit: &'a mut V,
}

impl<B: Backend, V: Visit<B>> ModuleVisitor<B> for Walk<'_, V> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        self.visit.visit(param.id, &self.place.name(), self.place.transposed(), param.val());
    }
}

/// Walks through a module's parameters.
pub fn walk<B: Backend>(module: &impl Module<B>, visit: &mut impl Visit<B>) {
    module.visit(&mut Walk { place: Place::default(), visit });
}

/// The parameters' values as the dump lays them out, by prefix + name.
#[derive(Default)]
pub struct Values {
    pub prefix: String,
    pub tensors: BTreeMap<String, Vec<f32>>,
}

impl<B: Backend> Visit<B> for Values {
    fn visit<const D: usize>(&mut self, _: ParamId, name: &str, transposed: bool, value: Tensor<B, D>) {
        let rows = value.dims()[0];
        let values: Vec<f32> = value.into_data().to_vec().expect("f32");
        let values = if transposed { transpose(&values, rows) } else { values };
        self.tensors.insert(format!("{}{name}", self.prefix), values);
    }
}
