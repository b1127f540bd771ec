//! The quantities of a run that a claim can concern.

use chainrule::Dataset;
use chainrule::metrics::{MetricInput, OutputKind, misclassified};
use chainrule::network::Network;
use chainrule::objective::{Evaluate, Objective};

use crate::Error;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::published;
use crate::section::Section;

/// A quantity of a run, measured after an epoch.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    kind: QuantityKind,
    /// Name of the parameter or layer.
    name: String,
    /// Inputs of the network.
    inputs: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
enum QuantityKind {
    /// Loss over all samples.
    Loss,
    /// Number of misclassified samples.
    Misclassified,
    /// A parameter, by its name in the experiment or in the architecture.
    Parameter,
    /// First output at given inputs.
    Output,
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

const KINDS: &[(&str, QuantityKind)] = &[
    ("loss", QuantityKind::Loss),
    ("misclassified", QuantityKind::Misclassified),
    ("parameter", QuantityKind::Parameter),
    ("output", QuantityKind::Output),
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
            QuantityKind::Parameter | QuantityKind::GradientNorm | QuantityKind::Dead => {
                let purpose = "the name of the parameter or layer";
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
        Ok(Quantity { kind, name, inputs })
    }

    /// Measures the quantity after `epoch`, or at the end of training if it is `None`.
    pub(crate) fn measure(
        &self,
        outcome: &Outcome,
        epoch: Option<u64>,
        origin: &Origin,
    ) -> Result<f64, Error> {
        let parameters = outcome.parameters_after(epoch);
        let refuse = |value: String, allowed: &str| Error::Value {
            origin: origin.clone(),
            key: "of".to_owned(),
            value,
            allowed: allowed.to_owned(),
        };
        let refuse_name = |allowed: &str| refuse(format!("\"{}\"", self.name), allowed);
        let epochs = &outcome.history.epochs;
        let increases = || epochs.windows(2).map(|pair| pair[1].loss - pair[0].loss);
        // Epoch 0 has no record, so that of epoch 1 is used.
        let record = || {
            let at_epoch = epoch.and_then(|epoch| epochs.get((epoch as usize).max(1) - 1));
            at_epoch.or(epochs.last())
        };
        let layer = |name: &String| {
            let layers = 0..outcome.architecture.layers().len();
            layers
                .into_iter()
                .find(|l| outcome.architecture.layer_name(*l) == *name)
                .ok_or_else(|| refuse_name("a layer of the network"))
        };
        let network = || {
            Network::new(outcome.architecture.clone(), parameters.to_vec())
                .expect("the parameters are those of the architecture")
        };
        let x = outcome.samples.dataset.x();
        Ok(match self.kind {
            QuantityKind::Loss => outcome.loss_at(parameters),
            QuantityKind::Misclassified => {
                let y = network().predict(x);
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
            QuantityKind::Parameter => {
                let name = &self.name;
                let named = outcome.names.iter().find(|(known, _)| known == name).map(|(_, index)| *index);
                let index = named.or_else(|| outcome.architecture.parameter_index(name));
                parameters[index.ok_or_else(|| refuse_name("a parameter of the network"))?]
            }
            QuantityKind::Output => {
                let n_inputs = outcome.architecture.n_inputs();
                if self.inputs.len() != n_inputs {
                    let allowed = format!("a list of {n_inputs} numbers, one for each input of the network");
                    return Err(refuse(format!("{:?}", self.inputs), &allowed));
                }
                network().predict(&self.inputs)[0]
            }
            QuantityKind::GradientNorm => {
                let l = layer(&self.name)?;
                record().map_or(f64::NAN, |record| record.gradient_norm[l])
            }
            QuantityKind::Dead => {
                let l = layer(&self.name)?;
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
}

impl Outcome {
    /// Computes the loss over all samples at `parameters` in f64, reduced as in training.
    pub(crate) fn loss_at(&self, parameters: &[f64]) -> f64 {
        let rows: Vec<u32> = (0..self.samples.dataset.n_samples() as u32).collect();
        let mut objective = Objective::new(&self.architecture, &self.loss, self.samples.dataset.clone())
            .expect("the network was trained on these samples");
        objective.value(parameters, &rows, self.reduction).expect("samples in memory can be read")
    }
}
