//! Philox4x32-10, a counter-based generator: its numbers are a function of a counter and a key. It
//! generates the dropout masks.
//!
//! It has no state, so any thread can compute the mask of any unit, sample and step in any order.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
/// Constants added to the key between rounds: the golden ratio - 1 and √3 - 1, in units of 2^-32.
const KEY_STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const N_ROUNDS: usize = 10;

/// Returns four random words that depend only on `counter` and `key`.
///
/// Each of the ten rounds multiplies two words of the counter to 64 bits each, mixes the high
/// halves with the other two words and the key, and permutes the words. The key changes between
/// rounds. For a fixed key this is a bijection on the 128-bit counters, so different counters give
/// different results.
///
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011.
///
/// ```
/// use chainrule::random::philox4x32;
///
/// let seed_and_layer = [7, 0];
/// let step_row_unit = [1, 0, 3, 0];
/// assert_eq!(philox4x32(step_row_unit, seed_and_layer), philox4x32(step_row_unit, seed_and_layer));
/// assert_ne!(philox4x32(step_row_unit, seed_and_layer), philox4x32([1, 0, 4, 0], seed_and_layer));
/// ```
#[inline]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut c, mut k) = (counter, key);
    for _ in 0..N_ROUNDS {
        let (high_0, low_0) = product(MULTIPLIERS[0], c[0]);
        let (high_1, low_1) = product(MULTIPLIERS[1], c[2]);
        c = [high_1 ^ c[1] ^ k[0], low_1, high_0 ^ c[3] ^ k[1], low_0];
        k = next(k);
    }
    c
}

/// Computes [`philox4x32`] for several counters with one key. Only the lower 32 bits of each word
/// are used.
///
/// Words are stored in 64 bits, the width of their products, so that no value has to move to
/// another lane.
#[inline(always)]
pub(crate) fn philox4x32_lanes<const L: usize>(counter: [[u64; L]; 4], key: [u32; 2]) -> [[u64; L]; 4] {
    const LOW: u64 = 0xffff_ffff;
    let ([mut c0, mut c1, mut c2, mut c3], mut k) = (counter, key);
    for _ in 0..N_ROUNDS {
        for i in 0..L {
            let product_0 = (c0[i] & LOW) * u64::from(MULTIPLIERS[0]);
            let product_2 = (c2[i] & LOW) * u64::from(MULTIPLIERS[1]);
            // The upper halves of the words are no longer zero here, but they are never used.
            c0[i] = (product_2 >> 32) ^ c1[i] ^ u64::from(k[0]);
            c2[i] = (product_0 >> 32) ^ c3[i] ^ u64::from(k[1]);
            (c1[i], c3[i]) = (product_2, product_0);
        }
        k = next(k);
    }
    for word in [&mut c0, &mut c1, &mut c2, &mut c3].into_iter().flatten() {
        *word &= LOW;
    }
    [c0, c1, c2, c3]
}

/// Returns the key of the next round.
#[inline(always)]
fn next(k: [u32; 2]) -> [u32; 2] {
    [k[0].wrapping_add(KEY_STEPS[0]), k[1].wrapping_add(KEY_STEPS[1])]
}

/// Returns the high and the low half of `a·b`.
#[inline(always)]
fn product(a: u32, b: u32) -> (u32, u32) {
    let ab = u64::from(a) * u64::from(b);
    ((ab >> 32) as u32, ab as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published results of Random123 (its `kat_vectors`): counter, key, result. The third counter
    /// and key are the digits of pi.
    #[test]
    fn matches_the_published_results() {
        let published = [
            ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
            (
                [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
                [0xa4093822, 0x299f31d0],
                [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            ),
        ];
        for (counter, key, answer) in published {
            assert_eq!(philox4x32(counter, key), answer);
        }
    }
}
