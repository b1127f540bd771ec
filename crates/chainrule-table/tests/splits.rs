//! Splits by group and by time: groups and moments stay together, training rows precede validation
//! rows, and sizes are near the requested ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chainrule::random::RandomState;
use chainrule_table::{Column, ReadOptions, Split, Strings, Table, Values, read};
use proptest::prelude::*;

fn random() -> RandomState {
    RandomState::new(0)
}

fn case(name: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    read(&path, &ReadOptions::default(), &mut |_, _| {}).unwrap()
}

fn column_of(values: Values) -> (Table, Column) {
    let column = Column::new("c", values);
    (Table::new(vec![column.clone()]), column)
}

fn times(moments: &[u8]) -> (Table, Column) {
    column_of(Values::Numbers(moments.iter().map(|t| f64::from(*t)).collect()))
}

fn groups(names: &[u8]) -> (Table, Column) {
    let names: Vec<String> = names.iter().map(|g| format!("g{g}")).collect();
    column_of(Values::Strings(names.iter().map(|name| Some(name.as_str())).collect::<Strings>()))
}

fn keys(rows: &[usize], of: &[u8]) -> BTreeSet<u8> {
    rows.iter().map(|i| of[*i]).collect()
}

/// Number of rows of each key.
fn counts(of: &[u8]) -> Vec<usize> {
    let mut counts = BTreeMap::new();
    of.iter().for_each(|key| *counts.entry(key).or_insert(0) += 1);
    counts.into_values().collect()
}

/// Whether the two sets of rows are ascending, disjoint and not empty.
fn are_parts([training, validation]: &[Vec<usize>; 2]) -> bool {
    let ascending = |rows: &[usize]| !rows.is_empty() && rows.windows(2).all(|pair| pair[0] < pair[1]);
    ascending(training) && ascending(validation) && !training.iter().any(|i| validation.contains(i))
}

proptest! {
    #[test]
    fn a_split_by_time_is_at_the_nearest_boundary_between_moments(
        moments in prop::collection::vec(0_u8..12, 2..60),
        fraction in 0.01..0.99_f64,
    ) {
        let (table, time) = times(&moments);
        let sizes = counts(&moments);
        let split = Split::Time(&time).once(&table, fraction, &mut random());
        if sizes.len() < 2 {
            prop_assert!(split.unwrap_err().to_string().contains("has 1 distinct time, but"));
        } else {
            let parts = split.unwrap();
            prop_assert!(are_parts(&parts));
            prop_assert_eq!(parts[0].len() + parts[1].len(), moments.len());
            prop_assert!(keys(&parts[0], &moments).last() < keys(&parts[1], &moments).first());
            let requested = fraction * moments.len() as f64;
            let error = |size: usize| (size as f64 - requested).abs();
            let possible = (1..sizes.len()).map(|first| error(sizes[first..].iter().sum()));
            prop_assert_eq!(error(parts[1].len()), possible.fold(f64::INFINITY, f64::min));
        }
    }

    #[test]
    fn folds_by_time_train_on_earlier_moments_only(
        moments in prop::collection::vec(0_u8..12, 5..60),
        k in 1_usize..5,
    ) {
        let (table, time) = times(&moments);
        let sizes = counts(&moments);
        let folds = Split::Time(&time).folds(&table, k, &mut random());
        if sizes.len() <= k {
            let expected = format!("but the split by time requires at least {}", k + 1);
            prop_assert!(folds.unwrap_err().to_string().contains(&expected));
        } else {
            let folds = folds.unwrap();
            prop_assert_eq!(folds.len(), k);
            let mut earlier = folds[0][0].clone();
            for parts in &folds {
                prop_assert!(are_parts(parts));
                prop_assert!(keys(&parts[0], &moments).last() < keys(&parts[1], &moments).first());
                // The training rows are all rows of the earlier blocks, and blocks do not overlap.
                prop_assert_eq!(&parts[0], &earlier);
                earlier.extend(&parts[1]);
                earlier.sort_unstable();
            }
            prop_assert_eq!(earlier.len(), moments.len());
            // A boundary is at most half a moment away from its place, or as far as the moments that
            // other blocks require.
            let ideal = moments.len() as f64 / (k + 1) as f64;
            let largest = *sizes.iter().max().unwrap() as f64;
            let slack = (k + 1) as f64 * largest;
            prop_assert!(folds.iter().all(|parts| (parts[1].len() as f64 - ideal).abs() <= slack));
        }
    }

    #[test]
    fn distinct_times_are_cut_into_equal_blocks(n in 6_usize..60, k in 2_usize..5) {
        let (table, time) = column_of(Values::Numbers((0..n).rev().map(|i| i as f64).collect()));
        for [_, validation] in Split::Time(&time).folds(&table, k, &mut random()).unwrap() {
            prop_assert!(validation.len() == n / (k + 1) || validation.len() == n.div_ceil(k + 1));
        }
    }

    #[test]
    fn a_split_by_group_is_the_nearest_to_the_request(
        names in prop::collection::vec(0_u8..8, 2..60),
        fraction in 0.01..0.99_f64,
        seed in 0_u32..5,
    ) {
        let (table, group) = groups(&names);
        let sizes = counts(&names);
        let split = || Split::Group(&group).once(&table, fraction, &mut RandomState::new(seed));
        if sizes.len() < 2 {
            prop_assert!(split().unwrap_err().to_string().contains("has 1 group, but"));
        } else {
            let parts = split().unwrap();
            prop_assert!(are_parts(&parts));
            prop_assert_eq!(parts[0].len() + parts[1].len(), names.len());
            prop_assert!(keys(&parts[0], &names).is_disjoint(&keys(&parts[1], &names)));
            prop_assert_eq!(&split().unwrap(), &parts);
            let requested = fraction * names.len() as f64;
            let error = |size: usize| (size as f64 - requested).abs();
            let possible = (1..(1_u32 << sizes.len()) - 1).map(|bits| {
                error((0..sizes.len()).filter(|g| bits >> g & 1 == 1).map(|g| sizes[g]).sum())
            });
            prop_assert_eq!(error(parts[1].len()), possible.fold(f64::INFINITY, f64::min));
        }
    }

    #[test]
    fn folds_by_group_are_balanced(
        names in prop::collection::vec(0_u8..12, 5..60),
        k in 2_usize..5,
        seed in 0_u32..5,
    ) {
        let (table, group) = groups(&names);
        let sizes = counts(&names);
        let folds = Split::Group(&group).folds(&table, k, &mut RandomState::new(seed));
        if sizes.len() < k {
            prop_assert!(folds.is_err());
        } else {
            let folds = folds.unwrap();
            prop_assert!(folds.iter().all(are_parts));
            for parts in &folds {
                prop_assert_eq!(parts[0].len() + parts[1].len(), names.len());
                prop_assert!(keys(&parts[0], &names).is_disjoint(&keys(&parts[1], &names)));
            }
            let mut validated: Vec<usize> = folds.iter().flat_map(|[_, rows]| rows.clone()).collect();
            validated.sort_unstable();
            prop_assert_eq!(validated, (0..names.len()).collect::<Vec<_>>());
            let fold_sizes = folds.iter().map(|[_, rows]| rows.len());
            let spread = fold_sizes.clone().max().unwrap() - fold_sizes.min().unwrap();
            prop_assert!(spread <= *sizes.iter().max().unwrap());
        }
    }
}

