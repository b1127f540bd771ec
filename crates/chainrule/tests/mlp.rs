//! `Mlp`: training and prediction from slices, errors for invalid input, and `ndarray` arrays.

use std::sync::Arc;

use chainrule::datasets::Generator;
use chainrule::mlp::Classifier;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::PenaltyDivisor;
use chainrule::train::{Batch, Monitor, Penalty, Settings, Stopping, Training, ValidationSplit};
use chainrule::{Dataset, Mlp, Scalar};

/// Returns inputs and classes of three rings, with inputs of very different scales.
fn rings() -> (Vec<f64>, Vec<usize>) {
    let data = Generator::new("three_rings", &[]).unwrap().generate(&mut RandomState::new(1)).into_dataset();
    let x: Vec<f64> = data.x().chunks(2).flat_map(|x| [1000.0 + 0.01 * x[0], 1e5 * x[1]]).collect();
    let classes = data.t().chunks(3).map(|t| t.iter().position(|t| *t == 1.0).unwrap()).collect();
    (x, classes)
}

fn fraction_equal<L: PartialEq>(a: &[L], b: &[L]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / a.len() as f64
}

#[test]
fn a_classifier_is_the_training_run_of_its_settings_on_standardised_inputs() {
    let (x, classes) = rings();
    let model = Mlp::classifier()
        .hidden([8, 4])
        .activation(Activation::tanh())
        .optimizer(Optimizer::sgd_with_momentum(0.9))
        .learning_rate(0.05)
        .batch_size(16)
        .epochs(40)
        .l2(0.01)
        .validation_fraction(0.25)
        .patience(5)
        .seed(3)
        .fit(&x, &classes)
        .unwrap();

    let (mean, deviation) = (model.input_mean(), model.input_deviation());
    assert!((mean[0] - 1000.0).abs() < 0.1 && deviation[0] < 0.1 && deviation[1] > 1e4);
    let z: Vec<f64> = (0..x.len()).map(|i| (x[i] - mean[i % 2]) / deviation[i % 2]).collect();
    let data = Dataset::from_classes(z.clone(), 2, &classes, 3).unwrap();
    let layers = [(8, Activation::tanh()), (4, Activation::tanh()), (3, Activation::softmax())];
    let layers = layers.map(|(n, activation)| Layer::new(n, activation)).to_vec();
    let mut random = RandomState::new(3);
    let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut random);
    let settings = Settings {
        epochs: 40,
        batch: Batch::Size(16),
        optimizer: Optimizer::sgd_with_momentum(0.9),
        learning_rate: 0.05,
        penalty: Penalty { l2: 0.01, divisor: PenaltyDivisor::BatchWeight, ..Penalty::default() },
        validation_fraction: Some(0.25),
        validation_split: ValidationSplit::Stratified,
        stopping: Some(Stopping { monitor: Monitor::ValidationLoss, patience: 5, tol: 1e-4 }),
        ..Settings::default()
    };
    let mut training =
        Training::new(network, &Loss::cross_entropy(), Arc::new(data), settings, random).unwrap();
    training.run(()).unwrap();
    assert_eq!(model.network(), &training.network());
    let losses = |epochs: &[chainrule::train::Epoch]| epochs.iter().map(|e| e.loss).collect::<Vec<_>>();
    assert_eq!(losses(&model.history().epochs), losses(&training.history().epochs));
    assert_eq!(model.predict_proba(&x).unwrap(), training.network().predict(&z));
}

