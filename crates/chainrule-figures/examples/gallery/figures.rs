//! Example figures of synthetic data, one for each kind of figure.

#[path = "model.rs"]
mod model;

use chainrule_figures::{
    Axis, Change, Colour, ColourMap, ColourScale, Direction, Figure, Fill, Frame, Grid, Legend, Mark, Marker,
    Panel, Series, Shading, Spacing, Stroke, Symbol,
};

/// Returns all examples with their names.
pub(crate) fn all() -> Vec<(&'static str, Figure)> {
    vec![
        ("samples", samples()),
        ("activation", activation()),
        ("density", density()),
        ("loss-surface", loss_surface()),
        ("cost-surface", cost_surface()),
        ("loss-curve", loss_curve()),
        ("regions", regions()),
        ("rings", rings()),
        ("regions-1d", regions_1d()),
        ("projection", projection()),
        ("weights", model::weights()),
        ("gradients", model::gradients()),
        ("evaluation", model::evaluation()),
        ("hidden-space", model::hidden_space()),
        ("animation", animation()),
    ]
}

const BLUE: Colour = Colour::Palette(0);
const ORANGE: Colour = Colour::Palette(1);
const GREEN: Colour = Colour::Palette(2);

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn range(low: f64, high: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect()
}

fn map(x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|v| f(*v)).collect()
}

