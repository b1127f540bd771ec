//! Gradient checks of networks with all registered activations and losses, and of wrong gradients.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::gradcheck::{self, GradientReport, ParameterSelection, Verdict};
use chainrule::network::activation::{self, Activation};
use chainrule::network::loss::{self, Loss};
use chainrule::network::{Architecture, Initializer, Layer, Network, Part};
use chainrule::objective::{Evaluate, Objective, Reduction};
use chainrule::random::RandomState;

/// Shape of a network and of its data.
#[derive(Clone, Copy, Debug)]
struct Shape {
    inputs: usize,
    hidden: &'static [usize],
    targets: usize,
    samples: usize,
    weights: Weights,
    parts: Parts,
}

#[derive(Clone, Copy, Debug)]
enum Weights {
    None,
    /// Random sample weights, every fifth of which is 0.
    Random,
}

/// Trainable parts of the layers.
#[derive(Clone, Copy, Debug)]
enum Parts {
    All,
    NoBias,
    /// The weights of the first layer and every second bias are frozen.
    SomeFrozen,
    /// Only the output layer is trainable.
    OnlyOutput,
}

const SHAPES: &[Shape] = &[
    shape(2, &[], 1, 5, Weights::Random, Parts::All),
    shape(3, &[], 3, 37, Weights::None, Parts::NoBias),
    shape(1, &[1], 1, 1, Weights::None, Parts::All),
    shape(2, &[3], 2, 5, Weights::Random, Parts::All),
    shape(3, &[7], 3, 37, Weights::None, Parts::All),
    shape(2, &[3], 1, 70, Weights::Random, Parts::NoBias),
    shape(3, &[3, 7], 2, 5, Weights::None, Parts::SomeFrozen),
    shape(2, &[7, 1], 3, 37, Weights::Random, Parts::All),
    shape(1, &[3, 3, 3], 1, 70, Weights::None, Parts::NoBias),
    shape(3, &[7, 3, 1], 7, 37, Weights::Random, Parts::OnlyOutput),
    shape(7, &[1, 3, 7], 2, 1, Weights::None, Parts::SomeFrozen),
];

const fn shape(
    inputs: usize,
    hidden: &'static [usize],
    targets: usize,
    samples: usize,
    weights: Weights,
    parts: Parts,
) -> Shape {
    Shape { inputs, hidden, targets, samples, weights, parts }
}

#[test]
fn all_activations_and_losses_pass_in_all_shapes() {
    let mut n_checked = 0;
    for (hidden, loss) in activations_by_losses() {
        for (i, shape) in SHAPES.iter().enumerate() {
            check(&hidden, &loss, &loss.link().activation(), shape, i as u32);
            n_checked += 1;
        }
    }
    assert_eq!(n_checked, activation::REGISTRY.len() * loss::REGISTRY.len() * SHAPES.len());
}

#[test]
fn all_activations_and_losses_pass_with_all_compatible_output_activations() {
    let (mut n_checked, mut n_compatible) = (0, 0);
    for entry in loss::REGISTRY {
        n_compatible += outputs_for(&Loss::new(entry.name, &[]).unwrap()).len();
    }
    for (hidden, loss) in activations_by_losses() {
        for output in outputs_for(&loss) {
            for (i, shape) in SHAPES.iter().enumerate() {
                // A single softmax unit is 1 for every z.
                if shape.targets > 1 || !output.is_softmax() {
                    check(&hidden, &loss, &output, shape, 100 + i as u32);
                }
            }
            n_checked += 1;
        }
    }
    assert_eq!(n_checked, activation::REGISTRY.len() * n_compatible);
    // Distances are defined for all outputs, and the cross-entropies and Poisson at least for their
    // own links.
    assert!(n_compatible >= 4 * Activation::names().count() + 3, "{n_compatible}");
}

#[test]
fn output_activations_are_compatible_if_the_loss_is_defined_for_their_values() {
    let compatible = |loss: Loss| -> Vec<&str> { outputs_for(&loss).iter().map(Activation::name).collect() };
    assert_eq!(compatible(Loss::binary_cross_entropy()), ["logistic", "softmax"]);
    assert_eq!(compatible(Loss::poisson()), ["logistic", "softplus", "rbf", "exp", "softmax"]);
    assert_eq!(compatible(Loss::squared_error()).len(), Activation::names().count());
}

