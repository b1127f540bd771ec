//! The Jacobian of the outputs agrees with central differences and with the gradient of a loss.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Initializer, Layer, Network, jacobian, vector_jacobian_product};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;

/// Returns networks with every activation in the hidden and the output layer, some with frozen
/// blocks, and softmax outputs.
fn networks() -> Vec<Network<f64>> {
    let activations =
        Activation::names().map(|(name, _)| Activation::new(name, &[]).expect("a name of the list"));
    let network = |(k, activation): (usize, Activation)| {
        let hidden = if activation.is_softmax() { Activation::tanh() } else { activation.clone() };
        // With a bias, no pre-activation is exactly 0, where some activations are not differentiable.
        let with_bias = |n, activation| Layer::new(n, activation).bias_init(Initializer::normal(0.0, 0.5));
        let first = with_bias(4, hidden.clone());
        let layers = vec![
            if k % 3 == 1 { first.frozen_weights() } else { first },
            if k % 3 == 2 { with_bias(3, hidden).frozen_bias() } else { with_bias(3, hidden) },
            with_bias(2, activation),
        ];
        let architecture = Architecture::new(3, layers).expect("a valid architecture");
        Network::initialize(architecture, &mut RandomState::new(k as u32))
    };
    activations.enumerate().map(network).collect()
}

fn inputs(n: usize) -> Vec<f64> {
    (0..3 * n).map(|i| (i as f64 * 0.7).sin()).collect()
}

#[test]
fn the_jacobian_agrees_with_central_differences() {
    // More samples than a tile, and not a multiple of a vector.
    let x = inputs(67);
    for network in networks() {
        let (architecture, p) = (network.architecture(), network.parameters());
        let n_parameters = p.len();
        let derivatives = jacobian(&network, &x);
        assert_eq!(derivatives.len(), 67 * 2 * n_parameters);
        let outputs = |k: usize, step: f64| {
            let mut p = p.to_vec();
            p[k] += step;
            Network::new(architecture.clone(), p).expect("finite parameters").predict(&x)
        };
        let trainable: Vec<usize> = architecture.trainable().flat_map(|block| block.range.clone()).collect();
        for k in 0..n_parameters {
            let (up, down) = (outputs(k, 1e-6), outputs(k, -1e-6));
            for (i, (up, down)) in up.iter().zip(&down).enumerate() {
                let got = derivatives[i * n_parameters + k];
                let expected = if trainable.contains(&k) { (up - down) / 2e-6 } else { 0.0 };
                assert!(
                    (got - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                    "{}: {got} {expected}",
                    architecture.describe()
                );
            }
        }
    }
}

#[test]
fn products_with_the_jacobian_are_gradients_of_losses() {
    let (x, n) = (inputs(67), 67_u32);
    let t: Vec<f64> = (0..2 * n).map(|i| (f64::from(i) * 1.1).cos()).collect();
    for network in networks() {
        let data = Arc::new(Dataset::new(x.clone(), 3, t.clone(), 2).expect("finite samples"));
        let objective = Objective::new(network.architecture(), &Loss::squared_error(), data);
        let mut objective = objective.expect("the data match the network");
        let mut gradient = vec![0.0; network.parameters().len()];
        let rows: Vec<u32> = (0..n).collect();
        objective.sums(network.parameters(), &rows, Some(&mut gradient), None).expect("readable samples");
        // The derivative of the squared error Σ (y - t)² of a sample.
        let y = network.predict(&x);
        let dy: Vec<f64> = y.iter().zip(&t).map(|(y, t)| 2.0 * (y - t)).collect();
        let product = vector_jacobian_product(&network, &x, &dy);
        let derivatives = jacobian(&network, &x);
        let parameters = network.parameters().len();
        for (k, (product, gradient)) in product.iter().zip(&gradient).enumerate() {
            assert!((product - gradient).abs() < 1e-10 * (1.0 + gradient.abs()), "{product} {gradient}");
            let summed: f64 = dy.iter().enumerate().map(|(i, dy)| dy * derivatives[i * parameters + k]).sum();
            assert!((product - summed).abs() < 1e-10 * (1.0 + summed.abs()), "{product} {summed}");
        }
    }
}
