//! Samples and initial weights of a workload, generated from a seed or read from files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chainrule::datasets::Generator;
use chainrule::kernel::math;
use chainrule::random::RandomState;
use chainrule::{Dataset, Scalar};

use crate::error::Error;
use crate::npy;
use crate::workload::{Workload, WorkloadData};

/// Samples and initial weights of all networks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainingProblem<T> {
    pub(crate) data: Arc<Dataset<T>>,
    /// Flat vector of all parameters of each network, layer by layer: W (n_in, n_out) in row-major
    /// order, then b.
    pub(crate) parameters: Vec<Vec<T>>,
}

impl<T: Scalar> TrainingProblem<T> {
    /// Generates the problem of `workload` from `seed`. The inputs, the random linear map if there
    /// is one, and the weights of one network after another are drawn from one stream in f64.
    ///
    /// `digits` is an NPY file of scikit-learn's digits with 64 pixels and the class in each row.
    /// Their order depends on the seed.
    pub(crate) fn generate(
        workload: &Workload,
        seed: u32,
        digits: Option<&Path>,
    ) -> Result<TrainingProblem<T>, Error> {
        let mut random = RandomState::new(seed);
        let data = match (workload.data, digits) {
            (WorkloadData::Gaussians, _) => {
                let generator =
                    Generator::new("two_gaussians", &[("n_samples", (workload.n_samples as f64).into())])?;
                generator.generate(&mut random).into_dataset()
            }
            (WorkloadData::Digits, Some(path)) => read_digits(path, &mut random)?,
            (_, _) => normal(workload, &mut random)?,
        };
        let architecture = workload.architecture()?;
        let mut draw = || architecture.draw(&mut random).into_iter().map(T::from_f64).collect();
        let parameters = (0..workload.n_networks).map(|_| draw()).collect();
        Ok(TrainingProblem { data: Arc::new(data.cast()?), parameters })
    }

    /// Returns the training samples of each network. Consecutive networks with the same rows share
    /// them.
    pub(crate) fn training_data(&self, workload: &Workload) -> Vec<Arc<Dataset<T>>> {
        let mut latest = (None, self.data.clone());
        let data = (0..workload.n_networks).map(|network| {
            let rows = workload.rows_of(network);
            if rows != latest.0 {
                let data = rows.as_ref().map_or(self.data.clone(), |rows| Arc::new(self.data.subset(rows)));
                latest = (rows, data);
            }
            latest.1.clone()
        });
        data.collect()
    }

    /// Writes `workload.json`, `x.npy`, `t.npy`, and `w<l>.npy` and `b<l>.npy` for each layer l to
    /// `directory`. The weights of the networks follow each other along the first axis. If networks
    /// are trained on some of the rows, `rows.npy` (n_networks, n_training_rows) contains their
    /// indices.
    pub(crate) fn write(&self, workload: &Workload, directory: &Path) -> Result<(), Error> {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
        let description = directory.join("workload.json");
        fs::write(&description, workload.to_json().to_string()).map_err(Error::file(&description))?;
        let n = self.data.n_samples();
        npy::write(&directory.join("x.npy"), [n, self.data.n_inputs()], self.data.x())?;
        npy::write(&directory.join("t.npy"), [n, self.data.n_targets()], self.data.t())?;
        for (file, [n_rows, n_columns], start) in layout(workload) {
            let range = start..start + n_rows * n_columns;
            let values: Vec<T> = self.parameters.iter().flat_map(|p| &p[range.clone()]).copied().collect();
            npy::write(&directory.join(file), [workload.n_networks * n_rows, n_columns], &values)?;
        }
        let rows: Option<Vec<_>> =
            (0..workload.n_networks).map(|network| workload.rows_of(network)).collect();
        if let Some(rows) = rows {
            let shape = [workload.n_networks, workload.n_training_rows()];
            let rows: Vec<f64> = rows.into_iter().flatten().map(|row| row as f64).collect();
            npy::write(&directory.join("rows.npy"), shape, &rows)?;
        }
        Ok(())
    }

