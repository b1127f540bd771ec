//! Sums of the objective: correct for any number of rows, in an order that depends only on the
//! numbers of rows and parameters.

use std::sync::Arc;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective, SumTree, Sums};
use chainrule::random::RandomState;
use chainrule::{DataSource, Dataset, Error, Scalar};

const SAMPLES: usize = 4200;

/// Sums and gradient of a single sample.
type OneSample = (Sums, Vec<f64>);

#[test]
fn sums_equal_the_sums_over_single_samples() {
    let (network, data) = network_and_data::<f64>();
    let mut objective =
        Objective::new(network.architecture(), &Loss::cross_entropy(), Arc::new(data.clone())).unwrap();
    let n_parameters = network.parameters().len();
    let samples: Vec<OneSample> = (0..SAMPLES)
        .map(|row| {
            let mut gradient = vec![f64::NAN; n_parameters];
            (
                objective.sums(network.parameters(), &[row as u32], Some(&mut gradient), None).unwrap(),
                gradient,
            )
        })
        .collect();
    let mut random = RandomState::new(5);
    for n in [0, 1, 2, 63, 64, 65, 127, 128, 129, 1000, 4097] {
        let in_order: Vec<u32> = (0..n).collect();
        let repeated: Vec<u32> = (0..n).map(|_| random.randint(0, 100) as u32).collect();
        for rows in [in_order, repeated] {
            let mut gradient = vec![f64::NAN; n_parameters];
            let sums = objective.sums(network.parameters(), &rows, Some(&mut gradient), None).unwrap();
            let sum = |value: &dyn Fn(&OneSample) -> f64| {
                rows.iter().map(|&row| value(&samples[row as usize])).sum::<f64>()
            };
            let assert_close = |actual: f64, value: &dyn Fn(&OneSample) -> f64, label: &str| {
                let magnitude = sum(&|sample| value(sample).abs());
                assert!(
                    (actual - sum(value)).abs() <= 1e-14 * magnitude,
                    "{label} of {n} rows: {actual}, expected {}",
                    sum(value)
                );
            };
            assert_close(sums.loss, &|(sums, _)| sums.loss, "loss");
            assert_close(sums.weight, &|(sums, _)| sums.weight, "weight");
            for i in 0..n_parameters {
                let name = network.architecture().parameter_name(i);
                assert_close(gradient[i], &|(_, gradient)| gradient[i], &name);
            }
            let without_gradient = objective.sums(network.parameters(), &rows, None, None).unwrap();
            assert_eq!(without_gradient, sums, "the loss has the same bits with and without a gradient");
        }
    }
}

#[test]
fn chunk_counts_are_within_their_bounds() {
    for n_parameters in [1, 100, 16_384, 16_385, 10_000_000] {
        let mut previous = 1;
        for n_rows in (0..10_000).chain([100_000, 1_000_000, usize::MAX / 2]) {
            let chunks = SumTree::new(n_rows, n_parameters).n_chunks();
            let tiles = n_rows.div_ceil(64);
            assert!(
                (1..=64).contains(&chunks) && chunks <= tiles.max(1),
                "{n_rows} {n_parameters}: {chunks}"
            );
            assert!(chunks >= previous, "the number of chunks does not decrease with more rows");
            let min_tiles = if n_parameters > 16_384 { 4 } else { 1 };
            assert!(chunks <= 2 || tiles / chunks >= min_tiles, "{n_rows} {n_parameters}: {chunks}");
            assert!(chunks == 1 || chunks * n_parameters <= 1 << 24, "{n_rows} {n_parameters}: {chunks}");
            previous = chunks;
        }
        assert_eq!(
            previous,
            if n_parameters > 1 << 18 { (1 << 24) / n_parameters } else { 64 },
            "{n_parameters}"
        );
    }
}

#[test]
fn separately_computed_chunks_add_up_to_the_same_bits() {
    chunks_add_up_to_the_same_bits::<f32>();
    chunks_add_up_to_the_same_bits::<f64>();
}

