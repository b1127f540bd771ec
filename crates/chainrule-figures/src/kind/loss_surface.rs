//! `loss-surface`: the loss over two parameters of the network, or over a plane of all of them, in space and as a contour,
//! with the training's path on it.

use chainrule::landscape::{GridAxis, Plane, Projected, surface};
use chainrule::objective::Objective;
use chainrule::random::RandomState;
use chainrule::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};
use chainrule::{Dataset, Scalar};
use chainrule_experiment::{Outcome, Precision};

use super::parts::{coordinate, grid, path, points, symbol};
use super::{Draw, Subject, option, unsuitable};
use crate::{
    Axis, Change, Colour, ColourMap, ColourScale, Error, Figure, Frame, Grid, Legend, Mark, Panel, Scale,
    Series, Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "loss-surface",
    aliases: &[],
    summary: "the loss over two parameters or a plane of all, in space and as a contour, with the training's path",
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
    summary: "the parameter along the first axis: one of the experiment's names or hidden.W[0][0]",
};

const Y: OptionSpec =
    OptionSpec { name: "y", kind: OptionKind::Name, summary: "the parameter along the second axis" };

const PLANE: OptionSpec = OptionSpec {
    name: "plane",
    kind: OptionKind::Choice(&["auto", "parameters", "trajectory", "random"]),
    summary: "two parameters; the path's two principal directions; two random ones, scaled unit by unit. auto: \
              parameters where two are named or there are but two, else the trajectory",
};

const VIEW: OptionSpec = OptionSpec {
    name: "view",
    kind: OptionKind::List(&[60.0, -30.0], NumberRange::FINITE),
    summary: "whence one looks: degrees above the floor and around the upright axis",
};

const COLOURS: OptionSpec = OptionSpec {
    name: "colours",
    kind: OptionKind::Choice(&["auto", "linear", "log"]),
    summary: "whether equal differences or equal ratios of the loss differ alike; auto: ratios from a thousand on",
};

