//! Animations of a training run: the panels of a figure after some recorded epochs.

use chainrule::registry::Options;
use chainrule_experiment::Outcome;

use super::{Subject, option};
use crate::{Axis, Change, Error, Frame, Mark, Panel};

/// Draws the panels of each network to which a kind is applicable, and the frames of its training
/// if an animation is requested.
///
/// `panels` takes a network during its training and the trained network, and must return the same
/// panels and series for each. If the kind is applicable to no network, returns the error of the
/// first one.
pub(super) fn rows(
    subject: &Subject<'_>,
    options: &Options,
    panels: impl Fn(&Outcome, &Outcome) -> Result<Vec<Panel>, Error>,
) -> Result<(Vec<Vec<Panel>>, Vec<Frame>), Error> {
    let (mut rows, mut frames, mut refused) = (Vec::new(), Vec::new(), None);
    for trained in subject.selected(options)? {
        let still = match panels(trained, trained) {
            Ok(still) => still,
            Err(error @ Error::Unsuitable { .. }) => {
                refused = refused.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let trajectory = trained.trajectory();
        let records = option::frame_indices(options, trajectory.len());
        let mut states = Vec::new();
        for record in &records {
            let mut state = trained.clone();
            state.parameters.clone_from(&trajectory[*record].1);
            states.push(panels(&state, trained)?);
        }
        if !states.is_empty() {
            states.push(still.clone());
            share_scales(&mut states);
        }
        let still = states.pop().unwrap_or(still);
        let first = rows.iter().map(Vec::len).sum();
        let last_epoch = trajectory.last().map_or(0, |(epoch, _)| *epoch);
        let changes = changes(first, &still, &states);
        for (f, (record, changes)) in records.iter().zip(changes).enumerate() {
            option::add_frame(&mut frames, f, [trajectory[*record].0, last_epoch], changes);
        }
        rows.push(still);
    }
    match refused {
        Some(error) if rows.is_empty() => Err(error),
        _ => Ok((rows, option::common_frames(frames))),
    }
}

/// Returns the changes of each state: the marks that differ between the states.
fn changes(first: usize, still: &[Panel], states: &[Vec<Panel>]) -> Vec<Vec<Change>> {
    let mut changes = vec![Vec::new(); states.len()];
    for (p, panel) in still.iter().enumerate() {
        for (s, series) in panel.series.iter().enumerate() {
            if states.iter().all(|state| state[p].series[s].mark == series.mark) {
                continue;
            }
            for (changes, state) in changes.iter_mut().zip(states) {
                let mark = state[p].series[s].mark.clone();
                changes.push(Change { panel: first + p, series: s, mark });
            }
        }
    }
    changes
}

/// Gives axes and colour scales the same range in all states.
fn share_scales(states: &mut [Vec<Panel>]) {
    for p in 0..states[0].len() {
        let axes: [fn(&mut Panel) -> Option<&mut Axis>; 3] = [
            |panel| Some(&mut panel.x),
            |panel| Some(&mut panel.y),
            |panel| Some(&mut panel.space.as_mut()?.z),
        ];
        for axis in axes {
            let ranges = states.iter_mut().map(|state| axis(&mut state[p])?.range);
            if let Some(range) = ranges.collect::<Option<Vec<_>>>().and_then(|ranges| union(&ranges)) {
                states
                    .iter_mut()
                    .filter_map(|state| axis(&mut state[p]))
                    .for_each(|axis| axis.range = Some(range));
            }
        }
        for s in 0..states[0][p].series.len() {
            let ends = |mark: &Mark| match mark {
                Mark::Field { grid, colours, .. } => Some(colours.ends(&grid.values)),
                Mark::Matrix { values, colours, .. } => Some(colours.ends(values)),
                Mark::Bars { heights, .. } => Some([0.0, heights.iter().copied().fold(0.0, f64::max)]),
                _ => None,
            };
            let ranges = states.iter().map(|state| ends(&state[p].series[s].mark));
            let Some(range) = ranges.collect::<Option<Vec<_>>>().and_then(|ranges| union(&ranges)) else {
                continue;
            };
            for state in states.iter_mut() {
                match &mut state[p].series[s].mark {
                    Mark::Field { colours, .. } | Mark::Matrix { colours, .. } => colours.range = Some(range),
                    _ => {
                        let highest = state[p].y.range.map_or(0.0, |range| range[1]);
                        state[p].y.range = Some([0.0, highest.max(1.05 * range[1])]);
                    }
                }
            }
        }
    }
}

/// Returns the smallest range that contains these ranges; `None` for descending ones.
fn union(ranges: &[[f64; 2]]) -> Option<[f64; 2]> {
    let ascending = ranges.iter().all(|[low, high]| low < high);
    let all = ranges.iter().copied().reduce(|[a, b], [low, high]| [a.min(low), b.max(high)]);
    all.filter(|_| ascending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Colour, Fill, Series};

    fn panel(heights: [f64; 2], x: [f64; 2]) -> Panel {
        let bars = Mark::Bars {
            edges: vec![0.0, 1.0, 2.0],
            heights: heights.to_vec(),
            fill: Fill { colour: Colour::Ink, opacity: 1.0 },
        };
        Panel::new(Axis::new("").range(x[0], x[1]), Axis::new(""))
            .with(Series::text([0.0, 0.0], "constant"))
            .with(Series::new("", bars))
    }

    #[test]
    fn frames_change_only_what_differs_on_axes_that_fit_all_states() {
        let mut states = vec![vec![panel([1.0, 2.0], [0.0, 1.0])], vec![panel([4.0, 0.0], [-1.0, 0.5])]];
        share_scales(&mut states);
        assert!(states.iter().all(|state| state[0].x.range == Some([-1.0, 1.0])));
        assert!(states.iter().all(|state| state[0].y.range == Some([0.0, 4.2])));
        let still = states.pop().unwrap();
        let changes = changes(3, &still, &states);
        assert_eq!(changes.iter().flatten().map(|c| (c.panel, c.series)).collect::<Vec<_>>(), [(3, 1)]);
    }
}
