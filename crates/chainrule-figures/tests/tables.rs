//! Tests of figures of tables: axes are in the units of the columns, independently of their
//! encoding.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::AtomicBool;

use chainrule::registry::OptionValue;
use chainrule_experiment::{Experiment, Outcome};
use chainrule_figures::{Error, Figure, Grid, Mark, Panel, Subject, Ticks, draw, html_fragment, svg};
use chainrule_table::{Column, Table, Values, date};
use tempfile::TempDir;

/// A trained experiment on a table.
struct Trained {
    experiment: Experiment,
    outcomes: Vec<Outcome>,
    _folder: TempDir,
}

impl Trained {
    /// Trains on a CSV with these settings in `[data]`, `network.hidden` and `[train]`.
    fn new(csv: &str, data: &str, hidden: &str, train: &str) -> Trained {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t.csv"), csv).unwrap();
        let text = format!(
            "[data]\ntable = \"t.csv\"\n{data}\n[network]\nhidden = {hidden}\nactivation = \"tanh\"\n[train]\nepochs = 3\n{train}\n"
        );
        let file = folder.path().join("t.toml");
        fs::write(&file, text).unwrap();
        let experiment = Experiment::open(&file, &[]).unwrap();
        let run = |v: &chainrule_experiment::Variant| {
            v.run(&BTreeSet::new(), &mut (), &AtomicBool::new(false)).unwrap()
        };
        let outcomes = experiment.variants.iter().map(run).collect();
        Trained { experiment, outcomes, _folder: folder }
    }

    fn draw(&self, kind: &str, given: &[(&str, OptionValue)]) -> Result<Figure, Error> {
        draw(kind, given, &Subject { experiment: &self.experiment, outcomes: &self.outcomes })
    }

    fn panel(&self, kind: &str, given: &[(&str, OptionValue)]) -> Panel {
        self.draw(kind, given).unwrap().rows[0][0].clone()
    }

    /// Returns the outputs of the network for rows of a table, in the units of the table.
    fn predict(&self, columns: Vec<Column>) -> Vec<f64> {
        let encoders = &self.outcomes[0].samples.from_table.as_ref().unwrap().encoders;
        let mut y = self.outcomes[0].network().predict(&encoders.encode(&Table::new(columns)).0);
        encoders.target.decode(&mut y);
        y
    }
}

/// Spending by age from 20 to 80, income from 1000 to 4000 and town, with a given first income.
fn spending(first_income: f64, scaling: &str) -> Trained {
    let mut csv = String::from("age,income,town,spent\n");
    for k in 0..121 {
        let (age, town) = (20.0 + f64::from(k) / 2.0, if k % 3 == 0 { "Bern" } else { "Turin" });
        let income = if k == 0 { first_income } else { 1000.0 + 25.0 * f64::from(k * 37 % 121) };
        writeln!(csv, "{age},{income},{town},{}", 500 + k * k).unwrap();
    }
    let data = format!("target = [\"spent\"]\ntask = \"regression\"\nscaling = \"{scaling}\"");
    Trained::new(&csv, &data, "[4]", "loss = \"squared_error\"")
}

/// Demand by day from 2021 to 2023 as a number, or whether it is high.
fn demand(target: &str, loss: &str) -> Trained {
    let mut csv = String::from("day,demand,high\n");
    for k in 0..100_i64 {
        let demand = 50.0 + f64::from(k as i32) / 10.0;
        let day = date::write(18_628 + 10 * k, 0);
        writeln!(csv, "{day},{demand},{}", if k % 7 > 2 { "yes" } else { "no" }).unwrap();
    }
    let other = if target == "demand" { "high" } else { "demand" };
    let data = format!("target = [\"{target}\"]\nignore = [\"{other}\"]");
    Trained::new(&csv, &data, "[1]", &format!("loss = \"{loss}\""))
}

fn labels(drawing: &str) -> Vec<&str> {
    drawing.split("</text>").filter_map(|part| part.rsplit_once('>')).map(|(_, text)| text).collect()
}

fn assert_labels(figure: &Figure, expected: &[&str]) {
    let drawing = svg(figure).unwrap();
    let labels = labels(&drawing);
    for text in expected {
        assert!(labels.contains(text), "{text} is not in {labels:?}");
    }
}

fn grid(panel: &Panel) -> &Grid {
    match &panel.series[0].mark {
        Mark::Field { grid, .. } => grid,
        Mark::Regions { probabilities, .. } => &probabilities[1],
        other => panic!("not a grid: {other:?}"),
    }
}

