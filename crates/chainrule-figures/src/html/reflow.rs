//! Layouts for screens that are narrower than a figure: its panels are arranged in more rows, and
//! reduced in size if a single one is too wide.

use crate::plan;
use crate::{Figure, Legend, Panel, Spacing};

/// Widths of the layouts in pixels: of a tablet, and of a phone held upright without margins.
pub(super) const WIDTHS: [f64; 2] = [720.0, 352.0];

/// Minimum width of a frame, at which its tick labels are still legible.
const MIN_FRAME: f64 = 150.0;

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
    }
    arranged
}

/// Returns the width of a figure with these panels.
fn width_of(rows: Vec<Vec<Panel>>) -> f64 {
    plan::plan(&Figure::new("", rows)).width
}

/// Returns the panel with a frame that fits `width`.
fn fitted(panel: &Panel, width: f64) -> Panel {
    let mut panel = panel.clone();
    let [full_width, height] = panel.size;
    // The legend is placed below the frame if it takes space next to it.
    for _ in 0..2 {
        let excess = width_of(vec![vec![panel.clone()]]) - width;
        if excess <= 0.0 {
            break;
        }
        let frame = (panel.size[0] - excess).max(MIN_FRAME).min(full_width);
        let factor = frame / full_width;
        // A flat panel is already low enough.
        panel.size = [frame, if height > 0.6 * full_width { height * factor } else { height }];
        let single = Figure::new("", vec![vec![panel.clone()]]);
        let is_outside = plan::plan(&single).panels[0].legend.as_ref().is_some_and(|legend| legend.outside);
        if is_outside && panel.legend != Legend::Below {
            panel.legend = Legend::Below;
            panel.size = [full_width, height];
        }
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
