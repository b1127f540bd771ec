//! Splits by group: subsets of the groups whose numbers of rows are as near as possible to the
//! requested ones.

use std::cmp::Reverse;
use std::collections::HashMap;

use chainrule::random::RandomState;

use super::size::nearest;
use crate::{Column, Error, Problem, Table};

/// Maximum number of groups times number of rows for which the nearest subset is found exactly, in
/// a fraction of a second.
const MAX_WORK: usize = 100_000_000;

/// Returns the rows of each group. A row with a missing group forms a group of its own.
///
/// # Errors
/// Returns [`Problem::FewGroups`] if there are fewer than `needed` groups.
pub(super) fn groups(table: &Table, column: &Column, needed: usize) -> Result<Vec<Vec<usize>>, Error> {
    let mut indices = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in 0..table.n_rows() {
        match column.values.text(i) {
            None => groups.push(vec![i]),
            Some(name) => {
                let k = *indices.entry(name).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[k].push(i);
            }
        }
    }
    if groups.len() < needed {
        let problem = Problem::FewGroups { got: groups.len(), needed };
        return Err(Error::new(&table.path, problem).column(column.name.clone()));
    }
    Ok(groups)
}

/// Returns the rows of the groups to hold out, given at least two groups. Their number is close to
/// `requested` (see [`nearest_subset`]).
///
/// Subsets of groups with the same number of rows are equally near; the random order of the groups
/// determines which one is returned.
pub(super) fn held_out(groups: &[Vec<usize>], requested: f64, random: &mut RandomState) -> Vec<usize> {
    let order = random.permutation(groups.len());
    let sizes: Vec<usize> = order.iter().map(|g| groups[*g].len()).collect();
    nearest_subset(&sizes, requested).into_iter().flat_map(|g| groups[order[g]].iter().copied()).collect()
}

/// Distributes at least `k` groups over `k` folds with about equal numbers of rows, each with at
/// least one group, and returns the rows of each fold.
///
/// The largest groups are assigned first, each to the smallest fold, groups of the same size in
/// random order. Then the groups of the largest and the smallest fold are redistributed between
/// these two as evenly as possible, until this changes nothing or the work exceeds [`MAX_WORK`].
pub(super) fn balanced_folds(groups: &[Vec<usize>], k: usize, random: &mut RandomState) -> Vec<Vec<usize>> {
    let mut order = random.permutation(groups.len());
    order.sort_by_key(|g| Reverse(groups[*g].len()));
    let (mut folds, mut sizes) = (vec![Vec::new(); k], vec![0; k]);
    for g in order {
        let smallest = (0..k).min_by_key(|f| sizes[*f]).unwrap_or(0);
        folds[smallest].push(g);
        sizes[smallest] += groups[g].len();
    }
    let mut remaining_work = MAX_WORK;
    while let (Some(a), Some(b)) = ((0..k).max_by_key(|f| sizes[*f]), (0..k).min_by_key(|f| sizes[*f])) {
        let members = [&folds[a][..], &folds[b][..]].concat();
        let n_rows = sizes[a] + sizes[b];
        match remaining_work.checked_sub(members.len().saturating_mul(n_rows)) {
            Some(work) if sizes[a] - sizes[b] > 1 => remaining_work = work,
            _ => break,
        }
        let mut in_a = vec![false; members.len()];
        let member_sizes: Vec<usize> = members.iter().map(|g| groups[*g].len()).collect();
        exact_subset(&member_sizes, n_rows as f64 / 2.0).into_iter().for_each(|m| in_a[m] = true);
        let side = |is_in_a| -> Vec<usize> {
            (0..members.len()).filter(|m| in_a[*m] == is_in_a).map(|m| members[m]).collect()
        };
        let new_sides = [side(true), side(false)];
        let new_size: usize = new_sides[0].iter().map(|g| groups[*g].len()).sum();
        if new_size.abs_diff(n_rows - new_size) >= sizes[a] - sizes[b] {
            break;
        }
        [folds[a], folds[b]] = new_sides;
        (sizes[a], sizes[b]) = (new_size, n_rows - new_size);
    }
    folds.into_iter().map(|fold| fold.into_iter().flat_map(|g| groups[g].iter().copied()).collect()).collect()
}

/// Returns the positions of some, but not all, of at least two sizes, with a sum close to
/// `requested`: the nearest possible sum if the work is at most [`MAX_WORK`], otherwise that of
/// [`greedy_subset`].
fn nearest_subset(sizes: &[usize], requested: f64) -> Vec<usize> {
    let n: usize = sizes.iter().sum();
    if sizes.len().saturating_mul(n) <= MAX_WORK {
        exact_subset(sizes, requested)
    } else {
        greedy_subset(sizes, requested)
    }
}

