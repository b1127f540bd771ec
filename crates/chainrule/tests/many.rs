//! Training runs side by side, and in threads of their own, yield the bits that each yields alone.

use std::sync::Arc;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::{Ending, Recorder, Settings, Training, fit_many, side_by_side};
use chainrule::{Dataset, Error, set_threads};

fn data(n: usize) -> Arc<Dataset<f32>> {
    let x: Vec<f32> = (0..3 * n).map(|i| (i as f32 * 1.7).sin()).collect();
    let t = x.chunks(3).map(|x| x[0] * x[1] - x[2]).collect();
    Arc::new(Dataset::new(x, 3, t, 1).expect("finite samples"))
}

/// Returns a training run with 2n rows per step that could use two threads if it were alone.
fn training(data: &Arc<Dataset<f32>>, seed: u32, learning_rate: f64) -> Training<f32> {
    let layers = vec![Layer::new(64, Activation::tanh()), Layer::new(1, Activation::identity())];
    let mut random = RandomState::new(seed);
    let network =
        Network::initialize(Architecture::new(3, layers).expect("a valid architecture"), &mut random);
    let settings = Settings { learning_rate, epochs: 8, seed, ..Settings::default() };
    Training::new(network, &Loss::squared_error(), data.clone(), settings, random).expect("valid settings")
}

#[test]
fn runs_side_by_side_yield_the_bits_of_each_alone() {
    set_threads(2);
    let data = data(3000);
    let seeds = [1, 2, 3, 4, 5];
    // The third run diverges, which does not affect the others.
    let rate = |seed| if seed == 3 { 1e30 } else { 0.01 };
    let start = |seed| training(&data, seed, rate(seed));
    assert_eq!(start(1).n_threads(), 2, "each could use two threads alone");
    let alone: Vec<_> = seeds
        .iter()
        .map(|&seed| {
            let (mut training, mut path) = (start(seed), Recorder::every(1));
            let ending = training.run(&mut path);
            (ending, path.parameters)
        })
        .collect();
    let mut trainings: Vec<_> = seeds.iter().map(|&seed| start(seed)).collect();
    assert_eq!(Arc::strong_count(&data), 1 + seeds.len(), "the runs share the data");
    let mut paths = vec![Recorder::every(1); seeds.len()];
    let endings = fit_many(&mut trainings, &mut paths);
    for ((ending, path), (alone, path_alone)) in endings.iter().zip(&paths).zip(&alone) {
        assert_eq!(ending, alone);
        assert_eq!(&path.parameters, path_alone);
    }
    assert!(matches!(endings[2], Err(Error::Diverged { .. })));
    assert_eq!(endings[4], Ok(Ending::Completed));
}

#[test]
fn runs_in_threads_of_their_own_yield_the_bits_of_each_alone() {
    set_threads(2);
    let data = data(3000);
    let parameters = |seed| {
        let mut training = training(&data, seed, 0.01);
        training.run(()).expect("training succeeds");
        training.into_network().into_parts().1
    };
    let alone = [parameters(1), parameters(2)];
    std::thread::scope(|scope| {
        let handles = [1, 2].map(|seed| scope.spawn(move || parameters(seed)));
        for (handle, alone) in handles.into_iter().zip(&alone) {
            assert_eq!(&handle.join().expect("the thread does not panic"), alone);
        }
    });
}

#[test]
fn jobs_return_their_results_in_order() {
    for n_threads_each in [0, 1, 2, usize::MAX] {
        assert_eq!(side_by_side(9, n_threads_each, |k| k * k), [0, 1, 4, 9, 16, 25, 36, 49, 64]);
    }
    assert!(side_by_side(0, 1, |k| k).is_empty());
}
