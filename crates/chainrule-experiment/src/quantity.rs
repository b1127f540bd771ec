//! The quantities of a run that a claim can concern.

use chainrule::Dataset;
use chainrule::metrics::{MetricInput, OutputKind, misclassified};
use chainrule::network::Network;
use chainrule::objective::{Evaluate, Objective};
use chainrule::trace::{LayerTrace, Trace};

use crate::Error;
use crate::data::Samples;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::published;
use crate::section::Section;

/// A quantity of a run, measured after an epoch.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    kind: QuantityKind,
    /// Name of the parameter, layer or unit.
    name: String,
    /// Inputs of the network.
    inputs: Vec<f64>,
    /// Output that is measured: its index, or the name of its class or target.
    output: OutputChoice,
    /// Sample whose forward and backward pass is measured, counted from 1.
    sample: usize,
}

/// An output of the network.
#[derive(Clone, Debug)]
enum OutputChoice {
    /// Index from 0.
    Index(usize),
    /// Name of a class or target column.
    Name(String),
}

#[derive(Clone, Copy, Debug)]
enum QuantityKind {
    /// Loss over all samples.
    Loss,
    /// Number of misclassified samples.
    Misclassified,
    /// A parameter, by its name in the experiment or in the architecture.
    Parameter,
    /// An output at given inputs.
    Output,
    /// Derivative of the loss over all samples with respect to a parameter, reduced as in training.
    Gradient,
    /// A number of a unit in the forward and backward pass of one sample.
    Unit(UnitQuantity),
    /// Norm of a layer's gradient in the last step of the epoch.
    GradientNorm,
    /// Fraction of dead units in a layer.
    Dead,
    /// Largest increase of the loss from one epoch to the next.
    LargestIncrease,
    /// Number of epochs whose loss is higher than that of the epoch before.
    Increases,
    /// A quantity of a published document: a function of the network and the samples, or what is
    /// wrong with the network.
    Published(fn(&Network<f64>, &Dataset<f64>) -> Result<f64, &'static str>),
}

/// A number of a unit.
#[derive(Clone, Copy, Debug)]
enum UnitQuantity {
    /// Pre-activation z.
    PreActivation,
    /// Activation a.
    Activation,
    /// `dl/dz`, where l is the loss of the sample.
    Delta,
}

impl UnitQuantity {
    /// Returns the number of unit `j` in the trace of a single sample.
    fn of(self, layer: &LayerTrace, j: usize) -> f64 {
        let matrix = match self {
            UnitQuantity::PreActivation => &layer.z,
            UnitQuantity::Activation => &layer.a,
            UnitQuantity::Delta => &layer.dz,
        };
        matrix.row(0)[j]
    }
}

const KINDS: &[(&str, QuantityKind)] = &[
    ("loss", QuantityKind::Loss),
    ("misclassified", QuantityKind::Misclassified),
    ("parameter", QuantityKind::Parameter),
    ("output", QuantityKind::Output),
    ("gradient", QuantityKind::Gradient),
    ("pre_activation", QuantityKind::Unit(UnitQuantity::PreActivation)),
    ("activation", QuantityKind::Unit(UnitQuantity::Activation)),
    ("delta", QuantityKind::Unit(UnitQuantity::Delta)),
    ("gradient_norm", QuantityKind::GradientNorm),
    ("dead", QuantityKind::Dead),
    ("largest_increase", QuantityKind::LargestIncrease),
    ("increases", QuantityKind::Increases),
    ("collapse", QuantityKind::Published(published::collapse_difference)),
    ("swapped_guarded_loss", QuantityKind::Published(published::swapped_guarded_loss)),
];

impl Quantity {
    pub(crate) fn read(section: &Section<'_>) -> Result<Quantity, Error> {
        if !section.has("quantity") {
            return Err(
                section.missing("quantity", "the quantity that the claim concerns, for example \"loss\"")
            );
        }
        let kind = section.word("quantity", KINDS)?;
        let (mut name, mut inputs) = (String::new(), Vec::new());
        match kind {
            QuantityKind::Parameter
            | QuantityKind::Gradient
            | QuantityKind::Unit(_)
            | QuantityKind::GradientNorm
            | QuantityKind::Dead => {
                let purpose = "the name of the parameter, layer or unit (hidden[0])";
                name = section.text("of")?.ok_or_else(|| section.missing("of", purpose))?;
            }
            QuantityKind::Output => {
                let purpose = "the inputs of the network, a list of numbers";
                inputs = section.numbers("of")?.ok_or_else(|| section.missing("of", purpose))?
            }
            _ if section.has("of") => {
                let problem = "does not apply to this quantity, which concerns the whole run; remove it";
                return Err(section.misplaced("of", problem));
            }
            _ => {}
        }
        let output = if section.is_text("output") {
            OutputChoice::Name(section.text("output")?.expect("it is a string"))
        } else {
            let allowed = "the index of an output, from 0, or the name of its class or target";
            OutputChoice::Index(section.whole("output", 0..=i64::MAX, allowed)?.unwrap_or(0) as usize)
        };
        let sample = section.whole("sample", 1..=i64::from(u32::MAX), "a sample, counted from 1")?;
        for (key, applies, kinds) in [
            ("output", matches!(kind, QuantityKind::Output), "output"),
            ("sample", matches!(kind, QuantityKind::Unit(_)), "pre_activation, activation and delta"),
        ] {
            if section.has(key) && !applies {
                return Err(section.misplaced(key, format!("applies only to {kinds}; remove it")));
            }
        }
        Ok(Quantity { kind, name, inputs, output, sample: sample.unwrap_or(1) as usize })
    }