/// Returns the subset with the sum nearest to `requested`; of two equally near sums, the larger one.
///
/// Solves the subset-sum problem by dynamic programming: the sums of subsets of the first i + 1
/// sizes are those of the first i, and each of them plus `sizes[i]`. For every sum, the last member
/// of the first subset found is kept. Subsets at the front of the list are found first, so with
/// sizes in random order, every nearest subset may be returned.
fn exact_subset(sizes: &[usize], requested: f64) -> Vec<usize> {
    const NONE: u32 = u32::MAX;
    let n: usize = sizes.iter().sum();
    let goal = (requested.round() as usize).clamp(1, n - 1);
    let (mut last_member, mut total) = (vec![NONE; n + 1], 0);
    for (i, &size) in sizes.iter().enumerate() {
        total += size;
        // Descending, so that sizes[i] is added only to sums without it.
        for sum in (size..=total).rev() {
            if last_member[sum] == NONE && (sum == size || last_member[sum - size] != NONE) {
                last_member[sum] = i as u32;
            }
        }
        if last_member[goal] != NONE {
            break;
        }
    }
    let sums = (1..n).filter(|sum| last_member[*sum] != NONE);
    let mut sum = nearest(sums, requested).expect("one of several sizes is less than their sum");
    let mut subset = Vec::new();
    while sum > 0 {
        let member = last_member[sum] as usize;
        subset.push(member);
        sum -= sizes[member];
    }
    subset
}

/// Returns a subset with a sum near to `requested`, in time proportional to the number of sizes.
///
/// Each size in turn is included if the sum remains at most `requested`. The remaining difference
/// is then less than the smallest size left out, m, which is also included if the sum is nearer
/// with it. The error is therefore at most m/2, or less than m if the subset would otherwise be
/// empty or contain everything. In all cases it is less than the smallest size that is left out.
fn greedy_subset(sizes: &[usize], requested: f64) -> Vec<usize> {
    let n: usize = sizes.iter().sum();
    let requested = requested.clamp(1.0, (n - 1) as f64);
    let (mut subset, mut sum) = (Vec::new(), 0);
    let mut smallest_left_out: Option<usize> = None;
    for (i, &size) in sizes.iter().enumerate() {
        if (sum + size) as f64 <= requested {
            subset.push(i);
            sum += size;
        } else if smallest_left_out.is_none_or(|m| size < sizes[m]) {
            smallest_left_out = Some(i);
        }
    }
    if let Some(m) = smallest_left_out
        && subset.len() + 1 < sizes.len()
        && (sum == 0 || nearest([sum, sum + sizes[m]].into_iter(), requested) != Some(sum))
    {
        subset.push(m);
    }
    subset
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(sizes: &[usize], subset: &[usize]) -> usize {
        subset.iter().map(|i| sizes[*i]).sum()
    }

    fn is_proper_subset(sizes: &[usize], subset: &[usize]) -> bool {
        let mut distinct = subset.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == subset.len() && !subset.is_empty() && subset.len() < sizes.len()
    }

    /// The sum nearest to `requested`, by enumeration of all subsets.
    fn nearest_sum(sizes: &[usize], requested: f64) -> usize {
        let sums = (1..(1_u32 << sizes.len()) - 1)
            .map(|bits| (0..sizes.len()).filter(|i| bits >> i & 1 == 1).map(|i| sizes[i]).sum());
        nearest(sums, requested).unwrap()
    }

    proptest! {
        #[test]
        fn the_exact_subset_is_the_nearest_one(
            sizes in prop::collection::vec(1_usize..60, 2..10),
            fraction in 0.0..1.0_f64,
        ) {
            let requested = fraction * sizes.iter().sum::<usize>() as f64;
            let subset = exact_subset(&sizes, requested);
            prop_assert!(is_proper_subset(&sizes, &subset), "{subset:?}");
            prop_assert_eq!(sum(&sizes, &subset), nearest_sum(&sizes, requested));
        }

        #[test]
        fn the_greedy_subset_is_within_its_bound(
            sizes in prop::collection::vec(1_usize..60, 2..40),
            fraction in 0.0..1.0_f64,
        ) {
            let n: usize = sizes.iter().sum();
            let requested = (fraction * n as f64).clamp(1.0, (n - 1) as f64);
            let subset = greedy_subset(&sizes, requested);
            prop_assert!(is_proper_subset(&sizes, &subset), "{subset:?}");
            let error = (sum(&sizes, &subset) as f64 - requested).abs();
            let left_out = (0..sizes.len()).filter(|i| !subset.contains(i)).map(|i| sizes[i]);
            prop_assert!(error < left_out.min().unwrap() as f64, "{error}");
        }
    }

    #[test]
    fn many_groups_are_split_greedily_and_near_the_request() {
        let sizes: Vec<usize> = (0..20_000).map(|i| 1 + i * 7919 % 30).collect();
        let n: usize = sizes.iter().sum();
        assert!(sizes.len() * n > MAX_WORK);
        let subset = nearest_subset(&sizes, 0.2 * n as f64);
        assert!(sum(&sizes, &subset).abs_diff(n / 5) <= 1);
    }

    #[test]
    fn every_nearest_subset_may_be_held_out() {
        let groups = [vec![0], vec![1, 2], vec![3, 4, 5], vec![6, 7, 8]];
        let mut seen: Vec<Vec<usize>> = (0..100)
            .map(|seed| {
                let mut rows = held_out(&groups, 3.0, &mut RandomState::new(seed));
                rows.sort_unstable();
                rows
            })
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7, 8]]);
    }

    #[test]
    fn folds_are_divided_again_if_the_first_assignment_is_uneven() {
        // Assigned in order of size, the folds would have 7 and 5 rows.
        let sizes = [3, 3, 2, 2, 2];
        let groups: Vec<Vec<usize>> = sizes.iter().enumerate().map(|(g, size)| vec![g; *size]).collect();
        let folds = balanced_folds(&groups, 2, &mut RandomState::new(0));
        assert_eq!(folds.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6]);
    }
}
