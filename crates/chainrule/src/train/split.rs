//! The validation split: which samples are held out, and in which order the others are trained.

use std::collections::BTreeMap;

use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::random::RandomState;

/// How validation samples are selected.
///
/// Of n samples, ⌈fraction·n⌉ are held out. Both methods select the samples of scikit-learn's
/// `train_test_split` from the same stream of random numbers, and train the others in the same
/// order.
///
/// scikit-learn's `MLPClassifier` stratifies only two classes. Three or more classes, and
/// multilabel targets, are split at random, like the targets of a regression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValidationSplit {
    /// The first samples of a random permutation.
    #[default]
    Random,
    /// The same fraction of each class, up to rounding. Targets must be one-hot, or a single 0 or 1.
    Stratified,
}

/// Splits the samples of `data` into validation rows, in the order of the data, and training rows,
/// in random order.
pub(super) fn split<T: Scalar>(
    data: &dyn DataSource<T>,
    method: ValidationSplit,
    fraction: f64,
    random: &mut RandomState,
) -> Result<(Vec<u32>, Vec<u32>), Error> {
    let n = data.n_samples();
    let n_validation = (fraction * n as f64).ceil() as usize;
    if n_validation >= n {
        let allowed = format!("small enough to leave at least one of the {n} samples for training");
        return Err(refuse_fraction(fraction, allowed));
    }
    let training = match method {
        ValidationSplit::Random => {
            let mut order = all_rows(n);
            random.shuffle(&mut order);
            order.split_off(n_validation)
        }
        ValidationSplit::Stratified => {
            let rows_of_classes = rows_of_classes(data)?;
            check_counts(&rows_of_classes, n_validation, n, fraction)?;
            stratified(rows_of_classes.into_values().collect(), n_validation, random)
        }
    };
    Ok((all_but(&training, n), training))
}

/// Returns the training rows of a stratified split, in random order.
///
/// `rows_of_classes` contains the rows of each class in the order of the data.
fn stratified(mut rows_of_classes: Vec<Vec<u32>>, n_validation: usize, random: &mut RandomState) -> Vec<u32> {
    let n_of_classes: Vec<usize> = rows_of_classes.iter().map(Vec::len).collect();
    let n_training = n_of_classes.iter().sum::<usize>() - n_validation;
    let n_training_of_classes = proportional_counts(&n_of_classes, n_training, random);
    let n_remaining: Vec<usize> =
        n_of_classes.iter().zip(&n_training_of_classes).map(|(n, n_training)| n - n_training).collect();
    // All remaining samples are held out. scikit-learn calls the same function for their counts,
    // which rounding errors may cause to draw random numbers.
    proportional_counts(&n_remaining, n_validation, random);

    let (mut training, mut validation) = (Vec::with_capacity(n_training), Vec::with_capacity(n_validation));
    for (rows, &n_training) in rows_of_classes.iter_mut().zip(&n_training_of_classes) {
        random.shuffle(rows);
        training.extend_from_slice(&rows[..n_training]);
        validation.extend_from_slice(&rows[n_training..]);
    }
    random.shuffle(&mut training);
    // The order of the validation rows has no effect, but the stream must advance.
    random.shuffle(&mut validation);
    training
}

/// Distributes `n_draws` over classes of `counts` samples in proportion to the counts.
///
/// Each class receives ⌊count/n·n_draws⌋. The rest goes to the classes with the largest remainders,
/// one each; equal remainders are ordered at random. This is scikit-learn's approximation of the
/// mode of the multivariate hypergeometric distribution, operation by operation.
fn proportional_counts(counts: &[usize], n_draws: usize, random: &mut RandomState) -> Vec<usize> {
    let n = counts.iter().sum::<usize>() as f64;
    let exact: Vec<f64> = counts.iter().map(|&count| count as f64 / n * n_draws as f64).collect();
    let mut whole: Vec<usize> = exact.iter().map(|exact| exact.floor() as usize).collect();
    let remainders: Vec<f64> = exact.iter().map(|exact| exact - exact.floor()).collect();

    let mut distinct = remainders.clone();
    distinct.sort_by(|a, b| b.total_cmp(a));
    distinct.dedup();
    let mut n_rest = n_draws.saturating_sub(whole.iter().sum());
    for remainder in distinct {
        if n_rest == 0 {
            break;
        }
        let mut classes: Vec<usize> = (0..counts.len()).filter(|&k| remainders[k] == remainder).collect();
        random.shuffle(&mut classes);
        classes.truncate(n_rest);
        n_rest -= classes.len();
        classes.into_iter().for_each(|k| whole[k] += 1);
    }
    whole
}

/// Returns the rows of each class that occurs, in the order of the data.
fn rows_of_classes<T: Scalar>(data: &dyn DataSource<T>) -> Result<BTreeMap<usize, Vec<u32>>, Error> {
    /// Number of rows whose targets are read together.
    const N_TOGETHER: usize = 1024;
    let n_targets = data.n_targets();
    let mut rows_of_classes: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut targets = vec![T::ZERO; N_TOGETHER * n_targets];
    for rows in all_rows(data.n_samples()).chunks(N_TOGETHER) {
        let t = &mut targets[..rows.len() * n_targets];
        data.gather_targets(rows, t)?;
        for (s, &row) in rows.iter().enumerate() {
            let class = class(t.chunks_exact(rows.len()).map(|column| column[s])).ok_or_else(|| {
                refuse_stratified(&format!(
                    "random, since the targets of sample {} (counted from 1) are neither one-hot nor a \
                     single 0 or 1",
                    row + 1
                ))
            })?;
            rows_of_classes.entry(class).or_default().push(row);
        }
    }
    Ok(rows_of_classes)
}