#[test]
fn a_wrong_entry_is_reported_with_its_name() {
    let shape = &SHAPES[7];
    let (activation, loss) = (Activation::tanh(), Loss::cross_entropy());
    let (network, data) = network_and_data(&activation, &loss, &loss.link().activation(), shape, 3);
    let (architecture, p) = (network.architecture(), network.parameters());
    let rows: Vec<u32> = (0..shape.samples as u32).collect();
    let mut objective = Objective::new(architecture, &loss, Arc::new(data.clone())).unwrap();
    let mut gradient = vec![0.0; p.len()];
    let sums = objective.sums(p, &rows, Some(&mut gradient), None).unwrap();
    for g in &mut gradient {
        *g /= sums.weight;
    }
    for block in architecture.blocks() {
        // The largest derivative of each block has the smallest relative rounding error.
        let largest =
            block.range.clone().max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs())).unwrap();
        let mut wrong = gradient.clone();
        wrong[largest] *= 1.0 + 1e-4;
        let report = gradcheck::network_against(
            &mut objective,
            &wrong,
            p,
            &rows,
            Reduction::Mean,
            ParameterSelection::All,
        )
        .unwrap();
        assert_eq!(report.faults(), 1, "{report}");
        assert_eq!(report.worst(1)[0].name, architecture.parameter_name(largest));
        assert!((report.worst(1)[0].error - 1e-4).abs() < 2e-6, "{report}");
        assert!(report.to_string().starts_with("FAILED: 1 of "), "{report}");
        assert!(report.to_string().contains("WRONG"), "{report}");
    }
    let (first, factor) = (architecture.blocks()[0].range.start, 1.0 + 1e-4);
    // A wrong derivative of a frozen parameter is not checked.
    let mut wrong_if_trainable = gradient.clone();
    wrong_if_trainable[first] *= factor;
    let layers = architecture.layers().iter().cloned().enumerate();
    let layers = layers.map(|(l, layer)| if l == 0 { layer.frozen_weights() } else { layer }).collect();
    let frozen = Architecture::new(shape.inputs, layers).unwrap();
    let mut objective = Objective::new(&frozen, &loss, Arc::new(data.clone())).unwrap();
    let report = gradcheck::network_against(
        &mut objective,
        &wrong_if_trainable,
        p,
        &rows,
        Reduction::Mean,
        ParameterSelection::All,
    )
    .unwrap();
    assert!(report.passed(), "{report}");
    assert_eq!(report.checked.len(), p.len() - frozen.block(0, Part::Weights).unwrap().range.len());
}

#[test]
fn parameters_are_sampled_without_replacement() {
    let loss = Loss::squared_error();
    let (network, data) =
        network_and_data(&Activation::tanh(), &loss, &Activation::identity(), &SHAPES[4], 0);
    let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
    let mut indices = |count, seed| -> Vec<usize> {
        let selection = ParameterSelection::Sample { count, seed };
        let report =
            gradcheck::network(&mut objective, network.parameters(), &[0, 1], Reduction::Sum, selection)
                .unwrap();
        assert!(report.passed(), "{report}");
        report.checked.iter().map(|checked| checked.index).collect()
    };
    let ten = indices(10, 1);
    assert_eq!(ten.len(), 10);
    assert!(ten.windows(2).all(|pair| pair[0] < pair[1]), "{ten:?}");
    assert_eq!(ten, indices(10, 1));
    assert_ne!(ten, indices(10, 2));
    assert_eq!(indices(1000, 1), (0..network.parameters().len()).collect::<Vec<_>>());
}

#[test]
fn a_relu_at_exactly_0_is_a_kink() {
    // z = w·1 + b = 0, so the unit is inactive for smaller and active for larger parameters.
    let report = check_near_kink(Activation::relu(), &Loss::squared_error(), 0.0);
    assert!(report.passed(), "{report}");
    assert_eq!(report.kinks(), 2, "{report}");
    assert_eq!(report.checked[0].verdict, Verdict::Kink);
    assert_eq!((report.checked[0].analytic, report.checked[1].name.as_str()), (0.0, "hidden.b[0]"));
    // Close to 0 the derivative exists. The step h is reduced until it does not cross the kink.
    for b in [1e-7, -1e-7] {
        let report = check_near_kink(Activation::relu(), &Loss::squared_error(), b);
        assert!(report.passed() && report.kinks() == 0, "{b}: {report}");
    }
}

