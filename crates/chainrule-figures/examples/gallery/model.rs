//! Example figures of a trained model: weights, gradients, evaluation and hidden representation.

use chainrule_figures::{
    Anchor, Axis, Colour, ColourMap, ColourScale, Direction, Edge, Figure, Fill, Grid, Mark, Marker, Node,
    Panel, Series, Shading, Stroke, Symbol,
};

use super::{BLUE, ORANGE, class, line, map, normals, range};

pub(super) fn weights() -> Figure {
    let layers = [2usize, 5, 3, 1];
    let mut nodes = Vec::new();
    for (l, n) in layers.iter().enumerate() {
        for i in 0..*n {
            let label = match l {
                0 => format!("$x_{}$", i + 1),
                3 => "$y$".to_owned(),
                _ => format!("$h_{}$", i + 1),
            };
            let colour = if l == 0 { Colour::Rgb([0xdd; 3]) } else { Colour::Paper };
            nodes.push(Node {
                at: [l as f64, (*n as f64 - 1.0) / 2.0 - i as f64],
                label,
                colour,
                ..Node::default()
            });
        }
    }
    let numbers = normals(11, 200);
    let mut edges = Vec::new();
    let mut first = 0;
    for pair in layers.windows(2) {
        for from in first..first + pair[0] {
            for to in first + pair[0]..first + pair[0] + pair[1] {
                edges.push(Edge { from, to, weight: numbers[edges.len()], ..Edge::default() });
            }
        }
        first += pair[0];
    }
    let label = |at: f64, text: &str| {
        let mark =
            Mark::Text { at: [at, -2.7], text: text.into(), anchor: Anchor::Middle, colour: Colour::Muted };
        Series::new("", mark)
    };
    let network = Panel::new(Axis::new("").range(-0.3, 3.3), Axis::new("").range(-2.9, 2.5))
        .bare()
        .sized(400.0, 300.0)
        .titled("Weights: negative blue, positive orange")
        .with(Series::new("", Mark::Network { nodes, edges, largest: None }))
        .with(label(0.0, "inputs"))
        .with(label(1.0, "hidden 1"))
        .with(label(2.0, "hidden 2"))
        .with(label(3.0, "output"));
    let colours = ColourScale { range: Some([-1.0, 1.0]), ..ColourScale::new(ColourMap::Diverging) };
    let unit = |k: usize| {
        let grid = Grid::of([-2.0, 2.0], [-2.0, 2.0], 80, 80, |x, y| {
            (numbers[2 * k] * x + numbers[2 * k + 1] * y + 0.5 * numbers[40 + k]).tanh()
        });
        let bar = if k == 1 { colours.clone().with_bar("$a$") } else { colours.clone() };
        let field = Mark::Field {
            grid,
            colours: bar,
            shading: Shading::Smooth,
            levels: vec![0.0],
            lines: Some(Stroke::default().width(0.8)),
        };
        Panel::new(Axis::new("$x_1$"), Axis::new("$x_2$"))
            .equal()
            .sized(120.0, 120.0)
            .titled(format!("$h_{}$", k + 1))
            .with(Series::new("", field))
    };
    let edges = range(-3.0, 3.0, 25);
    let numbers = normals(12, 600);
    let heights = edges
        .windows(2)
        .map(|w| numbers.iter().filter(|v| (w[0]..w[1]).contains(*v)).count() as f64)
        .collect();
    let bars = Mark::Bars { edges, heights, fill: Fill { colour: BLUE, opacity: 0.75 } };
    let histogram = Panel::new(Axis::new("weight"), Axis::new("count"))
        .sized(260.0, 180.0)
        .titled("Layer 1")
        .with(Series::new("", bars));
    Figure::new("", vec![vec![network, histogram, unit(0), unit(1)]])
}

pub(super) fn gradients() -> Figure {
    let epochs = range(1.0, 200.0, 200);
    let mut norms = Panel::new(Axis::new("epoch").log(), Axis::new("gradient norm").log()).titled("By layer");
    for k in 0..4usize {
        let noise = normals(50 + k as u64, 200);
        let y = epochs
            .iter()
            .zip(&noise)
            .map(|(e, n)| 10f64.powi(-2 * k as i32) * (0.2 * n).exp() / (1.0 + e / 20.0))
            .collect();
        norms = norms.with(Series::line(format!("layer {}", k + 1), epochs.clone(), y, Colour::Palette(k)));
    }
    let analytic = normals(60, 300);
    let numeric = analytic.iter().zip(normals(61, 300)).map(|(a, e)| a + 1e-3 * e).collect();
    let dots = Marker { size: 5.0, opacity: 0.6, edge: None, ..Marker::new(Symbol::Circle, BLUE) };
    let check = Panel::new(Axis::new("analytic"), Axis::new("numerical"))
        .equal()
        .sized(300.0, 300.0)
        .titled("Gradient check")
        .with(Series::new(
            "identity",
            line(vec![-4.0, 4.0], vec![-4.0, 4.0], Stroke::new(Colour::Muted).width(1.0).dashed()),
        ))
        .with(Series::points("parameters", analytic, numeric, dots));
    Figure::new("Gradients", vec![vec![norms, check]])
}