#[test]
fn defaults_separate_three_rings_in_both_precisions() {
    let (x, classes) = rings();
    let classifier = Mlp::classifier().learning_rate(0.01);
    let model = classifier.fit(&x, &classes).unwrap();
    assert!(fraction_equal(&model.predict(&x).unwrap(), &classes) > 0.95);
    let probabilities = model.predict_proba(&x).unwrap();
    assert!(probabilities.chunks(3).all(|p| (p.iter().sum::<f64>() - 1.0).abs() < 1e-12));

    // Numbers that f32 represents exactly after scaling, since 1000 + 0.01·x loses digits.
    let x: Vec<f32> = x.chunks(2).flat_map(|x| [(x[0] - 1000.0) as f32, x[1] as f32]).collect();
    let model = classifier.fit(&x, &classes).unwrap();
    assert!(fraction_equal(&model.predict(&x).unwrap(), &classes) > 0.95);
}

#[test]
fn labels_of_any_ordered_type_are_predicted_in_their_own_terms() {
    let x = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 20.0, 21.0, 22.0];
    let names = ["c", "a", "b"].map(str::to_owned);
    let labels: Vec<String> = (0..9).map(|i| names[i / 3].clone()).collect();
    let classifier = Mlp::classifier().learning_rate(0.05);
    let model = classifier.fit(&x, &labels).unwrap();
    assert_eq!(model.classes(), ["a", "b", "c"]);
    assert_eq!(model.predict(&x).unwrap(), labels);
    let p = model.predict_proba(&x[..1]).unwrap();
    assert!(p[2] > 0.5 && p.len() == 3, "the first sample has the third class: {p:?}");

    // The same classes as numbers with gaps give the same network.
    let numbers: Vec<usize> = (0..9).map(|i| [90, 4, 50][i / 3]).collect();
    let by_number = classifier.fit(&x, &numbers).unwrap();
    assert_eq!(by_number.network(), model.network());
    assert_eq!(by_number.predict(&x).unwrap(), numbers);
}

#[test]
fn two_classes_have_one_logistic_output() {
    let x = [-2.0, -1.0, 1.0, 2.0];
    let labels = [true, true, false, false];
    let model = Mlp::classifier().learning_rate(0.05).fit(&x, &labels).unwrap();
    assert_eq!(model.network().architecture().n_outputs(), 1);
    assert_eq!(model.predict(&x).unwrap(), labels);
    let p = model.predict_proba(&[-2.0, 2.0]).unwrap();
    assert!(p[0] < 0.5 && p[1] > 0.5 && p[2] > 0.5 && p[3] < 0.5, "classes are in order: {p:?}");
}

