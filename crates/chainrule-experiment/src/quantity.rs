//! The numbers of a run that a claim can be about.

use chainrule::metrics::{MetricInput, OutputKind, misclassified};
use chainrule::network::Network;
use chainrule::objective::Objective;

use crate::Error;
use crate::run::Outcome;
use crate::section::Section;
use crate::tree::Origin;

/// A number that a run has after some epoch.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    kind: Kind,
    /// The parameter or layer that it is of, by name.
    name: String,
    /// The inputs that it is of.
    inputs: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The loss over all samples.
    Loss,
    /// How many samples are misclassified.
    Wrong,
    /// A parameter, by one of the experiment's names or by its own.
    Parameter,
    /// The first output at some inputs.
    Output,
    /// The gradient's norm in a layer, in the step before.
    GradientNorm,
    /// The share of a layer's units that are dead.
    Dead,
    /// The greatest rise of the loss from one epoch to the next.
    LargestRise,
    /// How many epochs end with a higher loss than the one before.
    Rises,
    /// The greatest difference between the outputs of a network of straight layers and the one layer that it equals.
    Collapse,
    /// The loss that the Gaussians' source prints: a guarded cross-entropy whose two arguments are swapped.
    SwappedGuardedLoss,
}

const KINDS: &[(&str, Kind)] = &[
    ("loss", Kind::Loss),
    ("wrong", Kind::Wrong),
    ("parameter", Kind::Parameter),
    ("output", Kind::Output),
    ("gradient_norm", Kind::GradientNorm),
    ("dead", Kind::Dead),
    ("largest_rise", Kind::LargestRise),
    ("rises", Kind::Rises),
    ("collapse", Kind::Collapse),
    ("swapped_guarded_loss", Kind::SwappedGuardedLoss),
];

impl Quantity {
    pub(crate) fn read(section: &Section<'_>) -> Result<Quantity, Error> {
        if !section.has("quantity") {
            return Err(section.missing("quantity", "the number that is claimed"));
        }
        let kind = section.word("quantity", KINDS)?;
        let (mut name, mut inputs) = (String::new(), Vec::new());
        match kind {
            Kind::Parameter | Kind::GradientNorm | Kind::Dead => {
                let purpose = "the name of the parameter or of the layer";
                name = section.text("of")?.ok_or_else(|| section.missing("of", purpose))?;
            }
            Kind::Output => {
                inputs = section.numbers("of")?.ok_or_else(|| section.missing("of", "the inputs, a list"))?
            }
            _ if section.has("of") => {
                return Err(section.refuse("of", "left out: this quantity is of the whole run"));
            }
            _ => {}
        }
        Ok(Quantity { kind, name, inputs })
    }

    /// The number after `epoch`, at the end where none is given.
    pub(crate) fn measure(
        &self,
        outcome: &Outcome,
        epoch: Option<u64>,
        origin: &Origin,
    ) -> Result<f64, Error> {
        let parameters = outcome.parameters_after(epoch);
        let nothing = |what: &str, name: &str| Error::Value {
            origin: origin.clone(),
            key: "of".to_owned(),
            value: format!("\"{name}\""),
            allowed: format!("{what} of the network"),
        };
        let epochs = &outcome.history.epochs;
        let losses = || epochs.windows(2).map(|pair| pair[1].loss - pair[0].loss);
        // What the history says of an epoch, the first one for "after epoch 0".
        let record = || {
            epoch
                .map_or(epochs.last(), |epoch| epochs.get((epoch as usize).max(1) - 1))
                .expect("an epoch ran")
        };
        let layer = |name: &String| {
            let layers = 0..outcome.architecture.layers().len();
            layers
                .into_iter()
                .find(|l| outcome.architecture.layer_name(*l) == *name)
                .ok_or_else(|| nothing("a layer", name))
        };
        let network =
            || Network::new(outcome.architecture.clone(), parameters.to_vec()).expect("parameters that fit");
        let x = outcome.samples.dataset.x();
        Ok(match self.kind {
            Kind::Loss => outcome.loss_at(parameters),
            Kind::Wrong => {
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
            Kind::Parameter => {
                let name = &self.name;
                let named = outcome.names.iter().find(|(known, _)| known == name).map(|(_, index)| *index);
                let index = named.or_else(|| outcome.architecture.parameter_index(name));
                parameters[index.ok_or_else(|| nothing("a parameter", name))?]
            }
            Kind::Output => {
                if self.inputs.len() != outcome.architecture.n_inputs() {
                    let allowed = "a list of as many numbers as there are inputs";
                    return Err(nothing(allowed, &format!("{:?}", self.inputs)));
                }
                network().predict(&self.inputs)[0]
            }
            Kind::GradientNorm => record().gradient_norm[layer(&self.name)?],
            Kind::Dead => {
                let l = layer(&self.name)?;
                *record().dead.get(l).ok_or_else(|| nothing("a hidden layer", &self.name))?
            }
            Kind::LargestRise => losses().fold(0.0, f64::max),
            Kind::Rises => losses().filter(|rise| *rise > 0.0).count() as f64,
            Kind::Collapse => {
                let network = network();
                let single =
                    network.collapse().ok_or_else(|| nothing("something", "a network of straight layers"))?;
                let difference = |(a, b): (&f64, &f64)| (a - b).abs();
                network.predict(x).iter().zip(&single.predict(x)).map(difference).fold(0.0, f64::max)
            }
            Kind::SwappedGuardedLoss => {
                let (y, guard) = (network().predict(x), 1e-4);
                let of_sample =
                    |(p, t): (&f64, &f64)| -p * (t + guard).ln() - (1.0 - p) * (1.0 - t + guard).ln();
                y.iter().zip(outcome.samples.dataset.t()).map(of_sample).sum::<f64>() / y.len() as f64
            }
        })
    }
}

impl Outcome {
    /// The loss over all samples at these parameters, reduced as in training, in f64.
    pub(crate) fn loss_at(&self, parameters: &[f64]) -> f64 {
        let rows: Vec<usize> = (0..self.samples.dataset.n_samples()).collect();
        let mut objective =
            Objective::new(&self.architecture, &self.loss, &self.samples.dataset).expect("it was trained");
        objective.value(parameters, &rows, self.reduction)
    }
}
