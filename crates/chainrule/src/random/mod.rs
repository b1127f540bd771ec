//! NumPy's `RandomState`, bit for bit, and Philox, a counter-based random number generator.
//!
//! With the same seed, NumPy and Chainrule generate the same data, the same initial weights and the
//! same order of samples. The sequences are those of NumPy's legacy interface (`numpy.random.seed`,
//! `numpy.random.RandomState`, scikit-learn's `random_state`), which NumPy guarantees not to
//! change.

mod philox;

pub use philox::philox4x32;
pub(crate) use philox::philox4x32_lanes;

use crate::Error;

/// Number of words of the state.
const N: usize = 624;
/// Offset of the word that is mixed in.
const M: usize = 397;

/// NumPy's legacy random number generator: the Mersenne Twister, seeded with one number, and
/// NumPy's methods for drawing from it.
///
/// A generator has one stream of words, and each draw takes its words from the stream in order.
/// Draws with rejection (`standard_normal`, `randint`, `shuffle`) take a varying number of words,
/// so the order of calls matters.
///
/// Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998), MT19937, with the
/// seeding of its 2002 revision.
///
/// ```
/// use chainrule::random::RandomState;
///
/// // numpy.random.seed(42); numpy.random.rand(); numpy.random.randn(); numpy.random.permutation(5)
/// let mut random = RandomState::new(42);
/// assert_eq!(random.random_sample(), 0.3745401188473625);
/// assert_eq!(random.standard_normal(), -1.1118801180469204);
/// assert_eq!(random.permutation(5), [1, 0, 3, 4, 2]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RandomState {
    state: GeneratorState,
}

/// State of a [`RandomState`], in the form of NumPy's `get_state`. Checkpoints store it to continue
/// the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorState {
    /// Words of the generator.
    pub key: [u32; N],
    /// Number of words already used; at 624 the next draw regenerates all of them.
    pub pos: usize,
    /// Whether a Gaussian number is cached for the next draw.
    pub has_gauss: bool,
    /// Cached Gaussian number, 0 if there is none.
    pub cached_gaussian: f64,
}

impl RandomState {
    /// Returns a generator seeded like `numpy.random.RandomState(seed)`.
    pub fn new(seed: u32) -> RandomState {
        let mut key = [seed; N];
        for i in 1..N {
            let previous = key[i - 1];
            key[i] = (previous ^ (previous >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        RandomState { state: GeneratorState { key, pos: N, has_gauss: false, cached_gaussian: 0.0 } }
    }

    /// Returns a generator that continues the stream from a saved [`state`](RandomState::state).
    ///
    /// # Errors
    /// Returns [`Error::RandomPosition`] if `state.pos` is above 624.
    ///
    /// ```
    /// use chainrule::random::RandomState;
    ///
    /// let mut random = RandomState::new(1);
    /// random.standard_normal();
    /// let mut again = RandomState::from_state(random.state())?;
    /// assert_eq!(again.standard_normal(), random.standard_normal());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn from_state(state: GeneratorState) -> Result<RandomState, Error> {
        if state.pos > N {
            return Err(Error::RandomPosition { got: state.pos });
        }
        Ok(RandomState { state })
    }

    /// Returns the current state.
    pub fn state(&self) -> GeneratorState {
        self.state.clone()
    }

    /// Returns a number in [0, 1), a multiple of 2^-53, like NumPy's `random_sample()` and
    /// `rand()`. It takes two words.
    pub fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// Returns `low + (high - low)·u` with u from [`random_sample`](RandomState::random_sample),
    /// like NumPy's `uniform(low, high)`.
    ///
    /// # Panics
    /// Panics if `high - low` is infinite or NaN.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let range = high - low;
        assert!(range.is_finite(), "uniform: the range from {low} to {high} must be finite");
        low + range * self.random_sample()
    }

    /// Returns a number from the standard normal distribution, like NumPy's `standard_normal()` and
    /// `randn()`.
    ///
    /// Marsaglia's polar method: a point (u, v) drawn uniformly from the unit disc, with r² = u² +
    /// v², gives two numbers. `v·sqrt(-2·ln(r²)/r²)` is returned, and `u·sqrt(-2·ln(r²)/r²)` is
    /// cached for the next call.
    ///
    /// This method uses the platform's `ln`, as NumPy does. Its results are the only numbers of the
    /// engine that may differ in the last bit between operating systems.
    pub fn standard_normal(&mut self) -> f64 {
        if self.state.has_gauss {
            self.state.has_gauss = false;
            return std::mem::take(&mut self.state.cached_gaussian);
        }
        loop {
            let u = 2.0 * self.random_sample() - 1.0;
            let v = 2.0 * self.random_sample() - 1.0;
            let r2 = u * u + v * v;
            if r2 < 1.0 && r2 != 0.0 {
                let factor = (-2.0 * r2.ln() / r2).sqrt();
                self.state.has_gauss = true;
                self.state.cached_gaussian = factor * u;
                return factor * v;
            }
        }
    }

    /// Returns `mean + std·g` with g from [`standard_normal`](RandomState::standard_normal), like
    /// NumPy's `normal(mean, std)`.
    ///
    /// # Panics
    /// Panics if `std` is negative or NaN.
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        assert!(std >= 0.0, "normal: the standard deviation is {std}, but must be at least 0");
        mean + std * self.standard_normal()
    }