/// A path needs so many records.
const RECORDS: usize = 2;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut captions: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut refused = None;
    for outcome in subject.chosen(options)? {
        let scene = match Scene::new(outcome, options) {
            Ok(scene) => scene,
            Err(error @ (Error::Unsuitable { .. } | Error::Engine(chainrule::Error::StillPath { .. }))) => {
                refused = refused.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let first: usize = rows.iter().map(Vec::len).sum();
        rows.push(scene.panels(&subject.title(outcome), options)?);
        for (f, record) in option::frames(options, outcome.trajectory().len()).into_iter().enumerate() {
            let epoch = outcome.trajectory()[record].0;
            let changes = scene.changes(first, record);
            let last = outcome.trajectory().last().map_or(0, |(epoch, _)| *epoch);
            option::add_frame(&mut frames, f, [epoch, last], changes);
        }
        if !captions.contains(&scene.caption) {
            captions.push(scene.caption);
        }
    }
    if let Some(error) = refused.filter(|_| rows.is_empty()) {
        return Err(error);
    }
    let mut figure =
        Figure::new("Loss surface with the path of the training", rows).caption(captions.join(" "));
    figure.frames = option::common(frames);
    Ok(figure)
}

/// The surface of one network, and the path on it.
struct Scene {
    grid: Grid,
    labels: [String; 2],
    colours: ColourScale,
    epochs: Vec<f64>,
    path: Vec<Projected>,
    /// The loss where the path is seen on the plane.
    heights: Vec<f64>,
    /// Whether the path may leave the plane.
    leaves: bool,
    caption: String,
}

impl Scene {
    fn new(outcome: &Outcome, options: &Options) -> Result<Scene, Error> {
        let records: Vec<Vec<f64>> =
            outcome.trajectory().iter().map(|(_, parameters)| parameters.clone()).collect();
        let (plane, labels, caption, leaves) = plane(outcome, options, &records)?;
        let path = plane.path(&records);
        let resolution = options.number("resolution") as usize;
        let mut axes = plane.around(&path, resolution)?;
        for (axis, key) in axes.iter_mut().zip(["x_range", "y_range"]) {
            if let Some(range) = option::range(options, key)? {
                *axis = points(range, resolution)?;
            }
        }
        let n_rows = rows(outcome, &axes).len();
        let caption = if n_rows < outcome.samples.dataset.n_samples() {
            format!(
                "{caption} Over {n_rows} of {} samples, evenly spaced.",
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
                "its loss is finite nowhere on the grid; choose other ranges",
            );
        }
        let log = match options.text("colours") {
            "linear" => false,
            "log" => low > 0.0,
            _ => low > 0.0 && high > 1000.0 * low,
        };
        let scale = if log { Scale::Log } else { Scale::Linear };
        let colours = ColourScale { scale, ..ColourScale::new(ColourMap::Viridis) };
        let epochs = outcome.trajectory().iter().map(|(epoch, _)| *epoch as f64).collect();
        Ok(Scene {
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
                allowed: "two angles: above the floor, and around the upright axis".to_owned(),
            }));
        };
        let axes = || self.labels.clone().map(Axis::new);
        let [x, y] = axes();
        let lines = Some(Stroke::new(Colour::WHITE).width(0.6).opacity(0.5));
        let solid = Mark::Surface { grid: self.grid.clone(), colours: self.colours.clone(), lines };
        let mut space = Panel::new(x, y)
            .in_space(Axis::new("loss"), elevation, azimuth)
            .sized(400.0, 360.0)
            .titled(title)
            .legend(Legend::Hidden)
            .with(Series::new("", solid));
        let field = Mark::Field {
            grid: self.grid.clone(),
            colours: self.colours.clone().with_bar("loss"),
            shading: Shading::Smooth,
            levels: Vec::new(),
            lines: Some(Stroke::new(Colour::WHITE).width(0.6).opacity(0.5)),
        };
        let [x, y] = axes();
        let mut map = Panel::new(x, y).sized(330.0, 330.0).with(Series::new("", field));
        if self.path.len() >= RECORDS {
            let (u, v) = (coordinate(&self.path, 0), coordinate(&self.path, 1));
            space.series.extend(path(&u, &v, &self.heights, RED));
            map.series.extend(path(&u, &v, &[], RED));
        }
        let mut panels = vec![space, map];
        if self.leaves && self.path.len() >= RECORDS {
            let distance = self.path.iter().map(|point| point.distance).collect();
            let off = Panel::new(Axis::new("epoch"), Axis::new("distance of the path from the plane"))
                .sized(240.0, 330.0)
                .with(Series::line("", self.epochs.clone(), distance, RED));
            panels.push(off);
        }
        Ok(panels)
    }

    /// The path up to a record, in the panels from `first` on.
    fn changes(&self, first: usize, record: usize) -> Vec<Change> {
        let until = &self.path[..=record];
        let (u, v) = (coordinate(until, 0), coordinate(until, 1));
        let in_space = path(&u, &v, &self.heights[..=record], RED);
        let on_map = path(&u, &v, &[], RED);
        let change = |panel: usize| {
            move |(k, series): (usize, Series)| Change {
                panel: first + panel,
                series: 1 + k,
                mark: series.mark,
            }
        };
        let moving = |series: Vec<Series>| series.into_iter().enumerate();
        moving(in_space).map(change(0)).chain(moving(on_map).map(change(1))).collect()
    }
}

const RED: Colour = Colour::Rgb([0xd5, 0x1f, 0x1f]);

/// The loss at every point of the grid, and where the path is seen, as in training but for penalties and dropout.
fn losses<T: Scalar>(
    outcome: &Outcome,
    plane: &Plane,
    axes: &[GridAxis],
    path: &[Projected],
) -> (Vec<f64>, Vec<f64>) {
    let data: Dataset<T> = outcome.samples.dataset.cast().expect("it was trained in this precision");
    let mut objective = Objective::new(&outcome.architecture, &outcome.loss, &data).expect("it was trained");
    let rows = rows(outcome, axes);
    let over = surface(&objective, &rows, outcome.reduction, plane, axes);
    let mut height = |seen: &Projected| {
        let parameters: Vec<T> = plane.point(&seen.at).into_iter().map(T::from_f64).collect();
        objective.value(&parameters, &rows, outcome.reduction)
    };
    let heights = path.iter().map(&mut height).collect();
    (over.loss, heights)
}

