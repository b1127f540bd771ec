//! What several kinds of figures draw: samples by class, paths, probabilities over a plane; and what things are called.

use chainrule::Scalar;
use chainrule::landscape::{GridAxis, Plane, Projected, Regions};
use chainrule::metrics::OutputKind;
use chainrule_experiment::Outcome;

use super::units::Unit;
use crate::{Axis, Colour, Grid, Mark, Marker, Series, Stroke, Symbol};

/// The network in words: `the network 2-2-1 "hidden-2"`.
pub(super) fn shape(outcome: &Outcome) -> String {
    let name = if outcome.variant.is_empty() { String::new() } else { format!(" \"{}\"", outcome.variant) };
    format!("the network {}{name}", outcome.architecture.describe())
}

/// What the outputs of a network mean.
pub(super) fn task(outcome: &Outcome) -> OutputKind {
    OutputKind::of(&outcome.architecture.output().activation)
}

/// The classes of an outcome's samples.
pub(super) struct Classes {
    /// What they are called.
    pub(super) names: Vec<String>,
    /// Each sample's true one.
    pub(super) of: Vec<usize>,
    /// Their colours.
    pub(super) colours: Vec<Colour>,
}

impl Classes {
    /// The mark of class k.
    pub(super) fn marker(&self, k: usize) -> Marker {
        Marker { colour: self.colours[k], ..marker(k) }
    }
}

/// The palette's colours that have a name: a class that is called blue is blue.
const NAMED: [(&str, usize); 7] =
    [("blue", 0), ("red", 1), ("orange", 1), ("green", 2), ("pink", 3), ("yellow", 4), ("lightblue", 5)];

/// The colours that classes are called by, where all are; else those of the palette in turn.
fn colours(names: &[String]) -> Vec<Colour> {
    let named = |name: &String| NAMED.iter().find(|(known, _)| known == name).map(|(_, place)| *place);
    let places = names.iter().map(named).collect::<Option<Vec<usize>>>();
    places.unwrap_or_else(|| (0..names.len()).collect()).into_iter().map(Colour::Palette).collect()
}

/// The true classes, where targets are classes: one that holds or not, or one of several.
pub(super) fn classes(outcome: &Outcome) -> Option<Classes> {
    let data = &outcome.samples.dataset;
    let of: Vec<usize> = match (task(outcome), data.n_targets()) {
        (OutputKind::Binary, 1) => data.t().iter().map(|&t| usize::from(t >= 0.5)).collect(),
        (OutputKind::Categorical, n) => data.t().chunks_exact(n).map(largest).collect(),
        _ => return None,
    };
    let n = data.n_targets().max(2);
    let known = &outcome.samples.classes;
    let name = |k: usize| known.get(k).cloned().unwrap_or_else(|| format!("class {k}"));
    let names: Vec<String> = (0..n).map(name).collect();
    Some(Classes { colours: colours(&names), names, of })
}

/// The place of the largest number, the first of equals.
pub(super) fn largest(v: &[f64]) -> usize {
    (1..v.len()).fold(0, |best, k| if v[k] > v[best] { k } else { best })
}

/// The probability of each class for each sample, or grid point, from the outputs y (n, n_outputs).
pub(super) fn probabilities(n_outputs: usize, y: &[f64]) -> Vec<Vec<f64>> {
    if n_outputs == 1 {
        return vec![y.iter().map(|p| 1.0 - p).collect(), y.to_vec()];
    }
    (0..n_outputs).map(|k| y.iter().skip(k).step_by(n_outputs).copied().collect()).collect()
}

/// The class predicted for each sample, of outputs that are probabilities.
pub(super) fn predicted(outcome: &Outcome) -> Vec<usize> {
    let n_outputs = outcome.architecture.n_outputs();
    let y = outcome.network().predict(outcome.samples.dataset.x());
    if n_outputs == 1 {
        return y.iter().map(|&p| usize::from(p >= 0.5)).collect();
    }
    y.chunks_exact(n_outputs).map(largest).collect()
}

/// What input `j` is called on an axis; a network's only input is just x.
pub(super) fn input(outcome: &Outcome, j: usize) -> String {
    let names = &outcome.samples.inputs;
    if names.len() == 1 && names[0] == "x1" { "$x$".to_owned() } else { symbol(&names[j]) }
}

/// A name as a symbol where it looks like one: `x1`, `w_h`; as it is elsewhere.
pub(super) fn symbol(name: &str) -> String {
    let mut letters = name.chars();
    let (first, rest) = (letters.next(), letters.as_str().trim_start_matches('_'));
    let short = (1..=2).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric());
    let is_index = name.contains('_') || rest.chars().all(|c| c.is_ascii_digit());
    match first {
        Some(letter) if letter.is_alphabetic() && short && is_index => format!("${letter}_{{{rest}}}$"),
        Some(letter) if letter.is_alphabetic() && rest.is_empty() => format!("${letter}$"),
        _ => name.to_owned(),
    }
}

/// The mark of class k.
pub(super) fn marker(k: usize) -> Marker {
    Marker::new(Symbol::of_class(k), Colour::Palette(k)).size(7.5)
}