    /// Measures the quantity after `epoch`, or at the end of training if it is `None`.
    pub(crate) fn measure(
        &self,
        outcome: &Outcome,
        epoch: Option<u64>,
        origin: &Origin,
    ) -> Result<f64, Error> {
        let parameters = outcome.parameters_after(epoch);
        let refuse_name = |allowed: &str| self.refuse_name(allowed, origin);
        let epochs = &outcome.history.epochs;
        let increases = || epochs.windows(2).map(|pair| pair[1].loss - pair[0].loss);
        // Epoch 0 has no record, so that of epoch 1 is used.
        let record = || {
            let at_epoch = epoch.and_then(|epoch| epochs.get((epoch as usize).max(1) - 1));
            at_epoch.or(epochs.last())
        };
        let layer = || outcome.layer(&self.name).ok_or_else(|| refuse_name("a layer of the network"));
        let parameter = || {
            let named = outcome.names.iter().find(|(known, _)| *known == self.name).map(|(_, index)| *index);
            let index = named.or_else(|| outcome.architecture.parameter_index(&self.name));
            index.ok_or_else(|| refuse_name("a parameter of the network"))
        };
        let network = || {
            Network::new(outcome.architecture.clone(), parameters.to_vec())
                .expect("the parameters are those of the architecture")
        };
        Ok(match self.kind {
            QuantityKind::Loss => outcome.loss_at(parameters),
            QuantityKind::Misclassified => {
                let y = network().predict(outcome.samples.dataset.x());
                let n_outputs = outcome.architecture.n_outputs();
                let task = OutputKind::of(&outcome.architecture.output().activation);
                misclassified(&MetricInput {
                    task,
                    y: &y,
                    t: outcome.samples.dataset.t(),
                    weight: None,
                    n_outputs,
                }) as f64
            }
            QuantityKind::Parameter => parameters[parameter()?],
            QuantityKind::Gradient => outcome.gradient_at(parameters)[parameter()?],
            QuantityKind::Unit(unit) => self.measure_unit(unit, outcome, parameters, origin)?,
            QuantityKind::Output => self.measure_output(&network(), &outcome.samples, origin)?,
            QuantityKind::GradientNorm => {
                let l = layer()?;
                record().map_or(f64::NAN, |record| record.gradient_norm[l])
            }
            QuantityKind::Dead => {
                let l = layer()?;
                if l + 1 == outcome.architecture.layers().len() {
                    return Err(refuse_name("a hidden layer of the network"));
                }
                record().map_or(f64::NAN, |record| record.dead[l])
            }
            QuantityKind::LargestIncrease => increases().fold(0.0, f64::max),
            QuantityKind::Increases => increases().filter(|increase| *increase > 0.0).count() as f64,
            QuantityKind::Published(measure) => {
                measure(&network(), &outcome.samples.dataset).map_err(|problem| Error::Misplaced {
                    origin: origin.clone(),
                    key: "quantity".to_owned(),
                    problem: problem.to_owned(),
                })?
            }
        })
    }

