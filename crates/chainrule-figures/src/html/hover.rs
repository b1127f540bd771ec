//! What is written where the reader points: numbers with the digits that tell neighbours apart, dates as dates.

use crate::Ticks;
use crate::plan::PanelPlan;

/// The place on a flat panel, or in space, for plotly.js to fill in: `%{x:.4g}, %{y:.4g}`.
pub(super) fn place(plan: &PanelPlan<'_>, digits: usize) -> String {
    let axes = [("x", &plan.panel.x, &plan.x), ("y", &plan.panel.y, &plan.y)];
    let one = |(name, axis, plan): (&str, &crate::Axis, &crate::plan::AxisPlan)| {
        let ends = plan.map.ends;
        let format =
            if axis.ticks == Ticks::Dates { format!("|{}", date(ends)) } else { value(ends, digits) };
        format!("%{{{name}{format}}}")
    };
    axes.map(one).join(", ")
}

/// The format of numbers between two ends: to `digits` digits of their distance, and all before the point.
pub(super) fn value(ends: [f64; 2], digits: usize) -> String {
    let largest = ends[0].abs().max(ends[1].abs()).log10().floor();
    let span = (ends[1] - ends[0]).abs().log10().floor();
    let needed = (largest - span).max(0.0) as usize + digits;
    // A thousand million and more is shorter as a power of ten.
    let whole = if largest < 9.0 { (largest + 1.0).max(0.0) as usize } else { 0 };
    format!(":.{}g", needed.max(whole).min(15))
}

/// The format of dates between two ends: of few days with the time.
pub(super) fn date(ends: [f64; 2]) -> &'static str {
    const FEW_DAYS: f64 = 5.0 * 86_400_000.0;
    if (ends[1] - ends[0]).abs() < FEW_DAYS { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_tell_them_apart() {
        for (ends, format) in [
            ([-10.0, 10.0], ":.3g"),
            ([0.0, 1.0], ":.3g"),
            ([1.0, 2.0], ":.3g"),
            ([2013.0, 2024.0], ":.5g"),
            ([0.0, 35_000.0], ":.5g"),
            ([0.0, 2e-6], ":.3g"),
            ([1e12, 3e12], ":.3g"),
        ] {
            assert_eq!(value(ends, 3), format, "{ends:?}");
        }
    }
}
