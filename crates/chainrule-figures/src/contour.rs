//! Contour lines of a grid with marching squares, joined into polylines, and their levels.
//!
//! The crate `contour` is not used because it closes each line along the border of the grid, as
//! required for filled bands, and those segments would have to be removed again.

use std::collections::HashMap;

use crate::{ColourScale, Grid, ticks};

/// Approximate default number of contour levels.
const N_LEVELS: usize = 18;

/// A side of a cell: the grid point at its start, and whether it is parallel to y.
type CellSide = (usize, bool);

/// Returns the contour levels of a field: the given ones, or round numbers.
pub(crate) fn contour_levels(grid: &Grid, colours: &ColourScale, levels: &[f64]) -> Vec<f64> {
    if levels.is_empty() {
        ticks::values(colours.ends(&grid.values), colours.scale, N_LEVELS)
    } else {
        levels.to_vec()
    }
}

/// Returns for each class the grid of its probability minus the largest other probability, whose
/// zero contour is the decision boundary of the class.
///
/// For two classes there is only one grid, because the other is its negative.
pub(crate) fn boundaries(probabilities: &[Grid]) -> Vec<Grid> {
    let n = probabilities.len();
    (0..if n == 2 { 1 } else { n })
        .map(|k| {
            let margin = |p: usize| {
                let others = (0..n).filter(|o| *o != k).map(|o| probabilities[o].values[p]);
                probabilities[k].values[p] - others.fold(f64::NEG_INFINITY, f64::max)
            };
            let values = (0..probabilities[0].values.len()).map(margin).collect();
            Grid { values, ..probabilities[0].clone() }
        })
        .collect()
}

/// Returns the contour lines of a level as points with fractional indices (i, j).
pub(crate) fn contour(grid: &Grid, level: f64) -> Vec<Vec<[f64; 2]>> {
    join(&pieces(grid, level))
        .into_iter()
        .map(|line| line.iter().map(|s| crossing(grid, level, *s)).collect())
        .collect()
}

/// Returns the segments of all cells, each from one side to another.
fn pieces(grid: &Grid, level: f64) -> Vec<[CellSide; 2]> {
    let n = grid.n_x;
    let mut pieces = Vec::new();
    for j in 0..grid.n_y.saturating_sub(1) {
        for i in 0..n.saturating_sub(1) {
            let k = j * n + i;
            // Corners in anticlockwise order from the lower left, and the side after each corner.
            let corners = [k, k + 1, k + n + 1, k + n].map(|k| grid.values[k]);
            if corners.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let sides: [CellSide; 4] = [(k, false), (k + 1, true), (k + n, false), (k, true)];
            let above = corners.map(|v| v > level);
            let crossed: Vec<usize> = (0..4).filter(|&s| above[s] != above[(s + 1) % 4]).collect();
            match crossed[..] {
                [a, b] => pieces.push([sides[a], sides[b]]),
                // A saddle: the mean value decides which corners are connected.
                [_, _, _, _] => {
                    let middle = corners.iter().sum::<f64>() / 4.0 > level;
                    let cut = if middle == above[0] { [[0, 1], [2, 3]] } else { [[3, 0], [1, 2]] };
                    pieces.extend(cut.map(|[a, b]| [sides[a], sides[b]]));
                }
                _ => {}
            }
        }
    }
    pieces
}

/// Joins segments that share a side.
fn join(pieces: &[[CellSide; 2]]) -> Vec<Vec<CellSide>> {
    let mut at: HashMap<CellSide, Vec<usize>> = HashMap::new();
    for (k, piece) in pieces.iter().enumerate() {
        piece.iter().for_each(|side| at.entry(*side).or_default().push(k));
    }
    let mut used = vec![false; pieces.len()];
    let mut follow = |line: &mut Vec<CellSide>| {
        while let Some(&k) = at[line.last().expect("the line has a start")].iter().find(|&&k| !used[k]) {
            used[k] = true;
            let [a, b] = pieces[k];
            line.push(if line.last() == Some(&a) { b } else { a });
        }
    };
    let mut lines = Vec::new();
    for piece in pieces {
        let mut line = vec![piece[0]];
        follow(&mut line);
        line.reverse();
        follow(&mut line);
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// Returns the point on a side of a cell at which the level is crossed.
fn crossing(grid: &Grid, level: f64, (k, upright): CellSide) -> [f64; 2] {
    let (a, b) = (grid.values[k], grid.values[if upright { k + grid.n_x } else { k + 1 }]);
    let (i, j, t) = ((k % grid.n_x) as f64, (k / grid.n_x) as f64, (level - a) / (b - a));
    if upright { [i, j + t] } else { [i + t, j] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_has_one_closed_line_at_its_radius() {
        let grid = Grid::of([-2.0, 2.0], [-2.0, 2.0], 81, 81, f64::hypot);
        let lines = contour(&grid, 1.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for [i, j] in &lines[0] {
            let r = grid.x_at(*i).hypot(grid.y_at(*j));
            assert!((r - 1.0).abs() < 1e-3, "{r}");
        }
    }

    #[test]
    fn a_slope_has_one_open_line_from_edge_to_edge() {
        let grid = Grid::of([0.0, 1.0], [0.0, 1.0], 11, 6, |x, _| x);
        let lines = contour(&grid, 0.33);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 6);
        assert!(lines[0].iter().all(|[i, _]| (i - 3.3).abs() < 1e-12));
    }

    #[test]
    fn a_saddle_has_two_lines_that_do_not_cross() {
        let grid = Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 2, n_y: 2, values: vec![1.0, 0.0, 0.0, 1.0] };
        // The mean is 0.5: the high corners are connected at the level 0.4 and separate at 0.6.
        let connected = contour(&grid, 0.4);
        let separate = contour(&grid, 0.6);
        assert_eq!((connected.len(), separate.len()), (2, 2));
        let near = |line: &Vec<[f64; 2]>, corner: [f64; 2]| {
            line.iter().all(|p| (p[0] - corner[0]).abs() + (p[1] - corner[1]).abs() <= 0.7)
        };
        assert!(connected.iter().any(|l| near(l, [1.0, 0.0])), "{connected:?}");
        assert!(separate.iter().any(|l| near(l, [0.0, 0.0])), "{separate:?}");
    }
}
