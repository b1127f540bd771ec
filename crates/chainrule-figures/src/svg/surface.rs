//! Rasterisation of surfaces with a depth buffer.
//!
//! Surfaces are rasterised rather than drawn as polygons, because 200 by 200 polygons produce an
//! SVG of several megabytes with visible seams, and the depth buffer determines the hidden parts of
//! lines.

use crate::image::{IMAGE_LIMIT, data_uri};
use crate::rect::Rect;

/// Image pixels per figure pixel, and samples per image pixel for anti-aliasing, along each side.
const SHARP: usize = 2;
const SAMPLES: usize = 2;
/// Projection of a point: its pixel, and its coordinate towards the camera.
#[derive(Clone, Copy)]
pub(super) struct ScreenPoint {
    pub(super) pixel: [f64; 2],
    pub(super) nearness: f64,
}

/// A surface: its points in the box and their projections, in row-major order.
pub(super) struct Patch {
    pub(super) n_x: usize,
    pub(super) n_y: usize,
    pub(super) points: Vec<[f64; 3]>,
    pub(super) projected: Vec<ScreenPoint>,
    pub(super) values: Vec<f64>,
}

/// A corner of a triangle.
#[derive(Clone, Copy)]
struct Corner {
    sample: [f64; 2],
    /// Interpolated attributes: nearness, position (3), value, brightness.
    attributes: [f64; 6],
}

/// Nearness and colour of the nearest surface at each sample.
pub(super) struct DepthBuffer {
    frame: Rect,
    width: usize,
    height: usize,
    nearness: Vec<f32>,
    colour: Vec<[u8; 3]>,
    painted: bool,
}

impl DepthBuffer {
    /// Creates an empty buffer for a frame.
    pub(super) fn new(frame: Rect) -> DepthBuffer {
        let samples = |v: f64| (v.ceil() as usize) * SHARP * SAMPLES;
        let (width, height) = (samples(frame.width), samples(frame.height));
        DepthBuffer { frame, width, height, nearness: Vec::new(), colour: Vec::new(), painted: false }
    }

    /// Rasterises the part of a surface within the box.
    pub(super) fn paint(
        &mut self,
        patch: &Patch,
        light: &[f64; 3],
        half: [f64; 3],
        colour: impl Fn(f64) -> [u8; 3],
    ) {
        if !self.painted {
            self.nearness = vec![f32::NEG_INFINITY; self.width * self.height];
            self.colour = vec![[0; 3]; self.width * self.height];
            self.painted = true;
        }
        let corners: Vec<Corner> = (0..patch.points.len()).map(|k| self.corner(patch, k, light)).collect();
        for j in 0..patch.n_y.saturating_sub(1) {
            for i in 0..patch.n_x.saturating_sub(1) {
                let k = j * patch.n_x + i;
                let [a, b, c, d] = [k, k + 1, k + patch.n_x, k + patch.n_x + 1].map(|k| corners[k]);
                self.triangle([a, b, d], half, &colour);
                self.triangle([a, d, c], half, &colour);
            }
        }
    }

    /// Returns whether a surface is in front of a point, and of its neighbours at half a pixel, by
    /// more than `slack`.
    pub(super) fn hides(&self, point: ScreenPoint, slack: f64) -> bool {
        if !self.painted {
            return false;
        }
        let [x, y] = self.sample(point.pixel);
        let step = SAMPLES as f64;
        [[0.0, 0.0], [step, 0.0], [-step, 0.0], [0.0, step], [0.0, -step]].iter().all(|[dx, dy]| {
            let (u, v) = (x + dx, y + dy);
            let inside = u >= 0.0 && v >= 0.0 && u < self.width as f64 && v < self.height as f64;
            inside && f64::from(self.nearness[v as usize * self.width + u as usize]) > point.nearness + slack
        })
    }

    /// Returns the image of all surfaces and its rectangle, at a lower resolution if it is too
    /// large.
    pub(super) fn image(&self) -> Option<(Rect, String)> {
        if !self.painted {
            return None;
        }
        let uri = |samples: usize| {
            let (width, height) = (self.width / samples, self.height / samples);
            let pixels = (0..width * height).flat_map(|k| self.mean(k % width, k / width, samples));
            data_uri(width, height, &pixels.collect::<Vec<_>>())
        };
        let sharp = uri(SAMPLES);
        let uri = if sharp.len() > IMAGE_LIMIT { uri(SAMPLES * SHARP) } else { sharp };
        let size = (SHARP * SAMPLES) as f64;
        Some((Rect { width: self.width as f64 / size, height: self.height as f64 / size, ..self.frame }, uri))
    }

