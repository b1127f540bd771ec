//! Layouts for screens that are narrower than a figure: its panels are arranged in more rows, and
//! reduced in size if a single one is too wide.

use crate::plan;
use crate::{Figure, Legend, Panel, Spacing};

/// Widths of the layouts in pixels: of a tablet, and of a phone held upright without margins.
pub(super) const WIDTHS: [f64; 2] = [720.0, 352.0];

/// Minimum width of a frame, at which its tick labels are still legible.
const MIN_FRAME: f64 = 130.0;

/// Maximum number of steps in which a panel is reduced.
const MAX_STEPS: usize = 6;

/// Returns the figure without its frames, arranged within `width` pixels.
pub(super) fn reflow(figure: &Figure, width: f64) -> Figure {
    let mut rows: Vec<Vec<Panel>> = Vec::new();
    for row in &figure.rows {
        let mut own: Vec<Panel> = Vec::new();
        for panel in row {
            let panel = fitted(panel, width);
            own.push(panel);
            // Rows stay together as far as they fit.
            if own.len() > 1 && width_of(vec![own.clone()]) > width {
                let last = own.pop().expect("the row has panels");
                rows.push(std::mem::replace(&mut own, vec![last]));
            }
        }
        rows.push(own);
    }
    let mut arranged = Figure { rows, spacing: Spacing::Apart, frames: Vec::new(), ..figure.clone() };
    // Panels of different rows share columns, whose common margins can be wider.
    if width_of(arranged.rows.clone()) > width {
        arranged.rows = arranged.rows.into_iter().flatten().map(|panel| vec![panel]).collect();
        reduce_column(&mut arranged, width);
    }
    arranged
}

/// Reduces the widest panels of a single column whose common margins leave less than `width` for
/// the frames.
fn reduce_column(figure: &mut Figure, width: f64) {
    for _ in 0..MAX_STEPS {
        let plan = plan::plan(figure);
        let excess = plan.width - width;
        if excess <= 0.0 {
            break;
        }
        let frames: Vec<f64> = plan.panels.iter().map(|panel| panel.frame.width).collect();
        let limit = (frames.iter().fold(0.0, |widest, frame| frame.max(widest)) - excess).max(MIN_FRAME);
        for (panel, frame) in figure.rows.iter_mut().flatten().zip(frames).filter(|(_, frame)| *frame > limit)
        {
            reduce(panel, frame, limit);
        }
    }
}

/// Reduces the frame of a panel from one width to another; a flat panel keeps its height.
fn reduce(panel: &mut Panel, from: f64, to: f64) {
    let is_flat = panel.size[1] < 0.6 * panel.size[0];
    panel.size = [to, if is_flat { panel.size[1] } else { panel.size[1] * to / from }];
}

/// Returns the width of a figure with these panels.
fn width_of(rows: Vec<Vec<Panel>>) -> f64 {
    plan::plan(&Figure::new("", rows)).width
}

/// Returns the panel with a frame that fits `width`.
fn fitted(panel: &Panel, width: f64) -> Panel {
    let mut panel = panel.clone();
    // Tick labels, and with them the margins, depend on the size of the frame.
    for _ in 0..MAX_STEPS {
        let single = Figure::new("", vec![vec![panel.clone()]]);
        let plan = plan::plan(&single);
        let (excess, planned) = (plan.width - width, &plan.panels[0]);
        if excess <= 0.0 {
            break;
        }
        // A legend next to the frame takes space from it.
        if panel.legend != Legend::Below && planned.legend.as_ref().is_some_and(|legend| legend.outside) {
            panel.legend = Legend::Below;
            continue;
        }
        let (from, to) = (planned.frame.width, (planned.frame.width - excess).max(MIN_FRAME));
        if to >= from {
            break;
        }
        reduce(&mut panel, from, to);
    }
    panel
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Series};

    fn panel(name: &str, legend: Legend) -> Panel {
        let line = Series::line(name, vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
        Panel::new(Axis::new("epoch"), Axis::new("loss")).with(line).sized(270.0, 200.0).legend(legend)
    }

    #[test]
    fn panels_are_arranged_in_as_many_rows_as_the_width_requires() {
        let row = vec![panel("loss", Legend::Best); 3];
        let figure = Figure::new("Loss", vec![row, vec![panel("loss", Legend::Best)]]);
        assert!(width_of(figure.rows.clone()) > 950.0);
        let lengths = |width| reflow(&figure, width).rows.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(720.0), [2, 1, 1]);
        assert_eq!(lengths(352.0), [1, 1, 1, 1]);
    }

    #[test]
    fn a_column_is_as_narrow_as_its_common_margins_require() {
        let wide_label = Axis::new("a quantity").range(0.0, 1e-7);
        let left = Panel { y: wide_label, ..panel("loss", Legend::Hidden) };
        let right = panel("a long name of a line", Legend::Right).sized(300.0, 280.0);
        let narrow = reflow(&Figure::new("", vec![vec![left, right]]), 352.0);
        assert!(plan::plan(&narrow).width <= 353.0, "{}", plan::plan(&narrow).width);
    }

    #[test]
    fn a_legend_next_to_the_frame_moves_below_it() {
        let figure = Figure::new("", vec![vec![panel("the validation loss of a network", Legend::Right)]]);
        let narrow = reflow(&figure, 352.0);
        assert_eq!(narrow.rows[0][0].legend, Legend::Below);
        let plan = plan::plan(&narrow);
        assert!(plan.width <= 353.0, "{}", plan.width);
        let (frame, legend) = (plan.panels[0].frame, plan.panels[0].legend.as_ref().unwrap().rect);
        assert!(legend.y > frame.bottom() && legend.right() <= plan.width && frame.width > 200.0);
    }
}
