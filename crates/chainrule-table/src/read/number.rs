//! Parsing of numbers directly from the bytes of a file: a fast path that parses eight digits at a
//! time and multiplies once, and `fast_float2` for everything else.
//!
//! A table of a million rows has tens of millions of numbers, and nearly all are written like
//! `-1.234567` or `1.234567890123456789e-02`, with at most 19 digits and a small power of ten. The
//! digits form an integer m, and the power 10^q is rounded down to 64 bits. The upper half of their
//! product has at least 10 bits more than the mantissa of an `f64` and is too small by less than
//! one unit, so it determines the rounding unless the additional bits are at the midpoint. In that
//! case, and for all other numbers, `fast_float2` finds the nearest `f64`.

/// Parses the number at the start of the bytes and returns it with its length; other bytes may
/// follow. Accepts the same syntax as `fast_float2`.
#[inline]
pub(super) fn at_start(bytes: &[u8]) -> Option<(f64, usize)> {
    match plain(bytes) {
        Some(number) => Some(number),
        None => fast_float2::parse_partial(bytes).ok(),
    }
}

/// The fast path of [`at_start`]: a number of common form, followed by enough bytes to load eight
/// at once.
#[inline]
fn plain(bytes: &[u8]) -> Option<(f64, usize)> {
    let minus = usize::from(*bytes.first()? == b'-');
    let mut mantissa = 0;
    let mut at = parse_few_digits(bytes, minus, &mut mantissa)?;
    let mut n_digits = at - minus;
    let mut power = 0;
    if *bytes.get(at)? == b'.' {
        let point = at + 1;
        at = parse_many_digits(bytes, point, &mut mantissa)?;
        n_digits += at - point;
        power -= (at - point) as i32;
    }
    if !(1..=MAX_DIGITS).contains(&n_digits) {
        return None;
    }
    if matches!(bytes.get(at)?, b'e' | b'E') {
        let sign = *bytes.get(at + 1)?;
        let first = at + 1 + usize::from(matches!(sign, b'-' | b'+'));
        let mut exponent = 0;
        at = parse_few_digits(bytes, first, &mut exponent)?;
        if !(1..=3).contains(&(at - first)) {
            return None;
        }
        power += if sign == b'-' { -(exponent as i32) } else { exponent as i32 };
    }
    let value = nearest(mantissa, power)?;
    Some((f64::from_bits(value.to_bits() | (minus as u64) << 63), at))
}

/// Maximum number of digits that always fit in 64 bits.
const MAX_DIGITS: usize = 19;

// Parsing the next number depends on the end of the previous one. The end of a few digits, and of
// each full group of eight, is found by branches, which are predictable in a table; only the end
// within the last group is computed.

/// Appends the digits at `at` to a number and returns the offset after them.
#[inline]
fn parse_few_digits(bytes: &[u8], mut at: usize, number: &mut u64) -> Option<usize> {
    loop {
        let digit = bytes.get(at)?.wrapping_sub(b'0');
        if digit > 9 {
            return Some(at);
        }
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
}

/// Does the same as [`parse_few_digits`], eight digits at a time.
#[inline]
fn parse_many_digits(bytes: &[u8], mut at: usize, number: &mut u64) -> Option<usize> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    loop {
        // The byte of a digit becomes its value. Any other byte becomes more than 9, and the
        // addition sets its highest bit.
        let eight = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?) ^ 0x3030_3030_3030_3030;
        let others = (eight.wrapping_add(0x7676_7676_7676_7676) | eight) & HIGH_BITS;
        if others != 0 {
            // The shift pads the n digits to eight with leading zeros.
            let n = others.trailing_zeros() / 8;
            let value = combine(eight << (63 - 8 * n) << 1);
            *number = number.wrapping_mul(TENS[n as usize]).wrapping_add(value);
            return Some(at + n as usize);
        }
        *number = number.wrapping_mul(TENS[8]).wrapping_add(combine(eight));
        at += 8;
    }
}