    /// Returns the mean colour of the samples of a pixel; its opacity is the fraction of samples
    /// that are covered by a surface.
    fn mean(&self, x: usize, y: usize, samples: usize) -> [u8; 4] {
        let mut sum = [0usize; 3];
        let mut n = 0;
        for v in y * samples..(y + 1) * samples {
            for u in x * samples..(x + 1) * samples {
                let k = v * self.width + u;
                if self.nearness[k] > f32::NEG_INFINITY {
                    (0..3).for_each(|c| sum[c] += usize::from(self.colour[k][c]));
                    n += 1;
                }
            }
        }
        if n == 0 {
            return [0; 4];
        }
        // Rounding to steps of four is invisible and reduces the image size by a third.
        let [r, g, b] = sum.map(|s| ((s / n) & !3) as u8);
        [r, g, b, (n * 255 / (samples * samples)) as u8]
    }

    fn sample(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let size = (SHARP * SAMPLES) as f64;
        [(x - self.frame.x) * size, (y - self.frame.y) * size]
    }

    fn corner(&self, patch: &Patch, k: usize, light: &[f64; 3]) -> Corner {
        let [x, y, z] = patch.points[k];
        let [nx, ny, nz] = patch.normal(k);
        // Both sides of a surface are lit equally.
        let facing = (nx * light[0] + ny * light[1] + nz * light[2]).abs();
        let projected = patch.projected[k];
        Corner {
            sample: self.sample(projected.pixel),
            attributes: [projected.nearness, x, y, z, patch.values[k], 0.7 + 0.36 * facing],
        }
    }

    fn triangle(&mut self, [a, b, c]: [Corner; 3], half: [f64; 3], colour: &impl Fn(f64) -> [u8; 3]) {
        let cross = |p: [f64; 2], q: [f64; 2], r: [f64; 2]| {
            (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
        };
        let area = cross(a.sample, b.sample, c.sample);
        if !area.is_finite() || area == 0.0 {
            return;
        }
        let span = |axis: usize, limit: usize| {
            let all = [a.sample[axis], b.sample[axis], c.sample[axis]];
            let low = all.iter().copied().fold(f64::INFINITY, f64::min);
            let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (low.floor().max(0.0) as usize)..(high.ceil().clamp(0.0, limit as f64) as usize)
        };
        for v in span(1, self.height) {
            for u in span(0, self.width) {
                let p = [u as f64 + 0.5, v as f64 + 0.5];
                let (wa, wb) = (cross(b.sample, c.sample, p) / area, cross(c.sample, a.sample, p) / area);
                let wc = 1.0 - wa - wb;
                if wa.min(wb).min(wc) < -1e-9 {
                    continue;
                }
                let at = |k: usize| wa * a.attributes[k] + wb * b.attributes[k] + wc * c.attributes[k];
                let index = v * self.width + u;
                let inside = (0..3).all(|k| at(k + 1).abs() <= half[k] * (1.0 + 1e-6));
                if inside && at(0) as f32 > self.nearness[index] {
                    self.nearness[index] = at(0) as f32;
                    self.colour[index] = colour(at(4)).map(|v| (f64::from(v) * at(5)).min(255.0) as u8);
                }
            }
        }
    }
}

impl Patch {
    /// Returns the unit normal of the surface at a point, from differences between its neighbours.
    fn normal(&self, k: usize) -> [f64; 3] {
        let (i, j) = (k % self.n_x, k / self.n_x);
        let row = |i: usize| self.points[j * self.n_x + i];
        let column = |j: usize| self.points[j * self.n_x + i];
        let minus = |a: [f64; 3], b: [f64; 3]| [0, 1, 2].map(|k| a[k] - b[k]);
        let u = minus(row((i + 1).min(self.n_x - 1)), row(i.saturating_sub(1)));
        let v = minus(column((j + 1).min(self.n_y - 1)), column(j.saturating_sub(1)));
        let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        let length = n.iter().map(|v| v * v).sum::<f64>().sqrt();
        n.map(|v| v / length)
    }
}
