//! `hidden`: the samples in the activation space of a hidden layer, with the decision boundary of
//! the next layer and the image of the true class curves or of a grid of inputs.

use chainrule::landscape::{self, Boundary, Hidden, Projected};
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::animation;
use super::arrange::with_shared_legend;
use super::axis::{linspace, padded_range};
use super::series::{
    SampleClasses, by_class, by_class_in_strips, coloured_classes, coordinate, line, marker,
    name_with_stride, stride,
};
use super::subject::unsuitable;
use super::units::{decode_targets, target_label};
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Direction, Error, Figure, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "hidden",
    aliases: &[],
    summary: "hidden-layer representation of the samples, with the next layer's decision boundary and the image of \
              the true curves or of an input grid",
    options: &[option::VARIANT, rows::ROWS, option::COLOURS, option::LAYER, option::ANIMATE],
    make: |_| draw,
};

/// Number of lines of the input grid in each direction, and of points of each line.
const LINES: usize = 13;
const POINTS: usize = 120;

/// Number of hatching intervals of a plane.
const HATCHING: usize = 16;
const HATCHING_COLOUR: Colour = Colour::Palette(3);

/// Legend entry of decision boundaries.
const BOUNDARY: &str = "decision boundary";

/// Maximum number of drawn boundaries; more would be illegible.
const MAX_BOUNDARIES: usize = 12;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let (rows, frames) = animation::rows(subject, options, |state, trained| {
        Ok(vec![panel(state, trained, options)?.titled(subject.title(trained))])
    })?;
    let mut panels = rows.concat();
    if frames.is_empty() {
        panels.iter_mut().for_each(|panel| panel.series.retain(|series| !is_outside(series)));
    }
    let has_boundary = panels.iter().flat_map(|panel| &panel.series).any(|series| series.name == BOUNDARY);
    let caption = if has_boundary {
        "Activations of the hidden layer for each sample. Dashed: decision boundary of the next layer."
    } else {
        "Activations of the hidden layer for each sample."
    };
    let mut figure = Figure::new("Hidden-layer representation", with_shared_legend(panels)).caption(caption);
    figure.frames = frames;
    Ok(figure)
}

/// Returns whether a series is a boundary without points within the axes. Animations contain such
/// series, because all frames of a figure change the same series.
fn is_outside(series: &Series) -> bool {
    let is_boundary = series.name == BOUNDARY || series.name.is_empty();
    is_boundary && matches!(&series.mark, Mark::Line { x, .. } if x.is_empty())
        || matches!(&series.mark, Mark::Rule { at, .. } if at.is_empty())
}

