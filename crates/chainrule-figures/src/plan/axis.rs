//! Layout of an axis: limits determined from the series, and as many ticks as their labels allow.

use crate::font::{self, Weight};
use crate::scale::{self, PixelMap};
use crate::ticks::{self, Tick};
use crate::{Axis, AxisScale, Direction, Mark, Panel, Ticks};

use super::sizes::TICK;

/// Layout of an axis.
#[derive(Clone, Debug)]
pub(crate) struct AxisPlan {
    pub(crate) map: PixelMap,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) minor: Vec<f64>,
    pub(crate) label: String,
}

impl AxisPlan {
    /// Lays out a horizontal axis with gaps of at least 0.6 em between labels.
    pub(super) fn horizontal(axis: &Axis, ends: [f64; 2], pixels: [f64; 2]) -> AxisPlan {
        let mut n = (((pixels[1] - pixels[0]).abs() / 44.0).ceil() as usize).clamp(4, 12);
        loop {
            let plan = AxisPlan::with_ticks(axis, ends, pixels, n);
            if n <= 2 || plan.labels_fit() {
                return if plan.ticks.len() < 2 { plan.with_two_ticks(axis, ends, pixels) } else { plan };
            }
            n -= 1;
        }
    }

    /// Returns the axis with the ticks of a finer subdivision, or with the first and last of them.
    ///
    /// The scale of an axis cannot be read from a single tick.
    fn with_two_ticks(self, axis: &Axis, ends: [f64; 2], pixels: [f64; 2]) -> AxisPlan {
        if axis.ticks == Ticks::Hidden {
            return self;
        }
        let finer = (3..=12).map(|n| AxisPlan::with_ticks(axis, ends, pixels, n));
        let Some(mut plan) = finer.into_iter().find(|plan| plan.ticks.len() > 1) else { return self };
        if !plan.labels_fit() {
            let last = plan.ticks.len() - 1;
            plan.ticks = [0, last].map(|k| plan.ticks[k].clone()).to_vec();
        }
        if plan.labels_fit() { plan } else { self }
    }

    /// Lays out a vertical axis.
    pub(super) fn vertical(axis: &Axis, ends: [f64; 2], pixels: [f64; 2]) -> AxisPlan {
        let n = (((pixels[1] - pixels[0]).abs() / 32.0).ceil() as usize).clamp(3, 10);
        AxisPlan::with_ticks(axis, ends, pixels, n)
    }

    /// Lays out an axis of a 3-D panel that appears foreshortened to this fraction of its length.
    pub(super) fn in_space(axis: &Axis, ends: [f64; 2], visible_fraction: f64) -> AxisPlan {
        AxisPlan::with_ticks(axis, ends, [0.0, 1.0], ((6.0 * visible_fraction).round() as usize).max(4))
    }

    /// Lays out an axis with about `n` ticks.
    pub(crate) fn with_ticks(axis: &Axis, ends: [f64; 2], pixels: [f64; 2], n: usize) -> AxisPlan {
        let map = PixelMap { scale: axis.scale, ends, pixels };
        let ticks = match &axis.ticks {
            Ticks::Auto => ticks::ticks(ends, axis.scale, n),
            Ticks::Dates => ticks::dates(ends, n),
            Ticks::Hidden => Vec::new(),
            Ticks::Names(names) => {
                let named = names.iter().enumerate().map(|(i, n)| Tick { at: i as f64, label: n.clone() });
                named.filter(|t| map.contains(t.at)).collect()
            }
        };
        let minor = if axis.ticks == Ticks::Auto { ticks::minor(ends, axis.scale) } else { Vec::new() };
        AxisPlan { map, ticks, minor, label: axis.label.clone() }
    }

    /// Returns the width of the widest tick label.
    pub(crate) fn label_width(&self) -> f64 {
        self.ticks.iter().map(|t| font::width(&t.label, TICK, Weight::Regular)).fold(0.0, f64::max)
    }