/// Reproducible, approximately normal random numbers: sums of uniform numbers from a linear
/// congruential generator.
fn normals(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

fn class(k: usize) -> Marker {
    Marker::new(Symbol::of_class(k), Colour::Palette(k)).size(8.0)
}

fn line(x: Vec<f64>, y: Vec<f64>, stroke: Stroke) -> Mark {
    Mark::Line { x, y, z: vec![], stroke }
}

fn samples() -> Figure {
    let x = range(-6.0, 6.0, 200);
    let (a, b) = (range(-5.0, 5.0, 10), range(-4.5, 4.8, 15));
    let noise = normals(3, 25);
    let upper = b.iter().zip(&noise).map(|(x, e)| x.sin() + 1.0 + 0.1 * e).collect();
    let lower = a.iter().zip(&noise[15..]).map(|(x, e)| x.sin() + 0.1 * e).collect();
    let plane = Panel::new(Axis::new("$x_1$"), Axis::new("$x_2$"))
        .titled("Two classes along two curves")
        .with(Series::new("true curve 0", line(x.clone(), map(&x, f64::sin), Stroke::new(BLUE).opacity(0.5))))
        .with(Series::new(
            "true curve 1",
            line(x.clone(), map(&x, |x| x.sin() + 1.0), Stroke::new(ORANGE).opacity(0.5)),
        ))
        .with(Series::points("class 0", a, lower, class(0)))
        .with(Series::points("class 1", b, upper, class(1)));
    let (inner, outer) = (map(&normals(5, 20), |v| 0.4 * v), map(&normals(8, 24), |v| v + 2.0 * v.signum()));
    let rug =
        |at: Vec<f64>, colour| Mark::Rug { at, along: Direction::X, stroke: Stroke::new(colour).width(1.4) };
    let row = |k: usize, x: &Vec<f64>| {
        Series::points(format!("class {k}"), x.clone(), vec![k as f64; x.len()], class(k))
    };
    let strip = Panel::new(Axis::new("$x$"), Axis::new("").names(["class 0", "class 1"]).range(-0.7, 1.5))
        .titled("One input")
        .with(row(0, &inner))
        .with(row(1, &outer))
        .with(Series::new("", rug(inner, BLUE)))
        .with(Series::new("", rug(outer, ORANGE)))
        .legend(Legend::Hidden);
    Figure::new("", vec![vec![plane, strip]])
}

fn activation() -> Figure {
    let z = range(-5.0, 5.0, 401);
    let panel = |title: &str, f: fn(f64) -> f64, derivative: fn(f64) -> f64| {
        Panel::new(Axis::new("$z$").range(-5.0, 5.0), Axis::new(""))
            .sized(280.0, 210.0)
            .titled(title)
            .with(Series::line("$f(z)$", z.clone(), map(&z, f), BLUE))
            .with(Series::new("$f'(z)$", line(z.clone(), map(&z, derivative), Stroke::new(ORANGE).dashed())))
    };
    Figure::new(
        "Activation functions and derivatives",
        vec![vec![
            panel("logistic: $f(z) = 1 / (1 + e^{-z})$", logistic, |z| logistic(z) * (1.0 - logistic(z))),
            panel("tanh: $f(z) = tanh(z)$", f64::tanh, |z| 1.0 - z.tanh().powi(2)),
            panel(
                "leaky_relu: $f(z) = max(0.1z, z)$",
                |z| z.max(0.1 * z),
                |z| if z > 0.0 { 1.0 } else { 0.1 },
            ),
        ]],
    )
}

fn density() -> Figure {
    let (a, b) = (map(&normals(1, 1000), |v| v - 6.0), map(&normals(2, 1000), |v| v + 6.0));
    let x = range(-10.0, 10.0, 401);
    let mut panel =
        Panel::new(Axis::new("$x$").range(-10.0, 10.0), Axis::new("density, probability").range(0.0, 1.02))
            .sized(520.0, 340.0);
    for (k, samples) in [a, b].iter().enumerate() {
        let edges = range(-10.0, 10.0, 101);
        let count = |low: f64, high: f64| samples.iter().filter(|v| (low..high).contains(*v)).count() as f64;
        let heights = edges.windows(2).map(|w| count(w[0], w[1]) / 1000.0 / (w[1] - w[0])).collect();
        let kernel = |x: f64| {
            samples.iter().map(|s| (-(x - s).powi(2) / 0.2).exp()).sum::<f64>()
                / 1000.0
                / (0.2 * std::f64::consts::PI).sqrt()
        };
        let colour = Colour::Palette(k);
        let bars = Mark::Bars { edges, heights, fill: Fill { colour, opacity: 0.28 } };
        let jitter = map(&normals(9, 1000), |v| 0.018 + 0.004 * v);
        let dots = Marker { size: 3.0, edge: None, opacity: 0.35, ..Marker::new(Symbol::Circle, colour) };
        panel = panel
            .with(Series::new("", bars))
            .with(Series::line(format!("density of class {k}"), x.clone(), map(&x, kernel), colour))
            .with(Series::points("", samples.clone(), jitter, dots));
    }
    let curve = Series::line(
        "predicted probability of class 1",
        x.clone(),
        map(&x, |x| logistic(2.2 * x)),
        Colour::Ink,
    );
    Figure::new("Class densities and predicted probability", vec![vec![panel.with(curve)]])
}

fn valley(w: f64, b: f64) -> f64 {
    0.5 + 0.3 * (w.abs() - 1.1).powi(2) / (1.0 + 0.2 * w * w)
        + 0.12 * (b + 0.4).powi(2)
        + 0.3 * (-3.0 * w * w).exp() * (1.0 + b.max(0.0))
}

/// Returns the path of gradient descent.
fn descent(f: impl Fn(f64, f64) -> f64, start: [f64; 2], rate: f64, n: usize) -> (Vec<f64>, Vec<f64>) {
    let h = 1e-5;
    let mut at = start;
    let path = (0..n).map(|_| {
        let now = at;
        let [u, v] = at;
        at = [
            u - rate * (f(u + h, v) - f(u - h, v)) / (2.0 * h),
            v - rate * (f(u, v + h) - f(u, v - h)) / (2.0 * h),
        ];
        now
    });
    path.map(|[u, v]| (u, v)).unzip()
}

/// Returns a path with its steps, start and end.
fn path(name: &str, x: &[f64], y: &[f64], z: &[f64], colour: Colour) -> Vec<Series> {
    let at = |v: &[f64], k: usize| v.get(k).map(|v| vec![*v]).unwrap_or_default();
    let points = |x, y, z, marker| Mark::Points { x, y, z, marker };
    let last = x.len() - 1;
    let small = Marker { edge: None, ..Marker::new(Symbol::Circle, colour).size(4.5) };
    let edged = |symbol, size| Marker {
        edge: Some(Colour::Rgb([0x33; 3])),
        ..Marker::new(symbol, colour).size(size)
    };
    let stroke = Stroke::new(colour).width(1.6);
    vec![
        Series::new(name, Mark::Line { x: x.to_vec(), y: y.to_vec(), z: z.to_vec(), stroke }),
        Series::new("", points(x.to_vec(), y.to_vec(), z.to_vec(), small)),
        Series::new("start", points(at(x, 0), at(y, 0), at(z, 0), edged(Symbol::Circle, 9.0))),
        Series::new("end", points(at(x, last), at(y, last), at(z, last), edged(Symbol::Star, 11.0))),
    ]
}

fn loss_surface() -> Figure {
    let grid = Grid::of([-3.0, 3.0], [-2.5, 1.5], 200, 200, valley);
    let (x, y) = descent(valley, [2.4, 1.4], 0.9, 20);
    let z: Vec<f64> = x.iter().zip(&y).map(|(x, y)| valley(*x, *y)).collect();
    let axes = || (Axis::new("$w_h$"), Axis::new("$b_o$"));
    let colours = ColourScale::new(ColourMap::Magma);
    let surface = Mark::Surface { grid: grid.clone(), colours: colours.clone(), lines: None };
    let mut space = Panel::new(axes().0, axes().1)
        .in_space(Axis::new("ξ"), 60.0, -30.0)
        .sized(420.0, 380.0)
        .with(Series::new("", surface))
        .legend(Legend::Hidden);
    space.series.extend(path("path", &x, &y, &z, Colour::WHITE));
    let field = Mark::Field {
        grid,
        colours: colours.with_bar("ξ"),
        shading: Shading::Bands,
        levels: vec![],
        lines: None,
    };
    let mut plane = Panel::new(axes().0, axes().1).sized(340.0, 340.0).with(Series::new("", field));
    plane.series.extend(path("path", &x, &y, &[], Colour::WHITE));
    Figure::new("Loss surface and training trajectory", vec![vec![space, plane]])
        .caption("Loss ξ over the hidden weight $w_h$ and the output bias $b_o$, with all other parameters fixed at their trained values. White: training trajectory of 20 steps from start (disc) to end (star).")
}

/// Two valleys connected by a saddle, with steep rises in two corners.
fn valleys(w: f64, v: f64) -> f64 {
    let y = |x: f64| (-(w * x).powi(2)).exp() * v;
    [0.2, 0.6, 1.1, 1.9].iter().zip([1.0, 0.9, 0.2, 0.1]).map(|(x, t)| (y(*x) - t).powi(2)).sum::<f64>() * 0.5
        + 0.02 * (w - 2.0).powi(2)
}

fn cost_surface() -> Figure {
    let grid = Grid::of([-10.0, 10.0], [-10.0, 10.0], 200, 200, valleys);
    let surface = Mark::Surface {
        grid,
        colours: ColourScale::new(ColourMap::Viridis).with_bar("cost"),
        lines: Some(Stroke::new(Colour::WHITE).width(0.7).opacity(0.6)),
    };
    let (x, y) = descent(valleys, [0.15, 7.0], 0.11, 60);
    let z: Vec<f64> = x.iter().zip(&y).map(|(x, y)| valleys(*x, *y)).collect();
    let mut panel = Panel::new(Axis::new("$w_h$"), Axis::new("$w_o$"))
        .in_space(Axis::new("cost"), 35.0, -50.0)
        .sized(460.0, 380.0)
        .with(Series::new("", surface));
    panel.series.extend(path("path", &x, &y, &z, Colour::Rgb([0xd5, 0x1f, 0x1f])));
    Figure::new("Cost surface and training trajectory", vec![vec![panel]])
}

fn loss_curve() -> Figure {
    let epochs = range(0.0, 500.0, 501);
    let noise = normals(4, 501);
    let curve = |minimum: f64, rate: f64, rise: f64, amplitude: f64| -> Vec<f64> {
        let smooth = |e: f64| minimum + 2.0 * (-e * rate).exp() + rise * (e / 500.0).powi(2);
        epochs.iter().zip(&noise).map(|(e, n)| smooth(*e) * (1.0 + amplitude * n)).collect()
    };
    let (train, valid) = (curve(0.004, 0.02, 0.0, 0.03), curve(0.03, 0.02, 0.08, 0.02));
    let best = (0..501).min_by(|a, b| valid[*a].total_cmp(&valid[*b])).expect("the range is not empty");
    let panel = |loss: Axis| {
        Panel::new(Axis::new("epoch").range(0.0, 500.0), loss)
            .sized(360.0, 260.0)
            .with(Series::line("training", epochs.clone(), train.clone(), BLUE))
            .with(Series::line("validation", epochs.clone(), valid.clone(), ORANGE))
            .with(Series::new(
                "",
                Mark::Rule {
                    at: vec![best as f64],
                    along: Direction::X,
                    stroke: Stroke::new(Colour::Muted).width(1.0).dashed(),
                },
            ))
            .with(Series::points(
                format!("best epoch ({best})"),
                vec![best as f64],
                vec![valid[best]],
                Marker::new(Symbol::Star, Colour::Ink).size(10.0),
            ))
    };
    let rate = Panel::new(Axis::new("epoch").range(0.0, 500.0), Axis::new("learning rate").log())
        .sized(360.0, 90.0)
        .with(Series::line(
            "",
            epochs.clone(),
            map(&epochs, |e| 0.01 * 0.5f64.powf((e / 100.0).floor())),
            GREEN,
        ));
    Figure::new(
        "Training loss",
        vec![vec![panel(Axis::new("loss")), panel(Axis::new("loss").log())], vec![rate]],
    )
}

fn sine_probability(x: f64, y: f64) -> f64 {
    logistic(4.0 * (y - 0.5 - x.sin()) + 0.25 * x)
}

fn regions() -> Figure {
    let one = Grid::of([-6.0, 6.0], [-2.5, 3.5], 200, 200, sine_probability);
    let zero = Grid { values: map(&one.values, |p| 1.0 - p), ..one.clone() };
    let regions = Mark::Regions {
        probabilities: vec![zero, one.clone()],
        colours: vec![BLUE, ORANGE],
        classes: vec!["class 0".into(), "class 1".into()],
        boundary: Some(Stroke::new(Colour::Ink).width(1.5)),
    };
    let (a, b) = (range(-5.0, 5.0, 10), range(-4.5, 4.8, 15));
    let (mut ya, mut yb) = (map(&a, f64::sin), map(&b, |x| x.sin() + 1.0));
    (ya[6], yb[3]) = (1.9, -0.6);
    let ring = Marker { edge: None, ..Marker::new(Symbol::Ring, Colour::Ink).size(15.0) };
    let axes = || (Axis::new("$x_1$"), Axis::new("$x_2$"));
    let samples = [
        Series::points("class 0", a.clone(), ya.clone(), class(0)),
        Series::points("class 1", b.clone(), yb.clone(), class(1)),
        Series::points("misclassified", vec![a[6], b[3]], vec![ya[6], yb[3]], ring),
    ];
    let mut sharp =
        Panel::new(axes().0, axes().1).sized(340.0, 300.0).titled("Regions").with(Series::new("", regions));
    sharp.series.extend(samples.clone());
    let field = Mark::Field {
        grid: one,
        colours: ColourScale::new(ColourMap::Diverging).centred(0.5).with_bar("$p(t = 1)$"),
        shading: Shading::Bands,
        levels: range(0.1, 0.9, 9),
        lines: None,
    };
    let mut soft =
        Panel::new(axes().0, axes().1).sized(340.0, 300.0).titled("Probability").with(Series::new("", field));
    soft.series.extend(samples);
    soft.legend = Legend::Hidden;
    Figure::new("Decision regions of a 2-2-1 network", vec![vec![sharp, soft]])
}

/// Decision regions of three classes for two activation functions, and their loss curves.
fn rings() -> Figure {
    let panel = |title: &str, corners: f64| {
        let r = |x: f64, y: f64| {
            let angle = y.atan2(x);
            x.hypot(y) * (1.0 - corners * (3.0 * angle).cos())
        };
        let score = |x: f64, y: f64| [8.0 * (0.5 - r(x, y)), 0.0, 8.0 * (r(x, y) - 1.0)];
        let probability = |k: usize| {
            Grid::of([-2.2, 2.2], [-2.2, 2.2], 150, 150, |x, y| {
                let all = score(x, y).map(f64::exp);
                all[k] / all.iter().sum::<f64>()
            })
        };
        let mark = Mark::Regions {
            probabilities: (0..3).map(probability).collect(),
            colours: (0..3).map(Colour::Palette).collect(),
            classes: vec![],
            boundary: Some(Stroke::new(Colour::Muted).width(1.0)),
        };
        let mut panel =
            Panel::new(Axis::new("$x_1$"), Axis::new("$x_2$")).equal().sized(300.0, 300.0).titled(title);
        panel = panel.with(Series::new("", mark));
        for k in 0..3 {
            let (angle, radius) = (normals(20 + k, 50), normals(30 + k, 50));
            let radius = map(&radius, |v| 0.3 + 0.45 * k as f64 + 0.12 * v);
            let at = |f: fn(f64) -> f64| {
                angle.iter().zip(&radius).map(|(a, r)| r * f(3.0 * a)).collect::<Vec<f64>>()
            };
            let marker = class(k as usize).size(6.5);
            panel = panel.with(Series::points(format!("class {k}"), at(f64::cos), at(f64::sin), marker));
        }
        panel.legend(Legend::Hidden)
    };
    let epochs = range(0.0, 1000.0, 11);
    let cost = |k: f64| map(&epochs, |e| 50.0 + 200.0 * (-e / k).exp());
    let dots = |name: &str, y: Vec<f64>, k: usize| {
        [
            Series::line(name, epochs.clone(), y.clone(), Colour::Palette(k)),
            Series::points("", epochs.clone(), y, Marker::new(Symbol::of_class(k), Colour::Palette(k))),
        ]
    };
    let mut curve = Panel::new(Axis::new("epoch"), Axis::new("cost")).sized(300.0, 300.0).titled("Cost");
    curve.series.extend(dots("leaky_relu", cost(120.0), 0));
    curve.series.extend(dots("logistic", cost(320.0), 1));
    Figure::new(
        "",
        vec![vec![
            panel("leaky_relu hidden units: 27 of 150 misclassified", 0.12),
            panel("logistic hidden units: 18 of 150 misclassified", 0.02),
            curve,
        ]],
    )
}

fn regions_1d() -> Figure {
    let inner = Grid::of([-3.0, 3.0], [-1.0, 1.0], 600, 1, |x, _| (-x * x).exp());
    let outer = Grid { values: map(&inner.values, |p| 1.0 - p), ..inner.clone() };
    let mark = Mark::Regions {
        probabilities: vec![outer, inner],
        colours: vec![ORANGE, BLUE],
        classes: vec!["class 0".into(), "class 1".into()],
        boundary: None,
    };
    let (a, b) = (map(&normals(5, 18), |v| 0.35 * v), map(&normals(8, 18), |v| 0.5 * v + 1.8 * v.signum()));
    let edge = 2f64.ln().sqrt();
    let panel = Panel::new(Axis::new("$x$").range(-3.0, 3.0), Axis::new("").no_ticks().range(-1.0, 1.0))
        .sized(520.0, 70.0)
        .with(Series::new("", mark))
        .with(Series::new(
            "decision boundary",
            Mark::Rule { at: vec![-edge, edge], along: Direction::X, stroke: Stroke::default().width(1.4) },
        ))
        .with(Series::points("class 0", b.clone(), vec![0.0; b.len()], Marker::new(Symbol::Square, ORANGE)))
        .with(Series::points("class 1", a.clone(), vec![0.0; a.len()], Marker::new(Symbol::Circle, BLUE)));
    Figure::new("Decision regions of one input", vec![vec![panel]])
}

fn projection() -> Figure {
    let f = |x: f64| (-1.3 * x * x).exp();
    let x = range(-3.0, 3.0, 301);
    let groups = [map(&normals(5, 16), |v| 0.3 * v), map(&normals(8, 14), |v| 0.5 * v + 1.4 * v.signum())];
    let span = || Axis::new("").range(-3.0, 3.0);
    let height = || Axis::new("").range(-0.08, 1.08);
    let mut main = Panel::new(span().no_ticks(), height()).sized(400.0, 330.0);
    main.y.label = "$h$".into();
    let mut below = Panel::new(span(), Axis::new("").no_ticks().range(-1.0, 1.0)).sized(400.0, 46.0);
    below.x.label = "$x$".into();
    let mut side =
        Panel::new(Axis::new("").no_ticks().range(-1.0, 1.0), height().no_ticks()).sized(60.0, 330.0);
    for (k, group) in groups.iter().enumerate() {
        let (mut across, mut upright) = (vec![], vec![]);
        for v in group {
            across.extend([*v, *v, 3.0, f64::NAN]);
            upright.extend([-0.08, f(*v), f(*v), f64::NAN]);
        }
        let thin = Stroke::new(Colour::Palette(k)).width(1.0).dashed().opacity(0.45);
        main = main.with(Series::new("", line(across, upright, thin)));
        below = below.with(Series::points("", group.clone(), vec![0.0; group.len()], class(k)));
        side = side.with(Series::points("", vec![0.0; group.len()], map(group, f), class(k)));
    }
    main = main.with(Series::line("$h = RBF(x w_h)$", x.clone(), map(&x, f), Colour::Ink));
    let mut figure = Figure::new(
        "Projection of the input $x$ by the hidden unit $h$",
        vec![vec![main, side], vec![below]],
    );
    figure.spacing = Spacing::Joined;
    figure
}

fn animation() -> Figure {
    let grid = Grid::of([-3.0, 3.0], [-2.5, 1.5], 120, 120, valley);
    let (x, y) = descent(valley, [2.4, 1.4], 0.9, 20);
    let field = Mark::Field {
        grid,
        colours: ColourScale::default().with_bar("loss"),
        shading: Shading::Smooth,
        levels: vec![],
        lines: None,
    };
    let path = |n: usize| line(x[..n].to_vec(), y[..n].to_vec(), Stroke::new(Colour::WHITE).width(2.0));
    let head = |n: usize| {
        let marker = Marker {
            edge: Some(Colour::Rgb([0x33; 3])),
            ..Marker::new(Symbol::Circle, Colour::WHITE).size(9.0)
        };
        Mark::Points { x: vec![x[n - 1]], y: vec![y[n - 1]], z: vec![], marker }
    };
    let panel = Panel::new(Axis::new("$w_h$"), Axis::new("$b_o$"))
        .titled("Training trajectory")
        .with(Series::new("", field))
        .with(Series::new("path", path(20)))
        .with(Series::new("", head(20)));
    let mut figure = Figure::new("", vec![vec![panel]]);
    figure.frames = (1..=20)
        .map(|n| Frame {
            label: format!("step {n}"),
            changes: vec![
                Change { panel: 0, series: 1, mark: path(n) },
                Change { panel: 0, series: 2, mark: head(n) },
            ],
        })
        .collect();
    figure
}
