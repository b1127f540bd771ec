//! Numbers where they lie in a file: eight digits at a time, one multiplication each, and the general parser for the rest.
//!
//! A table of a million rows has tens of millions of numbers, and nearly all are like `-1.234567` or `1.234567890123456789e-02`:
//! at most 19 digits and a small power of ten. With the digits as a whole number m and the power 10^q in 64 bits, the upper half
//! of the product has 10 bits more than a `f64` and is less than one unit too small, so that it says how to round unless these
//! bits are at the middle: then, and for any other number, `fast_float2` finds the nearest `f64`.

/// The number at the beginning of some bytes, and its length; more may follow. `fast_float2` says what a number is.
#[inline]
pub(super) fn at_start(bytes: &[u8]) -> Option<(f64, usize)> {
    match plain(bytes) {
        Some(number) => Some(number),
        None => fast_float2::parse_partial(bytes).ok(),
    }
}

/// A number of the common kind, if there are enough bytes behind it to look at eight at once.
#[inline]
fn plain(bytes: &[u8]) -> Option<(f64, usize)> {
    let minus = usize::from(*bytes.first()? == b'-');
    let mut mantissa = 0;
    let mut at = few_digits(bytes, minus, &mut mantissa)?;
    let mut n_digits = at - minus;
    let mut power = 0;
    if *bytes.get(at)? == b'.' {
        let point = at + 1;
        at = many_digits(bytes, point, &mut mantissa)?;
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
        at = few_digits(bytes, first, &mut exponent)?;
        if !(1..=3).contains(&(at - first)) {
            return None;
        }
        power += if sign == b'-' { -(exponent as i32) } else { exponent as i32 };
    }
    let value = nearest(mantissa, power)?;
    Some((f64::from_bits(value.to_bits() | (minus as u64) << 63), at))
}

/// So many digits always fit in 64 bits.
const MAX_DIGITS: usize = 19;

// Where a number ends is what the next one waits for. The ends of few digits, and of eight out of many, are branches, which a
// processor foresees in a table; only the end of the last of many is computed.

/// Appends the digits from `at` on to a number, and says where they end.
#[inline]
fn few_digits(bytes: &[u8], mut at: usize, number: &mut u64) -> Option<usize> {
    loop {
        let digit = bytes.get(at)?.wrapping_sub(b'0');
        if digit > 9 {
            return Some(at);
        }
        *number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
}

/// As [`few_digits`], eight at a time.
#[inline]
fn many_digits(bytes: &[u8], mut at: usize, number: &mut u64) -> Option<usize> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    loop {
        // A digit's byte becomes its value; any other becomes more than 9, which the sum carries into its highest bit.
        let eight = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?) ^ 0x3030_3030_3030_3030;
        let others = (eight.wrapping_add(0x7676_7676_7676_7676) | eight) & HIGH_BITS;
        if others != 0 {
            // With noughts before them, the digits are eight.
            let n = others.trailing_zeros() / 8;
            *number = number.wrapping_mul(TENS[n as usize]).wrapping_add(joined(eight << (63 - 8 * n) << 1));
            return Some(at + n as usize);
        }
        *number = number.wrapping_mul(TENS[8]).wrapping_add(joined(eight));
        at += 8;
    }
}

/// The number of eight digits, a byte each, the first of which is the lowest: neighbours become twos, fours and eights.
#[inline]
fn joined(ones: u64) -> u64 {
    let twos = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = twos.wrapping_mul(100).wrapping_add(twos >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
}

const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The `f64` that is nearest to m·10^q, where 64 bits of the power suffice to tell.
#[inline]
fn nearest(m: u64, q: i32) -> Option<f64> {
    if m == 0 {
        return Some(0.0);
    }
    let power = *POWERS.get((q + LARGEST_POWER) as usize)?;
    let shift = m.leading_zeros();
    let high = ((u128::from(m << shift) * u128::from(power)) >> 64) as u64;
    // The product of two numbers of 64 bits has 127 or 128: 53 are kept, 10 or 11 of the upper half are beyond.
    let beyond = 10 + (high >> 63) as u32;
    let half = 1_u64 << (beyond - 1);
    let rest = high & (2 * half - 1);
    if rest == half || rest == half - 1 {
        return None;
    }
    let kept = (high >> beyond) + u64::from(rest > half);
    // 10^q = power·2^(floor(q·log2(10)) - 63), and `high` is the product without its lower 64 bits. All of these are normal
    // numbers, and a kept one that rounding made 2^53 is exact as well.
    let log2 = (q * 217_706) >> 16;
    let exponent = log2 - 63 - shift as i32 + 64 + beyond as i32;
    Some(kept as f64 * f64::from_bits(((1023 + exponent) as u64) << 52))
}

/// The largest power of ten of which [`POWERS`] has the positive and the negative one.
const LARGEST_POWER: i32 = 27;

/// 10^q from q = -27 to 27 as whole numbers of 64 bits of which the first is set: the power, truncated, without its power of two.
const POWERS: [u64; 55] = powers();

const fn powers() -> [u64; 55] {
    let mut powers = [0; 55];
    let mut five = 1_u128;
    let mut q = 0;
    while q <= LARGEST_POWER {
        // 10^q is 5^q times a power of two; 5^27 has 63 bits, so that 2^127 divided by it has more than 64.
        powers[(LARGEST_POWER + q) as usize] = highest(five);
        if q > 0 {
            powers[(LARGEST_POWER - q) as usize] = highest((1_u128 << 127) / five);
        }
        five *= 5;
        q += 1;
    }
    powers
}

/// The highest 64 bits.
const fn highest(number: u128) -> u64 {
    ((number << number.leading_zeros()) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A number's bits and its length.
    type Found = Option<(u64, usize)>;

    /// The number at the start of a text with something behind it, and what is behind.
    fn both(text: &str) -> (Found, Found) {
        let bytes = format!("{text},next-one");
        let bits = |(value, len): (f64, usize)| (value.to_bits(), len);
        (plain(bytes.as_bytes()).map(bits), fast_float2::parse_partial(bytes.as_bytes()).ok().map(bits))
    }

    #[test]
    fn common_numbers_are_plain_and_right() {
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
    fn what_is_not_plain_is_left_to_the_general_parser() {
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
        fn every_plain_number_is_the_nearest(m in any::<u64>(), zeros in 0..64_u32, q in -45..30_i32, minus in any::<bool>()) {
            let text = format!("{}{}e{q}", if minus { "-" } else { "" }, m >> zeros);
            let (plain, reference) = both(&text);
            prop_assert!(plain.is_none() || plain == reference, "{}", text);
        }

        #[test]
        fn so_is_every_one_with_a_point(value in -1e6..1e6_f64, decimals in 0..14_usize) {
            for text in [format!("{value:.decimals$}"), format!("{value:.decimals$e}"), format!("{value}")] {
                let (plain, reference) = both(&text);
                prop_assert!(plain.is_none() || plain == reference, "{}", text);
            }
        }

        #[test]
        fn numbers_at_the_middle_of_two_are_rounded_right(bits in 1_u64 << 52..1 << 53, q in 0..10) {
            let text = format!("{bits}.5e{q}");
            let (plain, reference) = both(&text);
            prop_assert!(plain.is_none() || plain == reference, "{}", text);
        }
    }
}
