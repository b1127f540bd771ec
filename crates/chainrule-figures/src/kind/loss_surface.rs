//! `loss-surface`: the loss over two parameters or a plane in parameter space, as a surface and a
//! contour plot, with the training trajectory.

use std::sync::Arc;

use chainrule::landscape::{GridAxis, Plane, Projected, surface};
use chainrule::objective::{Evaluate, Objective};
use chainrule::random::RandomState;
use chainrule::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};
use chainrule::{Dataset, Scalar};
use chainrule_experiment::{Outcome, Precision};

use super::axis::{grid_axis, symbol};
use super::series::{coordinate, grid, path};
use super::subject::unsuitable;
use super::{Draw, Subject, option};
use crate::{
    Axis, AxisScale, Change, Colour, ColourMap, ColourScale, Error, Figure, Frame, Grid, Legend, Mark, Panel,
    Series, Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "loss-surface",
    aliases: &[],
    summary: "loss over two parameters or a plane in parameter space, with the training trajectory",
    options: &[
        option::VARIANT,
        X,
        Y,
        PLANE,
        option::X_RANGE,
        option::Y_RANGE,
        option::resolution(120.0),
        VIEW,
        COLOURS,
        option::ANIMATE,
    ],
    make: |_| draw,
};

const X: OptionSpec = OptionSpec {
    name: "x",
    kind: OptionKind::Name,
    summary: "parameter on the first axis: a name from the experiment, or an index such as hidden.W[0][0]",
};

const Y: OptionSpec =
    OptionSpec { name: "y", kind: OptionKind::Name, summary: "parameter on the second axis" };

const PLANE: OptionSpec = OptionSpec {
    name: "plane",
    kind: OptionKind::Choice(&["auto", "parameters", "trajectory", "random"]),
    summary: "plane spanned by two parameters, by the two principal directions of the trajectory, or by two random \
              directions scaled per unit; auto: parameters if two are given or there are only two, otherwise trajectory",
};

const VIEW: OptionSpec = OptionSpec {
    name: "view",
    kind: OptionKind::List(&[60.0, -30.0], NumberRange::FINITE),
    summary: "view direction: elevation and azimuth in degrees",
};

const COLOURS: OptionSpec = OptionSpec {
    name: "colours",
    kind: OptionKind::Choice(&["auto", "linear", "log"]),
    summary: "colour scale of the loss; auto: log if the largest loss exceeds 1000 times the smallest",
};

