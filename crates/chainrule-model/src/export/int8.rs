//! Networks rounded to whole numbers of 8 bits, and what that costs.
//!
//! Every value v of a layer is said by a q from -127 to 127 and stands for `c + s·q`: each input has a centre c and a step s of
//! its own, the z of a hidden layer share one pair and its a another, all from the ranges seen on the rows given. Then
//!
//! `z_j = b_j + Σ_i W_ij·(c_i + s_i·q_i) = w_j·(B_j + Σ_i V_ij·q_i)`
//!
//! with whole numbers `V_ij ≈ W_ij·s_i/w_j` of 8 bits and `B_j ≈ (b_j + Σ_i W_ij·c_i)/w_j` of 32, so that the sum needs no
//! further correction. In a hidden layer z's own centre is taken off `B_j` as well, the sum becomes the q of z by a multiplier of
//! 32 bits and a shift, and a table of 256 entries gives the q of `a = f(z)`. The last layer's sum becomes a floating z.

use chainrule::network::activation::Activation;
use chainrule_table::Table;

use super::columns::Column;
use super::outputs;
use super::verify::compare;
use crate::{Error, Member, Model, Precision};

/// What 8 bits cost, measured on the rows that the steps were found from.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Loss {
    /// The largest difference from the model's own predictions, as [`Verified`](crate::Verified) has it.
    pub largest_difference: f64,
    /// How many rows there were.
    pub n_rows: usize,
    /// How many of them are given the same class, or all the same labels; none where numbers are predicted.
    pub agreeing_predictions: Option<usize>,
}

/// A network of whole numbers.
pub(super) struct Quantized {
    /// The centre of each input, and what an input's distance from it is multiplied by.
    pub(super) inputs: Vec<[f64; 2]>,
    pub(super) layers: Vec<Layer>,
}

/// A layer of whole numbers.
pub(super) struct Layer {
    /// V (n_out, n_in), row-major.
    pub(super) weights: Vec<i8>,
    /// B (n_out).
    pub(super) bias: Vec<i32>,
    pub(super) then: Then,
}

/// What is made of a layer's sums.
pub(super) enum Then {
    /// In a hidden layer: for each unit a multiplier and a shift, and the activation as a table from -128 on.
    Table { rescale: Vec<(i32, u32)>, table: Vec<i8> },
    /// In the last: z, by multiplying with these.
    Scales(Vec<f64>),
}

/// The centre and the step of some values.
#[derive(Clone, Copy)]
struct Steps {
    centre: f64,
    step: f64,
}

/// So many inputs a layer may have, that no sum passes 32 bits: each is at most 127², and the bias at most half the range.
const MAX_INPUTS: usize = 60_000;
const MAX_BIAS: f64 = (1 << 30) as f64;

/// The members in whole numbers, the steps found from the rows of a table, and what that costs there.
pub(super) fn quantize(
    model: &Model,
    columns: &[Column],
    table: &Table,
) -> Result<(Vec<Quantized>, Int8Loss), Error> {
    if table.n_rows() == 0 {
        return Err(Error::NoRows);
    }
    for column in columns {
        column.cells_of(table)?;
    }
    let exact = outputs::expanded(model, model.predict(table)?.y);
    let mut members = Vec::new();
    let mut mean = vec![0.0; table.n_rows() * model.target().n_outputs()];
    for member in &model.members {
        let (x, _) = member.encoders.encode(table);
        let quantized = Quantized::new(member, &x)?;
        let rows = x.chunks(member.architecture.n_inputs());
        let activation = &member.architecture.output().activation;
        let mut y: Vec<f64> = rows.flat_map(|x| quantized.forward(x, activation, model.precision)).collect();
        member.encoders.target.decode(&mut y);
        mean.iter_mut().zip(y).for_each(|(mean, y)| *mean += y / model.members.len() as f64);
        members.push(quantized);
    }
    let rounded = outputs::expanded(model, mean);
    let target = model.target();
    let n = outputs::n_predicted(target);
    let verified = compare(model, &exact, &rounded, |row| {
        let decided = |y: &[f64]| outputs::decided(target, &y[row * n..][..n]);
        decided(&exact) == decided(&rounded)
    });
    let loss = Int8Loss {
        largest_difference: verified.largest_difference,
        n_rows: verified.n_rows,
        agreeing_predictions: verified.agreeing_predictions,
    };
    Ok((members, loss))
}

