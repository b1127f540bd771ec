//! Ticks at round numbers and their labels: multiples of 1, 2 or 5 times a power of ten on linear
//! axes, decades on logarithmic axes. `date.rs` contains the ticks of dates.

mod date;

pub(crate) use date::dates;

use crate::AxisScale;

/// A tick with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// Returns at most about `n` labelled ticks between two ends (in either order).
pub(crate) fn ticks(ends: [f64; 2], scale: AxisScale, n: usize) -> Vec<Tick> {
    let at = values(ends, scale, n);
    let label: Box<dyn Fn(f64) -> String> = match scale {
        AxisScale::Log if decades(ends) >= 1.0 => Box::new(log_label(&at)),
        _ => Box::new(linear_label(&at)),
    };
    at.iter().map(|&at| Tick { at, label: label(at) }).collect()
}

/// Returns at most about `n` round numbers between two ends.
pub(crate) fn values(ends: [f64; 2], scale: AxisScale, n: usize) -> Vec<f64> {
    let [low, high] = sorted(ends);
    match scale {
        AxisScale::Log if decades(ends) >= 1.0 => log_values(low, high, n),
        _ => linear_values(low, high, step(high - low, n)),
    }
}

/// Returns the minor ticks of a logarithmic axis: 2 to 9 in each of at most nine decades.
pub(crate) fn minor(ends: [f64; 2], scale: AxisScale) -> Vec<f64> {
    let [low, high] = sorted(ends);
    if scale == AxisScale::Linear || !(1.0..=9.0).contains(&decades(ends)) {
        return Vec::new();
    }
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = decades.flat_map(|d| (2..10).map(move |m| f64::from(m) * 10f64.powi(d)));
    all.filter(|v| (low..=high).contains(v)).collect()
}

fn sorted([a, b]: [f64; 2]) -> [f64; 2] {
    [a.min(b), a.max(b)]
}

fn decades(ends: [f64; 2]) -> f64 {
    let [low, high] = sorted(ends);
    (high / low).log10()
}

/// Returns the multiples of a step between two ends.
fn linear_values(low: f64, high: f64, step: f64) -> Vec<f64> {
    let slack = 1e-9 * (high - low);
    let first = ((low - slack) / step).ceil() as i64;
    let last = ((high + slack) / step).floor() as i64;
    (first..=last).map(|i| i as f64 * step).map(|v| if v == 0.0 { 0.0 } else { v }).collect()
}

/// Returns the smallest step of 1, 2 or 5 times a power of ten of which `n` cover the span.
fn step(span: f64, n: usize) -> f64 {
    let rough = span / n.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough * (1.0 - 1e-9)).unwrap_or(10.0);
    times * power
}

/// Returns decades: with 2 and 5 times their value, or only every second, third, ... decade, so
/// that there are about `n` numbers.
fn log_values(low: f64, high: f64, n: usize) -> Vec<f64> {
    let inside = |v: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(v);
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let multiples_of_decades = |multiples: &[f64], stride: i32| -> Vec<f64> {
        let decades = (first..=last).filter(|d| d.rem_euclid(stride) == 0);
        decades.flat_map(|d| multiples.iter().map(move |m| m * 10f64.powi(d))).filter(inside).collect()
    };
    let fine = multiples_of_decades(&[1.0, 2.0, 5.0], 1);
    if fine.len() <= n.max(3) && decades([low, high]) < 2.0 {
        return fine;
    }
    // f64 spans fewer than 700 decades.
    (1..700)
        .map(|stride| multiples_of_decades(&[1.0], stride))
        .find(|t| t.len() <= n.max(2))
        .unwrap_or_default()
}

/// Upper limit of fixed notation, chosen so that incomes and prices remain readable.
pub(crate) const PLAIN: f64 = 1e6;

