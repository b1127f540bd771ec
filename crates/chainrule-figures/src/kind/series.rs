//! Series, grids and labels shared by several kinds of figures: samples by class, paths, and class
//! probabilities over a plane of inputs.

use chainrule::Scalar;
use chainrule::landscape::{GridAxis, Plane, Projected, Regions};
use chainrule::metrics::OutputKind;
use chainrule::registry::Options;
use chainrule_experiment::{Outcome, Samples};

use super::axis::{linspace, padded_range, symbol};
use super::class_colours::{ClassColours, default_colours};
use super::units::Unit;
use crate::{Axis, Colour, Grid, Mark, Marker, Series, Stroke, Symbol};

/// Returns the name of a network in error messages: `network "deep" (2 -> 3 tanh -> 1 logistic)`.
pub(super) fn network_name(outcome: &Outcome) -> String {
    let layers = outcome.architecture.describe();
    if outcome.variant.is_empty() {
        format!("the network {layers}")
    } else {
        format!("network \"{}\" ({layers})", outcome.variant)
    }
}

/// Returns the task that follows from the output activation of a network.
pub(super) fn task(outcome: &Outcome) -> OutputKind {
    OutputKind::of(&outcome.architecture.output().activation)
}

/// Classes of the samples of an outcome.
pub(super) struct SampleClasses {
    /// Names of the classes.
    pub(super) names: Vec<String>,
    /// True class of each sample.
    pub(super) labels: Vec<usize>,
    /// Colours of the classes.
    pub(super) colours: Vec<Colour>,
}

impl SampleClasses {
    /// Returns the marker of class `k`.
    pub(super) fn marker(&self, k: usize) -> Marker {
        Marker { colour: self.colours[k], ..marker(k) }
    }
}

/// Returns the true classes, in the colours of the option `class_colours`, if the task is binary or
/// multi-class classification.
pub(super) fn coloured_classes(
    outcome: &Outcome,
    options: &Options,
) -> Result<Option<SampleClasses>, crate::Error> {
    let Some(mut classes) = classes(outcome) else { return Ok(None) };
    ClassColours::of(options)?.apply(&classes.names, &mut classes.colours, options)?;
    Ok(Some(classes))
}

/// Returns the true classes if the task is binary or multi-class classification.
pub(super) fn classes(outcome: &Outcome) -> Option<SampleClasses> {
    let data = &outcome.samples.dataset;
    let labels: Vec<usize> = match (task(outcome), data.n_targets()) {
        (OutputKind::Binary, 1) => data.t().iter().map(|&t| usize::from(t >= 0.5)).collect(),
        (OutputKind::Categorical, n) => data.t().chunks_exact(n).map(argmax).collect(),
        _ => return None,
    };
    let n = data.n_targets().max(2);
    let known = &outcome.samples.classes;
    let name = |k: usize| known.get(k).cloned().unwrap_or_else(|| format!("class {k}"));
    let names: Vec<String> = (0..n).map(name).collect();
    Some(SampleClasses { colours: default_colours(&names), names, labels })
}

/// Returns the index of the largest number; of equal numbers, the first.
pub(super) fn argmax(v: &[f64]) -> usize {
    (1..v.len()).fold(0, |best, k| if v[k] > v[best] { k } else { best })
}

/// Returns the probability of each class for each sample or grid point, from outputs `y` (n,
/// n_outputs).
pub(super) fn probabilities(n_outputs: usize, y: &[f64]) -> Vec<Vec<f64>> {
    if n_outputs == 1 {
        return vec![y.iter().map(|p| 1.0 - p).collect(), y.to_vec()];
    }
    (0..n_outputs).map(|k| y.iter().skip(k).step_by(n_outputs).copied().collect()).collect()
}

/// Returns the predicted class of each sample; the outputs must be probabilities.
pub(super) fn predicted(outcome: &Outcome) -> Vec<usize> {
    let n_outputs = outcome.architecture.n_outputs();
    let y = outcome.network().predict(outcome.samples.dataset.x());
    if n_outputs == 1 {
        return y.iter().map(|&p| usize::from(p >= 0.5)).collect();
    }
    y.chunks_exact(n_outputs).map(argmax).collect()
}

/// Returns the axis label of input `j`; a single generated input is labelled x.
pub(super) fn input(outcome: &Outcome, j: usize) -> String {
    let names = &outcome.samples.inputs;
    if names.len() == 1 && names[0] == "x1" { "$x$".to_owned() } else { symbol(&names[j]) }
}

/// Returns the default marker of class `k`.
pub(super) fn marker(k: usize) -> Marker {
    Marker::new(Symbol::of_class(k), Colour::Palette(k)).size(7.5)
}

/// Returns the ring around misclassified samples, for a figure of `n` samples.
pub(super) fn misclassified_marker(n: usize) -> Marker {
    let size = if n > 100 { 9.5 } else { 14.0 };
    Marker { edge: None, ..Marker::new(Symbol::Ring, Colour::Ink).size(size) }
}