pub(super) fn evaluation() -> Figure {
    let names = ["setosa", "versicolor", "virginica"];
    let counts = [50.0, 0.0, 0.0, 0.0, 47.0, 3.0, 0.0, 2.0, 48.0];
    let matrix = Mark::Matrix {
        n_columns: 3,
        values: counts.to_vec(),
        texts: counts.iter().map(|v| format!("{v}")).collect(),
        colours: ColourScale::new(ColourMap::Blues).with_bar("samples"),
    };
    let confusion = Panel::new(Axis::new("predicted").names(names), Axis::new("true").names(names))
        .equal()
        .sized(240.0, 240.0)
        .titled("Confusion matrix")
        .with(Series::new("", matrix));
    let rate = range(0.0, 1.0, 101);
    let diagonal = || {
        Series::new("", line(vec![0.0, 1.0], vec![0.0, 1.0], Stroke::new(Colour::Muted).width(1.0).dashed()))
    };
    let sensitivity = map(&rate, |v| v.powf(0.18));
    let shade = Mark::Area {
        x: rate.clone(),
        low: vec![0.0; 101],
        high: sensitivity.clone(),
        fill: Fill { colour: BLUE, opacity: 0.12 },
    };
    let roc = Panel::new(
        Axis::new("false positive rate").range(0.0, 1.0),
        Axis::new("true positive rate").range(0.0, 1.0),
    )
    .equal()
    .sized(240.0, 240.0)
    .titled("ROC curve")
    .with(Series::new("", shade))
    .with(diagonal())
    .with(Series::line("AUC 0.85", rate, sensitivity, BLUE));
    let bins = range(0.05, 0.95, 10);
    let observed = map(&bins, |p| (p + 0.12 * (p - 0.5) * 4.0 * p * (1.0 - p)).clamp(0.0, 1.0));
    let calibration = Panel::new(
        Axis::new("predicted probability").range(0.0, 1.0),
        Axis::new("observed frequency").range(0.0, 1.0),
    )
    .equal()
    .sized(240.0, 240.0)
    .titled("Calibration curve")
    .with(diagonal())
    .with(Series::line("", bins.clone(), observed.clone(), ORANGE))
    .with(Series::points("ten bins", bins, observed, Marker::new(Symbol::Square, ORANGE)));
    let predicted = range(0.0, 50.0, 300);
    let residuals = predicted.iter().zip(normals(70, 300)).map(|(p, e)| e * (1.0 + p / 25.0)).collect();
    let dots = Marker { size: 4.5, opacity: 0.6, edge: None, ..Marker::new(Symbol::Circle, BLUE) };
    let residuals = Panel::new(Axis::new("predicted"), Axis::new("true − predicted"))
        .sized(240.0, 240.0)
        .titled("Residuals")
        .with(Series::new(
            "",
            Mark::Rule { at: vec![0.0], along: Direction::Y, stroke: Stroke::new(Colour::Ink).width(1.0) },
        ))
        .with(Series::points("", predicted, residuals, dots));
    Figure::new("Model evaluation", vec![vec![confusion, roc], vec![calibration, residuals]])
}

pub(super) fn hidden_space() -> Figure {
    let t = range(-5.0, 5.0, 120);
    let curve = |shift: f64| {
        let h = |a: f64, b: f64, c: f64| map(&t, |t| (a * t + b * (t.sin() + shift) + c).tanh());
        (h(0.4, 0.9, -0.5), h(-0.3, 1.2, -0.4), h(0.1, 1.6, -0.9))
    };
    let plane = Grid::of([-1.0, 1.0], [-1.0, 1.0], 30, 30, |x, y| -0.4 * x - 0.5 * y + 0.1);
    let colours = ColourScale { range: Some([-1.5, 1.5]), ..ColourScale::new(ColourMap::Viridis) };
    let mut panel = Panel::new(Axis::new("$h_1$").range(-1.0, 1.0), Axis::new("$h_2$").range(-1.0, 1.0))
        .in_space(Axis::new("$h_3$").range(-1.0, 1.0), 22.0, -55.0)
        .sized(440.0, 380.0)
        .with(Series::new("decision boundary", Mark::Surface { grid: plane, colours, lines: None }));
    for k in 0..2 {
        let (x, y, z) = curve(k as f64);
        let every = |v: &Vec<f64>| v.iter().step_by(10).copied().collect::<Vec<f64>>();
        let points = Mark::Points { x: every(&x), y: every(&y), z: every(&z), marker: class(k) };
        let stroke = Stroke::new(Colour::Palette(k)).width(1.2).opacity(0.7);
        panel = panel
            .with(Series::new("", Mark::Line { x, y, z, stroke }))
            .with(Series::new(format!("class {k}"), points));
    }
    Figure::new("Hidden-layer representation", vec![vec![panel]])
}