    /// Returns how far the labels of a horizontal axis extend beyond its left and right ends.
    pub(super) fn overhang(&self) -> [f64; 2] {
        let [a, b] = self.map.pixels;
        let half = |t: &Tick| font::width(&t.label, TICK, Weight::Regular) / 2.0;
        let out = |side: fn(f64, f64, f64, f64) -> f64| {
            self.ticks
                .iter()
                .map(|t| side(self.map.pixel(t.at), half(t), a.min(b), a.max(b)))
                .fold(0.0, f64::max)
        };
        [out(|at, half, left, _| left - (at - half)), out(|at, half, _, right| at + half - right)]
    }

    /// Returns whether the gaps between the labels of a horizontal axis are large enough.
    fn labels_fit(&self) -> bool {
        let span = |t: &Tick| {
            let (at, half) = (self.map.pixel(t.at), font::width(&t.label, TICK, Weight::Regular) / 2.0);
            [at - half, at + half]
        };
        self.ticks.windows(2).all(|w| {
            let [a, b] = [span(&w[0]), span(&w[1])];
            b[0] - a[1] >= 0.6 * TICK || a[0] - b[1] >= 0.6 * TICK
        })
    }
}

/// Returns the limits of the x, y and z axes of a panel.
///
/// Grids fill the frame. Without grids there is a margin around points and lines, and bars and
/// areas start at the axis.
pub(super) fn ends(panel: &Panel) -> [[f64; 2]; 3] {
    let z_axis = panel.space.as_ref().map(|s| &s.z);
    let mut all = [Extent::new(Some(&panel.x)), Extent::new(Some(&panel.y)), Extent::new(z_axis)];
    for series in &panel.series {
        extend(&series.mark, &mut all);
    }
    let reversed = panel.series.iter().any(|s| matches!(s.mark, Mark::Matrix { .. }));
    let [x, y, z] = all.map(Extent::ends);
    [x, if reversed && panel.y.range.is_none() { [y[1], y[0]] } else { y }, z]
}

/// Numbers from which the limits of an axis are determined: the limits of grids, other numbers that
/// may be on the frame (`hard`), and numbers that require a margin (`soft`).
struct Extent {
    given: Option<[f64; 2]>,
    scale: AxisScale,
    grid: Vec<f64>,
    hard: Vec<f64>,
    soft: Vec<f64>,
}

impl Extent {
    fn new(axis: Option<&Axis>) -> Extent {
        let (given, scale) = axis.map_or((None, AxisScale::Linear), |a| (a.range, a.scale));
        Extent { given, scale, grid: Vec::new(), hard: Vec::new(), soft: Vec::new() }
    }

    /// Adds the bounds of numbers that require a margin.
    fn soft(&mut self, numbers: &[f64]) {
        self.soft.extend(scale::bounds(numbers.iter().copied(), self.scale).into_iter().flatten());
    }

    fn ends(self) -> [f64; 2] {
        if let Some(given) = self.given {
            return given;
        }
        if let Some(grid) = scale::bounds(self.grid, self.scale) {
            return scale::non_empty(grid, self.scale);
        }
        let hard = scale::bounds(self.hard, self.scale);
        let soft = scale::bounds(self.soft, self.scale).map(|e| scale::non_empty(e, self.scale));
        let ends = match (hard, soft.map(|e| self.scale.with_margin(e))) {
            (Some([a, b]), Some([c, d])) => {
                // A margin is added only on sides where the soft numbers exceed the hard ones.
                let soft = soft.expect("the soft limits exist");
                [if soft[0] >= a { a } else { c.min(a) }, if soft[1] <= b { b } else { d.max(b) }]
            }
            (Some(ends), None) | (None, Some(ends)) => ends,
            (None, None) => [if self.scale == AxisScale::Log { 0.1 } else { 0.0 }, 1.0],
        };
        scale::non_empty(ends, self.scale)
    }
}