    /// Returns an integer from `low` (included) to `high` (excluded), all equally likely, like
    /// NumPy's `randint(low, high)`.
    ///
    /// # Panics
    /// Panics if `low >= high`.
    pub fn randint(&mut self, low: i64, high: i64) -> i64 {
        assert!(low < high, "randint: low is {low}, but must be less than high, {high}");
        let largest = high.wrapping_sub(1).wrapping_sub(low) as u64;
        low.wrapping_add(self.interval(largest) as i64)
    }

    /// Shuffles `items` in place, like NumPy's `shuffle`.
    ///
    /// Each item from the last to the second is swapped with a random one at or before its position
    /// (Fisher-Yates).
    pub fn shuffle<I>(&mut self, items: &mut [I]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.interval(i as u64) as usize);
        }
    }

    /// Returns the numbers 0, …, n - 1 in random order, like NumPy's `permutation(n)`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }

    /// Fills `out` with draws from [`uniform`](RandomState::uniform), in order.
    ///
    /// # Panics
    /// Panics if `high - low` is infinite or NaN and `out` is not empty.
    pub fn fill_uniform(&mut self, low: f64, high: f64, out: &mut [f64]) {
        out.fill_with(|| self.uniform(low, high));
    }

    /// Fills `out` with draws from [`normal`](RandomState::normal), in order.
    ///
    /// # Panics
    /// Panics if `std` is negative or NaN and `out` is not empty.
    pub fn fill_normal(&mut self, mean: f64, std: f64, out: &mut [f64]) {
        out.fill_with(|| self.normal(mean, std));
    }

    /// Returns an integer from 0 to `largest`, all equally likely.
    ///
    /// It draws as many bits as `largest` has and repeats until their value is at most `largest`.
    /// An attempt takes one word if `largest` fits into 32 bits, else two. For 0 nothing is drawn.
    fn interval(&mut self, largest: u64) -> u64 {
        if largest == 0 {
            return 0;
        }
        let mask = u64::MAX >> largest.leading_zeros();
        let fits = u32::try_from(largest).is_ok();
        loop {
            let bits = mask & if fits { u64::from(self.next_u32()) } else { self.next_u64() };
            if bits <= largest {
                return bits;
            }
        }
    }

    /// Returns the next two words, the first one as the high half.
    fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        (high << 32) | u64::from(self.next_u32())
    }

    /// Returns the next word of the stream, tempered.
    fn next_u32(&mut self) -> u32 {
        if self.state.pos == N {
            self.twist();
        }
        let mut y = self.state.key[self.state.pos];
        self.state.pos += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Regenerates all words: each one is the word M positions ahead, mixed with the highest bit of
    /// the current word and the other bits of its successor, with positions modulo N.
    fn twist(&mut self) {
        let key = &mut self.state.key;
        for i in 0..N {
            let y = (key[i] & 0x8000_0000) | (key[(i + 1) % N] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            key[i] = key[(i + M) % N] ^ (y >> 1) ^ odd;
        }
        self.state.pos = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/random.rs` compares the sequences with NumPy's.
    #[test]
    fn the_ten_thousandth_word_of_the_default_seed_is_the_published_one() {
        let mut random = RandomState::new(5489);
        let last = (0..10_000).map(|_| random.next_u32()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn a_draw_with_one_possible_result_takes_no_words() {
        let mut random = RandomState::new(3);
        let before = random.clone();
        assert_eq!(random.randint(-7, -6), -7);
        assert_eq!(random.permutation(1), [0]);
        random.shuffle(&mut [0; 0]);
        assert_eq!(random, before);
    }

    #[test]
    fn a_fill_equals_single_draws() {
        let (mut single, mut many) = (RandomState::new(8), RandomState::new(8));
        let (mut normals, mut uniforms) = ([0.0; 5], [0.0; 3]);
        many.fill_normal(2.0, 0.5, &mut normals);
        many.fill_uniform(-1.0, 4.0, &mut uniforms);
        assert_eq!(normals, std::array::from_fn(|_| single.normal(2.0, 0.5)));
        assert_eq!(uniforms, std::array::from_fn(|_| single.uniform(-1.0, 4.0)));
        assert_eq!(single, many);
    }

    #[test]
    fn a_state_with_an_invalid_position_is_rejected() {
        let state = GeneratorState { pos: 625, ..RandomState::new(0).state() };
        let error = RandomState::from_state(state).unwrap_err();
        insta::assert_snapshot!(error, @"the position in the state of a random number generator is 625, but must be at most 624; restore the state from an undamaged checkpoint, or start from a seed");
    }

    #[test]
    #[should_panic(expected = "must be less than high")]
    fn an_empty_range_panics() {
        RandomState::new(0).randint(3, 3);
    }
}