/// Draws the representation of a network during its training. Principal components are those of
/// the trained network, so that the frames of an animation have the same axes.
fn panel(outcome: &Outcome, trained: &Outcome, options: &Options) -> Result<Panel, Error> {
    let architecture = &outcome.architecture;
    let n_hidden = architecture.layers().len() - 1;
    if n_hidden == 0 {
        return unsuitable(
            ENTRY.name,
            outcome,
            "it has no hidden layer; use \"regions\" for its decision boundary",
        );
    }
    let layer = match options.text("layer") {
        "" => architecture.layer_name(n_hidden - 1),
        name => name.to_owned(),
    };
    let (network, data) = (outcome.network(), &outcome.samples.dataset);
    let l = (0..n_hidden).find(|&l| architecture.layer_name(l) == layer);
    let n_units = l.map_or(2, |l| architecture.layers()[l].n_units);
    let dimensions = if n_units <= 3 { n_units } else { 2 };
    let plane = Hidden::new(&trained.network(), &layer, data.x(), dimensions)?.plane;
    let a = landscape::activations(&network, &layer, data.x())?;
    let hidden = Hidden {
        layer: l.unwrap_or(0),
        points: a.chunks_exact(n_units).map(|a| plane.project(a)).collect(),
        boundaries: landscape::boundaries(&network, &layer)?.iter().map(|b| b.on(&plane)).collect(),
        plane,
    };
    let classes = coloured_classes(outcome, options)?;
    let mut images: Vec<(Vec<Projected>, Stroke)> = Vec::new();
    let colours = classes.as_ref().map_or(&[][..], |classes| &classes.colours);
    let class_colour = |k: usize| colours.get(k).copied().unwrap_or(Colour::Palette(k));
    if data.n_inputs() == 2 && dimensions > 1 {
        let input = |j: usize| data.x().iter().skip(j).step_by(2).copied().collect::<Vec<f64>>();
        let curves = outcome.samples.curves;
        for (k, curve) in curves.iter().enumerate() {
            let x: Vec<f64> = linspace(padded_range(&input(0), 0.0), 4 * POINTS)
                .into_iter()
                .flat_map(|x| [x, curve(x)])
                .collect();
            images.push((hidden.image(&network, &x), Stroke::new(class_colour(k)).opacity(0.6)));
        }
        if curves.is_empty() {
            let ranges = [padded_range(&input(0), 0.1), padded_range(&input(1), 0.1)];
            let faint = Stroke::new(Colour::Muted).width(0.8).opacity(if dimensions > 2 { 0.3 } else { 0.5 });
            for at in 0..LINES {
                let fixed = [0, 1].map(|j| linspace(ranges[j], LINES)[at]);
                let vertical = linspace(ranges[1], POINTS).into_iter().flat_map(|x2| [fixed[0], x2]);
                let horizontal = linspace(ranges[0], POINTS).into_iter().flat_map(|x1| [x1, fixed[1]]);
                images.push((hidden.image(&network, &vertical.collect::<Vec<_>>()), faint));
                images.push((hidden.image(&network, &horizontal.collect::<Vec<_>>()), faint));
            }
        }
    }
    let name = |k: usize| {
        if n_units > 3 {
            ["first principal component", "second principal component"][k].to_owned()
        } else if n_units == 1 {
            "$h$".to_owned()
        } else {
            format!("$h_{}$", k + 1)
        }
    };
    let mut panel = match dimensions {
        1 => on_a_line(outcome, classes.as_ref(), &hidden, name(0)),
        2 => in_the_plane(samples(classes.as_ref(), &hidden), &hidden, [name(0), name(1)], &images),
        _ => in_space(classes.as_ref(), &hidden, [name(0), name(1), name(2)], &images),
    };
    panel.size = if dimensions == 1 { [420.0, 160.0] } else { [330.0, 300.0] };
    Ok(panel)
}

/// Draws the activation of one hidden unit, with each class at its own height.
fn on_a_line(outcome: &Outcome, classes: Option<&SampleClasses>, hidden: &Hidden, name: String) -> Panel {
    let h = coordinate(&hidden.points, 0);
    let [low, high] = padded_range(&h, 0.06);
    let axis = Axis::new(name).range(low, high);
    let panel = match classes {
        Some(classes) => {
            let at: Vec<[f64; 2]> = h.iter().zip(&classes.labels).map(|(h, k)| [*h, *k as f64]).collect();
            let names =
                Axis::new("").names(classes.names.clone()).range(-0.7, classes.names.len() as f64 - 0.3);
            let mut panel = Panel::new(axis, names).legend(Legend::Hidden);
            panel.series = by_class_in_strips(classes, &at);
            panel
        }
        None => Panel::new(axis, Axis::new(target_label(outcome, "$t$"))).with(Series::points(
            "samples",
            h,
            decode_targets(outcome, outcome.samples.dataset.t().to_vec()),
            marker(0),
        )),
    };
    let at: Vec<f64> = hidden.boundaries.iter().map(|Boundary { w, b, .. }| -b / w[0]).collect();
    let at: Vec<f64> = at.into_iter().filter(|h| h.is_finite()).collect();
    panel.with(Series::new(BOUNDARY, Mark::Rule { at, along: Direction::X, stroke: dashed() }))
}

