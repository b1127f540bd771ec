//! Notation of numbers: decimal and thousands separators, currency signs, percent and units.

use serde::{Deserialize, Serialize};

/// Notation of the numbers of a column.
///
/// The separators and the signs around a number are optional when a cell is read, and a cell that
/// does not follow the notation is read as a plain number (`-1.5e3`) if it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberFormat {
    /// Decimal separator: `.` or `,`.
    pub decimal: char,
    /// Thousands separator: `,`, `.`, `'` or a space, which stands for every kind of space.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Text before the number, for example a currency sign.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Text after the number: a percent sign, a currency sign or a unit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

impl Default for NumberFormat {
    fn default() -> NumberFormat {
        NumberFormat { decimal: '.', thousands: None, prefix: String::new(), suffix: String::new() }
    }
}

/// Decimal and thousands separators, in order of preference.
const SEPARATORS: [(char, Option<char>); 8] = [
    ('.', None),
    ('.', Some(',')),
    (',', None),
    (',', Some('.')),
    ('.', Some('\'')),
    ('.', Some(' ')),
    (',', Some(' ')),
    (',', Some('\'')),
];

/// Currency signs, and codes of currencies that are written before or after amounts.
const CURRENCIES: [&str; 30] = [
    "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "₪", "฿", "₫", "₦", "₱", "US$", "A$", "C$", "R$", "HK$",
    "kr", "zł", "Kč", "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "Fr.",
];

/// Units that may follow a number without a space. Others require a space.
const UNITS: [&str; 40] = [
    "kg", "g", "mg", "t", "lb", "lbs", "oz", "km", "m", "cm", "mm", "mi", "ft", "in", "l", "ml", "cl", "L",
    "mL", "h", "min", "s", "ms", "kWh", "kW", "W", "V", "A", "Hz", "kHz", "MHz", "GHz", "KB", "MB", "GB",
    "TB", "°C", "°F", "°", "px",
];

impl NumberFormat {
    /// Returns the format of numbers with a decimal comma.
    pub(crate) fn decimal_comma() -> NumberFormat {
        NumberFormat { decimal: ',', ..NumberFormat::default() }
    }

    /// Returns whether numbers are written as in `-1.5e3`.
    pub(crate) fn is_plain(&self) -> bool {
        *self == NumberFormat::default()
    }

    /// Parses a number without surrounding white space; the result can be infinite.
    pub(crate) fn parse(&self, text: &[u8]) -> Option<f64> {
        if self.is_plain() {
            return plain(text)
                .or_else(|| str::from_utf8(text).ok()?.strip_prefix('\u{2212}').and_then(minus));
        }
        let parts = NumberParts::of(str::from_utf8(text).ok()?)?;
        let matches = |own: &str, text: &str| text.is_empty() || own == text;
        let own = matches(&self.prefix, parts.prefix) && matches(&self.suffix, parts.suffix);
        let value = if own { parts.value(self.decimal, self.thousands) } else { None };
        value.or_else(|| plain(text))
    }

    /// Returns a description of the format; `None` if numbers are plain.
    pub(super) fn describe(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.decimal == ',' {
            parts.push("a decimal comma".to_owned());
        }
        match self.thousands {
            Some(' ') => parts.push("spaces between thousands".to_owned()),
            Some(separator) => parts.push(format!("the thousands separator \"{separator}\"")),
            None => {}
        }
        if !self.prefix.is_empty() {
            parts.push(format!("the sign \"{}\"", self.prefix));
        }
        match self.suffix.as_str() {
            "" => {}
            "%" => parts.push("percent signs".to_owned()),
            suffix if CURRENCIES.contains(&suffix) => parts.push(format!("the sign \"{suffix}\"")),
            suffix => parts.push(format!("the unit \"{suffix}\"")),
        }
        let (last, first) = parts.split_last()?;
        let first = first.join(", ");
        Some(match first.as_str() {
            "" => format!("numbers with {last}"),
            _ => format!("numbers with {first} and {last}"),
        })
    }

