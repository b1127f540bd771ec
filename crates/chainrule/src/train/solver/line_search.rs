//! The line search of Moré and Thuente, one evaluation at a time.
//!
//! J. J. Moré, D. J. Thuente, Line search algorithms with guaranteed sufficient decrease, ACM
//! Transactions on Mathematical Software 20, 1994, pages 286-307. The constants are those of
//! L-BFGS-B 3.0, which SciPy uses.

/// Fraction of the initial slope by which the value must decrease per unit of step.
pub(super) const DECREASE: f64 = 1e-3;

/// Fraction of the absolute initial slope that the absolute slope must not exceed.
pub(super) const CURVATURE: f64 = 0.9;

/// Width of the interval, relative to its upper end, at which the search stops.
const MIN_WIDTH: f64 = 0.1;

/// Fraction by which two evaluations must shrink the interval; otherwise it is bisected.
const SHRINKAGE: f64 = 0.66;

/// Limits of a step beyond all evaluated ones, as multiples of the last increase.
const EXTRAPOLATION: [f64; 2] = [1.1, 4.0];

/// Largest step.
const MAX_STEP: f64 = 1e10;

/// Relative rounding error of a value.
const ROUNDING: f64 = 1e-14;

/// Maximum number of evaluations.
const MAX_EVALUATIONS: u32 = 20;

/// Number of numbers of the state.
pub(super) const N_NUMBERS: usize = 18;

/// Value and slope of the function at a step along the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) step: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// State of a search for a step that satisfies the strong Wolfe conditions
/// `value ≤ value(0) + 1e-3·step·slope(0)` and `|slope| ≤ 0.9·|slope(0)|`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LineSearch {
    start: Point,
    /// The end of the interval with the lowest value so far.
    best: Point,
    /// The other end of the interval.
    other: Point,
    /// Whether the interval is known to contain a step that satisfies both conditions.
    is_bracketed: bool,
    /// Whether an earlier step satisfied the first condition with a positive slope. Until then, the
    /// interval is that of the function minus the line of sufficient decrease.
    is_past_minimum: bool,
    /// Width of the interval after the last evaluation and after the one before.
    widths: [f64; 2],
    /// Limits of the next step.
    limits: [f64; 2],
    /// The step to evaluate next.
    step: f64,
    /// Smallest step at which value or slope was not finite.
    not_finite: f64,
    n_evaluations: u32,
}

/// Result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SearchStatus {
    /// The search continues with another step.
    Continue,
    /// The step is accepted. It satisfies both conditions, unless the interval has become too small
    /// to be divided.
    Accept,
    /// No step was accepted within 20 evaluations.
    Fail,
}

impl LineSearch {
    /// Begins a search with `step`, given the value at step 0 and the slope there, which must be
    /// negative.
    pub(super) fn new(value: f64, slope: f64, step: f64) -> LineSearch {
        let start = Point { step: 0.0, value, slope };
        let step = step.min(MAX_STEP);
        LineSearch {
            start,
            best: start,
            other: start,
            is_bracketed: false,
            is_past_minimum: false,
            widths: [MAX_STEP, 2.0 * MAX_STEP],
            limits: [0.0, step + EXTRAPOLATION[1] * step],
            step,
            not_finite: f64::INFINITY,
            n_evaluations: 0,
        }
    }

    /// Returns all numbers of the state, from which [`from_numbers`](LineSearch::from_numbers)
    /// restores it.
    pub(super) fn to_numbers(&self) -> [f64; N_NUMBERS] {
        let point = |Point { step, value, slope }: Point| [step, value, slope];
        let ([a, b, c], [d, e, f]) = (point(self.start), point(self.best));
        let ([g, h, i], [w, x], [low, high]) = (point(self.other), self.widths, self.limits);
        let flag = |is_set| if is_set { 1.0 } else { 0.0 };
        let (bracketed, past_minimum) = (flag(self.is_bracketed), flag(self.is_past_minimum));
        let n_evaluations = f64::from(self.n_evaluations);
        [
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            i,
            bracketed,
            past_minimum,
            w,
            x,
            low,
            high,
            self.step,
            self.not_finite,
            n_evaluations,
        ]
    }

    /// Restores a state from its numbers.
    pub(super) fn from_numbers(numbers: [f64; N_NUMBERS]) -> LineSearch {
        let [
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            i,
            bracketed,
            past_minimum,
            w,
            x,
            low,
            high,
            step,
            not_finite,
            n_evaluations,
        ] = numbers;
        let point = |step, value, slope| Point { step, value, slope };
        LineSearch {
            start: point(a, b, c),
            best: point(d, e, f),
            other: point(g, h, i),
            is_bracketed: bracketed == 1.0,
            is_past_minimum: past_minimum == 1.0,
            widths: [w, x],
            limits: [low, high],
            step,
            not_finite,
            n_evaluations: n_evaluations as u32,
        }
    }

