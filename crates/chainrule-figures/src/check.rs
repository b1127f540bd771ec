//! Validation of figures: lengths of vectors, ranges and frames.

use std::mem::discriminant;

use crate::{Axis, AxisScale, Error, Figure, Grid, Mark, Panel, Series};

/// Returns an error if the figure cannot be drawn.
pub(crate) fn check(figure: &Figure) -> Result<(), Error> {
    if figure.panels().next().is_none() {
        return Err(Error::NoPanels { title: figure.title.clone() });
    }
    for (k, panel) in figure.panels().enumerate() {
        check_panel(panel, k)?;
    }
    check_frames(figure)
}

fn check_panel(panel: &Panel, k: usize) -> Result<(), Error> {
    let place = format!("panel {k}");
    for (quantity, got) in [("width", panel.size[0]), ("height", panel.size[1])] {
        within(&place, quantity, got, 1.0, 10_000.0, "from 1 to 10000 pixels")?;
    }
    check_axis(&panel.x, "x", &place)?;
    check_axis(&panel.y, "y", &place)?;
    if let Some(space) = &panel.space {
        check_axis(&space.z, "z", &place)?;
        within(&place, "elevation", space.elevation, -90.0, 90.0, "from -90 to 90 degrees")?;
        within(&place, "azimuth", space.azimuth, -360.0, 360.0, "from -360 to 360 degrees")?;
    }
    for (s, series) in panel.series.iter().enumerate() {
        let place = match &series.name[..] {
            "" => format!("series {s} of panel {k}"),
            name => format!("series \"{name}\" of panel {k}"),
        };
        check_series(series, panel, &place)?;
    }
    Ok(())
}

fn check_axis(axis: &Axis, name: &'static str, place: &str) -> Result<(), Error> {
    let Some([low, high]) = axis.range else { return Ok(()) };
    let log = axis.scale == AxisScale::Log;
    if low.is_finite() && high.is_finite() && low != high && (!log || low.min(high) > 0.0) {
        return Ok(());
    }
    Err(Error::AxisRange { place: place.to_owned(), axis: name, low, high, log })
}

fn check_series(series: &Series, panel: &Panel, place: &str) -> Result<(), Error> {
    let same = |vector: &'static str, got: usize, expected: usize| {
        let series = place.to_owned();
        if got == expected { Ok(()) } else { Err(Error::Lengths { series, vector, expected, got }) }
    };
    check_dimensions(&series.mark, panel, place)?;
    match &series.mark {
        Mark::Line { x, y, z, .. } | Mark::Points { x, y, z, .. } => {
            same("y", y.len(), x.len())?;
            same("z", z.len(), if panel.space.is_some() { x.len() } else { 0 })
        }
        Mark::Rug { .. } | Mark::Rule { .. } | Mark::Text { .. } => Ok(()),
        Mark::Bars { edges, heights, .. } => same("edges", edges.len(), heights.len() + 1),
        Mark::Area { x, low, high, .. } => {
            same("low", low.len(), x.len())?;
            same("high", high.len(), x.len())
        }
        Mark::Field { grid, colours, .. } | Mark::Surface { grid, colours, .. } => {
            check_grid(grid, place)?;
            check_ends(colours, place)
        }
        Mark::Regions { probabilities, colours, classes, .. } => {
            same("colours", colours.len(), probabilities.len())?;
            if !classes.is_empty() {
                same("classes", classes.len(), probabilities.len())?;
            }
            within(place, "number of classes", probabilities.len() as f64, 2.0, 1000.0, "from 2 to 1000")?;
            for grid in probabilities {
                check_grid(grid, place)?;
                same("probabilities", grid.values.len(), probabilities[0].values.len())?;
            }
            Ok(())
        }
        Mark::Matrix { n_columns, values, texts, colours } => {
            within(place, "n_columns", *n_columns as f64, 1.0, 10_000.0, "from 1 to 10000")?;
            same("values", values.len(), values.len().div_ceil(*n_columns).max(1) * n_columns)?;
            if !texts.is_empty() {
                same("texts", texts.len(), values.len())?;
            }
            check_ends(colours, place)
        }
        Mark::Network { nodes, edges, .. } => {
            let last = edges.iter().map(|e| e.from.max(e.to)).max();
            within(
                place,
                "end of an edge",
                last.unwrap_or(0) as f64,
                0.0,
                nodes.len() as f64 - 1.0,
                "the index of a node",
            )
        }
    }
}