/// Maximum number of drawn samples.
const MAX_SAMPLES: usize = 6000;

/// Returns the stride between drawn samples of `n` samples.
pub(super) fn stride(n: usize) -> usize {
    n.div_ceil(MAX_SAMPLES).max(1)
}

/// Returns the name of a series, with a note if not all `n` samples are drawn.
pub(super) fn name_with_stride(name: &str, n: usize) -> String {
    if stride(n) == 1 { name.to_owned() } else { format!("{name} (1 in {} shown)", stride(n)) }
}

/// Returns a translucent marker, for overlapping samples on a line.
pub(super) fn translucent(marker: Marker) -> Marker {
    Marker { edge: None, opacity: 0.6 * marker.opacity, ..marker }
}

/// Returns samples by class with [`translucent`] markers, for classes at different heights.
pub(super) fn by_class_in_strips(classes: &SampleClasses, at: &[[f64; 2]]) -> Vec<Series> {
    let mut all = by_class(classes, at);
    for series in &mut all {
        if let Mark::Points { marker, .. } = &mut series.mark {
            *marker = translucent(*marker);
        }
    }
    all
}

/// Returns the true class curves over the x range of the samples.
pub(super) fn true_curves(outcome: &Outcome, classes: &SampleClasses, at: &[[f64; 2]]) -> Vec<Series> {
    let x = linspace(padded_range(&at.iter().map(|at| at[0]).collect::<Vec<_>>(), 0.0), 200);
    let curve = |(curve, colour): (&fn(f64) -> f64, &Colour)| {
        let y = x.iter().map(|x| curve(*x)).collect();
        Series::new("", line(x.clone(), y, Stroke::new(*colour).width(1.4).opacity(0.5)))
    };
    outcome.samples.curves.iter().zip(&classes.colours).map(curve).collect()
}

/// Returns the points of each class as a series.
pub(super) fn by_class(classes: &SampleClasses, at: &[[f64; 2]]) -> Vec<Series> {
    let series = |k: usize| {
        let of_class = |i: usize| move |(c, at): (&usize, &[f64; 2])| (*c == k).then_some(at[i]);
        let drawn = || classes.labels.iter().zip(at).step_by(stride(at.len()));
        let coordinates = |i: usize| drawn().filter_map(of_class(i)).collect::<Vec<f64>>();
        Series::points(
            name_with_stride(&classes.names[k], at.len()),
            coordinates(0),
            coordinates(1),
            small_if_many(classes.marker(k), at.len()),
        )
    };
    (0..classes.names.len()).map(series).collect()
}

/// Reduces the size of a marker if there are many points.
pub(super) fn small_if_many(marker: Marker, n: usize) -> Marker {
    match n {
        0..=100 => marker,
        101..=300 => marker.size(5.5),
        301..=2000 => Marker { edge: None, ..marker.size(4.5) },
        _ => Marker { edge: None, opacity: 0.5, ..marker.size(3.0) },
    }
}

/// Creates a 2-D line.
pub(super) fn line(x: Vec<f64>, y: Vec<f64>, stroke: Stroke) -> Mark {
    Mark::Line { x, y, z: Vec::new(), stroke }
}

/// Returns a path with its steps, start and end; 3-D if `z` is not empty.
pub(super) fn path(x: &[f64], y: &[f64], z: &[f64], colour: Colour) -> Vec<Series> {
    let at = |v: &[f64], k: usize| v.get(k).map(|v| vec![*v]).unwrap_or_default();
    let points = |x, y, z, marker| Mark::Points { x, y, z, marker };
    let last = x.len() - 1;
    let step = Marker { edge: None, ..Marker::new(Symbol::Circle, colour).size(3.6) };
    let edged = |symbol, size| Marker {
        edge: Some(Colour::Rgb([0x33; 3])),
        ..Marker::new(symbol, colour).size(size)
    };
    let stroke = Stroke::new(colour).width(1.6);
    vec![
        Series::new("", Mark::Line { x: x.to_vec(), y: y.to_vec(), z: z.to_vec(), stroke }),
        Series::new("", points(x.to_vec(), y.to_vec(), z.to_vec(), step)),
        Series::new("start", points(at(x, 0), at(y, 0), at(z, 0), edged(Symbol::Circle, 9.0))),
        Series::new("end", points(at(x, last), at(y, last), at(z, last), edged(Symbol::Star, 12.0))),
    ]
}

/// Returns one coordinate of projected points.
pub(super) fn coordinate(points: &[Projected], k: usize) -> Vec<f64> {
    points.iter().map(|point| point.at[k]).collect()
}

