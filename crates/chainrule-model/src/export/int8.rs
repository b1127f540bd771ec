//! Post-training quantisation of networks to 8-bit integers, and its accuracy.
//!
//! Each value v of a layer is represented as `c + s·q` by an integer q from -127 to 127. The centre
//! c and step s come from the range of the value on the calibration rows. Each input has its own
//! pair; the z of all units of a hidden layer share one pair, and their a share another. Then
//!
//! `z_j = b_j + Σ_i W_ij·(c_i + s_i·q_i) = w_j·(B_j + Σ_i V_ij·q_i)`
//!
//! with 8-bit integers `V_ij ≈ W_ij·s_i/w_j` and 32-bit integers `B_j ≈ (b_j + Σ_i W_ij·c_i)/w_j`,
//! so the sum requires no further correction. In a hidden layer, the centre of z is also
//! subtracted in `B_j`, a 32-bit multiplier and a shift convert the sum to the q of z, and a table
//! of 256 entries maps it to the q of `a = f(z)`. In the last layer, the sum is converted to a
//! floating-point z.

use chainrule::network::activation::Activation;
use chainrule_table::Table;

use super::columns::ExportColumn;
use super::comparison::{DifferenceUnit, compare};
use super::outputs;
use crate::{Error, Member, Model, Precision};

/// Accuracy of 8-bit arithmetic on the calibration table.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8Report {
    /// Largest difference from the predictions of the model, in `unit`.
    pub largest_difference: f64,
    /// Unit of `largest_difference`.
    pub unit: DifferenceUnit,
    /// Number of rows of the calibration table.
    pub n_rows: usize,
    /// Number of rows for which the predicted class or all predicted labels agree with the model;
    /// `None` in regression.
    pub agreeing_predictions: Option<usize>,
}

/// A network quantised to integers.
pub(super) struct QuantizedNetwork {
    /// Centre and reciprocal of the step of each input.
    pub(super) inputs: Vec<[f64; 2]>,
    pub(super) layers: Vec<QuantizedLayer>,
}

/// A layer quantised to integers.
pub(super) struct QuantizedLayer {
    /// V (n_out, n_in), row-major.
    pub(super) weights: Vec<i8>,
    /// B (n_out).
    pub(super) bias: Vec<i32>,
    pub(super) epilogue: Epilogue,
}

/// Operations applied to the integer sums of a layer.
pub(super) enum Epilogue {
    /// Hidden layer: multiplier and shift of each unit, then a table of the activation, indexed by
    /// the q of z from -128 to 127.
    Lookup { rescale: Vec<(i32, u32)>, table: Vec<i8> },
    /// Last layer: factor of each unit that converts the sum to a floating-point z.
    Dequantize(Vec<f64>),
}

/// Centre and step of a range of values.
#[derive(Clone, Copy)]
struct Quantization {
    centre: f64,
    step: f64,
}

/// Maximum number of inputs of a layer whose sums cannot overflow 32 bits: each product is at most
/// 127², and the bias at most half the range.
const MAX_INPUTS: usize = 60_000;
/// Maximum absolute value of an integer bias.
const MAX_BIAS: f64 = (1 << 30) as f64;

/// Quantises the members with steps calibrated on the rows of a table, and measures the accuracy on
/// these rows.
pub(super) fn quantize(
    model: &Model,
    columns: &[ExportColumn],
    table: &Table,
) -> Result<(Vec<QuantizedNetwork>, Int8Report), Error> {
    if table.n_rows() == 0 {
        return Err(Error::NoCalibrationRows);
    }
    for column in columns {
        column.cells(table)?;
    }
    let exact = outputs::expanded(model, model.predict(table)?.y);
    let mut members = Vec::new();
    let mut mean = vec![0.0; table.n_rows() * model.target().n_outputs()];
    for member in &model.members {
        let (x, _) = member.encoders.encode(table);
        let quantized = QuantizedNetwork::new(member, &x)?;
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
        let decisions = |y: &[f64]| outputs::decisions(target, &y[row * n..][..n]);
        decisions(&exact) == decisions(&rounded)
    });
    let report = Int8Report {
        largest_difference: verified.largest_difference,
        unit: verified.unit,
        n_rows: verified.n_rows,
        agreeing_predictions: verified.agreeing_predictions,
    };
    Ok((members, report))
}

