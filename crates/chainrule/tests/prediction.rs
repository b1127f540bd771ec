//! Predictions are bit-identical for single samples, a few samples and whole tiles, on any number of
//! threads.

use std::sync::Arc;

use chainrule::network::activation::{Activation, REGISTRY};
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::{Dataset, Scalar, set_threads};
use proptest::prelude::*;

/// Returns every activation of the registry with its default options, and a custom activation.
fn elementwise() -> Vec<Activation> {
    let registered = REGISTRY.iter().map(|entry| Activation::new(entry.name, &[]).unwrap());
    let custom = Activation::custom(
        |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z / (1.0 + z * z)),
        |z, _, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = *z),
    );
    registered.chain([custom]).collect()
}

/// Returns a network with the given widths and activations, in which every second layer has no
/// bias, and `n` rows of inputs.
fn network<T: Scalar>(
    widths: &[usize],
    activations: &[Activation],
    n: usize,
    seed: u32,
) -> (Network<T>, Vec<T>) {
    let mut random = RandomState::new(seed);
    let layers = widths[1..].iter().zip(activations).enumerate().map(|(l, (&n_units, activation))| {
        let layer = Layer::new(n_units, activation.clone());
        if l % 2 == 1 { layer.without_bias() } else { layer }
    });
    let architecture = Architecture::new(widths[0], layers.collect()).unwrap();
    let mut draw = |n| (0..n).map(|_| T::from_f64(random.standard_normal() * 0.5)).collect::<Vec<T>>();
    let (parameters, x) = (draw(architecture.n_parameters()), draw(n * widths[0]));
    (Network::new(architecture, parameters).unwrap(), x)
}

/// Returns the bits of the numbers, with the same value for every NaN.
fn bits<T: Scalar>(y: &[T]) -> Vec<u64> {
    y.iter().map(|y| if y.to_f64().is_nan() { u64::MAX } else { y.to_f64().to_bits() }).collect()
}

fn assert_same_bits<T: Scalar>(widths: &[usize], activations: &[Activation], n: usize, seed: u32) {
    let (network, x) = network::<T>(widths, activations, n, seed);
    let (n_in, n_out) = (widths[0], network.architecture().n_outputs());
    let expected = network.predict(&x);
    assert_eq!(expected.len(), n * n_out);
    let mut predictor = network.predictor();
    for batch in [1, 2, 5, T::WIDTH + 1] {
        let mut y = vec![T::ZERO; n * n_out];
        for (x, y) in x.chunks(n_in * batch).zip(y.chunks_mut(n_out * batch)) {
            predictor.predict(x, y);
        }
        assert_eq!(
            bits(&y),
            bits(&expected),
            "{batch} of {n} samples at a time, {}",
            network.architecture().describe()
        );
    }
}

proptest! {
    #[test]
    fn a_sample_has_the_same_bits_alone_and_in_a_batch(
        widths in prop::collection::vec(1usize..=40, 2..=5),
        hidden in prop::collection::vec(0..REGISTRY.len() + 1, 4),
        last in 0..REGISTRY.len() + 2,
        n in 1usize..=150,
        seed: u32,
    ) {
        let (elementwise, n_layers) = (elementwise(), widths.len() - 1);
        let mut activations: Vec<Activation> = hidden.iter().map(|&k| elementwise[k].clone()).collect();
        activations.truncate(n_layers);
        activations[n_layers - 1] = elementwise.get(last).cloned().unwrap_or_else(Activation::softmax);
        assert_same_bits::<f32>(&widths, &activations, n, seed);
        assert_same_bits::<f64>(&widths, &activations, n, seed);
    }
}

/// Compares predictions, and the outputs of an objective, on several threads with those on one. The
/// network is so wide that another thread is used from some hundred samples on.
fn assert_same_bits_on_threads<T: Scalar>(widths: &[usize], n: usize, n_threads: usize, seed: u32) {
    let activations = [Activation::tanh(), Activation::relu(), Activation::logistic()];
    let (network, x) = network::<T>(widths, &activations, n, seed);
    let n_out = network.architecture().n_outputs();
    // Targets and weights that identify their row.
    let t: Vec<T> = (0..n * n_out).map(|k| T::from_f64(k as f64)).collect();
    let weights: Vec<T> = (0..n).map(|row| T::from_f64(row as f64)).collect();
    let data = Dataset::new(x.clone(), widths[0], t, n_out).unwrap().with_weights(weights).unwrap();
    let mut rows: Vec<u32> = (0..n as u32).collect();
    RandomState::new(seed).shuffle(&mut rows);
    let loss = Loss::squared_error();
    let evaluate = |n_threads| {
        set_threads(n_threads);
        let mut y = vec![T::ZERO; n * n_out];
        network.predictor().predict(&x, &mut y);
        let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
        let outputs = objective.outputs(network.parameters(), &rows).unwrap();
        set_threads(0);
        (y, outputs)
    };
    let (expected, outputs) = evaluate(1);
    let (y, outputs_on_threads) = evaluate(n_threads);
    assert_eq!(bits(&y), bits(&expected));
    assert_eq!(outputs_on_threads, outputs);
    for (k, &row) in rows.iter().enumerate() {
        let of_row = |values: &[T]| -> Vec<f64> {
            values[row as usize * n_out..][..n_out].iter().map(|v| v.to_f64()).collect()
        };
        assert_eq!(outputs.y[k * n_out..][..n_out], of_row(&expected));
        assert_eq!(outputs.t[k * n_out..][..n_out], of_row(data.t()));
        assert_eq!(outputs.weight[k], f64::from(row));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn predictions_have_the_same_bits_on_any_number_of_threads(
        n_inputs in 1usize..=40,
        n_outputs in 1usize..=5,
        n in 1usize..=1500,
        n_threads in 2usize..=5,
        seed: u32,
    ) {
        assert_same_bits_on_threads::<f32>(&[n_inputs, 130, 50, n_outputs], n, n_threads, seed);
        assert_same_bits_on_threads::<f64>(&[n_inputs, 130, 50, n_outputs], n, n_threads, seed);
    }
}

#[test]
fn wide_layers_have_the_same_bits_with_every_activation() {
    for activation in elementwise() {
        for output in [activation.clone(), Activation::softmax()] {
            let activations = [activation.clone(), output];
            assert_same_bits::<f32>(&[3, 150, 70], &activations, 70, 1);
            assert_same_bits::<f64>(&[3, 150, 70], &activations, 70, 1);
        }
    }
}

#[test]
fn predicting_no_samples_returns_no_outputs() {
    let (network, _) = network::<f32>(&[3, 2], &[Activation::tanh()], 0, 1);
    assert!(network.predict(&[]).is_empty());
}

#[test]
#[should_panic(expected = "x must contain whole rows of 3 inputs")]
fn an_incomplete_row_of_inputs_panics() {
    let (network, x) = network::<f32>(&[3, 2], &[Activation::tanh()], 2, 1);
    network.predictor().predict(&x[..5], &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "y must contain 2 rows of 2 outputs")]
fn an_output_slice_of_wrong_length_panics() {
    let (network, x) = network::<f32>(&[3, 2], &[Activation::tanh()], 2, 1);
    network.predictor().predict(&x, &mut [0.0; 5]);
}
