//! Arrangement of the panels of several networks: in rows, with a shared legend.

use crate::{Legend, Mark, Panel, Series};

/// Arranges panels in rows of at most three; four panels are arranged two by two.
pub(super) fn in_rows(panels: &[Panel]) -> Vec<Vec<Panel>> {
    let n_columns = if panels.len() == 4 { 2 } else { 3 };
    panels.chunks(n_columns).map(<[Panel]>::to_vec).collect()
}

/// Arranges panels in rows with one legend, in the last panel of the first row, that lists the
/// series of all panels.
pub(super) fn with_shared_legend(mut panels: Vec<Panel>) -> Vec<Vec<Panel>> {
    let mut named: Vec<Series> = Vec::new();
    for series in panels.iter().flat_map(|panel| &panel.series).filter(|series| !series.name.is_empty()) {
        if named.iter().all(|other| other.name != series.name) {
            named.push(series.clone());
        }
    }
    panels.iter_mut().for_each(|panel| panel.legend = Legend::Hidden);
    let mut rows = in_rows(&panels);
    // A 2-D panel, because 2-D series cannot be added to a 3-D panel.
    let first = rows.first_mut().map(Vec::as_mut_slice).unwrap_or_default();
    let index = first.iter().rposition(|panel| panel.space.is_none()).unwrap_or(first.len().max(1) - 1);
    if let Some(last) = first.get_mut(index) {
        let missing =
            named.into_iter().filter(|series| last.series.iter().all(|own| own.name != series.name));
        let missing: Vec<Series> =
            missing.filter_map(|series| Some(Series::new(series.name, empty_mark(&series.mark)?))).collect();
        last.series.extend(missing);
        last.legend = Legend::Best;
    }
    rows
}

/// Returns a mark without visible data that has the same legend symbol.
fn empty_mark(mark: &Mark) -> Option<Mark> {
    // plotly.js does not list traces without points.
    let [x, y, z] = [vec![f64::NAN], vec![f64::NAN], Vec::new()];
    match mark {
        Mark::Line { stroke, .. } => Some(Mark::Line { x, y, z, stroke: *stroke }),
        Mark::Points { marker, .. } => Some(Mark::Points { x, y, z, marker: *marker }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Marker, Symbol};

    #[test]
    fn the_legend_lists_the_series_of_all_panels() {
        let panel = |names: &[&str]| {
            let points = |panel: Panel, name: &&str| {
                panel.with(Series::points(
                    *name,
                    vec![1.0],
                    vec![1.0],
                    Marker::new(Symbol::Ring, Colour::Ink),
                ))
            };
            names.iter().fold(Panel::new(Axis::default(), Axis::default()), points)
        };
        let rows = with_shared_legend(vec![
            panel(&["a", "misclassified"]),
            panel(&["a"]),
            panel(&["b"]),
            panel(&["a"]),
        ]);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        let listed =
            |panel: &Panel| (panel.legend, panel.series.iter().map(|s| s.name.clone()).collect::<Vec<_>>());
        assert_eq!(listed(&rows[0][1]), (Legend::Best, vec!["a".into(), "misclassified".into(), "b".into()]));
        assert!(
            rows[0][0].legend == Legend::Hidden && rows[1].iter().all(|panel| panel.legend == Legend::Hidden)
        );
    }
}
