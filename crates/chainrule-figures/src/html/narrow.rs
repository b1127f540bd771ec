//! Layout for narrow screens: one panel per row, no wider than a phone.

use crate::plan;
use crate::{Figure, Spacing};

/// Maximum width of the layout in pixels: that of a phone held upright, without the page's margins.
const WIDTH: f64 = 352.0;

/// Minimum width of a panel's frame, at which its tick labels are still legible.
const MIN_FRAME: f64 = 150.0;

/// Returns the figure with one panel per row and frames that fit a narrow screen.
pub(super) fn narrow(figure: &Figure) -> Figure {
    let rows = figure.panels().map(|panel| vec![panel.clone()]).collect();
    let mut narrow = Figure { rows, spacing: Spacing::Apart, frames: Vec::new(), ..figure.clone() };
    // Labels, colour bars and legends keep their size, so only the frames are reduced.
    let margins: Vec<f64> = narrow
        .panels()
        .map(|panel| {
            let single = Figure::new("", vec![vec![panel.clone()]]);
            let plan = plan::plan(&single);
            plan.width - plan.panels[0].frame.width
        })
        .collect();
    for (panel, margin) in narrow.rows.iter_mut().flatten().zip(margins) {
        let width = (WIDTH - margin).max(MIN_FRAME);
        let factor = (width / panel.size[0]).min(1.0);
        let [full_width, height] = panel.size;
        // Narrow panels need less height, but a flat one is already low enough.
        panel.size = [full_width * factor, if height > 0.6 * full_width { height * factor } else { height }];
    }
    narrow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Colour, Panel, Series};

    #[test]
    fn wide_figures_become_one_column() {
        let line = Series::line("loss", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
        let panel = Panel::new(Axis::new("epoch"), Axis::new("loss")).with(line).sized(400.0, 300.0);
        let figure = Figure::new("Loss", vec![vec![panel.clone(), panel.clone()], vec![panel]]);
        let narrow = narrow(&figure);
        assert_eq!(narrow.rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
        assert!(plan::plan(&figure).width > 800.0);
        assert!(plan::plan(&narrow).width <= WIDTH + 1.0);
    }
}