fn extend(mark: &Mark, [x, y, z]: &mut [Extent; 3]) {
    match mark {
        Mark::Line { x: a, y: b, z: c, .. } | Mark::Points { x: a, y: b, z: c, .. } => {
            x.soft(a);
            y.soft(b);
            z.soft(c);
        }
        Mark::Rug { at, along, .. } | Mark::Rule { at, along, .. } => match along {
            Direction::X => x.soft(at),
            Direction::Y => y.soft(at),
        },
        Mark::Bars { edges, heights, .. } => {
            x.soft(edges);
            y.hard.push(0.0);
            y.soft(heights);
        }
        Mark::Area { x: a, low, high, .. } => {
            x.soft(a);
            y.soft(high);
            // There is no margin below an area that starts at 0.
            if low.iter().all(|v| *v == 0.0) { y.hard.push(0.0) } else { y.soft(low) }
        }
        Mark::Field { grid, .. } => {
            x.grid.extend(grid.x);
            y.grid.extend(grid.y);
        }
        Mark::Regions { probabilities, .. } => {
            x.grid.extend(probabilities[0].x);
            y.grid.extend(probabilities[0].y);
        }
        Mark::Matrix { n_columns, values, .. } => {
            x.grid.extend([-0.5, *n_columns as f64 - 0.5]);
            y.grid.extend([-0.5, (values.len() / n_columns) as f64 - 0.5]);
        }
        Mark::Text { at, .. } => {
            x.soft(&at[..1]);
            y.soft(&at[1..]);
        }
        Mark::Surface { grid, .. } => {
            x.grid.extend(grid.x);
            y.grid.extend(grid.y);
            // A path can end slightly below all points of the grid.
            let ends = scale::bounds(grid.values.iter().copied(), z.scale);
            z.grid.extend(
                ends.map(|e| z.scale.with_margin(scale::non_empty(e, z.scale))).into_iter().flatten(),
            );
        }
        Mark::Network { nodes, .. } => {
            x.soft(&nodes.iter().map(|n| n.at[0]).collect::<Vec<_>>());
            y.soft(&nodes.iter().map(|n| n.at[1]).collect::<Vec<_>>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, ColourScale, Grid, Series, Shading};

    #[test]
    fn grids_extend_to_the_frame_and_points_do_not() {
        let field = Mark::Field {
            grid: Grid::of([-1.0, 1.0], [0.0, 2.0], 2, 2, |x, _| x),
            colours: ColourScale::default(),
            shading: Shading::Smooth,
            levels: vec![],
            lines: None,
        };
        let panel = Panel::default().with(Series::new("", field)).with(Series::line(
            "",
            vec![0.0, 2.0],
            vec![0.5, 1.0],
            Colour::Ink,
        ));
        let [x, y, _] = ends(&panel);
        assert_eq!((x, y), ([-1.0, 1.0], [0.0, 2.0]));
        let [x, ..] = ends(&Panel::default().with(panel.series[1].clone()));
        assert!(x[0] < 0.0 && x[1] > 2.0);
    }

    #[test]
    fn an_axis_has_two_ticks_if_they_fit() {
        let ticks = |axis: &Axis, ends: [f64; 2]| -> Vec<String> {
            AxisPlan::horizontal(axis, ends, [0.0, 110.0]).ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(ticks(&Axis::new(""), [10.8, 97.0]), ["20", "40", "60", "80"]);
        let days = |from: f64, to: f64| [from, to].map(|day| day * 86_400_000.0);
        assert_eq!(ticks(&Axis::new("").dates(), days(18_650.0, 19_350.0)), ["2021-07", "2022-07"]);
    }

    #[test]
    fn labels_of_a_narrow_axis_do_not_overlap() {
        let plan = AxisPlan::horizontal(&Axis::new(""), [0.0, 100_000.0], [0.0, 120.0]);
        assert!(plan.labels_fit(), "{:?}", plan.ticks);
        assert!(plan.ticks.len() >= 2);
    }
}
