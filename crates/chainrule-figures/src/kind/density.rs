//! `density`: histogram and kernel density estimate of one input for each class, with the predicted
//! class probability.
//!
//! Columns of a table are shown in their units. Densities then have arbitrary magnitudes and are
//! scaled to a maximum of 1.

use chainrule::kernel::math;
use chainrule::landscape::Plane;
use chainrule::random::RandomState;
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::axis::{grid_axis, linspace};
use super::series::{coloured_classes, grids, input};
use super::subject::unsuitable;
use super::units::{Unit, evaluate, join_captions, outlier_caption};
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Error, Figure, Fill, Mark, Marker, Panel, Series, Symbol};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "density",
    aliases: &[],
    summary: "histogram and kernel density of each class over one input, with the predicted probability",
    options: &[option::VARIANT, rows::ROWS, option::COLOURS, option::X_RANGE, option::Y_RANGE],
    make: |_| draw,
};

/// Number of histogram bars, and of points of the curves.
const BARS: usize = 100;
const POINTS: usize = 401;

/// Approximate maximum number of samples of a class that are drawn individually.
const MAX_SAMPLES: usize = 1000;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows =
        subject.rows(options, |outcome| Ok(vec![panel(outcome, options)?.titled(subject.title(outcome))]))?;
    let caption = |outcome: &Outcome| caption(outcome, options);
    let captions = subject.selected(options)?.into_iter().map(caption).collect::<Result<Vec<_>, Error>>()?;
    Ok(Figure::new("Class densities and predicted probability", rows).caption(join_captions(captions)))
}

fn panel(outcome: &Outcome, options: &Options) -> Result<Panel, Error> {
    let data = &outcome.samples.dataset;
    let Some(classes) = coloured_classes(outcome, options)?.filter(|_| data.n_inputs() == 1) else {
        return unsuitable(
            ENTRY.name,
            outcome,
            "one input and class targets are required; use \"regions\" for more inputs, \"residuals\" for regression",
        );
    };
    let unit = Unit::of_input(outcome, 0);
    let range = range(outcome, unit, options)?;
    let [low, high] = option::range(options, "y_range")?.unwrap_or([0.0, 1.02]);
    let mut panel = Panel::new(
        unit.axis(input(outcome, 0)).range(range[0], range[1]),
        Axis::new("density, probability").range(low, high),
    )
    .sized(520.0, 320.0);
    let x = linspace(range, POINTS);
    let of_class = |k: usize| -> Vec<f64> {
        let samples = data.x().iter().zip(&classes.labels).filter(|(_, label)| **label == k);
        samples.map(|(u, _)| unit.decode(*u)).collect()
    };
    let of_classes: Vec<Vec<f64>> = (0..classes.names.len()).map(of_class).collect();
    let densities: Vec<Vec<f64>> = of_classes.iter().map(|samples| kernel_density(samples, &x)).collect();
    // Densities per unit of a column can be much larger or smaller than probabilities.
    let highest = densities.iter().flatten().copied().fold(0.0, f64::max);
    let factor = if unit == Unit::Raw || highest == 0.0 { 1.0 } else { 1.0 / highest };
    let mut random = RandomState::new(0);
    for (k, (name, density)) in classes.names.iter().zip(densities).enumerate() {
        let samples = &of_classes[k];
        if samples.is_empty() {
            continue;
        }
        let colour = classes.colours[k];
        let (edges, heights) = histogram(samples, range);
        let [heights, density] = [heights, density].map(|y| y.iter().map(|v| factor * v).collect());
        let step = samples.len().div_ceil(MAX_SAMPLES);
        let drawn: Vec<f64> = samples.iter().step_by(step).copied().collect();
        let jitter =
            drawn.iter().map(|_| low + (high - low) * (0.012 + 0.02 * random.random_sample())).collect();
        let dot = Marker { edge: None, opacity: 0.35, ..Marker::new(Symbol::Circle, colour).size(3.0) };
        panel = panel
            .with(Series::new("", Mark::Bars { edges, heights, fill: Fill { colour, opacity: 0.28 } }))
            .with(Series::line(format!("density of {name}"), x.clone(), density, colour))
            .with(Series::points("", drawn, jitter, dot));
    }
    let network = outcome.network();
    let plane = Plane::features(&[0.0], &[0])?;
    let outputs = evaluate(&network, &plane, &[unit], &[grid_axis(range, POINTS)?]);
    let curves = grids(&outputs, [0.0, 1.0]);
    let drawn_classes = if curves.len() == 2 { 1..2 } else { 0..curves.len() };
    for k in drawn_classes {
        let colour = if curves.len() == 2 { Colour::Ink } else { classes.colours[k] };
        let name = format!("predicted probability of {}", classes.names[k]);
        panel = panel.with(Series::line(name, linspace(range, POINTS), curves[k].values.clone(), colour));
    }
    Ok(panel)
}

