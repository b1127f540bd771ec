//! Contour lines of a grid: marching squares, with the pieces joined into long lines.
//!
//! Written here because the crate `contour` closes each line along the border of the grid, as a filled band needs
//! it, and one would have to cut those pieces out again.

use std::collections::HashMap;

use crate::Grid;

/// A side of a cell that a contour line crosses: the grid point that it starts from, and whether it goes along y.
type Side = (usize, bool);

/// The lines along which a grid has a value, as points (i, j) between grid points.
pub(crate) fn contour(grid: &Grid, level: f64) -> Vec<Vec<[f64; 2]>> {
    join(&pieces(grid, level))
        .into_iter()
        .map(|line| line.iter().map(|s| crossing(grid, level, *s)).collect())
        .collect()
}

/// The straight pieces of all cells, each from one side to another.
fn pieces(grid: &Grid, level: f64) -> Vec<[Side; 2]> {
    let n = grid.n_x;
    let mut pieces = Vec::new();
    for j in 0..grid.n_y.saturating_sub(1) {
        for i in 0..n.saturating_sub(1) {
            let k = j * n + i;
            // The corners from the lower left anticlockwise, and the sides that follow each.
            let corners = [k, k + 1, k + n + 1, k + n].map(|k| grid.values[k]);
            if corners.iter().any(|v| !v.is_finite()) {
                continue;
            }
            let sides: [Side; 4] = [(k, false), (k + 1, true), (k + n, false), (k, true)];
            let above = corners.map(|v| v > level);
            let crossed: Vec<usize> = (0..4).filter(|&s| above[s] != above[(s + 1) % 4]).collect();
            match crossed[..] {
                [a, b] => pieces.push([sides[a], sides[b]]),
                // A saddle: the middle says which two corners are joined.
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

/// Pieces that share a side, one after another.
fn join(pieces: &[[Side; 2]]) -> Vec<Vec<Side>> {
    let mut at: HashMap<Side, Vec<usize>> = HashMap::new();
    for (k, piece) in pieces.iter().enumerate() {
        piece.iter().for_each(|side| at.entry(*side).or_default().push(k));
    }
    let mut used = vec![false; pieces.len()];
    let mut follow = |line: &mut Vec<Side>| {
        while let Some(&k) = at[line.last().expect("it has a start")].iter().find(|&&k| !used[k]) {
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

/// Where on a side of a cell the value is reached.
fn crossing(grid: &Grid, level: f64, (k, upright): Side) -> [f64; 2] {
    let (a, b) = (grid.values[k], grid.values[if upright { k + grid.n_x } else { k + 1 }]);
    let (i, j, t) = ((k % grid.n_x) as f64, (k / grid.n_x) as f64, (level - a) / (b - a));
    if upright { [i, j + t] } else { [i + t, j] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_one_closed_line_at_its_radius() {
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
    fn a_slope_is_one_open_line_from_edge_to_edge() {
        let grid = Grid::of([0.0, 1.0], [0.0, 1.0], 11, 6, |x, _| x);
        let lines = contour(&grid, 0.33);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 6);
        assert!(lines[0].iter().all(|[i, _]| (i - 3.3).abs() < 1e-12));
    }

    #[test]
    fn a_saddle_has_two_lines_that_do_not_cross() {
        let grid = Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 2, n_y: 2, values: vec![1.0, 0.0, 0.0, 1.0] };
        // The middle is 0.5: above the level the corners that are above are joined, below it they are apart.
        let joined = contour(&grid, 0.4);
        let parted = contour(&grid, 0.6);
        assert_eq!((joined.len(), parted.len()), (2, 2));
        let near = |line: &Vec<[f64; 2]>, corner: [f64; 2]| {
            line.iter().all(|p| (p[0] - corner[0]).abs() + (p[1] - corner[1]).abs() <= 0.7)
        };
        assert!(joined.iter().any(|l| near(l, [1.0, 0.0])), "{joined:?}");
        assert!(parted.iter().any(|l| near(l, [0.0, 0.0])), "{parted:?}");
    }
}