/// Returns the probability of each class as a grid; for a line of inputs, over the whole range `y`.
pub(super) fn grids<T: Scalar>(regions: &Regions<T>, y: [f64; 2]) -> Vec<Grid> {
    let outputs: Vec<f64> = regions.y.iter().map(|y| y.to_f64()).collect();
    probabilities(regions.n_outputs, &outputs)
        .into_iter()
        .map(|values| grid(&regions.axes, y, values))
        .collect()
}

/// Returns numbers over the plane or line of these axes as a grid.
pub(super) fn grid(axes: &[GridAxis], y: [f64; 2], values: Vec<f64>) -> Grid {
    let (n_y, y) = axes.get(1).map_or((1, y), |axis| (axis.n_points(), axis.range()));
    Grid { x: axes[0].range(), y, n_x: axes[0].n_points(), n_y, values }
}

/// The plane of inputs shown in a 2-D figure, with the units and labels of its axes and a caption.
pub(super) struct InputPlane {
    pub(super) plane: Plane,
    pub(super) units: [Unit; 2],
    labels: [String; 2],
    pub(super) caption: String,
}

impl InputPlane {
    /// Returns axis `k` of the plane.
    pub(super) fn axis(&self, k: usize) -> Axis {
        self.units[k].axis(self.labels[k].clone())
    }

    /// Projects the samples onto the plane, in the units of its axes; on a line, y is 0.
    pub(super) fn project_samples(&self, outcome: &Outcome) -> Vec<[f64; 2]> {
        let data = &outcome.samples.dataset;
        let point = |x: &[f64]| {
            let at = self.plane.project(x).at;
            [0, 1].map(|k| at.get(k).map_or(0.0, |u| self.units[k].decode(*u)))
        };
        data.x().chunks_exact(data.n_inputs()).map(point).collect()
    }
}

/// Returns the plane of inputs to show.
///
/// For one or two inputs these are the inputs themselves. For more inputs it is a slice through the
/// inputs named `x` and `y` with the other inputs at their means, or the plane of the first two
/// principal components if no inputs are named.
pub(super) fn input_plane(outcome: &Outcome, x: &str, y: &str) -> Result<InputPlane, crate::Error> {
    let Samples { dataset, inputs: names, from_table, .. } = &outcome.samples;
    // Means and components are those of the training samples, whichever rows are shown.
    let data = from_table.as_ref().map_or(dataset, |from| &from.training);
    let n = data.n_inputs();
    if n <= 2 {
        let indices: Vec<usize> = (0..n).collect();
        let labels = [0, 1].map(|j| if j < n { input(outcome, j) } else { String::new() });
        let units = [0, 1].map(|j| if j < n { Unit::of_input(outcome, j) } else { Unit::Raw });
        return Ok(InputPlane {
            plane: Plane::features(&vec![0.0; n], &indices)?,
            units,
            labels,
            caption: String::new(),
        });
    }
    if x.is_empty() && y.is_empty() {
        let plane = Plane::principal(data.x(), n, 2)?;
        let percent = |k: usize| 100.0 * plane.explained()[k];
        let caption = format!(
            "Plane of the first two principal components of the {n} inputs ({:.0} % and {:.0} % of the variance); \
             samples are projected onto it.",
            percent(0),
            percent(1)
        );
        let labels = ["first principal component".to_owned(), "second principal component".to_owned()];
        return Ok(InputPlane { plane, units: [Unit::Raw; 2], labels, caption });
    }
    let find = |name: &str| {
        names.iter().position(|input| input == name).ok_or_else(|| {
            let nearest = chainrule::registry::nearest(name, names.iter().map(String::as_str));
            let hint = nearest.map_or_else(String::new, |near| format!(" (did you mean \"{near}\"?)"));
            crate::Error::Unsuitable {
                kind: "a slice",
                network: network_name(outcome),
                reason: format!(
                    "it has no input \"{name}\"{hint}; set x and y to two of: {}",
                    names.join(", ")
                ),
            }
        })
    };
    let (x, y) = (find(x)?, find(y)?);
    let units: Vec<Unit> = (0..n).map(|j| Unit::of_input(outcome, j)).collect();
    let mean = |j: usize| {
        let values = data.x().iter().skip(j).step_by(n).map(|u| units[j].decode(*u));
        values.sum::<f64>() / data.n_samples() as f64
    };
    let means: Vec<f64> = (0..n).map(mean).collect();
    let fixed: Vec<String> = (0..n)
        .filter(|j| *j != x && *j != y)
        .map(|j| format!("{} = {}", symbol(&names[j]), units[j].format(means[j])))
        .collect();
    let at: Vec<f64> = means.iter().zip(&units).map(|(mean, unit)| unit.encode(*mean)).collect();
    let caption = format!("Slice through the inputs, with the others at their means: {}.", fixed.join(", "));
    Ok(InputPlane {
        plane: Plane::features(&at, &[x, y])?,
        units: [units[x], units[y]],
        labels: [symbol(&names[x]), symbol(&names[y])],
        caption,
    })
}
