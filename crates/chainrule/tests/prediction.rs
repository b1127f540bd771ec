//! A sample's outputs are the same bits alone, among a few and in a tile, whatever the network.

use chainrule::Scalar;
use chainrule::network::activation::{Activation, REGISTRY};
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use proptest::prelude::*;

/// Every activation of the registry with its defaults, and one of a user's own.
fn elementwise() -> Vec<Activation> {
    let ours = REGISTRY.iter().map(|entry| Activation::new(entry.name, &[]).unwrap());
    let own = Activation::custom(
        |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z / (1.0 + z * z)),
        |z, _, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = *z),
    );
    ours.chain([own]).collect()
}

/// A network of these widths and activations, every second layer without bias, and inputs for it.
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

/// The bits, one NaN like another.
fn bits<T: Scalar>(y: &[T]) -> Vec<u64> {
    y.iter().map(|y| if y.to_f64().is_nan() { u64::MAX } else { y.to_f64().to_bits() }).collect()
}

fn same_bits<T: Scalar>(widths: &[usize], activations: &[Activation], n: usize, seed: u32) {
    let (network, x) = network::<T>(widths, activations, n, seed);
    let (n_in, n_out) = (widths[0], network.architecture().n_outputs());
    let together = network.predict(&x);
    assert_eq!(together.len(), n * n_out);
    let mut predictor = network.predictor();
    for of_call in [1, 2, 5, T::WIDTH + 1] {
        let mut y = vec![T::ZERO; n * n_out];
        for (x, y) in x.chunks(n_in * of_call).zip(y.chunks_mut(n_out * of_call)) {
            predictor.predict(x, y);
        }
        assert_eq!(
            bits(&y),
            bits(&together),
            "{of_call} of {n} at a time, {}",
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
        same_bits::<f32>(&widths, &activations, n, seed);
        same_bits::<f64>(&widths, &activations, n, seed);
    }
}

#[test]
fn every_activation_has_its_turn_in_a_wide_layer_too() {
    for activation in elementwise() {
        for output in [activation.clone(), Activation::softmax()] {
            let activations = [activation.clone(), output];
            same_bits::<f32>(&[3, 150, 70], &activations, 70, 1);
            same_bits::<f64>(&[3, 150, 70], &activations, 70, 1);
        }
    }
}

#[test]
fn no_samples_have_no_outputs() {
    let (network, _) = network::<f32>(&[3, 2], &[Activation::tanh()], 0, 1);
    assert!(network.predict(&[]).is_empty());
}

#[test]
#[should_panic(expected = "x must hold whole rows of 3 inputs")]
fn half_a_row_of_inputs_is_refused() {
    let (network, x) = network::<f32>(&[3, 2], &[Activation::tanh()], 2, 1);
    network.predictor().predict(&x[..5], &mut [0.0; 4]);
}

#[test]
#[should_panic(expected = "y must hold 2 rows of 2 outputs")]
fn room_for_other_outputs_is_refused() {
    let (network, x) = network::<f32>(&[3, 2], &[Activation::tanh()], 2, 1);
    network.predictor().predict(&x, &mut [0.0; 5]);
}