    /// Returns the step at which the function is to be evaluated, or the accepted step.
    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// Returns the slope at step 0.
    pub(super) fn start_slope(&self) -> f64 {
        self.start.slope
    }

    /// Takes the value and the slope at [`step`](LineSearch::step) into account and chooses the
    /// next step.
    pub(super) fn observe(&mut self, value: f64, slope: f64) -> SearchStatus {
        let trial = Point { step: self.step, value, slope };
        self.n_evaluations = self.n_evaluations.saturating_add(1);
        let is_last = self.n_evaluations >= MAX_EVALUATIONS;
        if !value.is_finite() || !slope.is_finite() {
            self.not_finite = self.step;
            self.step = self.best.step + 0.1 * (self.step - self.best.step);
            return if is_last { SearchStatus::Fail } else { SearchStatus::Continue };
        }
        let has_decreased = value <= self.line(trial.step);
        if self.is_acceptable(trial, has_decreased) {
            return SearchStatus::Accept;
        }
        if is_last {
            return SearchStatus::Fail;
        }
        self.is_past_minimum |= has_decreased && slope >= 0.0;
        if !self.is_past_minimum && value <= self.best.value && !has_decreased {
            let slope = DECREASE * self.start.slope;
            let minus_line = |point: Point| Point {
                value: point.value - point.step * slope,
                slope: point.slope - slope,
                ..point
            };
            let plus_line = |point: Point| Point {
                value: point.value + point.step * slope,
                slope: point.slope + slope,
                ..point
            };
            (self.best, self.other) = (minus_line(self.best), minus_line(self.other));
            self.narrow(minus_line(trial));
            (self.best, self.other) = (plus_line(self.best), plus_line(self.other));
        } else {
            self.narrow(trial);
        }
        self.limit();
        SearchStatus::Continue
    }

    /// Returns the largest value that is a sufficient decrease at a step.
    fn line(&self, step: f64) -> f64 {
        self.start.value + step * (DECREASE * self.start.slope)
    }

    /// Returns whether the search ends with this step: because both conditions hold, because the
    /// step is the largest one, or because the interval is too small.
    ///
    /// Where the decrease is below the rounding error of the values, it is judged by the slope
    /// (W. W. Hager, H. Zhang, A new conjugate gradient method with guaranteed descent and an
    /// efficient line search, SIAM Journal on Optimization 16, 2005).
    fn is_acceptable(&self, trial: Point, has_decreased: bool) -> bool {
        let Point { step, value, slope } = trial;
        let [low, high] = self.limits;
        let is_flat = slope.abs() <= -CURVATURE * self.start.slope;
        let is_rounded = (value - self.start.value).abs() <= ROUNDING * self.start.value.abs()
            && slope <= (2.0 * DECREASE - 1.0) * self.start.slope;
        let is_exhausted =
            self.is_bracketed && (step <= low || step >= high || high - low <= MIN_WIDTH * high);
        let is_largest = step == MAX_STEP && has_decreased && slope <= DECREASE * self.start.slope;
        (has_decreased || is_rounded) && is_flat || is_exhausted || is_largest
    }

    /// Replaces an end of the interval by the trial point and chooses the next step by
    /// interpolation (section 4 of the paper).
    fn narrow(&mut self, trial: Point) {
        let (best, other) = (self.best, self.other);
        let has_turned = trial.slope * best.slope.signum() < 0.0;
        let nearer = |from: Point, a: f64, b: f64| (a - from.step).abs() < (b - from.step).abs();
        let next = if trial.value > best.value {
            self.is_bracketed = true;
            let cubic = at(best, trial, minimum_of_cubic(best, trial).0);
            let chord = (best.value - trial.value) / (trial.step - best.step);
            let quadratic = best.step + best.slope / (chord + best.slope) / 2.0 * (trial.step - best.step);
            if nearer(best, cubic, quadratic) { cubic } else { cubic + (quadratic - cubic) / 2.0 }
        } else if has_turned {
            self.is_bracketed = true;
            let cubic = at(trial, best, minimum_of_cubic(trial, best).0);
            let secant = zero_of_slope(trial, best);
            if nearer(trial, secant, cubic) { cubic } else { secant }
        } else if trial.slope.abs() < best.slope.abs() {
            let (position, gamma) = minimum_of_cubic(trial, best);
            let is_beyond = trial.step > best.step;
            let cubic = if position < 0.0 && gamma != 0.0 {
                at(trial, best, position)
            } else {
                self.limits[usize::from(is_beyond)]
            };
            let secant = zero_of_slope(trial, best);
            if self.is_bracketed {
                let next = if nearer(trial, cubic, secant) { cubic } else { secant };
                let inside = trial.step + SHRINKAGE * (other.step - trial.step);
                if is_beyond { next.min(inside) } else { next.max(inside) }
            } else {
                let next = if nearer(trial, secant, cubic) { cubic } else { secant };
                next.min(self.limits[1]).max(self.limits[0])
            }
        } else if self.is_bracketed {
            at(trial, other, minimum_of_cubic(trial, other).0)
        } else {
            self.limits[usize::from(trial.step > best.step)]
        };
        if trial.value > best.value {
            self.other = trial;
        } else {
            if has_turned {
                self.other = best;
            }
            self.best = trial;
        }
        self.step = next;
    }

