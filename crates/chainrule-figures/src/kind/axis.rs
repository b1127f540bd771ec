//! Ranges of axes, their points and their symbols.

use chainrule::landscape::GridAxis;

/// Formats a name as a mathematical symbol if it resembles one (`x1`, `w_h`); returns other names
/// unchanged.
pub(super) fn symbol(name: &str) -> String {
    let mut letters = name.chars();
    let (first, rest) = (letters.next(), letters.as_str().trim_start_matches('_'));
    let short = (1..=2).contains(&rest.len()) && rest.chars().all(|c| c.is_ascii_alphanumeric());
    let is_index = name.contains('_') || rest.chars().all(|c| c.is_ascii_digit());
    match first {
        Some(letter) if letter.is_alphabetic() && short && is_index => format!("${letter}_{{{rest}}}$"),
        Some(letter) if letter.is_alphabetic() && rest.is_empty() => format!("${letter}$"),
        _ => name.to_owned(),
    }
}

/// Returns the range of the finite numbers, widened on both sides by a fraction of its length.
pub(super) fn padded_range(values: &[f64], fraction: f64) -> [f64; 2] {
    let (low, high) = values
        .iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    if low > high {
        return [-1.0, 1.0];
    }
    let margin = if high > low { fraction * (high - low) } else { 0.5 * low.abs().max(1.0) };
    [low - margin, high + margin]
}

/// Returns `n` evenly spaced numbers between two ends.
pub(super) fn linspace([low, high]: [f64; 2], n: usize) -> Vec<f64> {
    (0..n).map(|i| low + (high - low) * i as f64 / (n - 1) as f64).collect()
}

/// Creates an axis of a grid.
pub(super) fn grid_axis([low, high]: [f64; 2], n: usize) -> Result<GridAxis, chainrule::Error> {
    GridAxis::new(low, high, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_symbols() {
        for (name, symbol_) in [
            ("x1", "$x_{1}$"),
            ("w_h", "$w_{h}$"),
            ("b_o", "$b_{o}$"),
            ("t", "$t$"),
            ("petal_length", "petal_length"),
            ("age", "age"),
        ] {
            assert_eq!(symbol(name), symbol_);
        }
    }

    #[test]
    fn ranges_are_padded() {
        assert_eq!(padded_range(&[0.0, 10.0, f64::NAN], 0.1), [-1.0, 11.0]);
        assert_eq!(padded_range(&[3.0], 0.1), [1.5, 4.5]);
        assert_eq!(padded_range(&[], 0.1), [-1.0, 1.0]);
    }
}