/// Returns the class of a sample: the position of the 1 if the targets `t` are one-hot, or the value
/// of a single target of 0 or 1; `None` for any other targets.
fn class<T: Scalar>(t: impl ExactSizeIterator<Item = T>) -> Option<usize> {
    let n_targets = t.len();
    let mut class = None;
    for (k, t) in t.enumerate() {
        if t == T::ONE && class.is_none() {
            class = Some(k);
        } else if t != T::ZERO {
            return None;
        }
    }
    if n_targets == 1 { Some(usize::from(class.is_some())) } else { class }
}

/// Checks that both sets can contain every class.
fn check_counts(
    rows_of_classes: &BTreeMap<usize, Vec<u32>>,
    n_validation: usize,
    n: usize,
    fraction: f64,
) -> Result<(), Error> {
    if let Some((class, rows)) = rows_of_classes.iter().find(|(_, rows)| rows.len() < 2) {
        let row = rows[0] + 1;
        return Err(refuse_stratified(&format!(
            "random, since sample {row} (counted from 1) is the only one of class {class} (counted from 0); \
             stratification requires two samples of each class"
        )));
    }
    let n_classes = rows_of_classes.len();
    let otherwise = "or set validation_split to random";
    if n - n_validation < n_classes {
        let allowed = format!(
            "small enough to train on at least {n_classes} of the {n} samples, one per class ({otherwise})"
        );
        return Err(refuse_fraction(fraction, allowed));
    }
    if n_validation < n_classes {
        let allowed = format!(
            "large enough to hold out at least {n_classes} of the {n} samples, one per class ({otherwise})"
        );
        return Err(refuse_fraction(fraction, allowed));
    }
    Ok(())
}

fn refuse_fraction(fraction: f64, allowed: String) -> Error {
    Error::Setting { setting: "validation_fraction".to_owned(), value: fraction.to_string(), allowed }
}

fn refuse_stratified(allowed: &str) -> Error {
    Error::Setting {
        setting: "validation_split".to_owned(),
        value: "stratified".to_owned(),
        allowed: allowed.to_owned(),
    }
}

/// Returns the rows from 0 to `n` - 1 that are not in `rows`, in order.
pub(super) fn all_but(rows: &[u32], n: usize) -> Vec<u32> {
    let mut included = vec![true; n];
    rows.iter().for_each(|&row| included[row as usize] = false);
    all_rows(n).into_iter().filter(|&row| included[row as usize]).collect()
}

/// Returns the rows from 0 to `n` - 1.
pub(super) fn all_rows(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

/// Returns the same rows in order.
pub(super) fn sorted(rows: &[u32]) -> Vec<u32> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;

    fn split_targets(t: Vec<f64>, n_targets: usize, fraction: f64) -> Result<(Vec<u32>, Vec<u32>), String> {
        let n = t.len() / n_targets;
        let data = Dataset::new(vec![0.0; n], 1, t, n_targets).unwrap();
        split(&data, ValidationSplit::Stratified, fraction, &mut RandomState::new(0))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_class_has_the_same_fraction_and_each_row_is_in_one_set() {
        // More rows than are read together, in classes of 600, 400 and 200 rows.
        let classes: Vec<usize> = (0..1200).map(|i| [0, 1, 0, 2, 0, 1][i % 6]).collect();
        let data = Dataset::from_classes(vec![0.0; 1200], 1, &classes, 4).unwrap();
        let (validation, training) = split_targets(data.t().to_vec(), 4, 0.25).unwrap();
        let count = |class| validation.iter().filter(|&&row| classes[row as usize] == class).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [150, 100, 50, 0]);
        assert_ne!(training, sorted(&training), "training rows are in random order");
        assert_eq!(sorted(&[validation, training].concat()), all_rows(1200));
    }

    #[test]
    fn the_class_is_the_single_1_or_the_value_of_a_single_target() {
        let class = |t: &[f32]| class(t.iter().copied());
        assert_eq!([class(&[0.0]), class(&[1.0]), class(&[0.5])], [Some(0), Some(1), None]);
        assert_eq!([class(&[1.0, 0.0, 0.0]), class(&[0.0, 0.0, 1.0])], [Some(0), Some(2)]);
        assert_eq!([class(&[0.0, 0.0]), class(&[1.0, 1.0]), class(&[0.9, 0.1])], [None; 3]);
    }

    #[test]
    fn a_split_that_cannot_be_stratified_is_refused() {
        let error =
            |t: &[f64], n_targets, fraction| split_targets(t.to_vec(), n_targets, fraction).unwrap_err();
        insta::assert_snapshot!(error(&[0.0, 0.0, 1.0, 0.0], 1, 0.5), @"validation_split is stratified, but must be random, since sample 3 (counted from 1) is the only one of class 1 (counted from 0); stratification requires two samples of each class");
        insta::assert_snapshot!(error(&[0.0, 1.0, 1.0, 0.0], 1, 0.1), @"validation_fraction is 0.1, but must be large enough to hold out at least 2 of the 4 samples, one per class (or set validation_split to random)");
        insta::assert_snapshot!(error(&[0.0, 1.0, 1.0, 0.0], 1, 0.7), @"validation_fraction is 0.7, but must be small enough to train on at least 2 of the 4 samples, one per class (or set validation_split to random)");
        insta::assert_snapshot!(error(&[0.0, 0.3, 1.0, 0.0], 1, 0.5), @"validation_split is stratified, but must be random, since the targets of sample 2 (counted from 1) are neither one-hot nor a single 0 or 1");
        insta::assert_snapshot!(error(&[0.0, 1.0, 1.0, 1.0], 2, 0.5), @"validation_split is stratified, but must be random, since the targets of sample 2 (counted from 1) are neither one-hot nor a single 0 or 1");
    }
}