    /// Returns the format that fits the most cells, and the number of these cells. `decimals` are
    /// the allowed decimal separators.
    pub(super) fn find<'w>(
        words: &(impl Iterator<Item = (&'w str, usize)> + Clone),
        decimals: &[char],
    ) -> Option<(NumberFormat, usize)> {
        let mut counts: Vec<((&str, &str), usize)> = Vec::new();
        for (word, n) in words.clone() {
            let Some(parts) = NumberParts::of(word) else { continue };
            let affixes = (parts.prefix, parts.suffix);
            // A column of numbers does not have dozens of units.
            match counts.iter().position(|(known, _)| *known == affixes) {
                Some(k) => counts[k].1 += n,
                None if counts.len() < 64 => counts.push((affixes, n)),
                None => {}
            }
        }
        // The first of several equally frequent ones.
        let ((prefix, suffix), _) = counts.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let count = |decimal: char, thousands: Option<char>| {
            let follows = |word: &str| {
                let parts = NumberParts::of(word)?;
                ((parts.prefix, parts.suffix) == (prefix, suffix)).then_some(())?;
                parts.value(decimal, thousands)
            };
            words.clone().filter(|(word, _)| follows(word).is_some()).map(|(_, n)| n).sum::<usize>()
        };
        let candidates = SEPARATORS.into_iter().filter(|(decimal, _)| decimals.contains(decimal));
        let counted =
            candidates.map(|(decimal, thousands)| ((decimal, thousands), count(decimal, thousands)));
        let ((decimal, thousands), n) = counted.reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let format =
            NumberFormat { decimal, thousands, prefix: prefix.to_owned(), suffix: suffix.to_owned() };
        (n > 0).then_some((format, n))
    }
}

/// Parses a number such as `-1.5e3`; the result is not finite if it is out of range or written as
/// `inf`.
pub(crate) fn plain(text: &[u8]) -> Option<f64> {
    fast_float2::parse(text).ok()
}

/// Parses the number after a minus sign.
fn minus(text: &str) -> Option<f64> {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.').then(|| plain(text.as_bytes()).map(|v| -v))?
}

/// Returns whether a number is written as an integer that may be an identifier: with a leading
/// zero, like a postal code, or beyond 2^53.
pub(crate) fn is_code(text: &[u8]) -> bool {
    const MAX_EXACT: u64 = 1 << 53;
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let is_padded = text.len() > 1 && text[0] == b'0';
    is_padded
        || digits.len() > 15
            && str::from_utf8(digits)
                .is_ok_and(|d| d.parse().is_ok_and(|n: u64| n > MAX_EXACT) || d.len() > 19)
}

/// The parts of a number: its sign, the texts around it and its digits with separators.
struct NumberParts<'w> {
    is_negative: bool,
    prefix: &'w str,
    digits: &'w str,
    suffix: &'w str,
}

impl<'w> NumberParts<'w> {
    /// Splits a text without surrounding white space; `None` if it is not a number with at most a
    /// currency sign, a percent sign or a unit.
    fn of(text: &'w str) -> Option<NumberParts<'w>> {
        let (mut is_negative, mut rest) = signed(text);
        let first = rest.find(|c: char| c.is_ascii_digit() || c == '.' || c == ',')?;
        let prefix = rest[..first].trim_end();
        if !prefix.is_empty() {
            // Letters are followed by a number only if they are a currency.
            if !CURRENCIES.contains(&prefix) {
                // The sign may follow the currency: $-5.
                let currency = prefix.trim_end_matches(['-', '\u{2212}']).trim_end();
                if is_negative || currency.len() == prefix.len() || !CURRENCIES.contains(&currency) {
                    return None;
                }
                is_negative = true;
                return NumberParts::with_suffix(is_negative, currency, &rest[first..]);
            }
            rest = &rest[first..];
        }
        NumberParts::with_suffix(is_negative, prefix, rest)
    }

    fn with_suffix(is_negative: bool, prefix: &'w str, rest: &'w str) -> Option<NumberParts<'w>> {
        let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',' || is_apostrophe(c) || is_space(c);
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        // An exponent belongs to the digits.
        let (digits, suffix) = rest.split_at(end + exponent_len(&rest[end..]));
        let has_space = digits.ends_with(is_space) || suffix.starts_with(is_space);
        let (digits, suffix) = (digits.trim_end_matches(is_space), suffix.trim_start());
        let is_suffix = match suffix {
            "" | "%" => true,
            _ if CURRENCIES.contains(&suffix) => prefix.is_empty(),
            _ if UNITS.contains(&suffix) => prefix.is_empty(),
            _ => has_space && prefix.is_empty() && is_unit(suffix),
        };
        let has_digits = digits.contains(|c: char| c.is_ascii_digit());
        (is_suffix && has_digits).then_some(NumberParts { is_negative, prefix, digits, suffix })
    }

    /// Returns the number if its digits are consistent with the separators.
    fn value(&self, decimal: char, thousands: Option<char>) -> Option<f64> {
        let mut plain_text = String::with_capacity(self.digits.len() + 1);
        if self.is_negative {
            plain_text.push('-');
        }
        let (whole, fraction) = match self.digits.split_once(decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (self.digits, None),
        };
        match thousands {
            Some(separator) if whole.contains(|c| is_same_separator(c, separator)) => {
                let groups: Vec<&str> = whole.split(|c| is_same_separator(c, separator)).collect();
                let (first, rest) = groups.split_first()?;
                let (last, middle) = rest.split_last()?;
                let all_digits = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
                // Groups of two digits are Indian notation: 12,34,567.
                let n = middle.first().map_or(3, |group| group.len());
                let fits = all_digits
                    && (1..=3).contains(&first.len())
                    && !first.starts_with('0')
                    && last.len() == 3
                    && (2..=3).contains(&n)
                    && first.len() <= n
                    && middle.iter().all(|group| group.len() == n);
                if !fits {
                    return None;
                }
                plain_text.extend(groups);
            }
            _ => plain_text.push_str(whole),
        }
        if let Some(fraction) = fraction {
            plain_text.push('.');
            plain_text.push_str(fraction);
        }
        plain(plain_text.as_bytes())
    }
}