/// The ring around what is classified wrongly, of `n` samples.
pub(super) fn ring(n: usize) -> Marker {
    let size = if n > 100 { 9.5 } else { 14.0 };
    Marker { edge: None, ..Marker::new(Symbol::Ring, Colour::Ink).size(size) }
}

/// So many samples are drawn one by one at most.
const SHOWN: usize = 6000;

/// Of `n` samples every so manieth is drawn.
pub(super) fn step(n: usize) -> usize {
    n.div_ceil(SHOWN).max(1)
}

/// `name`, and if not all samples are drawn, which are.
pub(super) fn thinned(name: &str, n: usize) -> String {
    if step(n) == 1 { name.to_owned() } else { format!("{name} (one of {} shown)", step(n)) }
}

/// The mark of samples on one line, where many lie upon each other: where they do it is darker.
pub(super) fn on_a_line(marker: Marker) -> Marker {
    Marker { edge: None, opacity: 0.6 * marker.opacity, ..marker }
}

/// Points of samples by class at heights of their own, marked as [`on_a_line`].
pub(super) fn in_strips(classes: &Classes, at: &[[f64; 2]]) -> Vec<Series> {
    let mut all = by_class(classes, at);
    for series in &mut all {
        if let Mark::Points { marker, .. } = &mut series.mark {
            *marker = on_a_line(*marker);
        }
    }
    all
}

/// The true curves among samples seen there, from the first to the last of them.
pub(super) fn true_curves(outcome: &Outcome, classes: &Classes, at: &[[f64; 2]]) -> Vec<Series> {
    let x = spaced(around(&at.iter().map(|at| at[0]).collect::<Vec<_>>(), 0.0), 200);
    let curve = |(curve, colour): (&fn(f64) -> f64, &Colour)| {
        let y = x.iter().map(|x| curve(*x)).collect();
        Series::new("", line(x.clone(), y, Stroke::new(*colour).width(1.4).opacity(0.5)))
    };
    outcome.samples.curves.iter().zip(&classes.colours).map(curve).collect()
}

/// Points by class, each with its name.
pub(super) fn by_class(classes: &Classes, at: &[[f64; 2]]) -> Vec<Series> {
    let of = |k: usize| {
        let of_class = |i: usize| move |(c, at): (&usize, &[f64; 2])| (*c == k).then_some(at[i]);
        let shown = || classes.of.iter().zip(at).step_by(step(at.len()));
        let pick = |i: usize| shown().filter_map(of_class(i)).collect::<Vec<f64>>();
        Series::points(
            thinned(&classes.names[k], at.len()),
            pick(0),
            pick(1),
            small_if_many(classes.marker(k), at.len()),
        )
    };
    (0..classes.names.len()).map(of).collect()
}

/// The same marker, smaller where there are many points.
pub(super) fn small_if_many(marker: Marker, n: usize) -> Marker {
    match n {
        0..=100 => marker,
        101..=300 => marker.size(5.5),
        301..=2000 => Marker { edge: None, ..marker.size(4.5) },
        _ => Marker { edge: None, opacity: 0.5, ..marker.size(3.0) },
    }
}

/// A line through points of the plane.
pub(super) fn line(x: Vec<f64>, y: Vec<f64>, stroke: Stroke) -> Mark {
    Mark::Line { x, y, z: Vec::new(), stroke }
}

/// A path with its steps, its start and its end; with heights `z` in space.
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

/// A coordinate of projected points.
pub(super) fn coordinate(points: &[Projected], k: usize) -> Vec<f64> {
    points.iter().map(|point| point.at[k]).collect()
}

/// The ends of some numbers with a share of their length beyond either.
pub(super) fn around(values: &[f64], share: f64) -> [f64; 2] {
    let (low, high) = values
        .iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    if low > high {
        return [-1.0, 1.0];
    }
    let margin = if high > low { share * (high - low) } else { 0.5 * low.abs().max(1.0) };
    [low - margin, high + margin]
}