    /// Reads a directory written by [`TrainingProblem::write`].
    pub(crate) fn read(workload: &Workload, directory: &Path) -> Result<TrainingProblem<T>, Error> {
        let ([_, n_inputs], x) = npy::read(&directory.join("x.npy"))?;
        let ([_, n_targets], t) = npy::read(&directory.join("t.npy"))?;
        let mut parameters = vec![Vec::new(); workload.n_networks];
        for (file, shape, _) in layout(workload) {
            let (_, values) = npy::read::<T>(&directory.join(file))?;
            for (network, values) in parameters.iter_mut().zip(values.chunks_exact(shape[0] * shape[1])) {
                network.extend(values);
            }
        }
        Ok(TrainingProblem { data: Arc::new(Dataset::new(x, n_inputs, t, n_targets)?), parameters })
    }
}

/// Returns each parameter file with the shape for one network and its offset in the flat vector.
fn layout(workload: &Workload) -> Vec<(String, [usize; 2], usize)> {
    let mut files = Vec::new();
    let mut start = 0;
    for (l, n) in workload.widths.windows(2).enumerate() {
        for (letter, shape) in [("w", [n[0], n[1]]), ("b", [1, n[1]])] {
            files.push((format!("{letter}{l}.npy"), shape, start));
            start += shape[0] * shape[1];
        }
    }
    files
}

/// Generates standard normal inputs with the targets of the workload's data set.
fn normal(workload: &Workload, random: &mut RandomState) -> Result<Dataset<f64>, Error> {
    let (n_inputs, n_outputs) = (workload.n_inputs(), workload.n_outputs());
    let mut x = vec![0.0; workload.n_samples * n_inputs];
    random.fill_normal(0.0, 1.0, &mut x);
    let rows = x.chunks_exact(n_inputs);
    if workload.data == WorkloadData::AboveSine {
        let t = rows.map(|row| f64::from(u8::from(math::sin(row[0]) + row[1] > 0.0))).collect();
        return Ok(Dataset::new(x, n_inputs, t, 1)?);
    }
    let mut map = vec![0.0; n_inputs * n_outputs];
    random.fill_normal(0.0, (1.0 / n_inputs as f64).sqrt(), &mut map);
    let mapped = rows.map(|row| {
        let mut y = vec![0.0; n_outputs];
        for (x, weights) in row.iter().zip(map.chunks_exact(n_outputs)) {
            y.iter_mut().zip(weights).for_each(|(y, w)| *y += x * w);
        }
        y
    });
    if workload.data == WorkloadData::Sine {
        let t = mapped.flatten().map(math::sin).collect();
        return Ok(Dataset::new(x, n_inputs, t, n_outputs)?);
    }
    let arg_max = |y: Vec<f64>| (0..n_outputs).max_by(|&i, &j| y[i].total_cmp(&y[j])).expect("an output");
    let classes: Vec<usize> = mapped.map(arg_max).collect();
    Ok(Dataset::from_classes(x, n_inputs, &classes, n_outputs)?)
}