/// So many parameters times samples are evaluated in about a second.
const BUDGET: usize = 100_000_000_000;

/// The samples that the surface is over: all, or where that would take many seconds as many as take some, evenly spaced.
fn rows(outcome: &Outcome, axes: &[GridAxis]) -> Vec<usize> {
    let (n, n_points) =
        (outcome.samples.dataset.n_samples(), axes.iter().map(GridAxis::n_points).product::<usize>());
    let most = (BUDGET / (n_points * outcome.architecture.n_parameters())).clamp(16, n.max(16)).min(n);
    (0..most).map(|k| k * n / most).collect()
}

/// The plane, what its axes are called, what to say about it, and whether the path may leave it.
fn plane(
    outcome: &Outcome,
    options: &Options,
    records: &[Vec<f64>],
) -> Result<(Plane, [String; 2], String, bool), Error> {
    let architecture = &outcome.architecture;
    let moved: Vec<usize> = architecture.trainable().flat_map(|block| block.range.clone()).collect();
    let known = |index: usize| outcome.names.iter().find(|(_, i)| *i == index).map(|(name, _)| name.clone());
    let called = |index: usize| known(index).unwrap_or_else(|| architecture.parameter_name(index));
    let full = |name: &str| {
        let named = outcome.names.iter().find(|(known, _)| known == name);
        named.map_or_else(|| name.to_owned(), |(_, index)| architecture.parameter_name(*index))
    };
    let (x, y) = (options.text("x"), options.text("y"));
    let mut pair = match (x, y) {
        ("", "") => None,
        (x, y) => Some([full(x), full(y)]),
    };
    // Two parameters that can move, or two that the experiment has thought worth a name.
    let indices: Vec<usize> =
        outcome.names.iter().map(|(_, index)| *index).filter(|i| moved.contains(i)).collect();
    for pair_of in [&moved, &indices] {
        if let (None, &[a, b]) = (&pair, &pair_of[..]) {
            pair = Some([architecture.parameter_name(a), architecture.parameter_name(b)]);
        }
    }
    let by_name = |[x, y]: [String; 2]| -> Result<_, Error> {
        let plane = Plane::parameters(architecture, &outcome.parameters, [&x, &y])?;
        let index = |name: &str| architecture.parameter_index(name).expect("the plane has it");
        let labels = [&x, &y].map(|name| symbol(&called(index(name))));
        let leaves = moved.len() > 2;
        let rest = if leaves { ", all other parameters held at their trained values" } else { "" };
        let caption = format!(
            "The loss over {} and {}{rest}; red: the training from its start (disc) to its end (star).",
            labels[0], labels[1]
        );
        Ok((plane, labels, caption, leaves))
    };
    let trajectory = || -> Result<_, Error> {
        let plane = Plane::trajectory(records)?;
        let percent = |k: usize| format!("{:.1}", 100.0 * plane.explained()[k]);
        let caption = format!(
            "The loss over the two directions in which the path of the training varies most, {} and {} % of its variation, \
             through its end; red: the path from its start (disc) to its end (star), seen from straight above the plane.",
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
                "it has {} parameters to choose from; give two of them as x and y",
                architecture.n_parameters()
            ),
        ),
        ("random", _) => {
            let plane = Plane::random(&outcome.network(), &mut RandomState::new(0))?;
            let caption = "The loss over two random directions through the trained parameters, each unit's scaled to the \
                           length of its weights (Li et al. 2018); red: the path of the training, seen from straight \
                           above the plane, from which it is mostly far.";
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
