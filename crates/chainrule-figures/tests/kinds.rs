//! Tests of figures against the trained networks that they show (losses, predictions,
//! trajectories), and of every kind with every experiment.

use std::sync::atomic::AtomicBool;

use chainrule::objective::{Objective, Reduction};
use chainrule::registry::OptionValue;
use chainrule::trace::Trace;
use chainrule_experiment::{Experiment, Outcome, builtin};
use chainrule_figures::{
    Colour, Error, Figure, Mark, SVG_LIMIT, Series, Subject, draw, epochs, html_fragment, kind, svg,
};
use chainrule_table::Values;

fn trained(name: &str, sets: &[&str]) -> (Experiment, Vec<Outcome>) {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let experiment = Experiment::open(name, &sets).unwrap();
    let run = |variant: &chainrule_experiment::Variant| {
        let recorded = epochs(variant.train.settings.epochs);
        variant.run(&recorded, &mut (), &AtomicBool::new(false)).unwrap()
    };
    let outcomes = experiment.variants.iter().map(run).collect();
    (experiment, outcomes)
}

fn figure(kind: &str, given: &[(&str, OptionValue)], trained: &(Experiment, Vec<Outcome>)) -> Figure {
    draw(kind, given, &Subject { experiment: &trained.0, outcomes: &trained.1 }).unwrap()
}

fn series(figure: &Figure) -> impl Iterator<Item = &Series> {
    figure.panels().flat_map(|panel| &panel.series)
}

#[test]
fn the_trajectory_has_the_training_losses_as_heights() {
    let trained = trained("rbf-bias", &[]);
    let outcome = &trained.1[0];
    let figure = figure("loss-surface", &[("resolution", 21.0.into())], &trained);
    let heights = series(&figure).find_map(|series| match &series.mark {
        Mark::Line { z, .. } if !z.is_empty() => Some(z),
        _ => None,
    });
    let heights = heights.expect("the figure has a 3-D line");
    // The loss of an epoch is evaluated at the parameters before its update.
    assert_eq!(heights.len(), outcome.history.epochs.len() + 1);
    for (height, epoch) in heights.iter().zip(&outcome.history.epochs) {
        assert!((height - epoch.loss).abs() <= 1e-12 * epoch.loss, "{height} {}", epoch.loss);
    }
    assert!((heights[heights.len() - 1] - outcome.final_loss.0).abs() <= 1e-12 * outcome.final_loss.0);
}

#[test]
fn the_surface_has_the_loss_at_the_parameters() {
    let trained = trained("rbf-weights", &[]);
    let outcome = &trained.1[0];
    let at = |name: &str| {
        let (_, index) = outcome.names.iter().find(|(known, _)| known == name).unwrap();
        outcome.parameters[*index]
    };
    let range = |v: f64| vec![v, v + 1.0].into();
    let given = [
        ("x", "w_h".into()),
        ("y", "w_o".into()),
        ("x_range", range(at("w_h"))),
        ("y_range", range(at("w_o"))),
        ("resolution", 2.0.into()),
    ];
    let figure = figure("loss-surface", &given, &trained);
    let grid = series(&figure).find_map(|series| match &series.mark {
        Mark::Surface { grid, .. } => Some(grid),
        _ => None,
    });
    let corner = grid.expect("the figure has a surface").values[0];
    assert!((corner - outcome.final_loss.0).abs() <= 1e-12 * outcome.final_loss.0);
}

#[test]
fn regions_have_the_predicted_probabilities() {
    let trained = trained("three-rings", &["train.epochs=50"]);
    let given = [("variant", "logistic".into()), ("resolution", 17.0.into())];
    let figure = figure("regions", &given, &trained);
    let network = trained.1[1].network();
    let Mark::Regions { probabilities, .. } = &figure.rows[0][0].series[0].mark else {
        panic!("the first series is not regions")
    };
    let grid = &probabilities[0];
    assert_eq!((grid.n_x, grid.n_y), (17, 17));
    for (j, i) in [(0, 0), (3, 16), (16, 2), (8, 8)] {
        let y = network.predict(&[grid.x_at(i as f64), grid.y_at(j as f64)]);
        for (k, grid) in probabilities.iter().enumerate() {
            assert!((grid.values[j * 17 + i] - y[k]).abs() < 1e-12);
        }
    }
}

