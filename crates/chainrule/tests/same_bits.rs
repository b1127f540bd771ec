//! The same bits: whatever the number of threads, and on AVX-512, AVX2 and NEON alike those that are stored.
//!
//! The level is chosen once in a process, so that each level trains in a process of its own: this test binary, started
//! again with the environment set, prints its digests. NEON's are checked by `cargo xtask test neon`.

use std::fmt::Write as _;
use std::fs;

use chainrule::network::activation::{self, Activation};
use chainrule::network::loss::{self, Loss};
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::{self, Optimizer};
use chainrule::train::{Batch, Settings, Training};
use chainrule::{Dataset, Scalar, set_threads};

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/same_bits.txt");
const RENEW: &str = "CHAINRULE_RENEW_BITS=1 cargo test --package chainrule --test same_bits";

/// The hidden layers' units of the stored digests.
const SMALL: [usize; 2] = [33, 18];

/// One training: 700 samples of two inputs and three classes.
#[derive(Clone)]
struct Case {
    widths: [usize; 2],
    hidden: [Activation; 2],
    loss: Loss,
    optimizer: Optimizer,
    batch: Batch,
    epochs: u64,
}

/// Trains with every optimizer at three batch shapes, with every activation and with every loss: a line for each, with
/// the digests of the final weights in f32 and in f64. Hidden layers have `widths` units.
fn digests(widths: [usize; 2]) -> String {
    let usual = Case {
        widths,
        hidden: [Activation::tanh(), Activation::gelu()],
        loss: Loss::cross_entropy(),
        optimizer: Optimizer::new("sgd", &[]).unwrap(),
        batch: Batch::Size(200),
        epochs: 5,
    };
    let mut lines = String::new();
    let mut add = |name: &str, case: &Case| {
        writeln!(lines, "{name} {:016x} {:016x}", digest::<f32>(case), digest::<f64>(case)).unwrap();
    };
    for entry in optimizer::REGISTRY {
        let optimizer = Optimizer::new(entry.name, &[]).unwrap();
        for (name, batch, epochs) in
            [("all", Batch::Full, 5), ("1", Batch::Size(1), 1), ("200", Batch::Size(200), 5)]
        {
            let case = Case { optimizer: optimizer.clone(), batch, epochs, ..usual.clone() };
            add(&format!("{}, batches of {name}:", entry.name), &case);
        }
    }
    for entry in activation::REGISTRY {
        let activation = Activation::new(entry.name, &[]).unwrap();
        add(&format!("{}:", entry.name), &Case { hidden: [activation.clone(), activation], ..usual.clone() });
    }
    for entry in loss::REGISTRY {
        let loss = Loss::new(entry.name, &[]).unwrap();
        add(&format!("{}:", entry.name), &Case { loss, ..usual.clone() });
    }
    lines
}

