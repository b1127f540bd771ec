//! Quantities that only published documents claim something about.

use chainrule::Dataset;
use chainrule::network::{Architecture, Layer, Learning, Network};

/// Returns the equivalent single-layer network if all hidden layers are linear.
///
/// For two layers, `(x·W₁ + b₁)·W₂ + b₂ = x·(W₁·W₂) + (b₁·W₂ + b₂)`. Returns `None` if a hidden
/// layer has an activation other than the identity.
pub fn collapsed(network: &Network<f64>) -> Option<Network<f64>> {
    let (architecture, parameters) = (network.architecture(), network.parameters());
    let (last, hidden) = architecture.layers().split_last()?;
    if hidden.iter().any(|layer| layer.activation.name() != "identity") {
        return None;
    }
    let n_inputs = architecture.n_inputs();
    // Rows of [W; b], starting from the identity map: W = I, b = 0.
    let mut rows: Vec<Vec<f64>> =
        (0..=n_inputs).map(|i| (0..n_inputs).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for (l, layer) in architecture.layers().iter().enumerate() {
        let w = architecture.weights(l, parameters);
        let product = |row: &Vec<f64>, j: usize| -> f64 {
            row.iter().enumerate().map(|(i, a)| a * w[i * layer.n_units + j]).sum()
        };
        for row in &mut rows {
            *row = (0..layer.n_units).map(|j| product(row, j)).collect();
        }
        if let Some(b) = architecture.bias(l, parameters) {
            rows[n_inputs].iter_mut().zip(b).for_each(|(sum, b)| *sum += b);
        }
    }
    let single = Layer { bias: Some(Learning::Trainable), ..last.clone() };
    Network::new(Architecture::new(n_inputs, vec![single]).ok()?, rows.concat()).ok()
}

/// Returns the largest difference between the outputs of a network of linear layers and those of
/// the equivalent single layer.
///
/// # Errors
/// Returns what is wrong with a network whose layers are not linear.
pub(crate) fn collapse_difference(network: &Network<f64>, data: &Dataset<f64>) -> Result<f64, &'static str> {
    let single = collapsed(network).ok_or(
        "is \"collapse\", but the network has an activation that is not linear; use identity activations",
    )?;
    let (y, y_single) = (network.predict(data.x()), single.predict(data.x()));
    Ok(y.iter().zip(&y_single).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// Returns the loss that the source of the Gaussians prints: a guarded cross-entropy with its two
/// arguments swapped.
#[expect(clippy::unnecessary_wraps, reason = "the type of all quantities in this file")]
pub(crate) fn swapped_guarded_loss(network: &Network<f64>, data: &Dataset<f64>) -> Result<f64, &'static str> {
    let (y, guard) = (network.predict(data.x()), 1e-4);
    let loss = |(p, t): (&f64, &f64)| -p * (t + guard).ln() - (1.0 - p) * (1.0 - t + guard).ln();
    Ok(y.iter().zip(data.t()).map(loss).sum::<f64>() / y.len() as f64)
}

#[cfg(test)]
mod tests {
    use chainrule::network::activation::Activation;

    use super::*;

    fn network(activation: Activation) -> Network<f64> {
        let layers = vec![Layer::new(2, activation), Layer::new(1, Activation::logistic())];
        let parameters = vec![1.0, -2.0, 0.5, 3.0, 0.25, -1.0, 2.0, 1.5, 0.75];
        Network::new(Architecture::new(2, layers).unwrap(), parameters).unwrap()
    }

    #[test]
    fn linear_layers_collapse_into_one() {
        let single = collapsed(&network(Activation::identity())).unwrap();
        // W₁·W₂ = [1 -2; 0.5 3]·[2; 1.5], b₁·W₂ + b₂ = [0.25 -1]·[2; 1.5] + 0.75.
        assert_eq!(single.parameters(), [-1.0, 5.5, -0.25]);
        assert_eq!(collapsed(&network(Activation::tanh())), None);
    }

    #[test]
    fn the_swapped_loss_is_that_of_the_document() {
        let data = Dataset::new(vec![1.0, 1.0], 2, vec![1.0], 1).unwrap();
        let network = network(Activation::identity());
        let y = network.predict(data.x())[0];
        let expected = -y * 1.0001_f64.ln() - (1.0 - y) * 1e-4_f64.ln();
        assert!((swapped_guarded_loss(&network, &data).unwrap() - expected).abs() < 1e-12);
        assert!(collapse_difference(&network, &data).unwrap() < 1e-12);
    }
}