#[test]
fn slices_fix_the_other_inputs_at_their_means() {
    let trained = trained("iris", &["train.epochs=5"]);
    let given = [("x", "petal_length".into()), ("y", "petal_width".into()), ("resolution", 3.0.into())];
    let figure = figure("regions", &given, &trained);
    let from = trained.1[0].samples.from_table.as_ref().expect("the samples are from a table");
    // Means over the training rows in centimetres; the encoded means are 0.
    let Values::Numbers(lengths) = &from.table.column("sepal_length").unwrap().values else {
        panic!("the column is not numeric")
    };
    let mean = from.rows[0].iter().map(|i| lengths[*i]).sum::<f64>() / from.rows[0].len() as f64;
    assert!(figure.caption.contains(&format!("sepal_length = {mean:.3}")), "{}", figure.caption);
    let Mark::Regions { probabilities, .. } = &figure.rows[0][0].series[0].mark else {
        panic!("the first series is not regions")
    };
    let encoded = |name: &str, v: f64| {
        let index = from.encoders.inputs.iter().position(|input| input.column == name).unwrap();
        from.encoders.input_scales()[index].expect("numeric inputs have a scale").1.apply(v)
    };
    let grid = &probabilities[0];
    let (x, y) = (encoded("petal_length", grid.x_at(2.0)), encoded("petal_width", grid.y_at(0.0)));
    let y = trained.1[0].network().predict(&[0.0, 0.0, x, y]);
    for (k, grid) in probabilities.iter().enumerate() {
        assert!((grid.values[2] - y[k]).abs() < 1e-12);
    }
}

#[test]
fn every_kind_is_drawn_for_every_experiment_or_explains_why_not() {
    for name in builtin::names() {
        let trained = trained(&name, &["train.epochs=12"]);
        let subject = Subject { experiment: &trained.0, outcomes: &trained.1 };
        let mut drawn = 0;
        for entry in kind::REGISTRY {
            match draw(entry.name, &[], &subject) {
                Ok(figure) => {
                    let drawing =
                        svg(&figure).unwrap_or_else(|error| panic!("{name}: {}: {error}", entry.name));
                    assert!(drawing.len() <= SVG_LIMIT, "{name}: {}", entry.name);
                    drawn += 1;
                }
                Err(Error::Unsuitable { reason, .. }) => assert!(reason.len() > 20, "{reason}"),
                Err(error) => panic!("{name}: {}: {error}", entry.name),
            }
        }
        assert!(drawn >= 6, "{name}: {drawn}");
    }
}

#[test]
fn frames_of_runs_of_different_lengths_show_the_progress() {
    let trained = trained("sine-classes", &[]);
    let given = [("animate", "yes".into()), ("resolution", 4.0.into())];
    let figure = figure("regions", &given, &trained);
    assert!(figure.frames.len() > 20 && figure.frames.iter().all(|frame| frame.changes.len() == 4));
    let labels: Vec<&str> = figure.frames.iter().map(|frame| frame.label.as_str()).collect();
    assert_eq!((labels[0], labels[labels.len() - 1]), ("epoch 0", "100 % of training"));
    let alone = [("animate", "yes".into()), ("resolution", 4.0.into()), ("variant", "deep".into())];
    assert_eq!(self::figure("regions", &alone, &trained).frames.last().unwrap().label, "epoch 2000");
}