impl Quantized {
    /// A member's network in whole numbers, with steps for inputs like x (n_rows, n_inputs).
    fn new(member: &Member, x: &[f64]) -> Result<Quantized, Error> {
        let architecture = &member.architecture;
        let n_inputs = architecture.n_inputs();
        let n_layers = architecture.layers().len();
        let mut steps: Vec<Steps> =
            (0..n_inputs).map(|i| Steps::of(x.iter().skip(i).step_by(n_inputs))).collect();
        let inputs = steps.iter().map(|s| [s.centre, 1.0 / s.step]).collect();
        let mut a = x.to_vec();
        let mut layers = Vec::new();
        for (l, layer) in architecture.layers().iter().enumerate() {
            let (n_in, n_out) = (architecture.n_in(l), layer.n_units);
            if n_in > MAX_INPUTS {
                let layer = architecture.layer_name(l);
                return Err(Error::TooWide { layer, got: n_in, most: MAX_INPUTS });
            }
            let weights = architecture.weights(l, &member.parameters);
            let zeros = vec![0.0; n_out];
            let bias = architecture.bias(l, &member.parameters).unwrap_or(&zeros);
            if l + 1 == n_layers {
                let (weights, bias, scales) = whole(weights, bias, &steps, 0.0);
                layers.push(Layer { weights, bias, then: Then::Scales(scales) });
                break;
            }
            let z = product(&a, weights, bias);
            a = vec![0.0; z.len()];
            layer.activation.values(&z, &mut a);
            let of_a = Steps::of(a.iter());
            let of_z = Steps::of(z.iter()).without_flat_ends(&layer.activation, of_a.step);
            let (weights, bias, scales) = whole(weights, bias, &steps, of_z.centre);
            let rescale = scales.iter().map(|w| fixed_point(w / of_z.step)).collect();
            layers.push(Layer {
                weights,
                bias,
                then: Then::Table { rescale, table: of_z.table(&layer.activation, of_a) },
            });
            steps = vec![of_a; n_out];
        }
        Ok(Quantized { inputs, layers })
    }

    /// The outputs for a row x, exactly as the exported code has them but for the last layer's rounding.
    fn forward(&self, x: &[f64], output: &Activation, precision: Precision) -> Vec<f64> {
        let input = |(x, [centre, factor]): (&f64, &[f64; 2])| match precision {
            Precision::F32 => nearest(f64::from((*x as f32 - *centre as f32) * *factor as f32)),
            Precision::F64 => nearest((x - centre) * factor),
        };
        let mut q: Vec<i8> = x.iter().zip(&self.inputs).map(input).collect();
        for layer in &self.layers {
            let sum = |(row, b): (&[i8], &i32)| {
                row.iter().zip(&q).fold(*b, |sum, (v, q)| sum + i32::from(*v) * i32::from(*q))
            };
            let sums: Vec<i32> = layer.weights.chunks(q.len()).zip(&layer.bias).map(sum).collect();
            match &layer.then {
                Then::Table { rescale, table } => {
                    let value = |(sum, by): (&i32, &(i32, u32))| table[(rescaled(*sum, *by) + 128) as usize];
                    q = sums.iter().zip(rescale).map(value).collect();
                }
                Then::Scales(scales) => {
                    let z: Vec<f64> = sums.iter().zip(scales).map(|(sum, w)| f64::from(*sum) * w).collect();
                    let mut y = vec![0.0; z.len()];
                    output.values(&z, &mut y);
                    return y;
                }
            }
        }
        unreachable!("the last layer has scales")
    }
}

impl Steps {
    /// 254 steps over the range of some values; of those that are all the same, as if the range were 2.
    fn of<'v>(values: impl Iterator<Item = &'v f64>) -> Steps {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        Steps::between(low, high)
    }

    fn between(low: f64, high: f64) -> Steps {
        let centre = f64::midpoint(low, high);
        let width = if high > low { high - low } else { 2.0 };
        Steps { centre, step: width / 254.0 }
    }

    /// The value of q.
    fn value(self, q: f64) -> f64 {
        self.centre + self.step * q
    }

    /// The same without the ends over which f changes by less than a part of a's step: where tanh is all but 1, and where relu
    /// is 0, z needs no steps.
    fn without_flat_ends(self, f: &Activation, step: f64) -> Steps {
        const GRID: usize = 2048;
        let z: Vec<f64> = (0..=GRID).map(|k| self.value(-127.0 + 254.0 * k as f64 / GRID as f64)).collect();
        let mut a = vec![0.0; z.len()];
        f.values(&z, &mut a);
        let near = |end: f64| move |a: &&f64| (**a - end).abs() <= 0.25 * step;
        let low = a.iter().take_while(near(a[0])).count().max(1) - 1;
        let high = GRID + 1 - a.iter().rev().take_while(near(a[GRID])).count().max(1);
        if low < high { Steps::between(z[low], z[high]) } else { self }
    }

    /// The q of `f(z)` for the q of z from -128 to 127.
    fn table(self, f: &Activation, of_a: Steps) -> Vec<i8> {
        let z: Vec<f64> = (-128..128).map(|q| self.value(f64::from(q))).collect();
        let mut a = vec![0.0; z.len()];
        f.values(&z, &mut a);
        a.iter().map(|a| nearest((a - of_a.centre) / of_a.step)).collect()
    }
}

