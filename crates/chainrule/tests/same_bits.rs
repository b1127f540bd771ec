//! The same bits: whatever the number of threads, and whether AVX2 or AVX-512 does the work.
//!
//! The level is chosen once in a process, so that each level trains in a process of its own: this test binary, started
//! again with the environment set, prints the digest of its final weights.

use std::process::Command;

use chainrule::datasets::Generator;
use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule::train::optimizer::{self, Optimizer};
use chainrule::train::{Batch, Settings, Training};
use chainrule::{Scalar, set_threads};

/// Trains with every optimizer at three batch shapes, and folds all bits of all weights into one number.
fn digest<T: Scalar>() -> u64 {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for entry in optimizer::REGISTRY {
        for batch in [Batch::Full, Batch::Size(1), Batch::Size(200)] {
            let mut random = RandomState::new(5);
            let options = [("n_samples", 700.0.into())];
            let data = Generator::new("three_rings", &options).unwrap().generate(&mut random).into_dataset();
            let data = data.cast::<T>().unwrap();
            let layers = vec![
                Layer::new(33, Activation::tanh()).dropout(0.1),
                Layer::new(18, Activation::gelu()),
                Layer::new(3, Activation::softmax()),
            ];
            let network = Network::initialize(Architecture::new(2, layers).unwrap(), &mut random);
            let optimizer = Optimizer::new(entry.name, &[]).unwrap();
            let epochs = if batch == Batch::Size(1) { 1 } else { 5 };
            let settings = Settings { optimizer, batch, epochs, ..Settings::default() };
            let mut training =
                Training::new(network, &Loss::cross_entropy(), &data, settings, random).unwrap();
            training.run(()).unwrap();
            for p in &training.state().parameters {
                digest = (digest ^ p.to_f64().to_bits()).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    digest
}

fn digests() -> String {
    format!("{:016x} {:016x}", digest::<f32>(), digest::<f64>())
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    set_threads(1);
    let alone = digests();
    for threads in [2, 3, 7, 16] {
        set_threads(threads);
        assert_eq!(digests(), alone, "{threads} threads");
    }
}

/// Does nothing by itself: the next test starts it with a level in the environment and reads what it prints.
#[test]
fn digest_of_this_level() {
    if std::env::var_os("CHAINRULE_PRINT_DIGEST").is_some() {
        println!("digest {}", digests());
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn avx2_and_avx512_give_the_same_bits() {
    if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("avx512f") {
        println!("this machine has not both: nothing to compare");
        return;
    }
    let at = |level: &str| {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "digest_of_this_level", "--nocapture"])
            .env("CHAINRULE_SIMD", level)
            .env("CHAINRULE_PRINT_DIGEST", "1")
            .output()
            .unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let found = out.lines().find_map(|line| Some(line.split_once("digest ")?.1.to_owned()));
        found.unwrap_or_else(|| panic!("no digest in {out}"))
    };
    let (wide, narrow) = (at("avx512"), at("avx2"));
    assert_eq!(wide, narrow);
    // That a level can be forced at all shows in the one that has no fused multiply-add.
    assert_ne!(wide, at("portable"));
}