/// Checks a network with x = 1, one hidden unit of weight 0 and bias `b`, an output weight of 1 and
/// the target 1.
fn check_near_kink(activation: Activation, loss: &Loss, b: f64) -> GradientReport {
    let layers = vec![Layer::new(1, activation), Layer::new(1, Activation::identity()).without_bias()];
    let architecture = Architecture::new(1, layers).unwrap();
    let data = Dataset::new(vec![1.0], 1, vec![1.0], 1).unwrap();
    let mut objective = Objective::new(&architecture, loss, Arc::new(data.clone())).unwrap();
    gradcheck::network(&mut objective, &[0.0, b, 1.0], &[0], Reduction::Mean, ParameterSelection::All)
        .unwrap()
}

#[test]
fn an_output_equal_to_its_target_is_a_kink_of_the_absolute_error() {
    // One sample with y = w·1 = t: the slope is -1 below w and 1 above it.
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()]).unwrap();
    let data = Dataset::new(vec![1.0], 1, vec![2.0], 1).unwrap();
    let verdict = |loss: &Loss, slope: f64| {
        let mut objective = Objective::new(&line, loss, Arc::new(data.clone())).unwrap();
        let report = gradcheck::network_against(
            &mut objective,
            &[slope],
            &[2.0],
            &[0],
            Reduction::Mean,
            ParameterSelection::All,
        )
        .unwrap();
        report.checked[0].verdict
    };
    let absolute = Loss::absolute_error();
    // The central difference is the mean of the two slopes.
    assert_eq!(verdict(&absolute, 0.0), Verdict::Agrees);
    assert_eq!([-1.0, 0.5, 1.0].map(|slope| verdict(&absolute, slope)), [Verdict::Kink; 3]);
    assert_eq!([-1.1, 1.1].map(|slope| verdict(&absolute, slope)), [Verdict::Differs; 2]);
    let quantile = Loss::quantile(&[0.2]);
    assert_eq!([-0.2, 0.0, 0.8].map(|slope| verdict(&quantile, slope)), [Verdict::Kink; 3]);
    assert_eq!([-0.3, 0.9].map(|slope| verdict(&quantile, slope)), [Verdict::Differs; 2]);
    // The slopes chosen by the engine at the kink are valid.
    for loss in [absolute, quantile] {
        let mut objective = Objective::new(&line, &loss, Arc::new(data.clone())).unwrap();
        assert!(
            gradcheck::network(&mut objective, &[2.0], &[0], Reduction::Mean, ParameterSelection::All)
                .unwrap()
                .passed()
        );
    }
}

#[test]
fn slopes_of_all_activations_agree_with_their_values() {
    for entry in activation::REGISTRY {
        let activation = Activation::new(entry.name, &[]).unwrap();
        let mut at: Vec<f64> = (-40..=40).map(|k| f64::from(k) * 0.21 + 0.01).collect();
        at.extend(activation.kinks());
        let report = gradcheck::slope(&activation, &at);
        assert!(report.passed(), "{}: {report}", entry.name);
        assert_eq!(report.checked.len(), at.len());
        assert!(report.kinks() <= activation.kinks().len(), "{}: {report}", entry.name);
    }
    assert_eq!(gradcheck::slope(&Activation::relu(), &[-0.5, 0.0, 0.5]).kinks(), 1);
}

#[test]
fn a_wrong_slope_of_a_custom_activation_is_detected() {
    let cube = |factor: f64| {
        Activation::custom(
            |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z * z * z),
            move |z, _, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = factor * z * z),
        )
    };
    let at = [-2.0, -0.5, 0.0, 1.0];
    assert!(gradcheck::slope(&cube(3.0), &at).passed());
    let report = gradcheck::slope(&cube(2.0), &at);
    assert_eq!(report.faults(), 3, "at 0 both slopes are 0: {report}");
    assert_eq!(report.worst(1)[0].verdict, Verdict::Differs);
    assert!(report.to_string().contains("f'(-2)"), "{report}");

    let loss = Loss::squared_error();
    for (factor, is_correct) in [(3.0, true), (3.01, false)] {
        let (network, data) = network_and_data(&cube(factor), &loss, &Activation::identity(), &SHAPES[3], 0);
        let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
        let report = gradcheck::network(
            &mut objective,
            network.parameters(),
            &[0, 1, 2],
            Reduction::Mean,
            ParameterSelection::All,
        )
        .unwrap();
        assert_eq!(report.passed(), is_correct, "{report}");
        // Derivatives of the output layer do not depend on the slope.
        assert!(
            report.worst(3).iter().all(|worst| is_correct || worst.name.starts_with("hidden.")),
            "{report}"
        );
    }
}