/// Minimum number of recorded parameter vectors for drawing the trajectory.
const MIN_RECORDS: usize = 2;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut captions: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut refused = None;
    for outcome in subject.selected(options)? {
        let loss_surface = match LossSurface::new(outcome, options) {
            Ok(loss_surface) => loss_surface,
            Err(error @ (Error::Unsuitable { .. } | Error::Engine(chainrule::Error::StillPath { .. }))) => {
                refused = refused.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let first: usize = rows.iter().map(Vec::len).sum();
        rows.push(loss_surface.panels(&subject.title(outcome), options)?);
        for (f, record) in option::frame_indices(options, outcome.trajectory().len()).into_iter().enumerate()
        {
            let epoch = outcome.trajectory()[record].0;
            let changes = loss_surface.changes(first, record);
            let last = outcome.trajectory().last().map_or(0, |(epoch, _)| *epoch);
            option::add_frame(&mut frames, f, [epoch, last], changes);
        }
        if !captions.contains(&loss_surface.caption) {
            captions.push(loss_surface.caption);
        }
    }
    if let Some(error) = refused.filter(|_| rows.is_empty()) {
        return Err(error);
    }
    let mut figure = Figure::new("Loss surface and training trajectory", rows).caption(captions.join(" "));
    figure.frames = option::common_frames(frames);
    Ok(figure)
}

/// Loss surface of one network, with the training trajectory.
struct LossSurface {
    grid: Grid,
    labels: [String; 2],
    colours: ColourScale,
    epochs: Vec<f64>,
    path: Vec<Projected>,
    /// Loss at the points of the trajectory projected onto the plane.
    heights: Vec<f64>,
    /// Whether the trajectory can leave the plane.
    leaves: bool,
    caption: String,
}

impl LossSurface {
    fn new(outcome: &Outcome, options: &Options) -> Result<LossSurface, Error> {
        let records: Vec<Vec<f64>> =
            outcome.trajectory().iter().map(|(_, parameters)| parameters.clone()).collect();
        let (plane, labels, caption, leaves) = plane(outcome, options, &records)?;
        let path = plane.path(&records);
        let resolution = options.number("resolution") as usize;
        let mut axes = plane.around(&path, resolution)?;
        for (axis, key) in axes.iter_mut().zip(["x_range", "y_range"]) {
            if let Some(range) = option::range(options, key)? {
                *axis = grid_axis(range, resolution)?;
            }
        }
        let n_rows = rows(outcome, &axes).len();
        let caption = if n_rows < outcome.samples.dataset.n_samples() {
            format!(
                "{caption} Evaluated on {n_rows} of {} samples, evenly spaced.",
                outcome.samples.dataset.n_samples()
            )
        } else {
            caption
        };
        let (loss, heights) = match outcome.precision {
            Precision::F32 => losses::<f32>(outcome, &plane, &axes, &path),
            Precision::F64 => losses::<f64>(outcome, &plane, &axes, &path),
        };
        let finite = || loss.iter().copied().filter(|loss| loss.is_finite());
        let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
        if low > high {
            return unsuitable(
                ENTRY.name,
                outcome,
                "its loss is not finite at any grid point; set other limits with x_range and y_range",
            );
        }
        let log = match options.text("colours") {
            "linear" => false,
            "log" => low > 0.0,
            _ => low > 0.0 && high > 1000.0 * low,
        };
        let scale = if log { AxisScale::Log } else { AxisScale::Linear };
        let colours = ColourScale { scale, ..ColourScale::new(ColourMap::Viridis) };
        let epochs = outcome.trajectory().iter().map(|(epoch, _)| *epoch as f64).collect();
        Ok(LossSurface {
            grid: grid(&axes, [0.0, 1.0], loss),
            labels,
            colours,
            epochs,
            path,
            heights,
            leaves,
            caption,
        })
    }

    fn panels(&self, title: &str, options: &Options) -> Result<Vec<Panel>, Error> {
        let &[elevation, azimuth] = options.list("view") else {
            return Err(Error::Engine(chainrule::Error::OptionRange {
                of: options.name(),
                key: "view",
                value: format!("{:?}", options.list("view")),
                allowed: "two angles in degrees, elevation and azimuth".to_owned(),
            }));
        };
        let axes = || self.labels.clone().map(Axis::new);
        let [x, y] = axes();
        let lines = Some(Stroke::new(Colour::WHITE).width(0.6).opacity(0.5));
        let surface = Mark::Surface { grid: self.grid.clone(), colours: self.colours.clone(), lines };
        let mut space = Panel::new(x, y)
            .in_space(Axis::new("loss"), elevation, azimuth)
            .sized(400.0, 360.0)
            .titled(title)
            .legend(Legend::Hidden)
            .with(Series::new("", surface));
        let field = Mark::Field {
            grid: self.grid.clone(),
            colours: self.colours.clone().with_bar("loss"),
            shading: Shading::Smooth,
            levels: Vec::new(),
            lines: Some(Stroke::new(Colour::WHITE).width(0.6).opacity(0.5)),
        };
        let [x, y] = axes();
        let mut contour = Panel::new(x, y).sized(330.0, 330.0).with(Series::new("", field));
        if self.path.len() >= MIN_RECORDS {
            let (u, v) = (coordinate(&self.path, 0), coordinate(&self.path, 1));
            space.series.extend(path(&u, &v, &self.heights, RED));
            contour.series.extend(path(&u, &v, &[], RED));
        }
        let mut panels = vec![space, contour];
        if self.leaves && self.path.len() >= MIN_RECORDS {
            let distance = self.path.iter().map(|point| point.distance).collect();
            let distances = Panel::new(Axis::new("epoch"), Axis::new("distance from the plane"))
                .sized(240.0, 330.0)
                .with(Series::line("", self.epochs.clone(), distance, RED));
            panels.push(distances);
        }
        Ok(panels)
    }

    /// Returns the changes that show the trajectory up to a record, for panels starting at `first`.
    fn changes(&self, first: usize, record: usize) -> Vec<Change> {
        let until = &self.path[..=record];
        let (u, v) = (coordinate(until, 0), coordinate(until, 1));
        let in_space = path(&u, &v, &self.heights[..=record], RED);
        let on_contour = path(&u, &v, &[], RED);
        let change = |panel: usize| {
            move |(k, series): (usize, Series)| Change {
                panel: first + panel,
                series: 1 + k,
                mark: series.mark,
            }
        };
        let numbered = |series: Vec<Series>| series.into_iter().enumerate();
        numbered(in_space).map(change(0)).chain(numbered(on_contour).map(change(1))).collect()
    }
}

const RED: Colour = Colour::Rgb([0xd5, 0x1f, 0x1f]);

/// Evaluates the loss, without penalties and dropout, at the grid points and along the projected
/// trajectory.
fn losses<T: Scalar>(
    outcome: &Outcome,
    plane: &Plane,
    axes: &[GridAxis],
    path: &[Projected],
) -> (Vec<f64>, Vec<f64>) {
    let data: Dataset<T> = outcome.samples.dataset.cast().expect("the network was trained in this precision");
    let data = Arc::new(data);
    let mut objective =
        Objective::new(&outcome.architecture, &outcome.loss, data).expect("the network was trained with it");
    let rows = rows(outcome, axes);
    let surface = surface(&mut objective, &rows, outcome.reduction, plane, axes).expect(IN_MEMORY);
    let mut height = |point: &Projected| {
        let parameters: Vec<T> = plane.point(&point.at).into_iter().map(T::from_f64).collect();
        objective.value(&parameters, &rows, outcome.reduction).expect(IN_MEMORY)
    };
    let heights = path.iter().map(&mut height).collect();
    (surface.loss, heights)
}

const IN_MEMORY: &str = "samples in memory can be read";

/// Maximum product of grid points, parameters and samples, to bound the computing time.
const BUDGET: usize = 100_000_000_000;

/// Returns the samples on which the surface is evaluated: all, or evenly spaced ones within the
/// budget.
fn rows(outcome: &Outcome, axes: &[GridAxis]) -> Vec<u32> {
    let (n, n_points) =
        (outcome.samples.dataset.n_samples(), axes.iter().map(GridAxis::n_points).product::<usize>());
    let n_rows = (BUDGET / (n_points * outcome.architecture.n_parameters())).clamp(16, n.max(16)).min(n);
    (0..n_rows).map(|k| (k * n / n_rows) as u32).collect()
}

/// Returns the plane, its axis labels, the caption, and whether the trajectory can leave the plane.
fn plane(
    outcome: &Outcome,
    options: &Options,
    records: &[Vec<f64>],
) -> Result<(Plane, [String; 2], String, bool), Error> {
    let architecture = &outcome.architecture;
    let trainable: Vec<usize> = architecture.trainable().flat_map(|block| block.range.clone()).collect();
    let custom_name =
        |index: usize| outcome.names.iter().find(|(_, i)| *i == index).map(|(name, _)| name.clone());
    let label = |index: usize| custom_name(index).unwrap_or_else(|| architecture.parameter_name(index));
    let full_name = |name: &str| {
        let named = outcome.names.iter().find(|(known, _)| known == name);
        named.map_or_else(|| name.to_owned(), |(_, index)| architecture.parameter_name(*index))
    };
    let (x, y) = (options.text("x"), options.text("y"));
    let mut pair = match (x, y) {
        ("", "") => None,
        (x, y) => Some([full_name(x), full_name(y)]),
    };
    // By default, the only two trainable parameters, or the only two that the experiment names.
    let named: Vec<usize> =
        outcome.names.iter().map(|(_, index)| *index).filter(|i| trainable.contains(i)).collect();
    for candidates in [&trainable, &named] {
        if let (None, &[a, b]) = (&pair, &candidates[..]) {
            pair = Some([architecture.parameter_name(a), architecture.parameter_name(b)]);
        }
    }
    let by_name = |[x, y]: [String; 2]| -> Result<_, Error> {
        let plane = Plane::parameters(architecture, &outcome.parameters, [&x, &y])?;
        let index = |name: &str| architecture.parameter_index(name).expect("the plane has it");
        let labels = [&x, &y].map(|name| symbol(&label(index(name))));
        let leaves = trainable.len() > 2;
        let others = if leaves { ", with all other parameters fixed at their trained values" } else { "" };
        let caption = format!(
            "Loss as a function of {} and {}{others}. Red: training trajectory from start (disc) to end (star).",
            labels[0], labels[1]
        );
        Ok((plane, labels, caption, leaves))
    };
    let trajectory = || -> Result<_, Error> {
        let plane = Plane::trajectory(records)?;
        let percent = |k: usize| format!("{:.1}", 100.0 * plane.explained()[k]);
        let caption = format!(
            "Loss in the plane of the first two principal directions of the training trajectory ({} % and {} % of its \
             variation) through its end point. Red: trajectory from start (disc) to end (star), projected onto the plane.",
            percent(0),
            percent(1)
        );
        let labels = ["first principal direction".to_owned(), "second principal direction".to_owned()];
        Ok((plane, labels, caption, true))
    };
    match (options.text("plane"), pair) {
        ("parameters" | "auto", Some(pair)) => by_name(pair),
        ("parameters", None) => unsuitable(
            ENTRY.name,
            outcome,
            format!(
                "plane \"parameters\" requires x and y; set them to two of the {} parameters",
                architecture.n_parameters()
            ),
        ),
        ("random", _) => {
            let plane = Plane::random(&outcome.network(), &mut RandomState::new(0))?;
            let caption = "Loss in the plane of two random directions through the trained parameters, each scaled per \
                           unit to the norm of its weights (Li et al. 2018). Red: training trajectory, which is \
                           mostly far from the plane, projected onto it.";
            Ok((
                plane,
                ["first random direction".to_owned(), "second random direction".to_owned()],
                caption.to_owned(),
                true,
            ))
        }
        _ => trajectory(),
    }
}
