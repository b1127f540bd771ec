//! Rendering of 3-D panels: camera, box with ticks and labels, and lines and points with hidden
//! parts.

use super::canvas::{Canvas, TextStyle};
use super::marker::markers;
use super::surface::{DepthBuffer, Patch, ScreenPoint};
use crate::contour::contour;
use crate::font::{self, Weight};
use crate::plan::{AxisPlan, LABEL, PanelPlan, TICK};
use crate::rect::Rect;
use crate::simplify::simplified;
use crate::{Colour, Dash, Fill, Grid, Mark, Marker, Space, Stroke, ticks};

/// Half the lengths of the sides of the box.
const HALF: [f64; 3] = [0.5, 0.5, 0.38];
/// Distance of the camera from the centre of the box.
const DISTANCE: f64 = 5.0;
/// Depth behind a surface, relative to the side of the box, down to which lines are visible. Lines
/// on a surface are partly behind it because the surface is interpolated between its grid points.
const SLACK: f64 = 0.02;
/// Approximate number of mesh lines along each side.
const N_MESH: usize = 24;

/// Approximate number of contour levels of a surface.
const N_LEVELS: usize = 12;

const EDGE: Stroke = Stroke { colour: Colour::Rgb([0x77; 3]), width: 0.9, dash: Dash::Solid, opacity: 1.0 };
const GRID: Stroke = Stroke { colour: Colour::Rgb([0xd2; 3]), width: 0.7, ..EDGE };
const MESH: Stroke = Stroke { colour: Colour::Ink, width: 0.5, dash: Dash::Solid, opacity: 0.22 };

/// A camera: its direction vectors, scale and image centre.
#[derive(Clone, Copy)]
struct Camera {
    eye: [f64; 3],
    right: [f64; 3],
    up: [f64; 3],
    scale: f64,
    middle: [f64; 2],
}

impl Camera {
    fn new(space: &Space) -> Camera {
        let (se, ce) = space.elevation.to_radians().sin_cos();
        let (sa, ca) = space.azimuth.to_radians().sin_cos();
        let (eye, right) = ([ce * ca, ce * sa, se], [-sa, ca, 0.0]);
        let up = [-se * ca, -se * sa, ce];
        Camera { eye, right, up, scale: 1.0, middle: [0.0, 0.0] }
    }

    /// Projects a point with perspective.
    fn project(&self, p: [f64; 3]) -> ScreenPoint {
        let nearness = dot(p, self.eye);
        let size = self.scale * DISTANCE / (DISTANCE - nearness);
        let pixel = [self.middle[0] + size * dot(p, self.right), self.middle[1] - size * dot(p, self.up)];
        ScreenPoint { pixel, nearness }
    }
}

/// A label of an axis, centred at its position.
struct Label {
    at: [f64; 2],
    text: String,
    size: f64,
}

impl Label {
    /// Returns whether two labels overlap or nearly touch.
    fn overlaps(&self, other: &Label) -> bool {
        let [a, b] = [self, other].map(|l| extent(&l.text, l.size));
        let gap = |k: usize| (self.at[k] - other.at[k]).abs() - 0.5 * (a[k] + b[k]);
        gap(0) < 3.0 && gap(1) < 2.0
    }
}

/// A 3-D panel that is ready to be drawn.
pub(super) struct Scene<'a> {
    plan: &'a PanelPlan<'a>,
    camera: Camera,
    axes: [&'a AxisPlan; 3],
    /// For each axis the side of the box, -1 or 1, that faces away from the camera.
    far_side: [f64; 3],
    surfaces: DepthBuffer,
}