fn activations_by_losses() -> impl Iterator<Item = (Activation, Loss)> {
    activation::REGISTRY.iter().flat_map(|hidden| {
        let losses = loss::REGISTRY.iter().map(|loss| Loss::new(loss.name, &[]).unwrap());
        losses.map(|loss| (Activation::new(hidden.name, &[]).unwrap(), loss))
    })
}

/// Returns the output activations for whose values the loss is defined.
fn outputs_for(loss: &Loss) -> Vec<Activation> {
    let all = Activation::names().map(|(name, _)| Activation::new(name, &[]).unwrap());
    all.filter(|output| is_compatible(output, loss)).collect()
}

/// Returns whether the loss is finite for the values of the output activation at the
/// pre-activations that occur in these tests.
fn is_compatible(output: &Activation, loss: &Loss) -> bool {
    let t = targets(loss, 3, 1, &mut RandomState::new(1));
    let grid: Vec<f64> = (-12..=12).map(|k| f64::from(k) * 0.25).collect();
    let finite = |t: &[f64], z: [f64; 3]| {
        let mut y = [0.0; 3];
        output.apply(3, &z, &mut y);
        let (value, dy) = loss.value_on_outputs(&y, t);
        value.is_finite() && dy.iter().all(|dy| dy.is_finite())
    };
    // Binary targets are also tested with 0 and 1 exchanged.
    let exchanged: Vec<f64> = t.iter().map(|t| 1.0 - t).collect();
    let both = if (loss.domain().fault)(&exchanged).is_none() { vec![&t, &exchanged] } else { vec![&t] };
    both.into_iter().all(|t| grid.iter().all(|&z| finite(t, [z, -z, z / 2.0])))
}

/// Returns targets that the loss accepts, of the first accepted kind: arbitrary numbers, counts,
/// fractions or one-hot classes.
fn targets(loss: &Loss, n_targets: usize, n: usize, random: &mut RandomState) -> Vec<f64> {
    let kinds: [fn(&mut RandomState, usize) -> Vec<f64>; 4] = [
        |random, k| (0..k).map(|_| random.standard_normal()).collect(),
        |random, k| (0..k).map(|_| random.randint(0, 5) as f64).collect(),
        |random, k| (0..k).map(|_| [0.0, 1.0, 0.3][random.randint(0, 3) as usize]).collect(),
        |random, k| {
            let class = random.randint(0, k as i64) as usize;
            (0..k).map(|j| if j == class { 1.0 } else { 0.0 }).collect()
        },
    ];
    let accepted = |kind: &&fn(&mut RandomState, usize) -> Vec<f64>| {
        let mut random = RandomState::new(0);
        (0..50).all(|_| (loss.domain().fault)(&kind(&mut random, n_targets.max(2))).is_none())
    };
    let kind = kinds.iter().find(accepted).unwrap_or_else(|| panic!("no targets for {loss}"));
    (0..n).flat_map(|_| kind(random, n_targets)).collect()
}