#[test]
fn pages_of_animations_are_small() {
    let trained = trained("sine-classes", &[]);
    let alone = [("animate", "yes".into()), ("variant", "hidden-2".into())];
    for kind in ["regions", "hidden", "weights", "graph"] {
        let figure = figure(kind, &alone, &trained);
        let frames = if kind == "graph" { 6 } else { 30 };
        assert!(figure.frames.len() == frames, "{kind}: {} frames", figure.frames.len());
        let page = html_fragment(&figure).unwrap();
        assert!(page.len() < 1_500_000, "{kind}: {} bytes", page.len());
    }
    // The panels of several networks share the bytes of a frame.
    let page = html_fragment(&figure("regions", &alone[..1], &trained)).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn the_graph_has_the_numbers_of_the_trace() {
    let trained = trained("sine-classes", &[]);
    let outcome = trained.1.iter().find(|outcome| outcome.variant == "hidden-2").unwrap();
    let given = [("variant", "hidden-2".into()), ("sample", 3.0.into()), ("animate", "yes".into())];
    let figure = figure("graph", &given, &trained);
    let data = outcome.samples.dataset.clone();
    let objective = Objective::new(&outcome.architecture, &outcome.loss, data).unwrap();
    let trace = Trace::new(&objective, &outcome.parameters, &[2], Reduction::Mean).unwrap();
    let network = |mark: &Mark| match mark {
        Mark::Network { nodes, edges, .. } => (nodes.clone(), edges.clone()),
        other => panic!("not a network: {other:?}"),
    };
    let (nodes, edges) = network(&figure.rows[0][0].series[0].mark);
    // Weights, biases, activations, and the lines to the loss; 2 inputs, z, a, y, 1, t and L.
    assert_eq!((nodes.len(), edges.len()), (2 + 2 + 2 + 1 + 1 + 1 + 1 + 2, 6 + 3 + 3 + 2));
    let output = trace.output();
    assert!(edges.iter().any(|edge| edge.name == "output.W[1][0]" && edge.weight == output.w.values[1]));
    let texts: Vec<&str> = nodes.iter().flat_map(|node| &node.notes).map(|note| note.text.as_str()).collect();
    for v in [trace.losses[0], output.z.values[0], output.a.values[0], trace.layers[0].dz.values[1]] {
        let close =
            |text: &str| text.replace('−', "-").parse::<f64>().is_ok_and(|w| (w - v).abs() <= 0.01 * v.abs());
        assert!(texts.iter().any(|text| close(text)), "{v} is not in {texts:?}");
    }
    // Frames show the numbers that have been computed.
    let labels: Vec<&str> = figure.frames.iter().map(|frame| frame.label.as_str()).collect();
    assert_eq!(
        labels,
        ["inputs", "forward: hidden", "forward: output", "loss", "backward: output", "backward: hidden"]
    );
    let n_written = |mark: &Mark| {
        network(mark)
            .0
            .iter()
            .flat_map(|node| node.notes.clone())
            .filter(|note| !note.text.is_empty())
            .count()
    };
    let counts: Vec<usize> = figure.frames.iter().map(|frame| n_written(&frame.changes[0].mark)).collect();
    assert_eq!(counts, [3, 7, 9, 10, 13, 17]);
    let error = draw(
        "graph",
        &[("sample", 1e6.into()), given[0].clone()],
        &Subject { experiment: &trained.0, outcomes: &trained.1 },
    );
    assert!(error.unwrap_err().to_string().contains("1000000"));
}

#[test]
fn weights_are_animated_with_one_scale() {
    let trained = trained("sine-classes", &[]);
    let figure = figure("weights", &[("animate", "yes".into()), ("variant", "hidden-2".into())], &trained);
    let largest = |mark: &Mark| match mark {
        Mark::Network { edges, largest, .. } => {
            let widest = edges.iter().map(|edge| edge.weight.abs()).fold(0.0, f64::max);
            assert!(widest <= largest.unwrap());
            *largest
        }
        _ => None,
    };
    let of_figure = largest(&figure.rows[0][0].series[0].mark);
    assert!(of_figure.is_some());
    let changes = || figure.frames.iter().flat_map(|frame| &frame.changes).map(|change| &change.mark);
    assert!(changes().filter_map(largest).all(|largest| Some(largest) == of_figure));
    for mark in changes() {
        if let Mark::Field { colours, .. } = mark {
            assert!(colours.range.is_some());
        }
    }
}

#[test]
fn colours_of_classes_apply_to_every_kind_with_classes() {
    let trained = trained("sine-classes", &["train.epochs=5"]);
    let subject = Subject { experiment: &trained.0, outcomes: &trained.1 };
    let colours = [Colour::Rgb([0x11, 0x22, 0x33]), Colour::Rgb([0, 0x80, 0])];
    for entry in kind::REGISTRY.iter().filter(|entry| entry.options.iter().any(|o| o.name == "colours")) {
        let Ok(figure) = draw(entry.name, &[("colours", "#123,#008000".into())], &subject) else { continue };
        let shown = |colour: Colour| {
            let marks = series(&figure).map(|series| &series.mark);
            marks
                .filter(|mark| matches!(mark, Mark::Points { marker, .. } if marker.colour == colour))
                .count()
        };
        assert!(colours.into_iter().all(|colour| shown(colour) > 0), "{}", entry.name);
    }
    let error = kind::check("regions", &[("colours", "#12".into())]).unwrap_err().to_string();
    assert!(error.contains("colours"), "{error}");
}

#[test]
fn recorded_epochs_are_all_or_a_hundred_evenly_spaced() {
    assert_eq!(epochs(3).into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    let many: Vec<u64> = epochs(10_000).into_iter().collect();
    assert_eq!((many.len(), many[0], many[1], many[100]), (101, 0, 100, 10_000));
    assert_eq!(epochs(u64::MAX).last(), Some(&u64::MAX));
}

#[test]
fn the_graph_of_an_epoch_has_the_parameters_after_it() {
    let trained = trained("worked-example", &["train.epochs=3"]);
    let weight = |given: &[(&str, OptionValue)]| {
        let Mark::Network { edges, .. } = &figure("graph", given, &trained).rows[0][0].series[0].mark else {
            panic!("not a network");
        };
        edges.iter().find(|edge| edge.name == "hidden.W[0][0]").unwrap().weight
    };
    let outcome = &trained.1[0];
    for (epoch, parameters) in outcome.trajectory() {
        assert_eq!(weight(&[("epoch", (*epoch as f64).into())]), parameters[0]);
    }
    assert_eq!(weight(&[]), outcome.parameters[0]);
    let subject = Subject { experiment: &trained.0, outcomes: &trained.1 };
    let error = draw("graph", &[("epoch", 7.0.into())], &subject).unwrap_err().to_string();
    assert!(error.contains("its parameters after epoch 7 are not recorded, only 0, 1, ... 3"), "{error}");
}