#[test]
fn rows_of_one_day_are_on_one_side() {
    let table = case("c16-panel-ties.csv");
    let date = table.column("date").unwrap();
    // 30 rows on each of 11 days; a fifth of the rows would be 66.
    let [training, validation] = Split::Time(date).once(&table, 0.2, &mut random()).unwrap();
    assert_eq!((training.len(), validation.len()), (270, 60));
    let folds = Split::Time(date).folds(&table, 3, &mut random()).unwrap();
    assert!(folds.iter().flatten().all(|rows| rows.len() % 30 == 0));
    let error = Split::Time(date).folds(&table, 11, &mut random()).unwrap_err();
    assert!(error.to_string().ends_with(
        "column \"date\": has 11 distinct times, but the split by time requires at least 12, because rows \
         of the same time stay together; split by another column, or use fewer folds"
    ));
}

#[test]
fn folds_of_a_random_walk_train_on_the_past() {
    let table = case("c17-random-walk.csv");
    let day = table.column("day").unwrap();
    let Values::Numbers(days) = &day.values else { panic!("numbers") };
    let folds = Split::Time(day).folds(&table, 4, &mut random()).unwrap();
    for (i, [training, validation]) in folds.iter().enumerate() {
        assert_eq!((training.len(), validation.len()), (120 * (i + 1), 120));
        let last = training.iter().map(|row| days[*row]).fold(f64::NEG_INFINITY, f64::max);
        assert!(validation.iter().all(|row| days[*row] > last));
    }
}

#[test]
fn a_huge_group_is_not_held_out() {
    let table = case("c18-one-huge-group.csv");
    let group = table.column("g").unwrap();
    for seed in 0..20 {
        // Groups of 900, 40, 30 and 30 rows.
        let parts = Split::Group(group).once(&table, 0.2, &mut RandomState::new(seed)).unwrap();
        assert_eq!(parts.map(|rows| rows.len()), [900, 100]);
    }
    let folds = Split::Group(group).folds(&table, 3, &mut random()).unwrap();
    let mut sizes: Vec<usize> = folds.iter().map(|[_, rows]| rows.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [40, 60, 900]);
}

#[test]
fn the_bits_of_random_and_stratified_splits_are_stable() {
    let (table, _) = times(&[0; 12]);
    let mut random = RandomState::new(3);
    let [_, validation] = Split::Random.once(&table, 0.25, &mut random).unwrap();
    assert_eq!(validation, [1, 4, 5]);
    let classes = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1];
    let names = ["a".to_owned(), "b".to_owned()];
    let stratified = Split::Stratified(&classes, &names);
    let [_, validation] = stratified.once(&table, 0.25, &mut random).unwrap();
    assert_eq!(validation, [2, 7, 10, 11]);
    let validation = |split: Split<'_>, random: &mut RandomState| -> Vec<Vec<usize>> {
        split.folds(&table, 3, random).unwrap().into_iter().map(|[_, rows]| rows).collect()
    };
    assert_eq!(validation(Split::Random, &mut random), [[1, 4, 5, 8], [6, 9, 10, 11], [0, 2, 3, 7]]);
    assert_eq!(validation(stratified, &mut random), [[5, 8, 10, 11], [0, 4, 7, 9], [1, 2, 3, 6]]);
}
