//! Landscapes compared with losses, predictions and closed forms, on any number of threads.

use std::sync::Arc;

use chainrule::landscape::{GridAxis, Hidden, Plane, activations, boundaries, regions, surface};
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::objective::{Evaluate, Objective, Reduction};
use chainrule::random::RandomState;
use chainrule::train::{Recorder, Settings, Training};
use chainrule::{Dataset, Scalar, set_threads};

/// Returns an untrained classifier with two inputs, the given hidden layers and three classes.
fn classifier<T: Scalar>(hidden: &[usize], seed: u32) -> Network<T> {
    let mut layers: Vec<Layer> = hidden.iter().map(|&units| Layer::new(units, Activation::tanh())).collect();
    layers.push(Layer::new(3, Activation::softmax()));
    Network::initialize(Architecture::new(2, layers).unwrap(), &mut RandomState::new(seed))
}

/// Returns 333 weighted samples of three classes.
fn samples<T: Scalar>() -> Dataset<T> {
    let mut random = RandomState::new(11);
    let n = 333;
    let x = (0..2 * n).map(|_| T::from_f64(random.standard_normal())).collect();
    let weights = (0..n).map(|_| T::from_f64(random.random_sample())).collect();
    let classes: Vec<usize> = (0..n).map(|i| i % 3).collect();
    Dataset::from_classes(x, 2, &classes, 3).unwrap().with_weights(weights).unwrap()
}

fn assert_surfaces_contain_the_loss<T: Scalar>() {
    let (network, data, loss) = (classifier::<T>(&[7, 5], 3), samples::<T>(), Loss::cross_entropy());
    let (architecture, parameters) = (network.architecture(), network.parameters());
    let mut objective = Objective::new(architecture, &loss, Arc::new(data.clone())).unwrap();
    let rows: Vec<u32> = (0..333).rev().collect();
    let around = GridAxis::new(-2.0, 2.0, 3).unwrap();
    let random = Plane::random(&network, &mut RandomState::new(1)).unwrap();
    let path = [vec![T::ZERO; parameters.len()], vec![T::ONE; parameters.len()], parameters.to_vec()];
    let trajectory = Plane::trajectory(&path).unwrap();
    let named = Plane::parameters(architecture, parameters, ["hidden1.W[1][4]", "output.b[2]"]).unwrap();
    let (p, q) = (named.project(parameters).at[0], named.project(parameters).at[1]);
    let axes = [GridAxis::new(p, p + 1.0, 2).unwrap(), GridAxis::new(q - 1.0, q, 2).unwrap()];
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let expected = objective.value(parameters, &rows, reduction).unwrap();
        for plane in [&random, &trajectory] {
            let surface = surface(&mut objective, &rows, reduction, plane, &[around, around]).unwrap();
            assert_eq!(surface.at(4), [0.0, 0.0]);
            assert_eq!(surface.loss[4].to_bits(), expected.to_bits());
            assert_ne!(surface.loss[3], expected);
        }
        let surface = surface(&mut objective, &rows, reduction, &named, &axes).unwrap();
        assert_eq!(surface.loss[2].to_bits(), expected.to_bits());
        let mut shifted = parameters.to_vec();
        shifted[architecture.parameter_index("hidden1.W[1][4]").unwrap()] = T::from_f64(p + 1.0);
        assert_eq!(surface.loss[3], objective.value(&shifted, &rows, reduction).unwrap());
    }
}

