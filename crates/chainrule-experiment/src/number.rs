//! Numbers as text in tables of results.

/// Formats a number with four decimals, one decimal from 100, or in scientific notation if it is
/// very large or small; `-` for NaN.
pub fn format_number(v: f64) -> String {
    match v.abs() {
        _ if v.is_nan() => "-".to_owned(),
        size if size >= 1e5 || size < 1e-4 && size > 0.0 => format!("{v:.3e}"),
        size if size >= 100.0 => format!("{v:.1}"),
        _ => format!("{v:.4}"),
    }
}
