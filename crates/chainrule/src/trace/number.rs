//! Formatting of numbers with a fixed number of significant digits, and alignment of columns.

/// Formats `v` with `digits` significant digits: `0.02346`, `1.235e-7`. A whole number that fits is
/// written without decimals.
pub(super) fn number(v: f64, digits: usize) -> String {
    let digits = digits.max(1);
    if !v.is_finite() {
        return v.to_string();
    }
    if v.fract() == 0.0 && v.abs() < 10f64.powi(digits as i32) {
        return format!("{}", v as i64);
    }
    let scientific = format!("{v:.*e}", digits - 1);
    let (_, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is an integer");
    if (-5..digits as i32).contains(&exponent) {
        format!("{v:.*}", (digits as i32 - 1 - exponent) as usize)
    } else {
        scientific
    }
}

/// Pads the numbers of a column to equal width, aligned at the decimal point (or at the last digit
/// of whole numbers).
pub(super) fn aligned(column: &[String]) -> Vec<String> {
    // A point at the start belongs to `...`, which is aligned with the digit before the point.
    let before = |cell: &str| cell.find(['.', 'e']).map_or(cell.len(), |point| point.max(1));
    let point = column.iter().map(|cell| before(cell)).max().unwrap_or(0);
    padded(column.iter().map(|cell| " ".repeat(point - before(cell)) + cell).collect())
}

/// Pads the cells of a column to equal width.
pub(super) fn padded(column: Vec<String>) -> Vec<String> {
    let width = column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
    column.into_iter().map(|cell| format!("{cell:<width$}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{aligned, number};

    #[test]
    fn significant_digits_are_fixed() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-9999.0, "-9999"),
            (10000.0, "1.000e4"),
            (0.5, "0.5000"),
            (0.1 + 0.2, "0.3000"),
            (-0.000123456, "-0.0001235"),
            (0.00000123456, "1.235e-6"),
            // Rounding up to the next power of ten does not add a digit.
            (9.99996, "10.00"),
            (1234.5678, "1235"),
            (123456.7, "1.235e5"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (v, expected) in cases {
            assert_eq!(number(v, 4), expected, "{v:e}");
        }
        assert_eq!(number(std::f64::consts::PI, 7), "3.141593");
        assert_eq!(number(1.5, 1), "2");
    }

    #[test]
    fn columns_are_aligned_at_the_decimal_point() {
        let column = ["1", "-12.50", "0.3333", "1.000e-7", "..."].map(str::to_owned);
        let expected = ["  1       ", "-12.50    ", "  0.3333  ", "  1.000e-7", "  ...     "];
        assert_eq!(aligned(&column), expected);
    }
}
