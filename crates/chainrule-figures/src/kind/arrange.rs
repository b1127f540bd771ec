//! Panels of several networks side by side: in rows, under one legend.

use crate::{Legend, Mark, Panel, Series};

/// Rows of at most three panels; four are two by two.
pub(super) fn in_rows(panels: &[Panel]) -> Vec<Vec<Panel>> {
    let in_a_row = if panels.len() == 4 { 2 } else { 3 };
    panels.chunks(in_a_row).map(<[Panel]>::to_vec).collect()
}

/// The same rows with one legend, at the end of the first, that lists what any of the panels has.
pub(super) fn under_one_legend(mut panels: Vec<Panel>) -> Vec<Vec<Panel>> {
    let mut named: Vec<Series> = Vec::new();
    for series in panels.iter().flat_map(|panel| &panel.series).filter(|series| !series.name.is_empty()) {
        if named.iter().all(|other| other.name != series.name) {
            named.push(series.clone());
        }
    }
    panels.iter_mut().for_each(|panel| panel.legend = Legend::Hidden);
    let mut rows = in_rows(&panels);
    // Curves are no series of a panel in space.
    let first = rows.first_mut().map(Vec::as_mut_slice).unwrap_or_default();
    let place = first.iter().rposition(|panel| panel.space.is_none()).unwrap_or(first.len().max(1) - 1);
    if let Some(last) = first.get_mut(place) {
        let missing =
            named.into_iter().filter(|series| last.series.iter().all(|own| own.name != series.name));
        let missing: Vec<Series> =
            missing.filter_map(|series| Some(Series::new(series.name, nothing(&series.mark)?))).collect();
        last.series.extend(missing);
        last.legend = Legend::Best;
    }
    rows
}

/// A mark that looks the same in a legend and shows nothing.
fn nothing(mark: &Mark) -> Option<Mark> {
    let [x, y, z] = [Vec::new(), Vec::new(), Vec::new()];
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
    fn the_legend_lists_what_any_panel_has() {
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
        let rows =
            under_one_legend(vec![panel(&["a", "wrong"]), panel(&["a"]), panel(&["b"]), panel(&["a"])]);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        let listed =
            |panel: &Panel| (panel.legend, panel.series.iter().map(|s| s.name.clone()).collect::<Vec<_>>());
        assert_eq!(listed(&rows[0][1]), (Legend::Best, vec!["a".into(), "wrong".into(), "b".into()]));
        assert!(
            rows[0][0].legend == Legend::Hidden && rows[1].iter().all(|panel| panel.legend == Legend::Hidden)
        );
    }
}
