//! Hover text: numbers with enough digits to distinguish neighbouring points, and dates.

use crate::Ticks;
use crate::plan::PanelPlan;

/// Returns the plotly.js template of the x and y coordinates of a point: `%{x:.4g}, %{y:.4g}`.
pub(super) fn point_format(plan: &PanelPlan<'_>, digits: usize) -> String {
    let axes = [("x", &plan.panel.x, &plan.x), ("y", &plan.panel.y, &plan.y)];
    let coordinate = |(name, axis, plan): (&str, &crate::Axis, &crate::plan::AxisPlan)| {
        let ends = plan.map.ends;
        let format = if axis.ticks == Ticks::Dates {
            format!("|{}", date_format(ends))
        } else {
            number_format(ends, digits)
        };
        format!("%{{{name}{format}}}")
    };
    axes.map(coordinate).join(", ")
}

/// Returns the format of numbers between two ends: `digits` significant digits of their distance,
/// and all digits before the decimal point.
pub(super) fn number_format(ends: [f64; 2], digits: usize) -> String {
    let largest = ends[0].abs().max(ends[1].abs()).log10().floor();
    let span = (ends[1] - ends[0]).abs().log10().floor();
    let required = (largest - span).max(0.0) as usize + digits;
    // Numbers of at least 10^9 are shorter in scientific notation.
    let integer_digits = if largest < 9.0 { (largest + 1.0).max(0.0) as usize } else { 0 };
    format!(":.{}g", required.max(integer_digits).min(15))
}

/// Returns the format of dates between two ends: with the time of day if the ends are less than
/// five days apart.
pub(super) fn date_format(ends: [f64; 2]) -> &'static str {
    const FEW_DAYS: f64 = 5.0 * 86_400_000.0;
    if (ends[1] - ends[0]).abs() < FEW_DAYS { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_enough_digits_to_be_distinguished() {
        for (ends, format) in [
            ([-10.0, 10.0], ":.3g"),
            ([0.0, 1.0], ":.3g"),
            ([1.0, 2.0], ":.3g"),
            ([2013.0, 2024.0], ":.5g"),
            ([0.0, 35_000.0], ":.5g"),
            ([0.0, 2e-6], ":.3g"),
            ([1e12, 3e12], ":.3g"),
        ] {
            assert_eq!(number_format(ends, 3), format, "{ends:?}");
        }
    }
}