/// Combines eight digits, one per byte with the first digit in the lowest byte, into a number.
/// Neighbouring digits are combined into groups of two, four and eight.
#[inline]
fn combine(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Returns the `f64` nearest to m·10^q, or `None` if 64 bits of the power are not enough to
/// determine it.
#[inline]
fn nearest(m: u64, q: i32) -> Option<f64> {
    if m == 0 {
        return Some(0.0);
    }
    let power = *POWERS.get((q + MAX_POWER) as usize)?;
    let shift = m.leading_zeros();
    let high = ((u128::from(m << shift) * u128::from(power)) >> 64) as u64;
    // The product of two 64-bit numbers has 127 or 128 bits. The mantissa takes 53 bits of the
    // upper half, which leaves 10 or 11 bits for rounding.
    let n_rest = 10 + (high >> 63) as u32;
    let half = 1_u64 << (n_rest - 1);
    let rest = high & (2 * half - 1);
    if rest == half || rest == half - 1 {
        return None;
    }
    let mantissa = (high >> n_rest) + u64::from(rest > half);
    // 10^q = power·2^(floor(q·log2(10)) - 63), and `high` is the product without its lower 64 bits.
    // All results are normal numbers, and a mantissa that was rounded up to 2^53 is exact as well.
    let log2 = (q * 217_706) >> 16;
    let exponent = log2 - 63 - shift as i32 + 64 + n_rest as i32;
    Some(mantissa as f64 * f64::from_bits(((1023 + exponent) as u64) << 52))
}

/// Largest exponent in [`POWERS`].
const MAX_POWER: i32 = 27;

/// Powers 10^q from q = -27 to 27, without their powers of two: the leading 64 bits, truncated, the
/// first of which is set.
const POWERS: [u64; 55] = powers();

const fn powers() -> [u64; 55] {
    let mut powers = [0; 55];
    let mut five = 1_u128;
    let mut q = 0;
    while q <= MAX_POWER {
        // 10^q is 5^q times a power of two. 5^27 has 63 bits, so 2^127 / 5^27 has more than 64.
        powers[(MAX_POWER + q) as usize] = leading_bits(five);
        if q > 0 {
            powers[(MAX_POWER - q) as usize] = leading_bits((1_u128 << 127) / five);
        }
        five *= 5;
        q += 1;
    }
    powers
}

/// Returns the highest 64 bits from the first one that is set.
const fn leading_bits(number: u128) -> u64 {
    ((number << number.leading_zeros()) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bits of a number and its length.
    type BitsAndLen = Option<(u64, usize)>;

    /// Parses a text that is followed by another field, with the fast path and with the reference.
    fn both(text: &str) -> (BitsAndLen, BitsAndLen) {
        let bytes = format!("{text},next-one");
        let bits = |(value, len): (f64, usize)| (value.to_bits(), len);
        (plain(bytes.as_bytes()).map(bits), fast_float2::parse_partial(bytes.as_bytes()).ok().map(bits))
    }

    #[test]
    fn the_fast_path_parses_common_numbers_correctly() {
        for text in [
            "0",
            "1",
            "-1",
            "0.5",
            "-0.000000",
            "3.999999",
            "1.234567890123456789e-02",
            "9.313225746154785e-10",
            "1e22",
            "1e-27",
            "123456789",
            "12345678",
            "1234567890123456789",
            "1.",
            ".5",
            "7.038531E+26",
            "0.1",
            "0.3",
            "2.5e3",
        ] {
            let (plain, reference) = both(text);
            assert!(plain.is_some(), "{text}");
            assert_eq!(plain, reference, "{text}");
        }
    }

    #[test]
    fn the_fast_path_rejects_other_text() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "x",
            "inf",
            "1e",
            "1e+",
            "1e400",
            "12345678901234567890",
            "1e9999",
            "--1",
            "+1",
        ] {
            assert_eq!(both(text).0, None, "{text}");
        }
        assert_eq!(at_start(b"12"), Some((12.0, 2)));
        assert_eq!(at_start(b"nothing"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn the_fast_path_rounds_to_nearest(m in any::<u64>(), zeros in 0..64_u32, q in -45..30_i32, minus in any::<bool>()) {
            let text = format!("{}{}e{q}", if minus { "-" } else { "" }, m >> zeros);
            let (plain, reference) = both(&text);
            prop_assert!(plain.is_none() || plain == reference, "{}", text);
        }

        #[test]
        fn the_fast_path_rounds_decimals_to_nearest(value in -1e6..1e6_f64, decimals in 0..14_usize) {
            for text in [format!("{value:.decimals$}"), format!("{value:.decimals$e}"), format!("{value}")] {
                let (plain, reference) = both(&text);
                prop_assert!(plain.is_none() || plain == reference, "{}", text);
            }
        }

        #[test]
        fn midpoints_between_floats_are_rounded_correctly(bits in 1_u64 << 52..1 << 53, q in 0..10) {
            let text = format!("{bits}.5e{q}");
            let (plain, reference) = both(&text);
            prop_assert!(plain.is_none() || plain == reference, "{}", text);
        }
    }
}