/// `n` evenly spaced numbers between two ends.
pub(super) fn spaced([low, high]: [f64; 2], n: usize) -> Vec<f64> {
    (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect()
}

/// The points of a grid's axis.
pub(super) fn points([low, high]: [f64; 2], n: usize) -> Result<GridAxis, chainrule::Error> {
    GridAxis::new(low, high, n)
}

/// Each class's probability over the plane of some regions; over a line they hold over all of `y`.
pub(super) fn grids<T: Scalar>(regions: &Regions<T>, y: [f64; 2]) -> Vec<Grid> {
    let outputs: Vec<f64> = regions.y.iter().map(|y| y.to_f64()).collect();
    probabilities(regions.n_outputs, &outputs)
        .into_iter()
        .map(|values| grid(&regions.axes, y, values))
        .collect()
}

/// Numbers over the plane, or the line, of these axes.
pub(super) fn grid(axes: &[GridAxis], y: [f64; 2], values: Vec<f64>) -> Grid {
    let (n_y, y) = axes.get(1).map_or((1, y), |axis| (axis.n_points(), axis.range()));
    Grid { x: axes[0].range(), y, n_x: axes[0].n_points(), n_y, values }
}

/// The plane of the inputs that a picture of two dimensions shows, what its axes are called and measured in, and what to say
/// about it.
pub(super) struct Shown {
    pub(super) plane: Plane,
    pub(super) units: [Unit; 2],
    labels: [String; 2],
    pub(super) caption: String,
}

impl Shown {
    /// The plane's axis `k`.
    pub(super) fn axis(&self, k: usize) -> Axis {
        self.units[k].axis(self.labels[k].clone())
    }

    /// Where the samples are seen on the plane, in the units of its axes; on a line at the height 0.
    pub(super) fn seen(&self, outcome: &Outcome) -> Vec<[f64; 2]> {
        let data = &outcome.samples.dataset;
        let point = |x: &[f64]| {
            let at = self.plane.project(x).at;
            [0, 1].map(|k| at.get(k).map_or(0.0, |u| self.units[k].decode(*u)))
        };
        data.x().chunks_exact(data.n_inputs()).map(point).collect()
    }
}

/// The inputs themselves where there are one or two of them; a slice through the inputs called `x` and `y`, the others held at
/// their means; else the first two principal components of the samples.
pub(super) fn shown(outcome: &Outcome, x: &str, y: &str) -> Result<Shown, crate::Error> {
    let (data, names) = (&outcome.samples.dataset, &outcome.samples.inputs);
    let n = data.n_inputs();
    if n <= 2 {
        let chosen: Vec<usize> = (0..n).collect();
        let labels = [0, 1].map(|j| if j < n { input(outcome, j) } else { String::new() });
        let units = [0, 1].map(|j| if j < n { Unit::of(outcome, j) } else { Unit::Own });
        return Ok(Shown {
            plane: Plane::features(&vec![0.0; n], &chosen)?,
            units,
            labels,
            caption: String::new(),
        });
    }
    if x.is_empty() && y.is_empty() {
        let plane = Plane::principal(data.x(), n, 2)?;
        let part = |k: usize| 100.0 * plane.explained()[k];
        let caption = format!(
            "The plane of the first two principal components of the {n} inputs, on which {:.0} and {:.0} % of their \
             variation lie; samples are seen from straight above it.",
            part(0),
            part(1)
        );
        let labels = ["first principal component".to_owned(), "second principal component".to_owned()];
        return Ok(Shown { plane, units: [Unit::Own; 2], labels, caption });
    }
    let find = |name: &str| {
        names.iter().position(|input| input == name).ok_or_else(|| {
            let nearest = chainrule::registry::nearest(name, names.iter().map(String::as_str));
            let hint = nearest.map_or_else(String::new, |near| format!(" (did you mean \"{near}\"?)"));
            crate::Error::Unsuitable {
                kind: "a slice",
                network: shape(outcome),
                reason: format!(
                    "it has no input \"{name}\"{hint}; give x and y two of: {}",
                    names.join(", ")
                ),
            }
        })
    };
    let (x, y) = (find(x)?, find(y)?);
    let units: Vec<Unit> = (0..n).map(|j| Unit::of(outcome, j)).collect();
    let mean = |j: usize| {
        let of = data.x().iter().skip(j).step_by(n).map(|u| units[j].decode(*u));
        of.sum::<f64>() / data.n_samples() as f64
    };
    let means: Vec<f64> = (0..n).map(mean).collect();
    let held: Vec<String> = (0..n)
        .filter(|j| *j != x && *j != y)
        .map(|j| format!("{} = {}", symbol(&names[j]), units[j].write(means[j])))
        .collect();
    let at: Vec<f64> = means.iter().zip(&units).map(|(mean, unit)| unit.encode(*mean)).collect();
    let caption = format!("A slice through the inputs: {}, their means.", held.join(", "));
    Ok(Shown {
        plane: Plane::features(&at, &[x, y])?,
        units: [units[x], units[y]],
        labels: [symbol(&names[x]), symbol(&names[y])],
        caption,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_symbols() {
        for (name, symbol_) in [
            ("x1", "$x_{1}$"),
            ("w_h", "$w_{h}$"),
            ("b_o", "$b_{o}$"),
            ("t", "$t$"),
            ("petal_length", "petal_length"),
            ("age", "age"),
        ] {
            assert_eq!(symbol(name), symbol_);
        }
    }

    #[test]
    fn a_class_that_is_called_by_a_colour_has_it() {
        let names = |names: [&str; 2]| names.map(str::to_owned);
        assert_eq!(colours(&names(["red", "blue"])), [Colour::Palette(1), Colour::Palette(0)]);
        assert_eq!(colours(&names(["red", "not red"])), [Colour::Palette(0), Colour::Palette(1)]);
    }

    #[test]
    fn an_axis_has_room_around_its_numbers() {
        assert_eq!(around(&[0.0, 10.0, f64::NAN], 0.1), [-1.0, 11.0]);
        assert_eq!(around(&[3.0], 0.1), [1.5, 4.5]);
        assert_eq!(around(&[], 0.1), [-1.0, 1.0]);
    }
}