    /// Measures a number of a unit for the chosen sample.
    fn measure_unit(
        &self,
        unit: UnitQuantity,
        outcome: &Outcome,
        parameters: &[f64],
        origin: &Origin,
    ) -> Result<f64, Error> {
        let place = self.name.strip_suffix(']').and_then(|name| name.split_once('['));
        let place = place.and_then(|(name, j)| Some((outcome.layer(name)?, j.parse::<usize>().ok()?)));
        let n_units = |l: usize| outcome.architecture.layers()[l].n_units;
        let (l, j) = place
            .filter(|(l, j)| *j < n_units(*l))
            .ok_or_else(|| self.refuse_name("a unit of the network, such as hidden[0]", origin))?;
        let n_samples = outcome.samples.dataset.n_samples();
        if self.sample > n_samples {
            let allowed = format!("from 1 to {n_samples}, the number of samples");
            return Err(refuse("sample", self.sample.to_string(), allowed, origin));
        }
        let row = self.sample as u32 - 1;
        let trace = Trace::new(&outcome.objective(), parameters, &[row], outcome.reduction);
        Ok(unit.of(&trace.expect("the sample exists").layers[l], j))
    }

    /// Measures the chosen output at the given inputs.
    fn measure_output(
        &self,
        network: &Network<f64>,
        samples: &Samples,
        origin: &Origin,
    ) -> Result<f64, Error> {
        let (n_inputs, n_outputs) = (network.architecture().n_inputs(), network.architecture().n_outputs());
        if self.inputs.len() != n_inputs {
            let allowed = format!("a list of {n_inputs} numbers, one for each input of the network");
            return Err(refuse("of", format!("{:?}", self.inputs), allowed, origin));
        }
        let (index, value) = match &self.output {
            OutputChoice::Index(index) => (Some(*index), index.to_string()),
            OutputChoice::Name(name) => {
                let names = samples.outputs();
                let index = names.iter().position(|known| known == name);
                (index.filter(|_| names.len() == n_outputs), format!("\"{name}\""))
            }
        };
        let index = index.filter(|index| *index < n_outputs).ok_or_else(|| {
            let last = n_outputs - 1;
            let allowed =
                format!("the index of an output, from 0 to {last}, or the name of its class or target");
            refuse("output", value, allowed, origin)
        })?;
        Ok(network.predict(&self.inputs)[index])
    }

    fn refuse_name(&self, allowed: &str, origin: &Origin) -> Error {
        refuse("of", format!("\"{}\"", self.name), allowed.to_owned(), origin)
    }
}

fn refuse(key: &str, value: String, allowed: String, origin: &Origin) -> Error {
    Error::Value { origin: origin.clone(), key: key.to_owned(), value, allowed }
}

impl Outcome {
    /// Returns the index of the layer called `name`.
    fn layer(&self, name: &str) -> Option<usize> {
        (0..self.architecture.layers().len()).find(|l| self.architecture.layer_name(*l) == name)
    }

    /// Returns the objective over all samples, in f64.
    fn objective(&self) -> Objective<f64> {
        Objective::new(&self.architecture, &self.loss, self.samples.dataset.clone())
            .expect("the network was trained on these samples")
    }

    fn all_rows(&self) -> Vec<u32> {
        (0..self.samples.dataset.n_samples() as u32).collect()
    }

    /// Computes the loss over all samples at `parameters` in f64, reduced as in training.
    pub(crate) fn loss_at(&self, parameters: &[f64]) -> f64 {
        let value = self.objective().value(parameters, &self.all_rows(), self.reduction);
        value.expect("samples in memory can be read")
    }

    /// Computes the gradient of the loss over all samples at `parameters` in f64, reduced as in
    /// training; 0 for frozen parameters.
    fn gradient_at(&self, parameters: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; parameters.len()];
        let sums = self.objective().sums(parameters, &self.all_rows(), Some(&mut gradient), None);
        let divisor = self.reduction.divisor(sums.expect("samples in memory can be read"));
        gradient.iter_mut().for_each(|g| *g /= divisor);
        gradient
    }
}