impl QuantizedNetwork {
    /// Quantises the network of a member, with steps calibrated on inputs x (n_rows, n_inputs).
    fn new(member: &Member, x: &[f64]) -> Result<QuantizedNetwork, Error> {
        let architecture = &member.architecture;
        let n_inputs = architecture.n_inputs();
        let n_layers = architecture.layers().len();
        let mut inputs_quantization: Vec<Quantization> =
            (0..n_inputs).map(|i| Quantization::of_values(x.iter().skip(i).step_by(n_inputs))).collect();
        let inputs = inputs_quantization.iter().map(|s| [s.centre, 1.0 / s.step]).collect();
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
                let (weights, bias, scales) = quantize_layer(weights, bias, &inputs_quantization, 0.0);
                layers.push(QuantizedLayer { weights, bias, epilogue: Epilogue::Dequantize(scales) });
                break;
            }
            let z = product(&a, weights, bias);
            a = vec![0.0; z.len()];
            layer.activation.values(&z, &mut a);
            let a_quantization = Quantization::of_values(a.iter());
            let z_quantization =
                Quantization::of_values(z.iter()).without_flat_ends(&layer.activation, a_quantization.step);
            let (weights, bias, scales) =
                quantize_layer(weights, bias, &inputs_quantization, z_quantization.centre);
            let rescale = scales.iter().map(|w| fixed_point(w / z_quantization.step)).collect();
            layers.push(QuantizedLayer {
                weights,
                bias,
                epilogue: Epilogue::Lookup {
                    rescale,
                    table: z_quantization.table(&layer.activation, a_quantization),
                },
            });
            inputs_quantization = vec![a_quantization; n_out];
        }
        Ok(QuantizedNetwork { inputs, layers })
    }

    /// Computes the outputs for a row x, exactly as the exported code does except for rounding in
    /// the last layer.
    fn forward(&self, x: &[f64], output: &Activation, precision: Precision) -> Vec<f64> {
        let input = |(x, [centre, factor]): (&f64, &[f64; 2])| match precision {
            Precision::F32 => round_to_int8(f64::from((*x as f32 - *centre as f32) * *factor as f32)),
            Precision::F64 => round_to_int8((x - centre) * factor),
        };
        let mut q: Vec<i8> = x.iter().zip(&self.inputs).map(input).collect();
        for layer in &self.layers {
            let sum = |(row, b): (&[i8], &i32)| {
                row.iter().zip(&q).fold(*b, |sum, (v, q)| sum + i32::from(*v) * i32::from(*q))
            };
            let sums: Vec<i32> = layer.weights.chunks(q.len()).zip(&layer.bias).map(sum).collect();
            match &layer.epilogue {
                Epilogue::Lookup { rescale, table } => {
                    let value =
                        |(sum, factor): (&i32, &(i32, u32))| table[(rescaled(*sum, *factor) + 128) as usize];
                    q = sums.iter().zip(rescale).map(value).collect();
                }
                Epilogue::Dequantize(scales) => {
                    let z: Vec<f64> = sums.iter().zip(scales).map(|(sum, w)| f64::from(*sum) * w).collect();
                    let mut y = vec![0.0; z.len()];
                    output.values(&z, &mut y);
                    return y;
                }
            }
        }
        unreachable!("the last layer is dequantised")
    }
}

impl Quantization {
    /// Divides the range of values into 254 steps; if all values are equal, a range of width 2
    /// around them.
    fn of_values<'v>(values: impl Iterator<Item = &'v f64>) -> Quantization {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        Quantization::between(low, high)
    }

    fn between(low: f64, high: f64) -> Quantization {
        let centre = f64::midpoint(low, high);
        let width = if high > low { high - low } else { 2.0 };
        Quantization { centre, step: width / 254.0 }
    }

    /// Returns the value that q represents.
    fn value(self, q: f64) -> f64 {
        self.centre + self.step * q
    }

    /// Removes the ends of the range on which f changes by less than a quarter of the step of a.
    /// For example, no steps are spent on z where tanh is saturated or relu is 0.
    fn without_flat_ends(self, f: &Activation, step: f64) -> Quantization {
        const GRID: usize = 2048;
        let z: Vec<f64> = (0..=GRID).map(|k| self.value(-127.0 + 254.0 * k as f64 / GRID as f64)).collect();
        let mut a = vec![0.0; z.len()];
        f.values(&z, &mut a);
        let near = |end: f64| move |a: &&f64| (**a - end).abs() <= 0.25 * step;
        let low = a.iter().take_while(near(a[0])).count().max(1) - 1;
        let high = GRID + 1 - a.iter().rev().take_while(near(a[GRID])).count().max(1);
        if low < high { Quantization::between(z[low], z[high]) } else { self }
    }

    /// Returns the q of `f(z)` for each q of z from -128 to 127.
    fn table(self, f: &Activation, a_quantization: Quantization) -> Vec<i8> {
        let z: Vec<f64> = (-128..128).map(|q| self.value(f64::from(q))).collect();
        let mut a = vec![0.0; z.len()];
        f.values(&z, &mut a);
        a.iter().map(|a| round_to_int8((a - a_quantization.centre) / a_quantization.step)).collect()
    }
}

