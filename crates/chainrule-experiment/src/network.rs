//! `[network]`: the layers, before the data say how many inputs and outputs there are.

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Learning};

use crate::Error;
use crate::section::{Choice, Section};
use crate::tree::Origin;

/// The layers as an experiment writes them.
#[derive(Clone, Debug)]
pub struct NetworkPlan {
    hidden: Vec<Layer>,
    output: OutputPlan,
    /// Names for parameters: `w_h` for `hidden.W[0][0]`.
    names: Vec<(String, String, Origin)>,
    origin: Origin,
}

/// The output layer: its units and activation may be left to data and loss.
#[derive(Clone, Debug)]
struct OutputPlan {
    units: Option<usize>,
    activation: Option<Activation>,
    rest: Layer,
}

impl NetworkPlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<NetworkPlan, Error> {
        let defaults = Defaults {
            weights: initializer(section, "weight_init")?.unwrap_or_else(Initializer::glorot_uniform),
            bias: initializer(section, "bias_init")?.unwrap_or_else(Initializer::zeros),
        };
        let hidden = hidden(section, &defaults)?;
        let layer = section.section("output")?;
        let units = layer.whole("units", 1..=1_000_000, UNITS)?.map(|units| units as usize);
        let activation =
            layer.choice("activation")?.map(|choice| choice.make(Activation::new)).transpose()?;
        let rest = common(&layer, Layer::new(1, Activation::identity()), &defaults)?;
        layer.finish()?;
        let output = OutputPlan { units, activation, rest };
        let names = section.section("names")?;
        let mut named = Vec::new();
        for (name, node) in names.tree().into_iter().flat_map(|tree| &tree.entries) {
            let crate::tree::Kind::Text(parameter) = &node.kind else {
                return Err(names.refuse(name, "the name of a parameter in quotes, \"hidden.W[0][0]\""));
            };
            named.push((name.clone(), parameter.clone(), node.origin.clone()));
        }
        section.finish()?;
        Ok(NetworkPlan { hidden, output, names: named, origin: section.origin().clone() })
    }

    /// What turns the last layer's z into outputs.
    pub(crate) fn output_activation(&self, loss: &Loss) -> Activation {
        self.output.activation.clone().unwrap_or_else(|| loss.link().activation())
    }

    /// The architecture for these data and this loss.
    pub(crate) fn architecture(
        &self,
        n_inputs: usize,
        n_targets: usize,
        loss: &Loss,
    ) -> Result<Architecture, Error> {
        let output = Layer {
            n_units: self.output.units.unwrap_or_else(|| loss.n_outputs(n_targets)),
            activation: self.output_activation(loss),
            ..self.output.rest.clone()
        };
        let layers = self.hidden.iter().cloned().chain([output]).collect();
        Architecture::new(n_inputs, layers)
            .map_err(|source| Error::Engine { origin: self.origin.clone(), source })
    }

    /// The named parameters with their indices.
    pub(crate) fn named(&self, architecture: &Architecture) -> Result<Vec<(String, usize)>, Error> {
        let index = |(name, parameter, origin): &(String, String, Origin)| {
            let index = architecture.parameter_index(parameter).ok_or_else(|| {
                let all: Vec<String> =
                    (0..architecture.n_parameters()).map(|i| architecture.parameter_name(i)).collect();
                let nearest = chainrule::registry::nearest(parameter, all.iter().map(String::as_str));
                let ends = format!("from \"{}\" to \"{}\"", all[0], all[all.len() - 1]);
                Error::Value {
                    origin: origin.clone(),
                    key: format!("network.names.{name}"),
                    value: format!("\"{parameter}\""),
                    allowed: format!("a parameter of the network, {ends}{}", crate::error::hint(nearest)),
                }
            })?;
            Ok((name.clone(), index))
        };
        self.names.iter().map(index).collect()
    }
}

/// The hidden layers: tables, or widths alone, whose layers are all as the keys beside them say.
fn hidden(section: &Section<'_>, defaults: &Defaults) -> Result<Vec<Layer>, Error> {
    let shared = section.choice("activation")?;
    let shared_dropout = dropout(section)?.unwrap_or(0.0);
    let activation = |layer: &Section<'_>, own: Option<Choice>| {
        let purpose = "what its units do: \"tanh\", say";
        own.or_else(|| shared.clone())
            .ok_or_else(|| layer.missing("activation", purpose))?
            .make(Activation::new)
    };
    if section.holds_numbers("hidden") {
        let widths = section.numbers("hidden")?.unwrap_or_default();
        let layer = |width: f64| {
            if width.fract() != 0.0 || !(1.0..=1e6).contains(&width) {
                return Err(
                    section.refuse("hidden", "a list of widths, each a whole number from 1 to 1000000")
                );
            }
            let layer = Layer::new(width as usize, activation(section, None)?);
            Ok(Layer {
                weight_initializer: defaults.weights.clone(),
                bias_initializer: defaults.bias.clone(),
                ..layer.dropout(shared_dropout)
            })
        };
        return widths.into_iter().map(layer).collect();
    }
    let layer = |layer: &Section<'_>| {
        let units = layer.whole("units", 1..=1_000_000, UNITS)?;
        let units = units.ok_or_else(|| layer.missing("units", "how many units the layer has"))? as usize;
        let plain = Layer::new(units, activation(layer, layer.choice("activation")?)?);
        let dropout = dropout(layer)?.unwrap_or(shared_dropout);
        let made = common(layer, plain, defaults)?.dropout(dropout);
        layer.finish()?;
        Ok(made)
    };
    section.sections("hidden")?.iter().map(layer).collect()
}

fn dropout(section: &Section<'_>) -> Result<Option<f64>, Error> {
    match section.number("dropout")? {
        Some(share) if !(0.0..1.0).contains(&share) => {
            Err(section.refuse("dropout", "a number from 0 to below 1"))
        }
        share => Ok(share),
    }
}

const UNITS: &str = "a whole number from 1 to 1000000";

/// The initializers of all layers that do not name their own.
struct Defaults {
    weights: Initializer,
    bias: Initializer,
}

fn initializer(section: &Section<'_>, key: &'static str) -> Result<Option<Initializer>, Error> {
    section.choice(key)?.map(|choice| choice.make(Initializer::new)).transpose()
}

/// What hidden and output layers have in common: which parts learn, and how they start.
fn common(section: &Section<'_>, layer: Layer, defaults: &Defaults) -> Result<Layer, Error> {
    let weights =
        section.word("weights", &[("trainable", Learning::Trainable), ("frozen", Learning::Frozen)])?;
    let bias = [("trainable", Some(Learning::Trainable)), ("frozen", Some(Learning::Frozen)), ("none", None)];
    Ok(Layer {
        weights,
        bias: section.word("bias", &bias)?,
        weight_initializer: initializer(section, "weight_init")?.unwrap_or_else(|| defaults.weights.clone()),
        bias_initializer: initializer(section, "bias_init")?.unwrap_or_else(|| defaults.bias.clone()),
        ..layer
    })
}
