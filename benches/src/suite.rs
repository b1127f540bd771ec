//! Suite of workloads: the rows of the table and the points of the growth curves.

use crate::error::Error;
use crate::peer::Peer;
use crate::workload::{Goals, NetworkRows, Workload, WorkloadData, WorkloadPrecision};

/// Sample counts of the growth curve over samples.
pub(crate) const GROWTH_SAMPLES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// Layer widths of the growth curve over width.
pub(crate) const GROWTH_WIDTHS: [usize; 9] = [4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// Returns the workloads of the table, in order.
pub(crate) fn all() -> Vec<Workload> {
    let adam =
        |name: &str, data, n_samples, widths: &[usize], activation, loss, batch, epochs, goal| Workload {
            name: name.to_owned(),
            precision: WorkloadPrecision::F32,
            data,
            n_samples,
            widths: widths.to_vec(),
            activation,
            loss,
            batch,
            epochs,
            optimizer: "adam",
            learning_rate: 1e-3,
            n_networks: 1,
            training_rows: NetworkRows::All,
            threads: None,
            peers: &Peer::ALL,
            goals: goals(goal),
        };
    let sgd = |learning_rate, workload| Workload { optimizer: "sgd", learning_rate, ..workload };
    let f64 = |workload: &Workload| Workload {
        name: format!("{}-f64", workload.name),
        precision: WorkloadPrecision::F64,
        goals: goals([1.5, 1.5]),
        ..workload.clone()
    };
    let width = |n, goal| Workload { goals: goals(goal), ..width_point(n) };
    let (binary, classes, squared) = ("binary_cross_entropy", "cross_entropy", "squared_error");

    let gaussians = adam(
        "gaussians",
        WorkloadData::Gaussians,
        20_000,
        &[1, 32, 1],
        "logistic",
        binary,
        20_000,
        1_000,
        [1.8, 3.0],
    );
    let sines =
        adam("sines", WorkloadData::AboveSine, 25, &[2, 20, 20, 2, 1], "tanh", binary, 25, 2_000, [3.5, 4.0]);
    let chains = adam(
        "chains",
        WorkloadData::Sine,
        10_000,
        &[4, 32, 16, 4],
        "tanh",
        squared,
        10_000,
        1_000,
        [3.0, 4.0],
    );
    let digits =
        adam("digits", WorkloadData::Digits, 1_797, &[64, 100, 10], "relu", classes, 200, 200, [3.0, 3.0]);
    let wide46 = adam(
        "wide46",
        WorkloadData::Sine,
        12_800,
        &[10, 46, 46, 10],
        "identity",
        squared,
        128,
        10,
        [3.0, 4.0],
    );
    let tabular = adam(
        "tabular",
        WorkloadData::AboveSine,
        100_000,
        &[28, 256, 256, 256, 1],
        "relu",
        binary,
        1_024,
        1,
        [1.3, 2.0],
    );
    let mnist =
        adam("mnist", WorkloadData::ArgMax, 60_000, &[784, 128, 10], "relu", classes, 128, 1, [1.5, 2.0]);
    let restarts = Workload {
        n_networks: 256,
        peers: &[Peer::Jax],
        ..adam("restarts", WorkloadData::ArgMax, 100, &[2, 32, 2], "tanh", classes, 100, 2_000, [12.0, 15.0])
    };
    let folds = Workload {
        optimizer: "adamw",
        n_networks: 64,
        training_rows: NetworkRows::Folds(8),
        peers: &[Peer::Jax, Peer::Torch],
        goals: Some(Goals { avx2: 4.0, avx512: 4.0, torch: Some(50.0) }),
        ..adam("folds", WorkloadData::AboveSine, 569, &[30, 64, 64, 1], "silu", binary, 32, 100, [4.0, 4.0])
    };
    let doubles = [f64(&chains), f64(&digits), f64(&tabular)];
    let mut all = vec![sgd(1.0, gaussians), sgd(0.1, sines), chains, digits, wide46, tabular, mnist];
    all.extend([width(64, [1.6, 2.0]), width(512, [1.0, 1.3]), width(1_024, [1.0, 1.3])]);
    all.extend([sgd(0.1, restarts), folds]);
    all.extend(doubles);
    all
}

/// Returns goals over JAX for AVX2 and AVX-512.
#[expect(clippy::unnecessary_wraps, reason = "the type of the field of a workload")]
fn goals([avx2, avx512]: [f64; 2]) -> Option<Goals> {
    Some(Goals { avx2, avx512, torch: None })
}

/// Returns the workload `name`, which is one of the table or a point of a growth curve such as
/// `samples-1000` or `width-64`.
pub(crate) fn named(name: &str) -> Result<Workload, Error> {
    let all = all();
    let from_curve = || {
        let (curve, n) = name.split_once('-')?;
        let n = n.parse().ok().filter(|&n| n > 0)?;
        match curve {
            "samples" => Some(samples_point(n)),
            "width" => Some(width_point(n)),
            _ => None,
        }
    };
    all.iter().find(|workload| workload.name == name).cloned().or_else(from_curve).ok_or_else(|| {
        Error::Workload {
            name: name.to_owned(),
            names: all.into_iter().map(|workload| workload.name).collect(),
        }
    })
}

/// Returns a point of the growth curve over the number of samples, with a network of 8-64-64-1.
fn samples_point(n: usize) -> Workload {
    growth_point(&format!("samples-{n}"), n, 64, 256.min(n), None)
}

/// Returns a point of the growth curve over the layer width, with 2,000 samples.
///
/// A single thread is used, so that the curve shows the matrix products without the transfer of
/// parameters between cores.
fn width_point(n: usize) -> Workload {
    growth_point(&format!("width-{n}"), 2_000, n, 100, Some(1))
}

/// Small workloads train for several epochs, so that the time can be measured.
fn growth_point(
    name: &str,
    n_samples: usize,
    width: usize,
    batch: usize,
    threads: Option<usize>,
) -> Workload {
    let multiplications = n_samples * (8 * width + width * width + width);
    Workload {
        name: name.to_owned(),
        precision: WorkloadPrecision::F32,
        data: WorkloadData::AboveSine,
        n_samples,
        widths: vec![8, width, width, 1],
        activation: "tanh",
        loss: "binary_cross_entropy",
        batch,
        epochs: (100_000_000 / multiplications as u64).clamp(1, 1_000),
        optimizer: "adam",
        learning_rate: 1e-3,
        n_networks: 1,
        training_rows: NetworkRows::All,
        threads,
        peers: &Peer::ALL,
        goals: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workloads_and_growth_points_have_a_network_and_valid_settings() {
        let points = GROWTH_SAMPLES.map(|n| format!("samples-{n}")).into_iter();
        let points = points.chain(GROWTH_WIDTHS.map(|n| format!("width-{n}")));
        for name in all().into_iter().map(|workload| workload.name).chain(points) {
            let workload = named(&name).unwrap();
            assert_eq!(workload.name, name);
            assert_eq!(workload.architecture().unwrap().n_outputs(), workload.n_outputs());
            workload.settings().unwrap().check().unwrap();
        }
    }

    #[test]
    fn an_unknown_workload_is_rejected_with_a_list_of_names() {
        for name in ["nothing", "samples-0", "samples-x", "depth-3"] {
            let error = named(name).unwrap_err().to_string();
            let expected = format!("unknown workload \"{name}\"; choose one of gaussians, sines, ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