/// Returns the label function of a linear axis: fixed notation with the decimals that the step
/// requires, or a common power of ten if the numbers are very large or small.
fn linear_label(at: &[f64]) -> impl Fn(f64) -> String + use<> {
    let step = at.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let largest = at.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    // A single tick sets the number of decimals itself; a single 0 has none.
    let step = match () {
        () if step.is_finite() => step,
        () if largest > 0.0 => largest,
        () => 1.0,
    };
    let power = if largest >= PLAIN || (largest < 1e-3 && largest > 0.0) {
        largest.log10().floor() as i32
    } else {
        0
    };
    let unit = 10f64.powi(power);
    let decimals = (-(step / unit).log10() - 1e-6).ceil().clamp(0.0, 12.0) as usize;
    move |v| {
        let number = minus(&format!("{:.decimals$}", v / unit));
        if power == 0 || v == 0.0 { number } else { format!("${number}·10^{{{power}}}$") }
    }
}

/// Returns the label function of a logarithmic axis: fixed notation if all numbers are between
/// 0.001 and 10,000, otherwise powers of ten.
fn log_label(at: &[f64]) -> impl Fn(f64) -> String + use<> {
    let plain = at.iter().all(|v| (0.99e-3..1.01e4).contains(v));
    move |v| {
        let power = v.log10().floor() as i32;
        let times = v / 10f64.powi(power);
        match () {
            () if plain => format!("{:.*}", (-power).max(0) as usize, v),
            () if times < 1.01 => format!("$10^{{{power}}}$"),
            () => format!("${times:.0}·10^{{{power}}}$"),
        }
    }
}

/// Replaces a leading hyphen with a minus sign, and removes it from negative zero.
fn minus(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(ends: [f64; 2], scale: AxisScale, n: usize) -> Vec<String> {
        ticks(ends, scale, n).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn linear_steps_are_one_two_or_five_times_a_power_of_ten() {
        assert_eq!(labels([-1.0, 1.0], AxisScale::Linear, 5), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels([0.0, 1000.0], AxisScale::Linear, 5), ["0", "200", "400", "600", "800", "1000"]);
        assert_eq!(labels([3.0, -3.0], AxisScale::Linear, 4), ["−2", "0", "2"]);
        assert_eq!(labels([0.0, 0.1], AxisScale::Linear, 2), ["0.00", "0.05", "0.10"]);
        assert_eq!(labels([-2.6, 2.6], AxisScale::Linear, 2), ["0"]);
        assert_eq!(labels([0.0, 5e5], AxisScale::Linear, 2), ["0", "500000"]);
        assert_eq!(labels([0.0, 2e6], AxisScale::Linear, 2), ["0", "$1·10^{6}$", "$2·10^{6}$"]);
    }

    #[test]
    fn logarithmic_axes_have_decades_and_minor_ticks() {
        assert_eq!(labels([0.5, 2000.0], AxisScale::Log, 6), ["1", "10", "100", "1000"]);
        assert_eq!(
            labels([1e-6, 1.0], AxisScale::Log, 4),
            ["$10^{-6}$", "$10^{-4}$", "$10^{-2}$", "$10^{0}$"]
        );
        assert_eq!(labels([3.0, 60.0], AxisScale::Log, 6), ["5", "10", "20", "50"]);
        assert_eq!(labels([0.6, 0.9], AxisScale::Log, 4), ["0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(minor([1.0, 10.0], AxisScale::Log), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    }

    proptest! {
        #[test]
        fn ticks_are_in_range_and_have_distinct_labels(low in -1e6f64..1e6, span in 1e-3f64..1e7, n in 2usize..12) {
            let ticks = ticks([low, low + span], AxisScale::Linear, n);
            prop_assert!(ticks.len() <= n + 1);
            prop_assert!(ticks.iter().all(|t| t.at >= low - 1e-6 * span && t.at <= low + span * (1.0 + 1e-6)));
            prop_assert!(ticks.windows(2).all(|w| w[0].label != w[1].label), "{:?}", ticks);
        }
    }
}
