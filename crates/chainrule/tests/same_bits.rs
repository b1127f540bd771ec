//! Training is bit-identical on any number of threads and on AVX-512, AVX2 and NEON.
//!
//! The SIMD level is chosen once per process, so each level trains in a separate process: the test
//! binary starts itself with the level in the environment and prints its digests. NEON is tested by
//! `cargo xtask test neon`.

use std::sync::Arc;

use std::fmt::Write as _;
use std::fs;

use chainrule::network::activation::{self, Activation};
use chainrule::network::loss::{self, Loss};
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::{self, Optimizer};
use chainrule::train::solver::{self, Solver};
use chainrule::train::{Batch, Settings, Training};
use chainrule::{Dataset, Scalar, set_threads};

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/same_bits.txt");
const RENEW: &str = "CHAINRULE_RENEW_BITS=1 cargo test --package chainrule --test same_bits";

/// Numbers of hidden units of the training runs whose digests are stored.
const SMALL: [usize; 2] = [33, 18];

/// Settings of a training run with 700 samples, two inputs and three classes.
#[derive(Clone)]
struct Case {
    widths: [usize; 2],
    hidden: [Activation; 2],
    loss: Loss,
    solver: Solver,
    optimizer: Optimizer,
    batch: Batch,
    epochs: u64,
}

/// Trains with every optimizer and three batch sizes, with every activation, with every loss and with
/// every solver. Returns a line for each with the digests of the final weights in f32 and f64. `widths` are the
/// numbers of hidden units.
fn digests(widths: [usize; 2]) -> String {
    let default = Case {
        widths,
        hidden: [Activation::tanh(), Activation::gelu()],
        loss: Loss::cross_entropy(),
        solver: Solver::optimizer(),
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
            let case = Case { optimizer: optimizer.clone(), batch, epochs, ..default.clone() };
            add(&format!("{}, batches of {name}:", entry.name), &case);
        }
    }
    for entry in activation::REGISTRY {
        let activation = Activation::new(entry.name, &[]).unwrap();
        let case = Case { hidden: [activation.clone(), activation], ..default.clone() };
        add(&format!("{}:", entry.name), &case);
    }
    for entry in loss::REGISTRY {
        let loss = Loss::new(entry.name, &[]).unwrap();
        add(&format!("{}:", entry.name), &Case { loss, ..default.clone() });
    }
    for entry in solver::REGISTRY.iter().skip(1) {
        let solver = Solver::new(entry.name, &[]).unwrap();
        // Wide networks have too many parameters for the Levenberg-Marquardt method.
        add(
            &format!("{}:", entry.name),
            &Case { solver, widths: SMALL, batch: Batch::Full, ..default.clone() },
        );
    }
    lines
}

/// Returns a hash of the final weights: FNV-1a over words, with a rotation so that high bits affect
/// low bits.
fn digest<T: Scalar>(case: &Case) -> u64 {
    let mut random = RandomState::new(5);
    // Normal draws are avoided, since `RandomState` uses the platform's logarithm for them, as
    // NumPy does.
    let x: Vec<f64> = (0..2 * 700).map(|_| random.uniform(-1.5, 1.5)).collect();
    let classes: Vec<usize> =
        x.chunks(2).map(|x| usize::from(x[0] > x[1]) + usize::from(x[0] * x[1] > 0.3)).collect();
    let data = Dataset::from_classes(x, 2, &classes, 3).unwrap().cast::<T>().unwrap();
    let [first, second] = case.hidden.clone();
    let link = case.loss.link().activation();
    let [n_first, n_second] = case.widths;
    let rate = if case.solver.uses_optimizer() { 0.1 } else { 0.0 };
    let layers =
        vec![Layer::new(n_first, first).dropout(rate), Layer::new(n_second, second), Layer::new(3, link)];
    let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut random);
    let Case { loss, solver, optimizer, batch, epochs, .. } = case.clone();
    let settings = Settings { solver, optimizer, batch, epochs, learning_rate: 0.01, ..Settings::default() };
    let mut training = Training::new(network, &loss, Arc::new(data.clone()), settings, random).unwrap();
    training.run(()).unwrap();
    let parameters = &training.state().parameters;
    parameters.iter().fold(0xcbf2_9ce4_8422_2325, |digest: u64, p| {
        (digest.rotate_left(29) ^ p.to_f64().to_bits()).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Wide enough for the engine to use all threads.
    let widths = [97, 77];
    set_threads(1);
    let expected = digests(widths);
    for threads in [2, 3, 7, 16] {
        set_threads(threads);
        assert_eq!(digests(widths), expected, "{threads} threads");
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
            "the digests of {level} differ from {STORED}:\n{}\nIf the arithmetic was changed on purpose \
             and all levels agree with each other, update the file: {RENEW}",
            differences.join("\n")
        );
        println!("{level} gives the stored bits");
    }
}

/// Returns the lines that occur in only one of the texts.
fn differences(stored: &str, actual: &str) -> Vec<String> {
    let missing = |text: &str, line: &&str| !text.lines().any(|other| other == *line);
    let removed = stored.lines().filter(|line| missing(actual, line)).map(|line| format!("stored {line}"));
    let added = actual.lines().filter(|line| missing(stored, line)).map(|line| format!("actual {line}"));
    removed.chain(added).collect()
}

/// Returns the SIMD levels with fused multiply-add on this machine, and their digests.
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
        println!("skipped: this machine has neither AVX2 nor AVX-512");
    }
    levels
}

/// Returns the only level of this machine.
#[cfg(not(target_arch = "x86_64"))]
fn levels() -> Vec<(&'static str, String)> {
    vec![(std::env::consts::ARCH, digests(SMALL))]
}

#[cfg(target_arch = "x86_64")]
mod forced {
    use std::process::Command;

    const PRINT: &str = "CHAINRULE_PRINT_DIGESTS";

    /// Returns the digests of a level, computed in a separate process.
    pub(super) fn digests_at(level: &str) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "forced::digests_of_this_level", "--nocapture"])
            .env("CHAINRULE_SIMD", level)
            .env(PRINT, "1")
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let lines =
            out.lines().filter_map(|line| line.split_once("digest ")).map(|(_, line)| line.to_owned() + "\n");
        let digests: String = lines.collect();
        assert!(!digests.is_empty(), "no digests in {out}");
        digests
    }

    /// Prints the digests for the other tests, which run it with a level in the environment.
    #[test]
    fn digests_of_this_level() {
        if std::env::var_os(PRINT).is_some() {
            super::digests(super::SMALL).lines().for_each(|line| println!("digest {line}"));
        }
    }

    /// Verifies that a level can be forced, and that the digests detect different rounding.
    #[test]
    fn digests_differ_without_fused_multiply_add() {
        let (portable, fused) = (digests_at("portable"), super::digests(super::SMALL));
        for (portable, fused) in portable.lines().zip(fused.lines()) {
            // iRprop+ uses the signs of the derivatives only.
            assert!(portable != fused || fused.starts_with("irprop+"), "{fused}");
        }
    }
}