    /// Bisects an interval that does not shrink, and keeps the next step within the limits.
    fn limit(&mut self) {
        let (best, other) = (self.best.step, self.other.step);
        if self.is_bracketed {
            let width = (other - best).abs();
            if width >= SHRINKAGE * self.widths[1] {
                self.step = best + 0.5 * (other - best);
            }
            self.widths = [width, self.widths[0]];
            self.limits = [best.min(other), best.max(other)];
        } else {
            self.limits = EXTRAPOLATION.map(|factor| self.step + factor * (self.step - best));
        }
        self.step = self.step.clamp(0.0, MAX_STEP);
        let [low, high] = self.limits;
        if self.is_bracketed && (self.step <= low || self.step >= high || high - low <= MIN_WIDTH * high) {
            self.step = best;
        }
        if self.step >= self.not_finite {
            self.step = best + 0.5 * (self.not_finite - best);
        }
    }
}

/// Returns the step at a relative position between two points.
fn at(from: Point, to: Point, position: f64) -> f64 {
    from.step + position * (to.step - from.step)
}

/// Returns the minimum of the cubic through two points with their slopes, as a position relative to
/// them (0 at `from`, 1 at `to`), and the signed root in the formula, which is 0 if the cubic has no
/// minimum.
fn minimum_of_cubic(from: Point, to: Point) -> (f64, f64) {
    let theta = 3.0 * (from.value - to.value) / (to.step - from.step) + from.slope + to.slope;
    let scale = theta.abs().max(from.slope.abs()).max(to.slope.abs());
    let square = (theta / scale).powi(2) - (from.slope / scale) * (to.slope / scale);
    let root = scale * square.max(0.0).sqrt();
    let gamma = if to.step < from.step { -root } else { root };
    (((gamma - from.slope) + theta) / (((gamma - from.slope) + gamma) + to.slope), gamma)
}

/// Returns the step at which the slope, interpolated linearly, is 0.
fn zero_of_slope(from: Point, to: Point) -> f64 {
    from.step + from.slope / (from.slope - to.slope) * (to.step - from.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches from 0 and returns the accepted point and the number of evaluations.
    fn search(f: impl Fn(f64) -> (f64, f64), step: f64) -> (Point, u32) {
        let (value, slope) = f(0.0);
        let mut search = LineSearch::new(value, slope, step);
        loop {
            let step = search.step();
            let (value, slope) = f(step);
            match search.observe(value, slope) {
                SearchStatus::Continue => {}
                SearchStatus::Accept => return (Point { step, value, slope }, search.n_evaluations),
                SearchStatus::Fail => panic!("no step: {search:?}"),
            }
        }
    }

    fn check(f: impl Fn(f64) -> (f64, f64), step: f64) {
        let (value, slope) = f(0.0);
        let (point, _) = search(f, step);
        assert!(point.value <= value + DECREASE * point.step * slope, "{point:?}");
        assert!(point.slope.abs() <= CURVATURE * slope.abs(), "{point:?}");
    }

    #[test]
    fn the_wolfe_conditions_hold() {
        let parabola = |at: f64| move |s: f64| ((s - at).powi(2), 2.0 * (s - at));
        for first in [1e-3, 0.1, 1.0, 10.0, 1e3] {
            check(parabola(0.5), first);
            check(parabola(100.0), first);
            check(parabola(1e-4), first);
            // Function 1 of the paper.
            check(|s| (-s / (s * s + 2.0), (s * s - 2.0) / (s * s + 2.0).powi(2)), first);
        }
    }

    #[test]
    fn steps_with_an_infinite_value_are_shortened() {
        check(|s| if s < 0.3 { ((s - 0.1).powi(2), 2.0 * (s - 0.1)) } else { (f64::NAN, f64::NAN) }, 1.0);
        check(|s| ((1e4 * s).exp() - 2e4 * s, 1e4 * (1e4 * s).exp() - 2e4), 1.0);
        check(|s| (-(1.0 - s).ln() - 3.0 * s, 1.0 / (1.0 - s) - 3.0), 0.5);
    }

    #[test]
    fn a_step_without_a_minimum_grows_to_the_largest_step() {
        assert_eq!(search(|s| (-s, -1.0), 1.0).0.step, MAX_STEP);
    }

    #[test]
    fn the_search_fails_if_no_step_is_finite() {
        let mut search = LineSearch::new(1.0, -1.0, 1.0);
        for _ in 1..MAX_EVALUATIONS {
            assert_eq!(search.observe(f64::NAN, f64::NAN), SearchStatus::Continue);
        }
        assert_eq!(search.observe(f64::NAN, f64::NAN), SearchStatus::Fail);
    }
}