/// Returns an error if the mark and the panel differ in dimension.
fn check_dimensions(mark: &Mark, panel: &Panel, place: &str) -> Result<(), Error> {
    let series = place.to_owned();
    let refused = |mark, required, hint| Err(Error::WrongPanel { series, mark, required, hint });
    match (mark, &panel.space) {
        (Mark::Surface { .. }, None) => {
            refused("a surface", "3-D", "set `space` on the panel, or draw the grid as a field")
        }
        (Mark::Line { .. } | Mark::Points { .. } | Mark::Surface { .. }, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => {
            refused("this mark", "2-D", "remove `space` from the panel, or use lines, points and surfaces")
        }
    }
}

fn check_grid(grid: &Grid, place: &str) -> Result<(), Error> {
    let n = grid.n_x * grid.n_y;
    within(place, "number of grid points", n as f64, 1.0, 4e6, "from 1 to 4 million")?;
    if grid.values.len() != n {
        let (series, got) = (place.to_owned(), grid.values.len());
        return Err(Error::Lengths { series, vector: "grid", expected: n, got });
    }
    for (axis, [low, high]) in [("the grid's x", grid.x), ("the grid's y", grid.y)] {
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(Error::AxisRange { place: place.to_owned(), axis, low, high, log: false });
        }
    }
    Ok(())
}

fn check_ends(colours: &crate::ColourScale, place: &str) -> Result<(), Error> {
    let axis = Axis { range: colours.range, scale: colours.scale, ..Axis::default() };
    check_axis(&axis, "the colour scale", place)
}

fn check_frames(figure: &Figure) -> Result<(), Error> {
    let panels: Vec<&Panel> = figure.panels().collect();
    for frame in &figure.frames {
        for (c, change) in frame.changes.iter().enumerate() {
            let (panel, series) = (change.panel, change.series);
            let refuse = |problem| Err(Error::Frame { label: frame.label.clone(), panel, series, problem });
            let Some(own) = panels.get(panel).and_then(|p| p.series.get(series)) else {
                return refuse("which does not exist");
            };
            if discriminant(&own.mark) != discriminant(&change.mark) {
                return refuse("but its mark differs in type from that of the series");
            }
            let first = figure.frames[0].changes.get(c).map(|f| (f.panel, f.series));
            if first != Some((panel, series)) || frame.changes.len() != figure.frames[0].changes.len() {
                return refuse("but every frame must change the same series as the first one");
            }
            let changed = Series { name: own.name.clone(), mark: change.mark.clone() };
            check_series(
                &changed,
                panels[panel],
                &format!("frame \"{}\", series {series} of panel {panel}", frame.label),
            )?;
        }
    }
    Ok(())
}

fn within(
    place: &str,
    quantity: &'static str,
    got: f64,
    low: f64,
    high: f64,
    allowed: &'static str,
) -> Result<(), Error> {
    if (low..=high).contains(&got) {
        return Ok(());
    }
    Err(Error::Range { place: place.to_owned(), quantity, got, allowed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Colour, ColourScale, Frame};

    fn figure(series: Series) -> Figure {
        Figure::new("f", vec![vec![Panel::default().with(series)]])
    }

    fn refused(figure: &Figure) -> String {
        check(figure).expect_err("the figure is invalid").to_string()
    }

    #[test]
    fn errors_name_the_location_and_the_fix() {
        assert_eq!(refused(&Figure::default()), "figure \"\" has no panels; add at least one");
        let short = Series::line("loss", vec![1.0, 2.0], vec![1.0], Colour::Ink);
        assert_eq!(
            refused(&figure(short)),
            "series \"loss\" of panel 0: y has length 1, but must have length 2"
        );
        let grid = Grid::of([0.0, 1.0], [0.0, 1.0], 2, 2, |x, _| x);
        let surface = Mark::Surface { grid, colours: ColourScale::default(), lines: None };
        assert_eq!(
            refused(&figure(Series::new("", surface))),
            "series 0 of panel 0: a surface requires a 3-D panel; set `space` on the panel, or draw the grid as a field"
        );
        let mut log = figure(Series::line("", vec![], vec![], Colour::Ink));
        log.rows[0][0].x = Axis::new("").log().range(0.0, 1.0);
        assert_eq!(
            refused(&log),
            "panel 0: the range of x is [0, 1], but its ends must be finite and different, and positive on a logarithmic axis"
        );
    }

    #[test]
    fn frames_change_only_existing_series() {
        let mut animated = figure(Series::line("", vec![], vec![], Colour::Ink));
        let mark = animated.rows[0][0].series[0].mark.clone();
        animated.frames.push(Frame {
            label: "1".into(),
            changes: vec![Change { panel: 0, series: 1, mark: mark.clone() }],
        });
        assert_eq!(refused(&animated), "frame \"1\" changes series 1 of panel 0, which does not exist");
        animated.frames[0].changes[0] = Change { panel: 0, series: 0, mark };
        assert_eq!(check(&animated), Ok(()));
    }
}