/// `x·W + b` for the rows of x.
fn product(x: &[f64], weights: &[f64], bias: &[f64]) -> Vec<f64> {
    let (n_out, n_in) = (bias.len(), weights.len() / bias.len());
    let mut z = Vec::with_capacity(x.len() / n_in * n_out);
    for x in x.chunks(n_in) {
        let start = z.len();
        z.extend(bias);
        for (x, row) in x.iter().zip(weights.chunks(n_out)) {
            z[start..].iter_mut().zip(row).for_each(|(z, w)| *z += x * w);
        }
    }
    z
}

/// V, B and w of a layer, as the head of this file has them; `off` is taken off z.
fn whole(weights: &[f64], bias: &[f64], steps: &[Steps], off: f64) -> (Vec<i8>, Vec<i32>, Vec<f64>) {
    let (n_in, n_out) = (steps.len(), bias.len());
    let (mut all, mut biases, mut scales) = (Vec::with_capacity(n_in * n_out), Vec::new(), Vec::new());
    for (j, own) in bias.iter().enumerate() {
        let column = || weights.iter().skip(j).step_by(n_out).zip(steps);
        let largest = column().map(|(w, s)| (w * s.step).abs()).fold(0.0, f64::max);
        let b = own + column().map(|(w, s)| w * s.centre).sum::<f64>() - off;
        // A unit of no weights still has a bias.
        let scale = (largest / 127.0).max(b.abs() / MAX_BIAS).max(f64::MIN_POSITIVE);
        all.extend(column().map(|(w, s)| nearest(w * s.step / scale)));
        biases.push((b / scale).round() as i32);
        scales.push(scale);
    }
    (all, biases, scales)
}

/// The nearest whole number from -127 to 127, halves away from 0.
fn nearest(v: f64) -> i8 {
    v.round().clamp(-127.0, 127.0) as i8
}

/// A factor as `multiplier/2^shift`, the multiplier from 2^30 to 2^31 unless the factor is too small or too large for it.
fn fixed_point(factor: f64) -> (i32, u32) {
    let exponent = factor.log2().floor() as i32 + 1;
    let shift = (31 - exponent).clamp(1, 62);
    let multiplier = (factor * f64::from(shift).exp2()).round().min(f64::from(i32::MAX));
    (multiplier as i32, shift as u32)
}

/// A sum by a factor, rounded, halves away from 0, from -128 to 127.
fn rescaled(sum: i32, (multiplier, shift): (i32, u32)) -> i32 {
    let product = i64::from(sum) * i64::from(multiplier);
    let size = (product.abs() + (1_i64 << (shift - 1))) >> shift;
    let q = if product < 0 { -size } else { size };
    q.clamp(-128, 127) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_points_are_the_factors() {
        for factor in [0.75, 1e-6, 0.001_953_125, 3.7, 0.999_999_999_99] {
            let (multiplier, shift) = fixed_point(factor);
            let got = f64::from(multiplier) / f64::from(shift).exp2();
            assert!((got / factor - 1.0).abs() < 1e-9, "{factor} is {got}");
        }
        assert_eq!([5, -5, 6, 1000, -1000].map(|sum| rescaled(sum, fixed_point(0.5))), [3, -3, 3, 127, -128]);
        assert_eq!(rescaled(i32::MAX, fixed_point(1e-30)), 0);
    }

    #[test]
    fn flat_ends_need_no_steps() {
        let wide = Steps::between(-20.0, 20.0);
        let relu = wide.without_flat_ends(&Activation::relu(), 20.0 / 254.0);
        assert!((relu.value(-127.0)).abs() < 0.1 && (relu.value(127.0) - 20.0).abs() < 0.1);
        let tanh = wide.without_flat_ends(&Activation::tanh(), 2.0 / 254.0);
        assert!(tanh.value(127.0) < 4.0 && tanh.value(-127.0) > -4.0);
    }
}