/// All bits of all final weights folded into one number: FNV-1a over words, turned so that high bits reach low ones.
fn digest<T: Scalar>(case: &Case) -> u64 {
    let mut random = RandomState::new(5);
    // No normal draws: RandomState takes the platform's logarithm for them, as NumPy does.
    let x: Vec<f64> = (0..2 * 700).map(|_| random.uniform(-1.5, 1.5)).collect();
    let classes: Vec<usize> =
        x.chunks(2).map(|x| usize::from(x[0] > x[1]) + usize::from(x[0] * x[1] > 0.3)).collect();
    let data = Dataset::from_classes(x, 2, &classes, 3).unwrap().cast::<T>().unwrap();
    let [first, second] = case.hidden.clone();
    let link = case.loss.link().activation();
    let [n_first, n_second] = case.widths;
    let layers =
        vec![Layer::new(n_first, first).dropout(0.1), Layer::new(n_second, second), Layer::new(3, link)];
    let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut random);
    let Case { loss, optimizer, batch, epochs, .. } = case.clone();
    let settings = Settings { optimizer, batch, epochs, learning_rate: 0.01, ..Settings::default() };
    let mut training = Training::new(network, &loss, &data, settings, random).unwrap();
    training.run(()).unwrap();
    let parameters = &training.state().parameters;
    parameters.iter().fold(0xcbf2_9ce4_8422_2325, |digest: u64, p| {
        (digest.rotate_left(29) ^ p.to_f64().to_bits()).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Wide enough that the engine takes all these threads.
    let widths = [97, 77];
    set_threads(1);
    let alone = digests(widths);
    for threads in [2, 3, 7, 16] {
        set_threads(threads);
        assert_eq!(digests(widths), alone, "{threads} threads");
    }
}

#[test]
fn every_level_gives_the_stored_bits() {
    let levels = levels();
    if let Some((_, digests)) = levels.first().filter(|_| std::env::var_os("CHAINRULE_RENEW_BITS").is_some())
    {
        fs::write(STORED, digests).unwrap();
    }
    let stored = fs::read_to_string(STORED).unwrap_or_default();
    for (level, digests) in &levels {
        let differences: Vec<String> = differences(&stored, digests);
        assert!(
            differences.is_empty(),
            "{level} gives other bits than {STORED} has:\n{}\nWhere a change of the arithmetic is meant, and the \
             levels agree with each other, write the file anew: {RENEW}",
            differences.join("\n")
        );
        println!("{level} gives the stored bits");
    }
}

/// The lines of either text that the other has not.
fn differences(stored: &str, found: &str) -> Vec<String> {
    let missing = |from: &str, line: &&str| !from.lines().any(|other| other == *line);
    let gone = stored.lines().filter(|line| missing(found, line)).map(|line| format!("stored {line}"));
    gone.chain(found.lines().filter(|line| missing(stored, line)).map(|line| format!("found  {line}")))
        .collect()
}

/// The levels with fused multiply-add that this machine has, and their digests.
#[cfg(target_arch = "x86_64")]
fn levels() -> Vec<(&'static str, String)> {
    let mut levels = Vec::new();
    if std::arch::is_x86_feature_detected!("avx512f") {
        levels.push(("avx512", forced::digests_at("avx512")));
    }
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        levels.push(("avx2", forced::digests_at("avx2")));
    }
    if levels.is_empty() {
        println!("this machine has neither AVX2 nor AVX-512: nothing to compare");
    }
    levels
}

/// This machine's one level.
#[cfg(not(target_arch = "x86_64"))]
fn levels() -> Vec<(&'static str, String)> {
    vec![(std::env::consts::ARCH, digests(SMALL))]
}

#[cfg(target_arch = "x86_64")]
mod forced {
    use std::process::Command;

    const PRINT: &str = "CHAINRULE_PRINT_DIGESTS";

    /// The digests at a level, from a process of its own.
    pub(super) fn digests_at(level: &str) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "forced::digests_of_this_level", "--nocapture"])
            .env("CHAINRULE_SIMD", level)
            .env(PRINT, "1")
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let found =
            out.lines().filter_map(|line| line.split_once("digest ")).map(|(_, line)| line.to_owned() + "\n");
        let digests: String = found.collect();
        assert!(!digests.is_empty(), "no digests in {out}");
        digests
    }

    /// Does nothing by itself: the others start it with a level in the environment and read what it prints.
    #[test]
    fn digests_of_this_level() {
        if std::env::var_os(PRINT).is_some() {
            super::digests(super::SMALL).lines().for_each(|line| println!("digest {line}"));
        }
    }

    /// That a level can be forced, and that each training would show other sums.
    #[test]
    fn without_fused_multiply_add_all_bits_are_others() {
        let (portable, fused) = (digests_at("portable"), super::digests(super::SMALL));
        for (portable, fused) in portable.lines().zip(fused.lines()) {
            assert_ne!(portable, fused);
        }
    }
}
