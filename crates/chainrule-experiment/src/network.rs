//! `[network]`: the layers, before the data determine the numbers of inputs and outputs.

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, BlockFactors, Initializer, Layer, Learning};

use crate::Error;
use crate::origin::Origin;
use crate::section::{Choice, Section};
use crate::tree::TreeValue;

/// The layers of an experiment.
#[derive(Clone, Debug)]
pub struct NetworkPlan {
    hidden: Vec<Layer>,
    output: OutputPlan,
    /// Names of parameters, such as `w_h` for `hidden.W[0][0]`, with their origins.
    names: Vec<(String, String, Origin)>,
    origin: Origin,
}

/// The output layer, whose units and activation may follow from the data and the loss.
#[derive(Clone, Debug)]
struct OutputPlan {
    units: Option<usize>,
    activation: Option<Activation>,
    rest: Layer,
}

impl NetworkPlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<NetworkPlan, Error> {
        let defaults = DefaultInitializers {
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
            let TreeValue::Text(parameter) = &node.value else {
                return Err(names.refuse(name, "a parameter in quotes, for example \"hidden.W[0][0]\""));
            };
            named.push((name.clone(), parameter.clone(), node.origin.clone()));
        }
        section.finish()?;
        Ok(NetworkPlan { hidden, output, names: named, origin: section.origin().clone() })
    }

    /// Returns the output activation: as set, or else the inverse link of the loss.
    pub(crate) fn output_activation(&self, loss: &Loss) -> Activation {
        self.output.activation.clone().unwrap_or_else(|| loss.link().activation())
    }

    /// Returns the architecture for these data and this loss.
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

    /// Returns the named parameters with their indices.
    pub(crate) fn named(&self, architecture: &Architecture) -> Result<Vec<(String, usize)>, Error> {
        let index = |(name, parameter, origin): &(String, String, Origin)| {
            let index = architecture.parameter_index(parameter).ok_or_else(|| {
                let all: Vec<String> =
                    (0..architecture.n_parameters()).map(|i| architecture.parameter_name(i)).collect();
                let nearest = chainrule::registry::nearest(parameter, all.iter().map(String::as_str));
                let range = format!("from \"{}\" to \"{}\"", all[0], all[all.len() - 1]);
                Error::Value {
                    origin: origin.clone(),
                    key: format!("network.names.{name}"),
                    value: format!("\"{parameter}\""),
                    allowed: format!("a parameter of the network, {range}{}", crate::error::hint(nearest)),
                }
            })?;
            Ok((name.clone(), index))
        };
        self.names.iter().map(index).collect()
    }
}

/// Reads the hidden layers: tables, or widths of layers whose other settings are those of
/// `[network]`.
fn hidden(section: &Section<'_>, defaults: &DefaultInitializers) -> Result<Vec<Layer>, Error> {
    let shared = section.choice("activation")?;
    let shared_dropout = dropout(section)?.unwrap_or(0.0);
    let activation = |layer: &Section<'_>, own: Option<Choice>| {
        let purpose = "the activation of its units, for example \"tanh\"";
        own.or_else(|| shared.clone())
            .ok_or_else(|| layer.missing("activation", purpose))?
            .make(Activation::new)
    };
    if section.is_number_list("hidden") {
        let widths = section.numbers("hidden")?.unwrap_or_default();
        let layer = |width: f64| {
            if width.fract() != 0.0 || !(1.0..=1e6).contains(&width) {
                let allowed = "a list of layer widths, each a whole number from 1 to 1000000";
                return Err(section.refuse("hidden", allowed));
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
    if section.has("hidden") && !section.is_list("hidden") {
        return Err(section.refuse("hidden", "a list of layer widths, for example [64, 64], or of tables"));
    }
    let layer = |layer: &Section<'_>| {
        let units = layer.whole("units", 1..=1_000_000, UNITS)?;
        let units = units.ok_or_else(|| layer.missing("units", "the number of units"))? as usize;
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
        Some(rate) if !(0.0..1.0).contains(&rate) => {
            Err(section.refuse("dropout", "at least 0 and less than 1"))
        }
        rate => Ok(rate),
    }
}

const UNITS: &str = "a whole number from 1 to 1000000";

/// Initializers of the layers that do not set their own.
struct DefaultInitializers {
    weights: Initializer,
    bias: Initializer,
}

fn initializer(section: &Section<'_>, key: &'static str) -> Result<Option<Initializer>, Error> {
    section.choice(key)?.map(|choice| choice.make(Initializer::new)).transpose()
}

/// Reads the settings that hidden and output layers have in common: which parameters are trained,
/// and the initializers.
fn common(section: &Section<'_>, layer: Layer, defaults: &DefaultInitializers) -> Result<Layer, Error> {
    let weights =
        section.word("weights", &[("trainable", Learning::Trainable), ("frozen", Learning::Frozen)])?;
    let bias = [("trainable", Some(Learning::Trainable)), ("frozen", Some(Learning::Frozen)), ("none", None)];
    Ok(Layer {
        weights,
        bias: section.word("bias", &bias)?,
        weight_factors: factors(&section.section("weight_factors")?)?,
        bias_factors: factors(&section.section("bias_factors")?)?,
        weight_initializer: initializer(section, "weight_init")?.unwrap_or_else(|| defaults.weights.clone()),
        bias_initializer: initializer(section, "bias_init")?.unwrap_or_else(|| defaults.bias.clone()),
        ..layer
    })
}

/// Reads the factors of the learning rate and of penalties.
fn factors(section: &Section<'_>) -> Result<BlockFactors, Error> {
    let factor = |key| match section.number(key)? {
        Some(factor) if !(factor.is_finite() && factor >= 0.0) => {
            Err(section.refuse(key, "a number of at least 0"))
        }
        factor => Ok(factor.unwrap_or(1.0)),
    };
    let factors = BlockFactors { rate: factor("rate")?, decay: factor("decay")? };
    section.finish()?;
    Ok(factors)
}