fn network_and_data(
    hidden: &Activation,
    loss: &Loss,
    output: &Activation,
    shape: &Shape,
    seed: u32,
) -> (Network<f64>, Dataset<f64>) {
    let mut random = RandomState::new(seed);
    let (n, n_outputs) = (shape.samples, loss.n_outputs(shape.targets));
    let x = (0..n * shape.inputs).map(|_| random.standard_normal()).collect();
    let t = targets(loss, shape.targets, n, &mut random);
    let mut data = Dataset::new(x, shape.inputs, t, shape.targets).unwrap();
    if let Weights::Random = shape.weights {
        let weight = |i| if i % 5 == 4 { 0.0 } else { random.uniform(0.2, 2.0) };
        data = data.with_weights((0..n).map(weight).collect()).unwrap();
    }
    // Smaller weights prevent nested exponentials from overflowing.
    let mut at_3 = [0.0];
    hidden.values(&[3.0], &mut at_3);
    let gain = if at_3[0] > 10.0 { 0.3 } else { 1.2 };
    let widths = shape.hidden.iter().map(|&width| (width, hidden)).chain([(n_outputs, output)]);
    let layers: Vec<Layer> = widths
        .enumerate()
        .map(|(l, (width, activation))| {
            let layer = Layer::new(width, activation.clone())
                .weight_init(Initializer::new("lecun_normal", &[("gain", gain.into())]).unwrap())
                .bias_init(Initializer::normal(0.1, 0.3));
            match shape.parts {
                Parts::NoBias => layer.without_bias(),
                Parts::SomeFrozen if l == 0 => layer.frozen_weights(),
                Parts::SomeFrozen if l % 2 == 1 => layer.frozen_bias(),
                Parts::OnlyOutput if l < shape.hidden.len() => layer.frozen_weights().frozen_bias(),
                Parts::All | Parts::SomeFrozen | Parts::OnlyOutput => layer,
            }
        })
        .collect();
    let architecture = Architecture::new(shape.inputs, layers).unwrap();
    (Network::initialize(architecture, &mut random), data)
}

fn check(hidden: &Activation, loss: &Loss, output: &Activation, shape: &Shape, seed: u32) {
    let (network, data) = network_and_data(hidden, loss, output, shape, seed);
    let reduction = if seed.is_multiple_of(2) { Reduction::Mean } else { Reduction::Sum };
    let mut objective = Objective::new(network.architecture(), loss, Arc::new(data.clone())).unwrap();
    let rows: Vec<u32> = (0..shape.samples as u32).collect();
    let report =
        gradcheck::network(&mut objective, network.parameters(), &rows, reduction, ParameterSelection::All)
            .unwrap();
    assert!(report.passed(), "{hidden}, {loss}, output {output}, {shape:?}:\n{report}");
    let trainable: usize = network.architecture().trainable().map(|block| block.range.len()).sum();
    assert!(trainable > 0 && report.checked.len() == trainable, "{report}");
}

#[test]
fn the_common_factor_of_wrong_derivatives_is_explained() {
    let loss = Loss::squared_error();
    let (network, data) =
        network_and_data(&Activation::tanh(), &loss, &Activation::identity(), &SHAPES[4], 0);
    let (p, rows): (_, Vec<u32>) = (network.parameters(), (0..SHAPES[4].samples as u32).collect());
    let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
    let mut sums = vec![0.0; p.len()];
    objective.sums(p, &rows, Some(&mut sums), None).unwrap();
    let mut explanation = |reduction: Reduction, factor: &dyn Fn(usize) -> f64| -> String {
        let gradient: Vec<f64> = sums.iter().enumerate().map(|(i, g)| factor(i) * g).collect();
        let report = gradcheck::network_against(
            &mut objective,
            &gradient,
            p,
            &rows,
            reduction,
            ParameterSelection::All,
        )
        .unwrap();
        report.common_factor.map_or_else(String::new, |factor| factor.to_string())
    };
    assert_eq!(
        explanation(Reduction::Mean, &|_| 1.0),
        "Each wrong derivative is 37 times the numeric derivative: a sum over the 37 samples instead of \
         their mean?"
    );
    assert_eq!(
        explanation(Reduction::Sum, &|_| 1.0 / 37.0),
        "Each wrong derivative is 1/37 times the numeric derivative: a mean over the 37 samples instead of \
         their sum?"
    );
    // The other derivatives may be correct.
    assert_eq!(
        explanation(Reduction::Sum, &|i| if i < 9 { -1.0 } else { 1.0 }),
        "Each wrong derivative is -1 times the numeric derivative: the wrong sign?"
    );
    assert_eq!(
        explanation(Reduction::Sum, &|_| -0.5),
        "Each wrong derivative is -1/2 times the numeric derivative: the wrong sign, and a missing factor 2 \
         from the square?"
    );
    assert_eq!(
        explanation(Reduction::Sum, &|_| 1.7),
        "Each wrong derivative is 1.7 times the numeric derivative."
    );
    assert_eq!(explanation(Reduction::Sum, &|i| if i == 3 { 1.8 } else { 1.7 }), "");
    assert_eq!(explanation(Reduction::Sum, &|_| 1.0), "");
}
