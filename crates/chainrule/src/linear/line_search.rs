//! A line search that satisfies the Wolfe conditions.

/// Fraction of the initial slope by which the value must decrease per unit of step.
const DECREASE: f64 = 1e-4;

/// Fraction of the initial slope that the slope must exceed.
const CURVATURE: f64 = 0.9;

/// Relative rounding error of a value.
const ROUNDING: f64 = 1e-14;

/// Maximum number of evaluations.
const MAX_EVALUATIONS: usize = 50;

/// Value and slope at a step along the search direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) step: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// Finds a step that satisfies the Wolfe conditions, `value ≤ value(0) + 1e-4·step·slope(0)` and
/// `slope ≥ 0.9·slope(0)`, and returns the point, which is the last one that was evaluated.
///
/// `evaluate` returns value and slope at a step; `start` is the point at step 0, with a negative
/// slope. The search begins at step 1, and returns `None` if it does not succeed within 50
/// evaluations.
///
/// Where the decrease is below the rounding error of the values, it is judged by the slope
/// (W. W. Hager, H. Zhang, A new conjugate gradient method with guaranteed descent and an efficient
/// line search, 2005). The bracket is that of A. S. Lewis, M. L. Overton, Nonsmooth optimization
/// via quasi-Newton methods, 2013, with cubic interpolation instead of bisection.
pub(super) fn search(evaluate: &mut dyn FnMut(f64) -> (f64, f64), start: Point) -> Option<Point> {
    let (mut low, mut high): (Point, Option<Point>) = (start, None);
    let mut step = 1.0;
    for _ in 0..MAX_EVALUATIONS {
        let (value, slope) = evaluate(step);
        let point = Point { step, value, slope };
        if !decreases(point, start) {
            high = Some(point);
        } else if slope < CURVATURE * start.slope {
            low = point;
        } else {
            return Some(point);
        }
        step = match high {
            Some(high) => between(low, high),
            None => beyond(start, low),
        };
    }
    None
}

fn decreases(point: Point, start: Point) -> bool {
    if !point.value.is_finite() || !point.slope.is_finite() {
        return false;
    }
    let is_sufficient = point.value <= start.value + DECREASE * point.step * start.slope;
    let is_rounded = point.value <= start.value + ROUNDING * start.value.abs();
    is_sufficient || is_rounded && point.slope <= (2.0 * DECREASE - 1.0) * start.slope
}

/// Returns the minimiser of the cubic through both points, kept away from the ends of the interval.
fn between(low: Point, high: Point) -> f64 {
    let width = high.step - low.step;
    if !high.value.is_finite() || !high.slope.is_finite() {
        return low.step + 0.1 * width;
    }
    // Nocedal and Wright, equation 3.59.
    let d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (low.step - high.step);
    let d2 = (d1 * d1 - low.slope * high.slope).sqrt();
    let step = high.step - width * (high.slope + d2 - d1) / (high.slope - low.slope + 2.0 * d2);
    let (first, last) = (low.step + 0.1 * width, high.step - 0.1 * width);
    if step.is_nan() { low.step + 0.5 * width } else { step.clamp(first, last) }
}

/// Returns a step beyond `low`: the zero of the linearly extrapolated slope, within limits.
fn beyond(start: Point, low: Point) -> f64 {
    let step = low.step * start.slope / (start.slope - low.slope);
    if low.slope > start.slope { step.clamp(2.0 * low.step, 10.0 * low.step) } else { 10.0 * low.step }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(f: impl Fn(f64) -> (f64, f64)) -> Point {
        let (value, slope) = f(0.0);
        let start = Point { step: 0.0, value, slope };
        let point = search(&mut |step| f(step), start).unwrap();
        assert!(point.value <= value + DECREASE * point.step * slope, "{point:?}");
        assert!(point.slope >= CURVATURE * slope, "{point:?}");
        point
    }

    #[test]
    fn the_wolfe_conditions_hold() {
        // The minimum is at 0.5, and one interpolation finds it.
        assert_eq!(check(|s| ((s - 0.5).powi(2), 2.0 * (s - 0.5))).step, 0.5);
        // Far away, near, overflowing, and with a kink.
        check(|s| ((s - 1e4).powi(2), 2.0 * (s - 1e4)));
        check(|s| ((s - 1e-4).powi(2), 2.0 * (s - 1e-4)));
        check(|s| ((1e4 * s).exp() - 2e4 * s, 1e4 * (1e4 * s).exp() - 2e4));
        check(|s| ((s - 0.3).abs(), if s < 0.3 { -1.0 } else { 1.0 }));
    }

    #[test]
    fn a_function_without_minimum_has_no_step() {
        let start = Point { step: 0.0, value: 0.0, slope: -1.0 };
        assert_eq!(search(&mut |s| (-s, -1.0), start), None);
    }
}