#[test]
fn a_regressor_predicts_in_the_units_of_its_targets() {
    fn check<T: Scalar>() {
        let x: Vec<T> = (0..60).map(|i| T::from_f64(f64::from(i))).collect();
        let target = |i: usize, k: usize| {
            let u = i as f64 / 10.0;
            if k == 0 { 1e6 + 1e4 * u.sin() } else { 1e-3 * u }
        };
        let t: Vec<T> = (0..120).map(|i| T::from_f64(target(i / 2, i % 2))).collect();
        let model = Mlp::regressor().targets(2).learning_rate(0.01).epochs(600).fit(&x, &t).unwrap();
        let y = model.predict(&x).unwrap();
        assert_eq!(y.len(), 120);
        for (i, y) in y.chunks(2).enumerate() {
            let errors = [(y[0].to_f64() - target(i, 0)) / 1e4, (y[1].to_f64() - target(i, 1)) / 1e-3];
            assert!(errors.iter().all(|e| e.abs() < 0.4), "{i}: {errors:?}");
        }
        // The network and the scales give the same predictions.
        let z: Vec<T> = x
            .iter()
            .map(|x| T::from_f64((x.to_f64() - model.input_mean()[0]) / model.input_deviation()[0]))
            .collect();
        let unscaled: Vec<T> = model
            .network()
            .predict(&z)
            .iter()
            .enumerate()
            .map(|(i, y)| {
                T::from_f64(y.to_f64() * model.target_deviation()[i % 2] + model.target_mean()[i % 2])
            })
            .collect();
        assert_eq!(y, unscaled);
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn the_seed_determines_the_model() {
    let (x, classes) = rings();
    let fit = |seed| Mlp::classifier().hidden([4]).epochs(3).seed(seed).fit(&x, &classes).unwrap();
    assert_eq!(fit(1).network(), fit(1).network());
    assert_ne!(fit(1).network(), fit(2).network());
}

#[test]
fn early_stopping_keeps_the_best_epoch_on_the_validation_set() {
    let (x, classes) = rings();
    let fit = |classifier: Mlp<Classifier>| classifier.epochs(300).fit(&x, &classes).unwrap();
    let model = fit(Mlp::classifier().learning_rate(0.02).validation_fraction(0.3).patience(3));
    let epochs = &model.history().epochs;
    assert!(epochs.len() < 300 && epochs.iter().all(|epoch| epoch.validation_loss.is_some()));
    let whole = fit(Mlp::classifier().settings(|settings| settings.stopping = None).epochs(300));
    assert_eq!(whole.history().epochs.len(), 300);
}

#[test]
fn a_constant_input_and_a_constant_target_are_allowed() {
    let x = [1.0, 7.0, 2.0, 7.0, 3.0, 7.0];
    let model = Mlp::regressor().fit(&x, &[5.0, 5.0, 5.0]).unwrap();
    assert_eq!(model.predict(&x).unwrap(), [5.0; 3]);
    assert_eq!(model.input_deviation()[1], 0.0);
    assert_eq!(model.predict(&[1.0, 7.0]).unwrap(), model.predict(&[1.0, -1e9]).unwrap());
}

#[test]
fn invalid_input_is_refused() {
    let classify = |x: &[f64], labels: &[usize]| Mlp::classifier().fit(x, labels).unwrap_err().to_string();
    let regress = |x: &[f64], t: &[f64], n| Mlp::regressor().targets(n).fit(x, t).unwrap_err().to_string();
    let (nan, infinity) = (f64::NAN, f64::INFINITY);
    insta::assert_snapshot!(classify(&[1.0, 2.0, 3.0], &[0, 1]), @"x has 3 values, which cannot be divided into 2 rows of equal length, one per sample; check the lengths of x and of the targets");
    insta::assert_snapshot!(classify(&[], &[]), @"the dataset has no samples; at least one row is required");
    insta::assert_snapshot!(classify(&[], &[0, 1]), @"x has no columns; at least one is required");
    insta::assert_snapshot!(classify(&[1.0, 2.0], &[]), @"the dataset has no samples; at least one row is required");
    insta::assert_snapshot!(classify(&[1.0, nan], &[0, 1]), @"x is NaN in row 2, column 1 (both counted from 1); replace it with a finite number, or remove the row");
    insta::assert_snapshot!(classify(&[1.0, 2.0], &[1, 1]), @"all labels are equal; classification requires samples of at least two classes");
    insta::assert_snapshot!(regress(&[1.0, 2.0], &[1.0, infinity], 1), @"t is inf in row 2, column 1 (both counted from 1); replace it with a finite number, or remove the row");
    insta::assert_snapshot!(regress(&[1.0, 2.0], &[1.0, 2.0, 3.0], 2), @"t has 3 values, which is not a multiple of its 2 columns; check the number of columns");
    insta::assert_snapshot!(regress(&[1.0, 2.0], &[1.0, 2.0], 0), @"t has no columns; at least one is required");
    insta::assert_snapshot!(regress(&[], &[], 1), @"the dataset has no samples; at least one row is required");

    let setting = |mlp: Mlp<Classifier>| mlp.fit(&[1.0, 2.0], &[0, 1]).unwrap_err().to_string();
    insta::assert_snapshot!(setting(Mlp::classifier().hidden([4, 0])), @r#"the number of units of layer "hidden2" is 0, but must be at least 1"#);
    insta::assert_snapshot!(setting(Mlp::classifier().learning_rate(-1.0)), @"learning_rate is -1, but must be a number above 0");
    insta::assert_snapshot!(setting(Mlp::classifier().batch_size(0)), @r#"batch is Size(0), but must be "full" or a whole number of at least 1"#);
    insta::assert_snapshot!(setting(Mlp::classifier().validation_fraction(0.5)), @"validation_split is stratified, but must be random, since sample 1 (counted from 1) is the only one of class 0 (counted from 0); stratification requires two samples of each class");

    let model = Mlp::classifier().epochs(1).fit(&[1.0, 2.0, 3.0, 4.0], &[0, 1]).unwrap();
    insta::assert_snapshot!(model.predict(&[1.0]).unwrap_err(), @"x has 1 values, which is not a multiple of its 2 columns; check the number of columns");
    insta::assert_snapshot!(model.predict_proba(&[1.0, infinity]).unwrap_err(), @"x is inf in row 1, column 2 (both counted from 1); replace it with a finite number, or remove the row");
    assert_eq!(model.predict(&[]), Ok(vec![]));
}

#[cfg(feature = "ndarray")]
mod arrays {
    use chainrule::Mlp;
    use ndarray::{Array1, Array2, Axis, s};

    fn samples() -> (Array2<f64>, Array1<f64>) {
        let x = Array2::from_shape_fn((20, 3), |(i, j)| (i * (j + 2) % 7) as f64);
        let t = x.sum_axis(Axis(1));
        (x, t)
    }

    #[test]
    fn arrays_in_any_layout_give_the_results_of_slices() {
        let (x, t) = samples();
        let regressor = Mlp::regressor().hidden([5]).epochs(5);
        let model = regressor.fit(x.as_slice().unwrap(), t.as_slice().unwrap()).unwrap();
        let y = model.predict(x.as_slice().unwrap()).unwrap();
        let columns = x.t().as_standard_layout().into_owned();
        assert!(columns.t().as_slice().is_none(), "the transpose is in column-major order");
        for fitted in [regressor.fit(&x, &t), regressor.fit(&columns.t(), &t.view())] {
            let fitted = fitted.unwrap();
            assert_eq!(fitted.network(), model.network());
            assert_eq!(
                (fitted.predict(&x).unwrap(), fitted.predict(&columns.t()).unwrap()),
                (y.clone(), y.clone())
            );
        }
        let both = ndarray::stack![Axis(1), t, -&t];
        let model = regressor.fit(&x, &both).unwrap();
        assert_eq!(model.predict(&x.slice(s![..4, ..])).unwrap().len(), 4 * 2);
    }

    #[test]
    fn labels_may_be_an_array() {
        let (x, t) = samples();
        let labels: Array1<usize> = t.mapv(|t| usize::from(t > 9.0));
        let classifier = Mlp::classifier().hidden([5]).epochs(5);
        let model = classifier.fit(&x, &labels).unwrap();
        assert_eq!(model.network(), classifier.fit(&x.view(), labels.view()).unwrap().network());
        assert_eq!(model.predict(&x).unwrap().len(), 20);
    }

    #[test]
    fn arrays_of_other_shapes_are_refused() {
        let (x, t) = samples();
        let regressor = Mlp::regressor().hidden([5]).epochs(1);
        let short = t.slice(s![..19]);
        insta::assert_snapshot!(regressor.fit(&x, &short).unwrap_err(), @"t has 19 rows, but x has 20; the numbers of rows must match");
        let model = regressor.fit(&x, &t).unwrap();
        insta::assert_snapshot!(model.predict(&x.slice(s![.., ..2])).unwrap_err(), @"x has 2 columns, but 3 in training; give the same columns in the same order");
        insta::assert_snapshot!(regressor.fit(&Array2::<f64>::zeros((20, 0)), &t).unwrap_err(), @"x has no columns; at least one is required");
        insta::assert_snapshot!(regressor.fit(&Array2::<f64>::zeros((0, 3)), &Array1::zeros(0)).unwrap_err(), @"the dataset has no samples; at least one row is required");
    }
}