/// Removes the sign in front of a text; returns whether it was a minus sign.
fn signed(text: &str) -> (bool, &str) {
    for minus in ['-', '\u{2212}'] {
        if let Some(rest) = text.strip_prefix(minus) {
            return (true, rest.trim_start());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// Returns the length of an exponent such as `e-3` at the start of a text.
fn exponent_len(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return 0 };
    let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    let n_digits = digits.bytes().take_while(u8::is_ascii_digit).count();
    if n_digits == 0 { 0 } else { 1 + rest.len() - digits.len() + n_digits }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

fn is_same_separator(c: char, separator: char) -> bool {
    match separator {
        ' ' => is_space(c),
        '\'' => is_apostrophe(c),
        _ => c == separator,
    }
}

/// Returns whether a text can be a unit: a short word of letters, such as `km/h` or `m²`.
fn is_unit(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '°');
    let is_part = |c: char| c.is_alphanumeric() || "°/²³^-.·µ".contains(c);
    first && text.chars().count() <= 12 && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(words: &[&str]) -> Option<(NumberFormat, usize)> {
        NumberFormat::find(&words.iter().map(|word| (*word, 1)), &['.', ','])
    }

    /// The numbers of a column and the description of its notation.
    fn read(words: &[&str]) -> (Vec<Option<f64>>, String) {
        let (format, _) = find(words).unwrap();
        let description = format.describe().unwrap_or_default();
        (words.iter().map(|word| format.parse(word.as_bytes())).collect(), description)
    }

    #[test]
    fn the_notation_of_a_column_is_found() {
        for (words, values, description) in [
            (&["1", "-2.5"][..], &[1.0, -2.5][..], ""),
            (
                &["182,345", "1,234,567.5", "12"],
                &[182345.0, 1234567.5, 12.0],
                "the thousands separator \",\"",
            ),
            (&["1,234", "5,678"], &[1234.0, 5678.0], "the thousands separator \",\""),
            (&["1,5", "-2,25"], &[1.5, -2.25], "a decimal comma"),
            (&["1,234", "0,5"], &[1.234, 0.5], "a decimal comma"),
            (
                &["1.234,5", "12.345.678"],
                &[1234.5, 12345678.0],
                "a decimal comma and the thousands separator \".\"",
            ),
            (&["1'234.5", "7’000"], &[1234.5, 7000.0], "the thousands separator \"'\""),
            (
                &["1 234", "12\u{202f}345", "1\u{a0}234,5"],
                &[1234.0, 12345.0, 1234.5],
                "a decimal comma and spaces between thousands",
            ),
            (&["12,34,567", "1,234"], &[1234567.0, 1234.0], "the thousands separator \",\""),
            (
                &["$23,456.10", "-$5.00", "$-7"],
                &[23456.1, -5.0, -7.0],
                "the thousands separator \",\" and the sign \"$\"",
            ),
            (
                &["5 €", "1.000,50 €"],
                &[5.0, 1000.5],
                "a decimal comma, the thousands separator \".\" and the sign \"€\"",
            ),
            (&["45.3%", "7 %"], &[45.3, 7.0], "percent signs"),
            (&["72.5 kg", "100 kg"], &[72.5, 100.0], "the unit \"kg\""),
            (&["72kg", "100kg"], &[72.0, 100.0], "the unit \"kg\""),
            (&["5 km/h", "1e2 km/h"], &[5.0, 100.0], "the unit \"km/h\""),
            (&["\u{2212}5", "3"], &[-5.0, 3.0], ""),
        ] {
            let (found, text) = read(words);
            assert_eq!(found, values.iter().map(|v| Some(*v)).collect::<Vec<_>>(), "{words:?}");
            let expected =
                if description.is_empty() { String::new() } else { format!("numbers with {description}") };
            assert_eq!(text, expected, "{words:?}");
        }
    }

    #[test]
    fn other_texts_are_not_numbers() {
        for word in [
            "",
            "a",
            "1Ab",
            "x7",
            "1 2 3 apples pie",
            "B12",
            "2024-01-01",
            "12:30",
            "$",
            "kg",
            "1.2.3.4",
            "#5",
            "$5 kg",
        ] {
            assert_eq!(find(&[word]).map(|(_, n)| n), None, "{word}");
        }
        // The unit is the same in all cells.
        assert_eq!(find(&["5 kg", "6 kg", "7 lb"]).map(|(_, n)| n), Some(2));
    }

    #[test]
    fn a_plain_number_is_read_in_every_notation() {
        let comma = NumberFormat::decimal_comma();
        assert_eq!([b"-1,5", &b"1.5"[..]].map(|text| comma.parse(text)), [Some(-1.5), Some(1.5)]);
        assert_eq!([&b"1,2,3"[..], &b"1.234,5"[..]].map(|text| comma.parse(text)), [None; 2]);
        let money = NumberFormat { prefix: "$".to_owned(), thousands: Some(','), ..NumberFormat::default() };
        assert_eq!(
            [&b"1234.5"[..], b"$1,234.5", b"1e3"].map(|text| money.parse(text)),
            [Some(1234.5), Some(1234.5), Some(1000.0)]
        );
        assert_eq!(money.parse("€5".as_bytes()), None);
    }
}
