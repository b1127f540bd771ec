//! `hidden`: the samples in the space of a hidden layer, with the next layer's boundary in it and the image of the true
//! curves, or of a grid of inputs.

use chainrule::landscape::{Boundary, Hidden, Projected};
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{around, by_class, classes, coordinate, line, marker, spaced, step, thinned};
use super::{Draw, Subject, option, unsuitable};
use crate::{
    Axis, Colour, ColourMap, ColourScale, Direction, Error, Figure, Grid, Legend, Mark, Panel, Series, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "hidden",
    summary: "the samples as a hidden layer sees them, with the next layer's boundary and the image of curves or a grid",
    options: &[option::VARIANT, option::LAYER],
    make: |_| draw,
};

/// Lines of a grid of inputs, and points along each.
const LINES: usize = 13;
const POINTS: usize = 120;

/// More boundaries than these would be a thicket.
const MOST_BOUNDARIES: usize = 12;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows =
        subject.rows(options, |outcome| Ok(vec![panel(outcome, options)?.titled(subject.title(outcome))]))?;
    let panels: Vec<Panel> = rows.into_iter().flatten().collect();
    let rows = panels.chunks(3).map(<[Panel]>::to_vec).collect();
    Ok(Figure::new("What the hidden units make of the samples", rows)
        .caption("Each sample at its hidden units' activations; dashed: where the next layer decides."))
}