fn in_the_plane(
    samples: Vec<Series>,
    hidden: &Hidden,
    [x, y]: [String; 2],
    images: &[(Vec<Projected>, Stroke)],
) -> Panel {
    let all = |k: usize| {
        let points = hidden.points.iter().chain(images.iter().flat_map(|(image, _)| image));
        padded_range(&points.map(|point| point.at[k]).collect::<Vec<f64>>(), 0.06)
    };
    let (u, v) = (all(0), all(1));
    let mut panel = Panel::new(Axis::new(x).range(u[0], u[1]), Axis::new(y).range(v[0], v[1]));
    for (image, stroke) in images {
        panel = panel.with(Series::new("", line(coordinate(image, 0), coordinate(image, 1), *stroke)));
    }
    panel.series.extend(samples);
    panel.series.extend(boundary_series(hidden, &[u, v]));
    panel
}

/// Returns the decision boundaries of the next layer within a box: lines in 2-D, outlines with
/// hatching in 3-D, without points if they are outside.
fn boundary_series(hidden: &Hidden, ends: &[[f64; 2]]) -> Vec<Series> {
    if hidden.boundaries.len() > MAX_BOUNDARIES {
        return Vec::new();
    }
    let in_space = ends.len() == 3;
    let mut all = Vec::new();
    for boundary in &hidden.boundaries {
        let mut corners = clip_to_box(boundary, &hidden.boundaries, ends);
        if corners.len() < ends.len() {
            corners.clear();
        }
        if in_space {
            corners.extend(corners.first().cloned());
            all.push(Series::new(
                "",
                polyline(&hatching(&corners), Stroke::new(HATCHING_COLOUR).width(1.1).opacity(0.5)),
            ));
        }
        let is_listed = corners.is_empty() || all.iter().any(|series: &Series| series.name == BOUNDARY);
        all.push(Series::new(if is_listed { "" } else { BOUNDARY }, polyline(&corners, dashed())));
    }
    all
}

/// Creates a 2-D or 3-D line through points.
fn polyline(points: &[Vec<f64>], stroke: Stroke) -> Mark {
    let coordinates =
        |k: usize| points.iter().filter_map(|point| point.get(k).copied()).collect::<Vec<f64>>();
    Mark::Line { x: coordinates(0), y: coordinates(1), z: coordinates(2), stroke }
}