/// Returns the ranges of a series of points: smallest and largest x, smallest and largest y.
fn corners(panel: &Panel, series: usize) -> [f64; 4] {
    let Mark::Points { x, y, .. } = &panel.series[series].mark else { panic!("not points") };
    let ends = |v: &[f64], f: fn(f64, f64) -> f64| v.iter().copied().reduce(f).unwrap();
    [ends(x, f64::min), ends(x, f64::max), ends(y, f64::min), ends(y, f64::max)]
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs().max(1.0)
}

#[test]
fn slices_are_in_the_units_of_the_columns_for_every_scaling() {
    let given = [("x", "age".into()), ("y", "income".into()), ("resolution", 3.0.into())];
    for scaling in ["standard", "robust", "min_max", "none"] {
        let trained = spending(1000.0, scaling);
        let figure = trained.draw("regions", &given).unwrap();
        assert_labels(&figure, &["20", "40", "60", "80", "1000", "2000", "4000", "age", "income", "spent"]);
        assert!(figure.caption.contains("town=Turin = 0.6"), "{}", figure.caption);
        let panel = &figure.rows[0][0];
        let at = corners(panel, 1);
        assert!(
            at.into_iter().zip([20.0, 80.0, 1000.0, 4000.0]).all(|(a, b)| near(a, b)),
            "{scaling}: {at:?}"
        );
        // Grid values are the predictions for rows with these cells.
        let grid = grid(panel);
        let (age, income) = (grid.x_at(2.0), grid.y_at(0.0));
        let columns = vec![
            Column::new("age", Values::Numbers(vec![age])),
            Column::new("income", Values::Numbers(vec![income])),
            Column::new("town", Values::Strings([Some("Bern")].into_iter().collect())),
        ];
        let encoders = &trained.outcomes[0].samples.from_table.as_ref().unwrap().encoders;
        let (mut x, _) = encoders.encode(&Table::new(columns));
        for (x, name) in x.iter_mut().zip(encoders.input_names()) {
            match &name[..] {
                "town=Bern" => *x = 41.0 / 121.0,
                "town=Turin" => *x = 80.0 / 121.0,
                _ => {}
            }
        }
        let mut y = trained.outcomes[0].network().predict(&x);
        encoders.target.decode(&mut y);
        assert!(near(grid.values[2], y[0]), "{scaling}: {} is not {}", grid.values[2], y[0]);
    }
}

#[test]
fn slices_state_the_means_of_the_other_columns_in_their_units() {
    for scaling in ["standard", "robust"] {
        let given = [("x", "age".into()), ("y", "town=Bern".into()), ("resolution", 2.0.into())];
        let figure = spending(9000.0, scaling).draw("regions", &given).unwrap();
        assert!(figure.caption.contains("income = 2566"), "{scaling}: {}", figure.caption);
    }
}

#[test]
fn soft_clipped_outliers_do_not_extend_the_axes() {
    let given = [("x", "age".into()), ("y", "income".into()), ("resolution", 3.0.into())];
    let figure = spending(9e6, "robust").draw("regions", &given).unwrap();
    assert_labels(&figure, &["1000", "4000"]);
    assert!(figure.caption.contains("1 outlier is outside the axes"), "{}", figure.caption);
    assert!(near(corners(&figure.rows[0][0], 1)[3], 9e6));
    let all = [&given[..], &[("y_range", vec![0.0, 1e7].into())]].concat();
    assert!(!spending(9e6, "robust").draw("regions", &all).unwrap().caption.contains("outside"));
}

#[test]
fn range_options_are_in_the_units_of_the_columns() {
    let trained = spending(1000.0, "robust");
    let given = [
        ("x", "age".into()),
        ("y", "income".into()),
        ("resolution", 5.0.into()),
        ("x_range", vec![30.0, 50.0].into()),
        ("y_range", vec![1500.0, 2500.0].into()),
    ];
    let panel = trained.panel("regions", &given);
    assert_eq!((grid(&panel).x, grid(&panel).y), ([30.0, 50.0], [1500.0, 2500.0]));
    // The ranges do not remove samples.
    let at = corners(&panel, 1);
    assert!(at.into_iter().zip([20.0, 80.0, 1000.0, 4000.0]).all(|(a, b)| near(a, b)), "{at:?}");
    assert_labels(&trained.draw("regions", &given).unwrap(), &["30", "50", "1500", "2500"]);
    let day = |text: &str| date::parse(text.as_bytes()).unwrap();
    let range = vec![day("2021-12-28"), day("2022-01-04")];
    let figure =
        demand("high", "binary_cross_entropy").draw("regions", &[("x_range", range.into())]).unwrap();
    assert_labels(&figure, &["2021-12-29", "2022-01-01"]);
}