fn panel(outcome: &Outcome, options: &Options) -> Result<Panel, Error> {
    let architecture = &outcome.architecture;
    let n_hidden = architecture.layers().len() - 1;
    if n_hidden == 0 {
        return unsuitable(ENTRY.name, outcome, "it has no hidden layer; \"regions\" shows its boundary");
    }
    let layer = match options.word("layer") {
        "" => architecture.layer_name(n_hidden - 1),
        name => name.to_owned(),
    };
    let (network, data) = (outcome.network(), &outcome.samples.dataset);
    let l = (0..n_hidden).find(|&l| architecture.layer_name(l) == layer);
    let n_units = l.map_or(2, |l| architecture.layers()[l].n_units);
    let dimensions = if n_units <= 3 { n_units } else { 2 };
    let hidden = Hidden::new(&network, &layer, data.x(), dimensions)?;
    let mut images: Vec<(Vec<Projected>, Stroke)> = Vec::new();
    let colours = classes(outcome).map(|classes| classes.colours).unwrap_or_default();
    let of_class = |k: usize| colours.get(k).copied().unwrap_or(Colour::Palette(k));
    if data.n_inputs() == 2 && dimensions > 1 {
        let of = |j: usize| data.x().iter().skip(j).step_by(2).copied().collect::<Vec<f64>>();
        let ranges = [around(&of(0), 0.1), around(&of(1), 0.1)];
        let curves = outcome.samples.curves;
        for (k, curve) in curves.iter().enumerate() {
            let x: Vec<f64> = spaced(ranges[0], 4 * POINTS).into_iter().flat_map(|x| [x, curve(x)]).collect();
            images.push((hidden.image(&network, &x), Stroke::new(of_class(k)).opacity(0.6)));
        }
        if curves.is_empty() {
            let faint = Stroke::new(Colour::Muted).width(0.8).opacity(0.5);
            for at in 0..LINES {
                let fixed = [0, 1].map(|j| spaced(ranges[j], LINES)[at]);
                let upright = spaced(ranges[1], POINTS).into_iter().flat_map(|x2| [fixed[0], x2]);
                let level = spaced(ranges[0], POINTS).into_iter().flat_map(|x1| [x1, fixed[1]]);
                images.push((hidden.image(&network, &upright.collect::<Vec<_>>()), faint));
                images.push((hidden.image(&network, &level.collect::<Vec<_>>()), faint));
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
        1 => on_a_line(outcome, &hidden, name(0)),
        2 => in_the_plane(outcome, &hidden, [name(0), name(1)], &images),
        _ => in_space(outcome, &hidden, [name(0), name(1), name(2)], &images),
    };
    panel.size = if dimensions == 1 { [420.0, 160.0] } else { [330.0, 300.0] };
    Ok(panel)
}

/// One hidden unit: each class at a height of its own.
fn on_a_line(outcome: &Outcome, hidden: &Hidden, name: String) -> Panel {
    let h = coordinate(&hidden.points, 0);
    let mut panel = match classes(outcome) {
        Some(classes) => {
            let at: Vec<[f64; 2]> = h.iter().zip(&classes.of).map(|(h, k)| [*h, *k as f64]).collect();
            let names =
                Axis::new("").names(classes.names.clone()).range(-0.7, classes.names.len() as f64 - 0.3);
            let mut panel = Panel::new(Axis::new(name), names).legend(Legend::Hidden);
            panel.series = by_class(&classes, &at);
            panel
        }
        None => Panel::new(Axis::new(name), Axis::new("$t$")).with(Series::points(
            "samples",
            h,
            outcome.samples.dataset.t().to_vec(),
            marker(0),
        )),
    };
    let at: Vec<f64> = hidden.boundaries.iter().map(|Boundary { w, b, .. }| -b / w[0]).collect();
    let at: Vec<f64> = at.into_iter().filter(|h| h.is_finite()).collect();
    if !at.is_empty() {
        panel = panel.with(Series::new("boundary", Mark::Rule { at, along: Direction::X, stroke: dashed() }));
    }
    panel
}

fn in_the_plane(
    outcome: &Outcome,
    hidden: &Hidden,
    [x, y]: [String; 2],
    images: &[(Vec<Projected>, Stroke)],
) -> Panel {
    let all = |k: usize| {
        let points = hidden.points.iter().chain(images.iter().flat_map(|(image, _)| image));
        around(&points.map(|point| point.at[k]).collect::<Vec<f64>>(), 0.06)
    };
    let (u, v) = (all(0), all(1));
    let mut panel = Panel::new(Axis::new(x).range(u[0], u[1]), Axis::new(y).range(v[0], v[1]));
    for (image, stroke) in images {
        panel = panel.with(Series::new("", line(coordinate(image, 0), coordinate(image, 1), *stroke)));
    }
    panel.series.extend(samples(outcome, hidden));
    if hidden.boundaries.len() <= MOST_BOUNDARIES {
        let ends: Vec<[[f64; 2]; 2]> =
            hidden.boundaries.iter().filter_map(|boundary| across(boundary, u, v)).collect();
        for (k, [from, to]) in ends.into_iter().enumerate() {
            let mark = line(vec![from[0], to[0]], vec![from[1], to[1]], dashed());
            panel = panel.with(Series::new(if k == 0 { "boundary" } else { "" }, mark));
        }
    }
    panel
}

/// Samples in space with each boundary as a plane, where it is not upright.
fn in_space(
    outcome: &Outcome,
    hidden: &Hidden,
    [x, y, z]: [String; 3],
    images: &[(Vec<Projected>, Stroke)],
) -> Panel {
    let ends = [0, 1, 2].map(|k| around(&coordinate(&hidden.points, k), 0.06));
    let axis = |label: String, k: usize| Axis::new(label).range(ends[k][0], ends[k][1]);
    let mut panel = Panel::new(axis(x, 0), axis(y, 1)).in_space(axis(z, 2), 25.0, -55.0);
    if let [Boundary { w, b, .. }] = &hidden.boundaries[..] {
        let height = |h1: f64, h2: f64| {
            let h3 = -(b + w[0] * h1 + w[1] * h2) / w[2];
            if (ends[2][0]..=ends[2][1]).contains(&h3) { h3 } else { f64::NAN }
        };
        let grid = Grid::of(ends[0], ends[1], 60, 60, height);
        if grid.values.iter().any(|v| v.is_finite()) {
            let colours = ColourScale::new(ColourMap::Blues);
            panel = panel.with(Series::new("", Mark::Surface { grid, colours, lines: None }));
        }
    }
    for (image, stroke) in images {
        let [x, y, z] = [0, 1, 2].map(|k| coordinate(image, k));
        panel = panel.with(Series::new("", Mark::Line { x, y, z, stroke: *stroke }));
    }
    let z = coordinate(&hidden.points, 2);
    let classes = classes(outcome);
    for (k, series) in samples(outcome, hidden).into_iter().enumerate() {
        let mark = match series.mark {
            Mark::Points { x, y, marker, .. } => {
                let own = |i: &usize| classes.as_ref().is_none_or(|classes| classes.of[*i] == k);
                let z = (0..z.len()).step_by(step(z.len())).filter(own).map(|i| z[i]).collect();
                Mark::Points { x, y, z, marker }
            }
            other => other,
        };
        panel = panel.with(Series::new(series.name, mark));
    }
    panel
}

/// The samples on the first two coordinates.
fn samples(outcome: &Outcome, hidden: &Hidden) -> Vec<Series> {
    let at: Vec<[f64; 2]> = hidden.points.iter().map(|point| [point.at[0], point.at[1]]).collect();
    if let Some(classes) = classes(outcome) {
        return by_class(&classes, &at);
    }
    let (x, y) = at.iter().step_by(step(at.len())).map(|at| (at[0], at[1])).unzip();
    vec![Series::points(thinned("samples", at.len()), x, y, marker(0))]
}

fn dashed() -> Stroke {
    Stroke::new(Colour::Ink).width(1.4).dashed()
}

/// Where the line `w·h + b = 0` enters and leaves a rectangle.
fn across(boundary: &Boundary, x: [f64; 2], y: [f64; 2]) -> Option<[[f64; 2]; 2]> {
    let (w, b) = (&boundary.w, boundary.b);
    let inside = |v: f64, [low, high]: [f64; 2]| (low..=high).contains(&v);
    let on_sides = x.into_iter().map(|x| [x, -(b + w[0] * x) / w[1]]).filter(|at| inside(at[1], y));
    let on_ends = y.into_iter().map(|y| [-(b + w[1] * y) / w[0], y]).filter(|at| inside(at[0], x));
    let mut ends: Vec<[f64; 2]> = on_sides.chain(on_ends).collect();
    ends.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    let (first, last) = (ends.first()?, ends.last()?);
    (first != last).then_some([*first, *last])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_the_rectangle() {
        let boundary = |w: [f64; 2], b: f64| Boundary { unit: 0, against: None, w: w.to_vec(), b };
        let (x, y) = ([0.0, 2.0], [0.0, 1.0]);
        assert_eq!(across(&boundary([1.0, 0.0], -0.5), x, y), Some([[0.5, 0.0], [0.5, 1.0]]));
        assert_eq!(across(&boundary([0.0, 2.0], -1.0), x, y), Some([[0.0, 0.5], [2.0, 0.5]]));
        assert_eq!(across(&boundary([1.0, -1.0], 0.0), x, y), Some([[0.0, 0.0], [1.0, 1.0]]));
        assert_eq!(across(&boundary([1.0, 1.0], 1.0), x, y), None);
    }
}