/// Reads the digits in random order, with pixels divided by 16.
fn read_digits(path: &Path, random: &mut RandomState) -> Result<Dataset<f64>, Error> {
    let ([n, n_columns], values) = npy::read::<f64>(path)?;
    let order = random.permutation(n);
    let rows = order.iter().map(|&i| &values[i * n_columns..(i + 1) * n_columns]);
    let x = rows.clone().flat_map(|row| &row[..n_columns - 1]).map(|pixel| pixel / 16.0).collect();
    let classes: Vec<usize> = rows.map(|row| row[n_columns - 1] as usize).collect();
    Ok(Dataset::from_classes(x, n_columns - 1, &classes, 10)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{all, named};

    fn small(name: &str) -> Workload {
        let workload = named(name).unwrap();
        Workload { n_samples: workload.n_samples.min(300), ..workload }
    }

    #[test]
    fn data_and_weights_depend_only_on_the_seed() {
        for workload in all() {
            let workload = small(&workload.name);
            let problem = TrainingProblem::<f32>::generate(&workload, 3, None).unwrap();
            assert_eq!(problem, TrainingProblem::generate(&workload, 3, None).unwrap());
            let other = TrainingProblem::<f32>::generate(&workload, 4, None).unwrap();
            assert_ne!(problem.data.x(), other.data.x());
            assert_ne!(problem.parameters, other.parameters);
        }
    }

    #[test]
    fn written_problems_are_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let workload = small("digits");
        let problem = TrainingProblem::<f64>::generate(&workload, 0, None).unwrap();
        problem.write(&workload, directory.path()).unwrap();
        assert_eq!(TrainingProblem::read(&workload, directory.path()).unwrap(), problem);
        let ([n_in, n_out], w) = npy::read::<f64>(&directory.path().join("w1.npy")).unwrap();
        assert_eq!((n_in, n_out), (100, 10));
        assert_eq!(workload.architecture().unwrap().weights(1, &problem.parameters[0]), w);
    }

    #[test]
    fn several_networks_are_written_along_the_first_axis_with_their_rows() {
        let directory = tempfile::tempdir().unwrap();
        let workload = Workload { n_samples: 17, n_networks: 16, ..named("folds").unwrap() };
        let problem = TrainingProblem::<f32>::generate(&workload, 0, None).unwrap();
        problem.write(&workload, directory.path()).unwrap();
        assert_eq!(TrainingProblem::read(&workload, directory.path()).unwrap(), problem);
        let (shape, b) = npy::read::<f32>(&directory.path().join("b2.npy")).unwrap();
        assert_eq!((shape, b), ([16, 1], vec![0.0; 16]));
        let (shape, rows) = npy::read::<f64>(&directory.path().join("rows.npy")).unwrap();
        assert_eq!(shape, [16, 15]);
        // The third network is the first one of the second fold, without rows 2 and 3.
        assert_eq!(rows[30..34], [0.0, 1.0, 4.0, 5.0]);
        let data = problem.training_data(&workload);
        assert!(Arc::ptr_eq(&data[2], &data[3]) && !Arc::ptr_eq(&data[1], &data[2]));
        assert_eq!((data[2].n_samples(), data[2].sample(2)), (15, problem.data.sample(4)));
        assert_ne!(problem.parameters[0], problem.parameters[1]);
    }

    #[test]
    fn targets_match_the_definition_of_the_data() {
        let above = TrainingProblem::<f64>::generate(&small("tabular"), 0, None).unwrap().data;
        assert!((0..300).all(|i| {
            let (x, t) = above.sample(i);
            t == [f64::from(u8::from(x[0].sin() + x[1] > 0.0))]
        }));
        let classes = TrainingProblem::<f64>::generate(&small("mnist"), 0, None).unwrap().data;
        assert!(classes.t().chunks_exact(10).all(|t| t.iter().sum::<f64>() == 1.0));
        let columns: Vec<f64> = (0..10).map(|k| classes.t().iter().skip(k).step_by(10).sum()).collect();
        assert!(columns.iter().filter(|&&n| n > 5.0).count() > 5, "{columns:?}");
        let sines = TrainingProblem::<f64>::generate(&small("chains"), 0, None).unwrap().data;
        assert!(sines.t().iter().all(|t| t.abs() <= 1.0) && sines.n_targets() == 4);
    }

    #[test]
    fn digits_are_read_from_a_file_in_the_order_of_the_seed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("digits.npy");
        let rows: Vec<f64> = (0..6)
            .flat_map(|i| {
                (0..65).map(move |j| if j == 64 { 9.0 - f64::from(i) } else { 16.0 * f64::from(i) })
            })
            .collect();
        npy::write(&path, [6, 65], &rows).unwrap();
        let data = TrainingProblem::<f64>::generate(&named("digits").unwrap(), 1, Some(&path)).unwrap().data;
        let order = RandomState::new(1).permutation(6);
        for (row, i) in order.into_iter().enumerate() {
            let (x, t) = data.sample(row);
            assert_eq!(x, [i as f64; 64]);
            assert_eq!(t.iter().position(|&t| t == 1.0), Some(9 - i));
        }
    }
}