/// Returns hatching lines of a convex polygon, given by its closed outline, with gaps between them.
fn hatching(outline: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let length =
        |side: &[Vec<f64>]| side[0].iter().zip(&side[1]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    if outline.is_empty() {
        return Vec::new();
    }
    let perimeter: f64 = outline.windows(2).map(length).sum();
    // The point at this fraction of the perimeter.
    let at = |fraction: f64| {
        let mut remaining = fraction * perimeter;
        let mut sides = outline.windows(2);
        let side = sides.find(|side| {
            let is_on_side = remaining <= length(side);
            remaining -= if is_on_side { 0.0 } else { length(side) };
            is_on_side
        });
        side.map_or_else(
            || outline[0].clone(),
            |side| interpolate(&side[0], &side[1], remaining / length(side).max(1e-300)),
        )
    };
    let lines = (1..HATCHING).map(|k| 0.5 * k as f64 / HATCHING as f64);
    lines.flat_map(|fraction| [at(fraction), at(1.0 - fraction), vec![f64::NAN; 3]]).collect()
}

/// Draws the samples in 3-D, with boundaries as outlines of planes.
fn in_space(
    classes: Option<&SampleClasses>,
    hidden: &Hidden,
    [x, y, z]: [String; 3],
    images: &[(Vec<Projected>, Stroke)],
) -> Panel {
    let ends = [0, 1, 2].map(|k| padded_range(&coordinate(&hidden.points, k), 0.06));
    let axis = |label: String, k: usize| Axis::new(label).range(ends[k][0], ends[k][1]);
    let mut panel = Panel::new(axis(x, 0), axis(y, 1)).in_space(axis(z, 2), 25.0, -55.0);
    for (image, stroke) in images {
        let [x, y, z] = [0, 1, 2].map(|k| coordinate(image, k));
        panel = panel.with(Series::new("", Mark::Line { x, y, z, stroke: *stroke }));
    }
    let z = coordinate(&hidden.points, 2);
    for (k, series) in samples(classes, hidden).into_iter().enumerate() {
        let mark = match series.mark {
            Mark::Points { x, y, marker, .. } => {
                let of_class = |i: &usize| classes.is_none_or(|classes| classes.labels[*i] == k);
                let z = (0..z.len()).step_by(stride(z.len())).filter(of_class).map(|i| z[i]).collect();
                Mark::Points { x, y, z, marker }
            }
            other => other,
        };
        panel = panel.with(Series::new(series.name, mark));
    }
    panel.series.extend(boundary_series(hidden, &ends));
    panel
}

/// Returns the samples in the first two coordinates.
fn samples(classes: Option<&SampleClasses>, hidden: &Hidden) -> Vec<Series> {
    let at: Vec<[f64; 2]> = hidden.points.iter().map(|point| [point.at[0], point.at[1]]).collect();
    if let Some(classes) = classes {
        return by_class(classes, &at);
    }
    let (x, y) = at.iter().step_by(stride(at.len())).map(|at| (at[0], at[1])).unzip();
    vec![Series::points(name_with_stride("samples", at.len()), x, y, marker(0))]
}

fn dashed() -> Stroke {
    Stroke::new(Colour::Ink).width(1.4).dashed()
}

/// Clips a boundary to a box and, for a pair of classes, to the region in which no third class is
/// more probable.
///
/// Returns the ends of a line segment in 2-D, the corners of a polygon in 3-D, or nothing if the
/// boundary does not intersect the box.
fn clip_to_box(boundary: &Boundary, all: &[Boundary], ends: &[[f64; 2]]) -> Vec<Vec<f64>> {
    let corner = |c: usize| (0..ends.len()).map(|k| ends[k][c >> k & 1]).collect::<Vec<f64>>();
    let corners: Vec<Vec<f64>> = (0..1usize << ends.len()).map(corner).collect();
    let edges = (0..corners.len())
        .flat_map(|c| (0..ends.len()).map(move |k| (c, c | 1 << k)))
        .filter(|(from, to)| from != to);
    let mut cut: Vec<Vec<f64>> = Vec::new();
    for (from, to) in edges {
        let (a, b) = (boundary.side(&corners[from]), boundary.side(&corners[to]));
        // A corner on the boundary is counted once.
        if a != b && (a <= 0.0) != (b <= 0.0) {
            cut.push(interpolate(&corners[from], &corners[to], a / (a - b)));
        }
    }
    sort_around_centre(&mut cut, boundary);
    let others = all.iter().filter(|_| boundary.against.is_some());
    for other in others {
        let own = [Some(boundary.unit), boundary.against];
        // Boundaries between a class of the pair and a third class, in either orientation.
        if own.contains(&Some(other.unit)) && !own.contains(&other.against) {
            cut = clip(&cut, |h| other.side(h));
        } else if own.contains(&other.against) && !own.contains(&Some(other.unit)) {
            cut = clip(&cut, |h| -other.side(h));
        }
    }
    cut
}

/// Interpolates linearly between two points.
fn interpolate(from: &[f64], to: &[f64], fraction: f64) -> Vec<f64> {
    from.iter().zip(to).map(|(a, b)| a + (b - a) * fraction).collect()
}

/// Sorts the corners of a convex polygon in 3-D by their angle around its centre.
fn sort_around_centre(corners: &mut [Vec<f64>], boundary: &Boundary) {
    let [w0, w1, w2] = boundary.w[..] else { return };
    // Project along the axis that is closest to the normal.
    let (u, v) = match () {
        () if w2.abs() >= w0.abs().max(w1.abs()) => (0, 1),
        () if w1.abs() >= w0.abs() => (0, 2),
        () => (1, 2),
    };
    let n = corners.len() as f64;
    let middle = |k: usize| corners.iter().map(|corner| corner[k]).sum::<f64>() / n;
    let (mu, mv) = (middle(u), middle(v));
    corners.sort_by(|a, b| {
        let angle = |corner: &Vec<f64>| (corner[v] - mv).atan2(corner[u] - mu);
        angle(a).total_cmp(&angle(b))
    });
}

/// Clips a convex polygon, or a line segment given by its ends, to the half-space in which
/// `side` is not negative.
fn clip(corners: &[Vec<f64>], side: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
    let mut result: Vec<Vec<f64>> = Vec::new();
    for (k, corner) in corners.iter().enumerate() {
        let before = &corners[(k + corners.len() - 1) % corners.len()];
        let (a, b) = (side(before), side(corner));
        // A line segment has a single edge.
        if (a < 0.0) != (b < 0.0) && (corners.len() > 2 || k > 0) {
            result.push(interpolate(before, corner, a / (a - b)));
        }
        if b >= 0.0 {
            result.push(corner.clone());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boundary(w: &[f64], b: f64) -> Boundary {
        Boundary { unit: 0, against: None, w: w.to_vec(), b }
    }

    #[test]
    fn a_line_is_clipped_to_the_rectangle() {
        let ends = [[0.0, 2.0], [0.0, 1.0]];
        let cut = |w: [f64; 2], b: f64| {
            let mut cut = clip_to_box(&boundary(&w, b), &[], &ends);
            cut.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
            cut
        };
        assert_eq!(cut([1.0, 0.0], -0.5), [[0.5, 0.0], [0.5, 1.0]]);
        assert_eq!(cut([0.0, 2.0], -1.0), [[0.0, 0.5], [2.0, 0.5]]);
        assert_eq!(cut([2.0, -4.0], 1.0), [[0.0, 0.25], [1.5, 1.0]]);
        assert_eq!(cut([1.0, 1.0], 1.0), Vec::<Vec<f64>>::new());
    }

    #[test]
    fn a_plane_is_clipped_to_the_box() {
        let cube = [[0.0, 1.0]; 3];
        let level = clip_to_box(&boundary(&[0.0, 0.0, 2.0], -1.0), &[], &cube);
        assert_eq!(level.len(), 4);
        // Adjacent corners are on a common side of the box.
        for k in 0..4 {
            let (a, b) = (&level[k], &level[(k + 1) % 4]);
            assert!(a[2] == 0.5 && (a[0] == b[0]) != (a[1] == b[1]), "{level:?}");
        }
        assert_eq!(clip_to_box(&boundary(&[1.0, 1.0, 1.0], -1.5), &[], &cube).len(), 6);
        assert_eq!(clip_to_box(&boundary(&[1.0, 1.0, 1.0], -0.5), &[], &cube).len(), 3);
    }

    #[test]
    fn boundaries_of_three_classes_are_half_lines() {
        // z = (h₁, -h₁, h₂): classes 0 and 1 are equal at h₁ = 0, where they are the most probable
        // ones for h₂ < 0.
        let pair = |unit: usize, against: usize, w: [f64; 2]| Boundary {
            unit,
            against: Some(against),
            w: w.to_vec(),
            b: 0.0,
        };
        let all = [pair(0, 1, [2.0, 0.0]), pair(0, 2, [1.0, -1.0]), pair(1, 2, [-1.0, -1.0])];
        let ends = [[-1.0, 1.0], [-1.0, 1.0]];
        let mut first = clip_to_box(&all[0], &all, &ends);
        first.sort_by(|p, q| p[1].total_cmp(&q[1]));
        assert_eq!(first, [[0.0, -1.0], [0.0, 0.0]]);
        let mut second = clip_to_box(&all[1], &all, &ends);
        second.sort_by(|p, q| p[1].total_cmp(&q[1]));
        assert_eq!((&second[0][..], second.len()), (&[0.0, 0.0][..], 2));
    }
}