#[test]
fn dates_have_date_labels_and_targets_their_unit() {
    let trained = demand("demand", "squared_error");
    for kind in ["regions", "samples"] {
        let figure = trained.draw(kind, &[]).unwrap();
        assert_labels(&figure, &["2021-01", "2022-01", "2023-01", "day", "demand", "52", "58"]);
    }
    let panel = trained.panel("regions", &[]);
    let Mark::Line { x, y, .. } = &panel.series[0].mark else { panic!("not a line") };
    let days = Values::Dates(x.iter().map(|x| x / 86_400_000.0).collect());
    let predicted = trained.predict(vec![Column::new("day", days)]);
    assert!(y.iter().zip(&predicted).all(|(y, p)| near(*y, *p)));
    assert_labels(&trained.draw("hidden", &[]).unwrap(), &["demand", "50", "60"]);
    // Pages have a date axis with date labels.
    let page = html_fragment(&trained.draw("regions", &[]).unwrap()).unwrap();
    assert!(page.contains("\"type\":\"date\"") && page.contains("\"hoverformat\":\"%Y-%m-%d\""));
    assert!(
        !html_fragment(&spending(1.0, "none").draw("samples", &[]).unwrap()).unwrap().contains("\"date\"")
    );
}

#[test]
fn every_kind_with_an_input_axis_uses_its_unit() {
    let classes = demand("high", "binary_cross_entropy");
    for kind in ["regions", "samples", "density", "projection"] {
        let panel = classes.panel(kind, &[]);
        assert_eq!(panel.x.ticks, Ticks::Dates, "{kind}");
        assert_labels(&classes.draw(kind, &[]).unwrap(), &["2022-01", "2023-01"]);
    }
    let panel = classes.panel("regions", &[]);
    let x = grid(&panel).x_at(7.0);
    let p = classes.predict(vec![Column::new("day", Values::Dates(vec![x / 86_400_000.0]))]);
    assert!(near(grid(&panel).values[7], p[0]));
    // Both kinds show the predicted probability.
    let curve = |kind: &str| {
        let panel = classes.panel(kind, &[("x_range", vec![18_628.0, 19_000.0].into())]);
        let is_curve = |s: &&chainrule_figures::Series| s.name.contains("probability");
        match &panel.series.iter().find(is_curve).unwrap().mark {
            Mark::Line { y, .. } => [y[0], y[y.len() - 1]],
            other => panic!("not a line: {other:?}"),
        }
    };
    let ends = classes.predict(vec![Column::new("day", Values::Dates(vec![18_628.0, 19_000.0]))]);
    for kind in ["regions", "density"] {
        assert!(curve(kind).iter().zip(&ends).all(|(a, b)| near(*a, *b)), "{kind}");
    }
    // Densities are scaled to a maximum of 1, independently of the unit.
    let panel = classes.panel("density", &[]);
    let highest = |s: &chainrule_figures::Series| match &s.mark {
        Mark::Line { y, .. } if s.name.starts_with("density") => y.iter().copied().fold(0.0, f64::max),
        _ => 0.0,
    };
    assert!(near(panel.series.iter().map(highest).fold(0.0, f64::max), 1.0));
}

#[test]
fn activation_maps_are_in_the_units_of_the_columns() {
    let csv: String =
        (0..40).map(|k| format!("{}.5,{}.5,{}\n", 100 + k * 7 % 40, k * 13 % 40, k % 2)).collect();
    let data = "target = [\"t\"]\ntask = \"classification\"\nscaling = \"robust\"";
    let trained = Trained::new(&format!("a,b,t\n{csv}"), data, "[2]", "loss = \"binary_cross_entropy\"");
    let figure = trained.draw("weights", &[]).unwrap();
    let map = figure.panels().find(|panel| panel.title == "hidden, unit 1").unwrap();
    let grid = grid(map);
    assert!(near(grid.x[0], 100.5 - 3.9) && near(grid.x[1], 139.5 + 3.9), "{:?}", grid.x);
    let outcome = &trained.outcomes[0];
    let encoders = &outcome.samples.from_table.as_ref().unwrap().encoders;
    let column = |name: &str, v: f64| Column::new(name, Values::Numbers(vec![v]));
    let (x, _) = encoders.encode(&Table::new(vec![column("a", grid.x_at(5.0)), column("b", grid.y_at(3.0))]));
    let (w, b) = (
        outcome.architecture.weights(0, &outcome.parameters),
        outcome.architecture.bias(0, &outcome.parameters),
    );
    let z = x[0] * w[0] + x[1] * w[2] + b.unwrap()[0];
    assert!((grid.values[3 * grid.n_x + 5] - z.tanh()).abs() < 1e-12);
}