impl<'a> Scene<'a> {
    /// Scales the box with its labels to fill the frame, and rasterises the surfaces.
    pub(super) fn new(plan: &'a PanelPlan<'a>, space: &Space) -> Scene<'a> {
        let camera = Camera::new(space);
        let far_side = camera.eye.map(|e| if e >= 0.0 { -1.0 } else { 1.0 });
        let axes = [&plan.x, &plan.y, plan.z.as_ref().expect("the panel is in space")];
        let mut scene = Scene { plan, camera, axes, far_side, surfaces: DepthBuffer::new(plan.frame) };
        scene.fit();
        for series in &plan.panel.series {
            if let Mark::Surface { grid, colours, .. } = &series.mark {
                let ends = colours.ends(&grid.values);
                let patch = scene.patch(grid);
                scene.surfaces.paint(&patch, &scene.camera.light(), HALF, |v| colours.at(v, ends));
            }
        }
        scene
    }

    /// Draws panes, grid lines and surfaces.
    pub(super) fn draw_back(&self, canvas: &mut Canvas) {
        for axis in 0..3 {
            let [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
            let at = |u: f64, v: f64| {
                let mut p = [0.0; 3];
                (p[axis], p[a], p[b]) = (self.far_side[axis] * HALF[axis], u, v);
                self.camera.project(p).pixel
            };
            let (u, v) = (HALF[a], HALF[b]);
            let pane = vec![at(-u, -v), at(u, -v), at(u, v), at(-u, v)];
            let shade = Colour::Rgb([[0xf7; 3], [0xf3; 3], [0xfa; 3]][axis]);
            canvas.polygons(std::slice::from_ref(&pane), Fill { colour: shade, opacity: 1.0 });
            let along_a = self.axes[a]
                .ticks
                .iter()
                .map(|t| self.axis_position(a, t.at))
                .map(|t| vec![at(t, -v), at(t, v)]);
            let along_b = self.axes[b]
                .ticks
                .iter()
                .map(|t| self.axis_position(b, t.at))
                .map(|t| vec![at(-u, t), at(u, t)]);
            canvas.lines(&along_a.chain(along_b).collect::<Vec<_>>(), GRID);
            canvas.lines(&[[&pane[..], &pane[..1]].concat()], GRID);
        }
        let edges = (0..3)
            .filter_map(|k| self.axis_edge(k))
            .map(|e| e.ends.map(|p| self.camera.project(p).pixel).to_vec());
        canvas.lines(&edges.collect::<Vec<_>>(), EDGE);
        if let Some((rect, uri)) = self.surfaces.image() {
            canvas.image(rect, &uri);
        }
    }

    /// Draws a mark.
    pub(super) fn draw_mark(&self, canvas: &mut Canvas, mark: &Mark) {
        match mark {
            Mark::Line { x, y, z, stroke } => {
                let points: Vec<[f64; 3]> = (0..x.len()).map(|k| self.position(x[k], y[k], z[k])).collect();
                let [visible, hidden] = self.visible_and_hidden(&points);
                let faint = Stroke { opacity: 0.4 * stroke.opacity, dash: Dash::Dotted, ..*stroke };
                canvas.lines(&hidden, faint);
                canvas.lines(&visible, *stroke);
            }
            Mark::Points { x, y, z, marker } => {
                let inside = (0..x.len()).map(|k| self.position(x[k], y[k], z[k])).filter(|p| in_box(*p));
                let mut all: Vec<ScreenPoint> = inside.map(|p| self.camera.project(p)).collect();
                all.sort_by(|a, b| a.nearness.total_cmp(&b.nearness));
                for point in all {
                    let opacity = if self.surfaces.hides(point, SLACK) { 0.4 } else { 1.0 } * marker.opacity;
                    canvas.raw(&markers(&[point.pixel], Marker { opacity, ..*marker }));
                }
            }
            Mark::Surface { grid, colours, lines } => {
                canvas.lines(&self.mesh(grid), MESH);
                if let Some(stroke) = lines {
                    let levels = ticks::values(colours.ends(&grid.values), colours.scale, N_LEVELS);
                    let all = levels.into_iter().flat_map(|level| self.contour(grid, level));
                    canvas.lines(&all.collect::<Vec<_>>(), *stroke);
                }
            }
            _ => {}
        }
    }

    /// Draws the ticks and labels, above the series.
    pub(super) fn draw_labels(&self, canvas: &mut Canvas) {
        let (labels, ticks) = self.labels();
        canvas.lines(&ticks, EDGE);
        for label in labels {
            canvas.text(label.at, &label.text, TextStyle { size: label.size, ..TextStyle::default() });
        }
    }

    /// Sets the scale and the image centre so that the box and its labels fill the frame.
    fn fit(&mut self) {
        let frame = self.plan.frame;
        self.camera.scale = frame.width.min(frame.height) / 2.0;
        for _ in 0..12 {
            let bounds = self.bounds();
            let fits = (frame.width / bounds.width).min(frame.height / bounds.height);
            self.camera.scale *= fits;
        }
        // The iteration can end slightly too large.
        self.camera.scale *= 0.995;
        let ([x, y], [bx, by]) = (frame.centre(), self.bounds().centre());
        self.camera.middle = [self.camera.middle[0] + x - bx, self.camera.middle[1] + y - by];
    }

    /// Returns the bounding rectangle of the box and its labels.
    fn bounds(&self) -> Rect {
        let mut low = [f64::INFINITY; 2];
        let mut high = [f64::NEG_INFINITY; 2];
        let mut add = |[x, y]: [f64; 2], [w, h]: [f64; 2]| {
            low = [low[0].min(x - w / 2.0), low[1].min(y - h / 2.0)];
            high = [high[0].max(x + w / 2.0), high[1].max(y + h / 2.0)];
        };
        for corner in 0..8 {
            let p = [0, 1, 2].map(|k| if corner >> k & 1 == 0 { -HALF[k] } else { HALF[k] });
            add(self.camera.project(p).pixel, [0.0, 0.0]);
        }
        self.labels().0.iter().for_each(|label| add(label.at, extent(&label.text, label.size)));
        Rect { x: low[0], y: low[1], width: high[0] - low[0], height: high[1] - low[1] }
    }

    /// Returns the labels and ticks of all axes, outside the box.
    fn labels(&self) -> (Vec<Label>, Vec<Vec<[f64; 2]>>) {
        let (mut labels, mut ticks): (Vec<Label>, _) = (Vec::new(), Vec::new());
        for (k, axis) in self.axes.iter().enumerate() {
            let Some(edge) = self.axis_edge(k) else { continue };
            // The centre of text at a distance of `gap` outside the edge.
            let outside = |at: [f64; 2], gap: f64, text: &str, size: f64| {
                let [w, h] = extent(text, size);
                let distance = gap + 0.5 * (edge.outward[0].abs() * w + edge.outward[1].abs() * h);
                [at[0] + edge.outward[0] * distance, at[1] + edge.outward[1] * distance]
            };
            let mut depth: f64 = 0.0;
            for tick in &axis.ticks {
                let at = self.camera.project(edge.at(k, self.axis_position(k, tick.at))).pixel;
                ticks.push(vec![at, [at[0] + 4.0 * edge.outward[0], at[1] + 4.0 * edge.outward[1]]]);
                let text = tick.label.clone();
                let [w, h] = extent(&text, TICK);
                depth = depth.max(edge.outward[0].abs() * w + edge.outward[1].abs() * h);
                let label = Label { at: outside(at, 6.0, &text, TICK), text, size: TICK };
                // If labels overlap where two axes meet, the second one is omitted.
                if !labels.iter().any(|other| label.overlaps(other)) {
                    labels.push(label);
                }
            }
            if !axis.label.is_empty() {
                let at = self.camera.project(edge.at(k, 0.0)).pixel;
                let at = outside(at, 6.0 + depth + 5.0, &axis.label, LABEL);
                labels.push(Label { at, text: axis.label.clone(), size: LABEL });
            }
        }
        (labels, ticks)
    }

    /// Returns the edge of the box at which an axis is labelled: for horizontal axes at the bottom
    /// on the near side, for the vertical axis on the right. Returns `None` if the axis is viewed
    /// nearly end-on.
    fn axis_edge(&self, axis: usize) -> Option<AxisEdge> {
        let [fx, fy, fz] = self.far_side;
        let candidates = match axis {
            0 => vec![[0.0, -fy, fz]],
            1 => vec![[-fx, 0.0, fz]],
            _ => vec![[-fx, fy, 0.0], [fx, -fy, 0.0]],
        };
        let ends = |c: [f64; 3]| {
            [-1.0, 1.0].map(|s| [0, 1, 2].map(|k| if k == axis { s * HALF[k] } else { c[k] * HALF[k] }))
        };
        let rightmost = |c: &[f64; 3]| self.camera.project([0, 1, 2].map(|k| c[k] * HALF[k])).pixel[0];
        let edge = candidates.into_iter().max_by(|a, b| rightmost(a).total_cmp(&rightmost(b))).map(ends)?;
        let [a, b] = edge.map(|p| self.camera.project(p).pixel);
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        if length < 0.15 * self.camera.scale {
            return None;
        }
        // Perpendicular to the edge, away from the centre of the box.
        let across = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
        let middle = self.camera.project([0.0; 3]).pixel;
        let away = [f64::midpoint(a[0], b[0]) - middle[0], f64::midpoint(a[1], b[1]) - middle[1]];
        let side = (across[0] * away[0] + across[1] * away[1]).signum();
        Some(AxisEdge { ends: edge, outward: across.map(|v| side * v) })
    }

    /// Returns the coordinate of a number along an axis of the box.
    fn axis_position(&self, axis: usize, v: f64) -> f64 {
        let map = self.axes[axis].map;
        (2.0 * map.scale.fraction(v, map.ends) - 1.0) * HALF[axis]
    }

    /// Returns the position of a point in the box.
    fn position(&self, x: f64, y: f64, z: f64) -> [f64; 3] {
        [self.axis_position(0, x), self.axis_position(1, y), self.axis_position(2, z)]
    }

    /// Returns the points of a grid and their projections.
    fn patch(&self, grid: &Grid) -> Patch {
        let points: Vec<[f64; 3]> = (0..grid.values.len()).map(|k| self.on_grid(grid, k)).collect();
        let projected = points.iter().map(|p| self.camera.project(*p)).collect();
        Patch { n_x: grid.n_x, n_y: grid.n_y, points, projected, values: grid.values.clone() }
    }

    fn on_grid(&self, grid: &Grid, k: usize) -> [f64; 3] {
        let (i, j) = ((k % grid.n_x) as f64, (k / grid.n_x) as f64);
        self.position(grid.x_at(i), grid.y_at(j), grid.values[k])
    }

    /// Returns the visible parts of the mesh lines of a grid.
    fn mesh(&self, grid: &Grid) -> Vec<Vec<[f64; 2]>> {
        let indices = |n: usize| {
            let lines = N_MESH.min(n - 1).max(1);
            (0..=lines).map(move |k| k * (n - 1) / lines).collect::<Vec<_>>()
        };
        let along_x = indices(grid.n_y)
            .into_iter()
            .map(|j| (0..grid.n_x).map(|i| j * grid.n_x + i).collect::<Vec<_>>());
        let along_y = indices(grid.n_x)
            .into_iter()
            .map(|i| (0..grid.n_y).map(|j| j * grid.n_x + i).collect::<Vec<_>>());
        let lines = along_x
            .chain(along_y)
            .map(|line| line.into_iter().map(|k| self.on_grid(grid, k)).collect::<Vec<_>>());
        lines.flat_map(|line| self.visible_and_hidden(&line)[0].clone()).collect()
    }

    fn contour(&self, grid: &Grid, level: f64) -> Vec<Vec<[f64; 2]>> {
        let point = |[i, j]: [f64; 2]| self.position(grid.x_at(i), grid.y_at(j), level);
        let lines = contour(grid, level).into_iter().map(|l| l.into_iter().map(point).collect::<Vec<_>>());
        lines.flat_map(|line| self.visible_and_hidden(&line)[0].clone()).collect()
    }

    /// Returns the visible parts of a line within the box, and those hidden by a surface, in
    /// pixels.
    fn visible_and_hidden(&self, line: &[[f64; 3]]) -> [Vec<Vec<[f64; 2]>>; 2] {
        let mut parts: [Vec<Vec<[f64; 2]>>; 2] = [Vec::new(), Vec::new()];
        // State of the previous point: visible (0), hidden (1) or outside the box (None).
        let mut previous = None;
        for pair in line.windows(2) {
            let [a, b] = [self.camera.project(pair[0]).pixel, self.camera.project(pair[1]).pixel];
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            if !length.is_finite() {
                previous = None;
                continue;
            }
            let n = (length / 1.5).ceil().clamp(1.0, 2000.0) as usize;
            for step in 0..=n {
                let t = step as f64 / n as f64;
                let p = [0, 1, 2].map(|k| pair[0][k] + (pair[1][k] - pair[0][k]) * t);
                let point = self.camera.project(p);
                let current = in_box(p).then(|| usize::from(self.surfaces.hides(point, SLACK)));
                if let Some(k) = current {
                    match parts[k].last_mut().filter(|_| previous == current) {
                        Some(part) => part.push(point.pixel),
                        None => parts[k].push(vec![point.pixel]),
                    }
                }
                previous = current;
            }
        }
        parts.map(|lines| lines.iter().map(|l| simplified(l)).collect())
    }
}

impl Camera {
    /// Returns the direction of the light, which is behind the camera at the upper left.
    fn light(&self) -> [f64; 3] {
        let sum = [0, 1, 2].map(|k| 0.7 * self.eye[k] + 0.6 * self.up[k] - 0.5 * self.right[k]);
        let length = dot(sum, sum).sqrt();
        sum.map(|v| v / length)
    }
}

/// An edge of the box, with the outward direction in pixels.
struct AxisEdge {
    ends: [[f64; 3]; 2],
    outward: [f64; 2],
}

impl AxisEdge {
    /// Returns the point of the edge at a coordinate along the axis.
    fn at(&self, axis: usize, v: f64) -> [f64; 3] {
        [0, 1, 2].map(|k| if k == axis { v } else { self.ends[0][k] })
    }
}

/// Returns whether a position is in the box.
fn in_box(p: [f64; 3]) -> bool {
    (0..3).all(|k| p[k].abs() <= HALF[k] * (1.0 + 1e-6))
}

/// Returns the width and height of text.
fn extent(text: &str, size: f64) -> [f64; 2] {
    [font::width(text, size, Weight::Regular), size]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