/// Computes `x·W + b` for each row x.
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

/// Computes V, B and w of a layer as defined in the module documentation; `z_centre` is subtracted
/// from z.
fn quantize_layer(
    weights: &[f64],
    bias: &[f64],
    inputs: &[Quantization],
    z_centre: f64,
) -> (Vec<i8>, Vec<i32>, Vec<f64>) {
    let (n_in, n_out) = (inputs.len(), bias.len());
    let (mut all, mut biases, mut scales) = (Vec::with_capacity(n_in * n_out), Vec::new(), Vec::new());
    for (j, b) in bias.iter().enumerate() {
        let column = || weights.iter().skip(j).step_by(n_out).zip(inputs);
        let largest = column().map(|(w, s)| (w * s.step).abs()).fold(0.0, f64::max);
        let b = b + column().map(|(w, s)| w * s.centre).sum::<f64>() - z_centre;
        // A unit whose weights are all 0 can have a bias.
        let scale = (largest / 127.0).max(b.abs() / MAX_BIAS).max(f64::MIN_POSITIVE);
        all.extend(column().map(|(w, s)| round_to_int8(w * s.step / scale)));
        biases.push((b / scale).round() as i32);
        scales.push(scale);
    }
    (all, biases, scales)
}

/// Rounds to the nearest integer from -127 to 127, half away from zero.
fn round_to_int8(v: f64) -> i8 {
    v.round().clamp(-127.0, 127.0) as i8
}

/// Represents a factor as `multiplier/2^shift`, with a multiplier from 2^30 to 2^31 unless the
/// factor is too small or too large.
fn fixed_point(factor: f64) -> (i32, u32) {
    let exponent = factor.log2().floor() as i32 + 1;
    let shift = (31 - exponent).clamp(1, 62);
    let multiplier = (factor * f64::from(shift).exp2()).round().min(f64::from(i32::MAX));
    (multiplier as i32, shift as u32)
}

/// Multiplies a sum by a fixed-point factor, rounds half away from zero and saturates to -128..127.
fn rescaled(sum: i32, (multiplier, shift): (i32, u32)) -> i32 {
    let product = i64::from(sum) * i64::from(multiplier);
    let magnitude = (product.abs() + (1_i64 << (shift - 1))) >> shift;
    let q = if product < 0 { -magnitude } else { magnitude };
    q.clamp(-128, 127) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_numbers_represent_the_factors() {
        for factor in [0.75, 1e-6, 0.001_953_125, 3.7, 0.999_999_999_99] {
            let (multiplier, shift) = fixed_point(factor);
            let got = f64::from(multiplier) / f64::from(shift).exp2();
            assert!((got / factor - 1.0).abs() < 1e-9, "{factor} is {got}");
        }
        assert_eq!([5, -5, 6, 1000, -1000].map(|sum| rescaled(sum, fixed_point(0.5))), [3, -3, 3, 127, -128]);
        assert_eq!(rescaled(i32::MAX, fixed_point(1e-30)), 0);
    }

    #[test]
    fn flat_ends_are_removed_from_the_range() {
        let quantization = Quantization::between(-20.0, 20.0);
        let relu = quantization.without_flat_ends(&Activation::relu(), 20.0 / 254.0);
        assert!((relu.value(-127.0)).abs() < 0.1 && (relu.value(127.0) - 20.0).abs() < 0.1);
        let tanh = quantization.without_flat_ends(&Activation::tanh(), 2.0 / 254.0);
        assert!(tanh.value(127.0) < 4.0 && tanh.value(-127.0) > -4.0);
    }
}