#[test]
fn surfaces_have_the_exact_loss_at_the_parameters() {
    assert_surfaces_contain_the_loss::<f32>();
    assert_surfaces_contain_the_loss::<f64>();
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (network, data) = (classifier::<f32>(&[7, 5], 3), samples::<f32>());
    let mut objective =
        Objective::new(network.architecture(), &Loss::cross_entropy(), Arc::new(data.clone())).unwrap();
    let rows: Vec<u32> = (0..333).collect();
    let plane = Plane::random(&network, &mut RandomState::new(1)).unwrap();
    let axes = [GridAxis::new(-1.0, 1.0, 13).unwrap(), GridAxis::new(-1.0, 1.0, 7).unwrap()];
    let mut surfaces = [1, 2, 3].map(|threads| {
        set_threads(threads);
        surface(&mut objective, &rows, Reduction::Mean, &plane, &axes).unwrap()
    });
    set_threads(0);
    let expected = std::mem::take(&mut surfaces[0].loss);
    assert!(expected.iter().all(|loss| loss.is_finite()));
    for surface in &surfaces[1..] {
        assert!(surface.loss.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}

/// The loss w²·v² has a closed form, and the network has no parameters besides w and v.
#[test]
fn the_path_of_two_parameters_is_on_the_surface() {
    let layers = vec![
        Layer::new(1, Activation::identity()).without_bias(),
        Layer::new(1, Activation::identity()).without_bias(),
    ];
    let architecture = Architecture::new(1, layers).unwrap();
    let data = Dataset::new(vec![1.0], 1, vec![0.0], 1).unwrap();
    let loss = Loss::squared_error();
    let network = Network::new(architecture.clone(), vec![1.5, 0.5]).unwrap();
    let settings = Settings { epochs: 20, ..Settings::default() };
    let mut recorder = Recorder::every(1);
    let mut training =
        Training::new(network, &loss, Arc::new(data.clone()), settings, RandomState::new(0)).unwrap();
    training.run(&mut recorder).unwrap();
    let names = ["hidden.W[0][0]", "output.W[0][0]"];
    let plane = Plane::parameters(&architecture, &training.state().parameters, names).unwrap();
    let path = plane.path(&recorder.parameters);
    assert_eq!(path.len(), 21);
    assert_ne!(path[0], path[20]);
    let mut objective = Objective::new(&architecture, &loss, Arc::new(data.clone())).unwrap();
    for (projected, parameters) in path.iter().zip(&recorder.parameters) {
        assert_eq!((&projected.at, projected.distance), (parameters, 0.0));
        let corner = |k: usize| GridAxis::new(projected.at[k], projected.at[k] + 1.0, 2).unwrap();
        let surface =
            surface(&mut objective, &[0], Reduction::Mean, &plane, &[corner(0), corner(1)]).unwrap();
        let (w, v) = (parameters[0], parameters[1]);
        for (loss, expected) in surface.loss.iter().zip([w * v, (w + 1.0) * v, w * (v + 1.0)]) {
            assert!((loss - expected * expected).abs() <= 1e-14 * loss);
        }
    }
    // With two parameters, the principal plane is the same plane.
    let principal = Plane::trajectory(&recorder.parameters).unwrap();
    assert!((principal.explained().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(principal.path(&recorder.parameters).iter().all(|point| point.distance < 1e-14));
}

/// `exp` overflows on one side of the plane.
#[test]
fn overflowing_losses_are_infinite() {
    let line = Architecture::new(1, vec![Layer::new(1, Activation::exp())]).unwrap();
    let data = Dataset::new(vec![1.0], 1, vec![1.0], 1).unwrap();
    let mut objective = Objective::new(&line, &Loss::squared_error(), Arc::new(data.clone())).unwrap();
    let plane = Plane::parameters(&line, &[0.0, 0.0], ["output.W[0][0]", "output.b[0]"]).unwrap();
    let axes = [GridAxis::new(0.0, 800.0, 2).unwrap(), GridAxis::new(0.0, 1.0, 2).unwrap()];
    let surface = surface(&mut objective, &[0], Reduction::Mean, &plane, &axes).unwrap();
    assert_eq!(surface.loss[0], 0.0);
    assert_eq!(surface.loss[1], f64::INFINITY);
    assert_eq!(surface.lowest(), Some((0, 0.0)));
}

/// The differences from the end point are ±3 along (0.6, 0.8) and ±1 perpendicular to it, which
/// explain 18 of 20 and 2 of 20 of the variance.
#[test]
fn principal_directions_agree_with_a_calculation_by_hand() {
    let end = [10.0, 5.0, -7.0];
    let from_end = |parallel: f64, perpendicular: f64| {
        vec![
            end[0] + 0.6 * parallel - 0.8 * perpendicular,
            end[1],
            end[2] + 0.8 * parallel + 0.6 * perpendicular,
        ]
    };
    let path =
        [from_end(3.0, 0.0), from_end(0.0, 1.0), from_end(-3.0, 0.0), from_end(0.0, -1.0), end.to_vec()];
    let plane = Plane::trajectory(&path).unwrap();
    for (actual, expected) in plane.explained().iter().zip([0.9, 0.1]) {
        assert!((actual - expected).abs() < 1e-12, "{:?}", plane.explained());
    }
    for (direction, expected) in plane.directions().iter().zip([[0.6, 0.0, 0.8], [0.8, 0.0, -0.6]]) {
        assert!(direction.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{direction:?}");
    }
    let projected = plane.project(&[end[0] + 0.6, end[1] + 2.5, end[2] + 0.8]);
    assert!((projected.at[0] - 1.0).abs() < 1e-12 && projected.at[1].abs() < 1e-12);
    assert!((projected.distance - 2.5).abs() < 1e-12);
}

#[test]
fn random_directions_have_the_norms_of_the_weights_of_each_unit() {
    let layers = vec![
        Layer::new(9, Activation::relu()),
        Layer::new(4, Activation::tanh()).frozen_weights(),
        Layer::new(2, Activation::softmax()),
    ];
    let architecture = Architecture::new(6, layers).unwrap();
    let network = Network::<f64>::initialize(architecture.clone(), &mut RandomState::new(2));
    let plane = Plane::random(&network, &mut RandomState::new(5)).unwrap();
    assert_eq!(plane.origin(), network.parameters());
    assert_ne!(plane.directions()[0], plane.directions()[1]);
    for direction in plane.directions() {
        for l in 0..3 {
            let (d, w) = (architecture.weights(l, direction), architecture.weights(l, network.parameters()));
            assert!(architecture.bias(l, direction).unwrap().iter().all(|&d| d == 0.0));
            let n_out = architecture.layers()[l].n_units;
            for j in 0..n_out {
                let norm = |v: &[f64]| v[j..].iter().step_by(n_out).map(|v| v * v).sum::<f64>().sqrt();
                let expected = if l == 1 { 0.0 } else { norm(w) };
                assert!((norm(d) - expected).abs() <= 1e-14, "layer {l} unit {j}");
            }
        }
    }
    assert_eq!(plane, Plane::random(&network, &mut RandomState::new(5)).unwrap());
    assert_ne!(plane, Plane::random(&network, &mut RandomState::new(6)).unwrap());
}

#[test]
fn regions_agree_with_predictions() {
    let network = classifier::<f32>(&[8], 4);
    let axes = [GridAxis::new(-3.0, 3.0, 19).unwrap(), GridAxis::new(0.0, 2.0, 11).unwrap()];
    let map = regions(&network, &Plane::features(&[0.0, 0.0], &[0, 1]).unwrap(), &axes);
    assert_eq!((map.x.len(), map.y.len()), (2 * 19 * 11, 3 * 19 * 11));
    let classes = map.classes().unwrap();
    for (k, x) in map.x.chunks(2).enumerate() {
        let point = [axes[0].value(k % 19), axes[1].value(k / 19)];
        assert_eq!(x, point.map(|v| v as f32));
        let y = network.predict(x);
        assert_eq!(map.y[3 * k..][..3], y);
        assert!(y.iter().all(|&y_k| y_k <= y[classes[k]]));
    }
    assert!((0..3).filter(|class| classes.contains(class)).count() > 1, "the test requires several classes");
}

#[test]
fn regions_support_one_input_and_slices_of_four_inputs() {
    let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).unwrap();
    let network = Network::new(line, vec![2.0, 1.0]).unwrap();
    let map =
        regions(&network, &Plane::features(&[0.0], &[0]).unwrap(), &[GridAxis::new(0.0, 2.0, 3).unwrap()]);
    assert_eq!((map.x.as_slice(), map.y.as_slice()), (&[0.0, 1.0, 2.0][..], &[1.0, 3.0, 5.0][..]));
    assert_eq!(map.classes(), None);

    let four = Architecture::new(4, vec![Layer::new(1, Activation::logistic())]).unwrap();
    let network = Network::new(four, vec![1.0, -1.0, 0.5, 0.25, 0.0]).unwrap();
    let axis = GridAxis::new(-1.0, 1.0, 2).unwrap();
    let slice = Plane::features(&[9.0, 0.0, 2.0, 9.0], &[3, 0]).unwrap();
    let map = regions(&network, &slice, &[axis, axis]);
    assert_eq!(map.x[..8], [-1.0, 0.0, 2.0, -1.0, -1.0, 0.0, 2.0, 1.0]);
    assert_eq!(map.classes(), Some(vec![0, 1, 1, 1]));
}

/// The decision boundaries in the hidden representation separate the samples as the outputs do.
#[test]
fn boundaries_agree_with_predictions() {
    let layers = |output| vec![Layer::new(2, Activation::tanh()), Layer::new(3, Activation::tanh()), output];
    let x: Vec<f64> = samples::<f64>().x().to_vec();
    let binary = Architecture::new(2, layers(Layer::new(1, Activation::logistic()))).unwrap();
    let network = Network::<f64>::initialize(binary, &mut RandomState::new(8));
    let hidden = Hidden::new(&network, "hidden2", &x, 3).unwrap();
    assert_eq!(hidden.boundaries.len(), 1);
    let y = network.predict(&x);
    for (point, y) in hidden.points.iter().zip(&y) {
        assert_eq!(point.distance, 0.0);
        assert_eq!(hidden.boundaries[0].side(&point.at) > 0.0, *y > 0.5);
    }
    assert!(y.iter().any(|&y| y > 0.5) && y.iter().any(|&y| y < 0.5));

    // In an earlier layer, there is a boundary for each unit of the next layer, at which it is 0.
    let first = Hidden::new(&network, "hidden1", &x, 2).unwrap();
    let second = activations(&network, "hidden2", &x).unwrap();
    assert_eq!(first.boundaries.len(), 3);
    for (point, a) in first.points.iter().zip(second.chunks(3)) {
        for (boundary, a) in first.boundaries.iter().zip(a) {
            assert_eq!(boundary.side(&point.at) > 0.0, *a > 0.0);
        }
    }

    let several = Architecture::new(2, layers(Layer::new(4, Activation::softmax()))).unwrap();
    let network = Network::<f64>::initialize(several, &mut RandomState::new(8));
    let hidden = Hidden::new(&network, "hidden2", &x, 3).unwrap();
    let pairs: Vec<_> = hidden.boundaries.iter().map(|b| (b.unit, b.against.unwrap())).collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
    for (point, y) in hidden.points.iter().zip(network.predict(&x).chunks(4)) {
        for boundary in &hidden.boundaries {
            let (j, k) = (boundary.unit, boundary.against.unwrap());
            assert_eq!(boundary.side(&point.at) > 0.0, y[j] > y[k]);
        }
    }
    let regression = Architecture::new(2, layers(Layer::new(1, Activation::identity()))).unwrap();
    let network = Network::<f64>::initialize(regression, &mut RandomState::new(8));
    assert_eq!(boundaries(&network, "hidden2").unwrap(), []);
}

#[test]
fn wide_layers_are_projected_onto_their_principal_directions() {
    let (network, data) = (classifier::<f64>(&[12], 6), samples::<f64>());
    let hidden = Hidden::new(&network, "hidden", data.x(), 2).unwrap();
    let a = activations(&network, "hidden", data.x()).unwrap();
    assert_eq!(hidden.plane, Plane::principal(&a, 12, 2).unwrap());
    let mean = |k: usize| hidden.points.iter().map(|point| point.at[k]).sum::<f64>() / 333.0;
    let square = |k: usize| hidden.points.iter().map(|point| point.at[k].powi(2)).sum::<f64>();
    let residual: f64 = hidden.points.iter().map(|point| point.distance.powi(2)).sum();
    assert!(mean(0).abs() < 1e-13 && mean(1).abs() < 1e-13);
    let total = square(0) + square(1) + residual;
    for (k, explained) in hidden.plane.explained().iter().enumerate() {
        assert!((square(k) / total - explained).abs() < 1e-12);
    }
    // A boundary on the plane is the intersection of the boundary in the full space with the plane.
    let in_space = boundaries(&network, "hidden").unwrap();
    let at = hidden.points[7].at.clone();
    for (on_plane, in_space) in hidden.boundaries.iter().zip(&in_space) {
        assert!((on_plane.side(&at) - in_space.side(&hidden.plane.point(&at))).abs() < 1e-13);
    }
    assert_eq!(hidden.image(&network, &data.x()[..20]), hidden.points[..10]);
}

#[test]
fn invalid_input_is_rejected() {
    let network = classifier::<f64>(&[4, 4], 0);
    let (architecture, parameters) = (network.architecture(), network.parameters());
    let constant = [parameters.to_vec(), parameters.to_vec()];
    let mut diverged = constant.clone();
    diverged[0][3] = f64::NAN;
    let zeros = Network::new(architecture.clone(), vec![0.0; parameters.len()]).unwrap();
    let errors = [
        Plane::parameters(architecture, parameters, ["hidden1.W[0][0]", "hidden1.W[2][0]"]).unwrap_err(),
        Plane::parameters(architecture, parameters, ["output.b[1]", "output.b[1]"]).unwrap_err(),
        Plane::parameters(architecture, &[1.0], ["output.b[1]", "output.b[2]"]).unwrap_err(),
        Plane::trajectory(&constant).unwrap_err(),
        Plane::trajectory(&diverged).unwrap_err(),
        Plane::random(&zeros, &mut RandomState::new(0)).unwrap_err(),
        Plane::principal(&[1.0, 2.0, 3.0], 3, 4).unwrap_err(),
        Plane::principal(&[1.0, 2.0, 3.0], 2, 1).unwrap_err(),
        GridAxis::new(f64::NAN, 1.0, 3).unwrap_err(),
        activations(&network, "output", &[]).unwrap_err(),
        activations(&network, "hidden", &[]).unwrap_err(),
        Hidden::new(&network, "hidden1", &[0.0, 0.0], 0).unwrap_err(),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r#"
    the network has no parameter called "hidden1.W[2][0]" (did you mean "hidden2.W[1][0]"?); its parameters range from hidden1.W[0][0] to output.b[2]
    the second parameter of a plane is output.b[1], but must be different from the first
    1 parameters were given, but the network has 47: for each layer W (n_in, n_out), then b
    only 0 parameter(s) change along the 2 recorded point(s) of the path, but principal directions require at least 2; record more steps, or choose two parameters by name
    the recorded path is NaN in row 1, column 4 (both counted from 1); replace it with a finite number, or remove the row
    the 2 directions are not linearly independent: one of them is 0, not finite, or a linear combination of the others; choose other directions, for example two parameters by name
    the number of principal directions is 4, but must be from 1 to 3
    the table has 3 values, which is not a multiple of its 2 columns; check the number of columns
    the range of a grid is NaN..1, but must be two finite numbers, the smaller one first
    the network has no hidden layer called "output"; choose one of: hidden1, hidden2
    the network has no hidden layer called "hidden" (did you mean "hidden2"?); choose one of: hidden1, hidden2
    the number of principal directions is 0, but must be from 1 to 3
"#);
}