/// Returns the limits of the input axis.
fn range(outcome: &Outcome, unit: Unit, options: &Options) -> Result<[f64; 2], Error> {
    let given = unit.range(options, "x_range")?;
    Ok(given.unwrap_or_else(|| unit.limits(&unit.decoded(outcome.samples.dataset.x()), 0.05)))
}

/// Returns the caption for a column of a table: the scale of the densities, and the number of
/// outliers.
fn caption(outcome: &Outcome, options: &Options) -> Result<String, Error> {
    let (data, unit) = (&outcome.samples.dataset, Unit::of_input(outcome, 0));
    if data.n_inputs() != 1 || unit == Unit::Raw {
        return Ok(String::new());
    }
    let at: Vec<[f64; 2]> = data.x().iter().map(|u| [unit.decode(*u), 0.0]).collect();
    let outliers = outlier_caption(&[unit], &at, &[range(outcome, unit, options)?]);
    Ok(join_captions(["Densities are scaled to a maximum of 1.".to_owned(), outliers]))
}

/// Returns the edges and heights of a histogram whose area is the fraction of samples within the
/// range.
fn histogram(samples: &[f64], [low, high]: [f64; 2]) -> (Vec<f64>, Vec<f64>) {
    let edges = linspace([low, high], BARS + 1);
    let mut heights = vec![0.0; BARS];
    let width = (high - low) / BARS as f64;
    for v in samples.iter().filter(|v| (low..=high).contains(*v)) {
        heights[(((v - low) / width) as usize).min(BARS - 1)] += 1.0 / (samples.len() as f64 * width);
    }
    (edges, heights)
}

/// Estimates the density with Gaussian kernels and Silverman's bandwidth,
/// `0.9·min(standard deviation, interquartile range/1.34)·n^(-1/5)`.
fn kernel_density(samples: &[f64], at: &[f64]) -> Vec<f64> {
    let n = samples.len() as f64;
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = |fraction: f64| sorted[(fraction * (n - 1.0)) as usize];
    let mean = samples.iter().sum::<f64>() / n;
    let deviation = (samples.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let spread = [deviation, (quantile(0.75) - quantile(0.25)) / 1.34].into_iter().filter(|v| *v > 0.0);
    let width = 0.9 * spread.fold(f64::INFINITY, f64::min) * n.powf(-0.2);
    if !width.is_finite() {
        return vec![f64::NAN; at.len()];
    }
    let scale = 1.0 / (n * width * (2.0 * std::f64::consts::PI).sqrt());
    // Beyond five bandwidths a kernel is negligible.
    let near = |x: f64| {
        let from = sorted.partition_point(|v| *v < x - 5.0 * width);
        let to = sorted.partition_point(|v| *v <= x + 5.0 * width);
        &sorted[from..to]
    };
    at.iter()
        .map(|&x| scale * near(x).iter().map(|v| math::exp(-0.5 * ((x - v) / width).powi(2))).sum::<f64>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_and_density_have_an_area_of_one() {
        let mut random = RandomState::new(3);
        let samples: Vec<f64> = (0..2000).map(|_| random.standard_normal()).collect();
        let (edges, heights) = histogram(&samples, [-6.0, 6.0]);
        assert_eq!(edges.len(), heights.len() + 1);
        assert!((heights.iter().sum::<f64>() * 0.12 - 1.0).abs() < 1e-12);
        let x = linspace([-6.0, 6.0], 601);
        let density = kernel_density(&samples, &x);
        assert!((density.iter().sum::<f64>() * 0.02 - 1.0).abs() < 1e-3);
        // The density of the standard normal distribution at 0.
        assert!((density[300] - 0.3989).abs() < 0.03, "{}", density[300]);
    }

    #[test]
    fn equal_samples_have_no_density_estimate() {
        assert!(kernel_density(&[2.0; 5], &[2.0])[0].is_nan());
    }
}