fn chunks_add_up_to_the_same_bits<T: Scalar>() {
    let (network, data) = network_and_data::<T>();
    let loss = Loss::cross_entropy();
    let mut random = RandomState::new(6);
    for n in [1, 64, 65, 128, 129, 333, 1000, 4097, 4200] {
        let rows: Vec<u32> = random.permutation(SAMPLES)[..n].iter().map(|row| *row as u32).collect();
        let mut whole = vec![T::ZERO; network.parameters().len()];
        let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
        let sums = objective.sums(network.parameters(), &rows, Some(&mut whole), None).unwrap();

        // Each chunk is computed by a separate objective, in reverse order, as in distributed
        // training.
        let tree = SumTree::new(n, whole.len());
        let chunks = tree.n_chunks();
        let mut parts: Vec<(Sums, Vec<T>)> = Vec::new();
        for chunk in (0..chunks).rev() {
            let mut objective =
                Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
            let mut sums = (Sums::default(), vec![T::ZERO; whole.len()]);
            for tile in rows[tree.rows(chunk)].chunks(64) {
                let mut gradient = vec![T::ZERO; whole.len()];
                let tile_sums =
                    objective.sums(network.parameters(), tile, Some(&mut gradient), None).unwrap();
                sums = add(sums, &(tile_sums, gradient));
            }
            parts.insert(0, sums);
        }
        // Any number of participants computes nodes of a level, which are then joined.
        for n_participants in [1, 2, 3, 5, 8, 64] {
            let n_nodes = tree.n_nodes(n_participants);
            let nodes = (0..n_participants).flat_map(|k| tree.nodes(n_nodes, n_participants, k));
            let nodes: Vec<_> =
                nodes.map(|node| tree_sum(parts[tree.chunks(n_nodes, node)].to_vec())).collect();
            let joined = SumTree::join(&nodes, &|a, b| add(a, &b));
            assert_eq!(joined, (sums, whole.clone()), "{n} rows on {n_participants} participants");
        }
        assert_eq!(tree_sum(parts), (sums, whole), "{n} rows in {chunks} chunks");
    }
}

/// Adds the parts recursively: the sum of the first half plus the sum of the second half.
fn tree_sum<T: Scalar>(mut parts: Vec<(Sums, Vec<T>)>) -> (Sums, Vec<T>) {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let second = parts.split_off(parts.len().div_ceil(2));
    add(tree_sum(parts), &tree_sum(second))
}

fn add<T: Scalar>((a, mut gradient): (Sums, Vec<T>), (b, other): &(Sums, Vec<T>)) -> (Sums, Vec<T>) {
    for (g, &other) in gradient.iter_mut().zip(other) {
        *g += other;
    }
    (Sums { loss: a.loss + b.loss, weight: a.weight + b.weight }, gradient)
}

/// Data source with the samples of a dataset in reverse order.
struct Reversed<T>(Dataset<T>);

impl<T: Scalar> DataSource<T> for Reversed<T> {
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }

    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    fn n_targets(&self) -> usize {
        self.0.n_targets()
    }

    fn gather(&self, rows: &[u32], x: &mut [T], t: &mut [T], weight: &mut [T]) -> Result<(), Error> {
        let rows: Vec<u32> = rows.iter().map(|row| self.n_samples() as u32 - 1 - row).collect();
        self.0.gather(&rows, x, t, weight)
    }
}

#[test]
fn the_same_samples_in_the_same_order_give_the_same_bits() {
    let (network, data) = network_and_data::<f32>();
    let reversed = Reversed(data.clone());
    let (loss, p) = (Loss::cross_entropy(), network.parameters());
    let mut objective = Objective::new(network.architecture(), &loss, Arc::new(data.clone())).unwrap();
    let mut reversed_objective = Objective::new(network.architecture(), &loss, Arc::new(reversed)).unwrap();
    let mut gradients = [vec![0.0; p.len()], vec![0.0; p.len()], vec![0.0; p.len()]];
    let rows: Vec<u32> = (0..777).map(|i| i * 5).collect();
    let mirrored: Vec<u32> = rows.iter().map(|row| SAMPLES as u32 - 1 - row).collect();
    let [first, second, third] = &mut gradients;
    let sums = objective.sums(p, &rows, Some(first), None).unwrap();
    // Evaluating other rows in between must not change the result.
    objective.sums(p, &mirrored[..100], Some(second), None).unwrap();
    assert_eq!(sums, objective.sums(p, &rows, Some(second), None).unwrap());
    assert_eq!(sums, reversed_objective.sums(p, &mirrored, Some(third), None).unwrap());
    assert!(gradients[0] == gradients[1] && gradients[0] == gradients[2]);
}

fn network_and_data<T: Scalar>() -> (Network<T>, Dataset<T>) {
    let mut random = RandomState::new(3);
    let layers = vec![Layer::new(5, Activation::tanh()), Layer::new(3, Activation::softmax())];
    let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut random);
    let x: Vec<f64> = (0..2 * SAMPLES).map(|_| random.standard_normal()).collect();
    let classes: Vec<usize> = (0..SAMPLES).map(|_| random.randint(0, 3) as usize).collect();
    let weights = (0..SAMPLES).map(|i| if i % 7 == 0 { 0.0 } else { random.uniform(0.5, 2.0) }).collect();
    let data = Dataset::from_classes(x, 2, &classes, 3).unwrap().with_weights(weights).unwrap();
    (network, data.cast().unwrap())
}
