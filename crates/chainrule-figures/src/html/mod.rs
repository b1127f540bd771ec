//! Interactive HTML output with plotly.js, which is embedded, so pages make no network requests.
//!
//! Panels are at the same positions as in the static drawing. Theme colours are written as names,
//! which `figures.js` replaces with the colours of light or dark mode.

mod hover;
mod layout;
mod network;
mod pack;
mod paint;
mod traces;

use std::collections::BTreeSet;

use pack::Storage;
use serde_json::{Value, json};

use crate::check::check;
use crate::plan;
use crate::svg::frame_seconds;
use crate::{Error, Figure, Mark, Series, markup};

/// plotly.js; see `assets/README.md`.
const PLOTLY: &str = include_str!("../../assets/plotly.min.js");
const SCRIPT: &str = concat!(include_str!("unpack.js"), include_str!("figures.js"));
const STYLE: &str = include_str!("figures.css");

/// Renders the figure as an HTML page with hover text, zoom, rotation, and a slider for
/// animations.
///
/// The page follows the light or dark mode of the system. It is self-contained and about 5 MB in
/// size, most of which is plotly.js.
///
/// # Errors
/// Returns an error if the figure is invalid; see [`Error`].
///
/// ```
/// use chainrule_figures::{Colour, Figure, Panel, Series, html};
///
/// let line = Series::line("loss", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
/// let page = html(&Figure::new("Training", vec![vec![Panel::default().with(line)]]))?;
/// assert!(page.starts_with("<!doctype html>"));
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
pub fn html(figure: &Figure) -> Result<String, Error> {
    let fragment = html_fragment(figure)?;
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n{}</head>\n<body>\n{fragment}</body>\n</html>\n",
        markup::plain(&figure.title),
        html_head()
    ))
}

/// Returns the style and scripts that a page with [`html_fragment`]s requires once in its head.
pub fn html_head() -> String {
    format!("<style>\n{STYLE}</style>\n<script>{PLOTLY}</script>\n<script>\n{SCRIPT}</script>\n")
}

/// Renders the figure as an HTML element for a page whose head contains [`html_head`]; it is drawn
/// when the page is loaded.
///
/// # Errors
/// Returns an error if the figure is invalid; see [`Error`].
///
/// ```
/// use chainrule_figures::{Colour, Figure, Panel, Series, html_fragment};
///
/// let line = Series::line("loss", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
/// let element = html_fragment(&Figure::new("", vec![vec![Panel::default().with(line)]]))?;
/// assert!(element.starts_with("<figure"));
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
pub fn html_fragment(figure: &Figure) -> Result<String, Error> {
    check(figure)?;
    let description = describe(figure);
    let width = description["width"].as_f64().unwrap_or_default();
    // Escaped so that no text can end the script element.
    let description = description.to_string().replace("</", "<\\/").replace("<!--", "<\\!--");
    let caption = match &figure.caption[..] {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>\n", markup::html(caption)),
    };
    Ok(format!(
        "<figure class=\"chainrule-figure\">\n<div style=\"--width: {width}\"></div>\n{caption}<script type=\"application/json\">{description}</script>\n</figure>\n"
    ))
}

/// Returns the description that `figures.js` passes to plotly.js: traces, layout, frames and size.
fn describe(figure: &Figure) -> Value {
    let plan = plan::plan(figure);
    let changes = figure.frames.iter().flat_map(|frame| &frame.changes);
    let changing: BTreeSet<(usize, usize)> = changes.map(|change| (change.panel, change.series)).collect();
    let mut data = Vec::new();
    // Index of the first trace of each series of each panel.
    let mut first_traces = Vec::new();
    for (k, panel) in plan.panels.iter().enumerate() {
        let mut row = Vec::new();
        for (s, series) in panel.panel.series.iter().enumerate() {
            row.push(data.len());
            let storage = if changing.contains(&(k, s)) { Storage::Bytes } else { Storage::Exact };
            data.extend(traces::traces(panel, k, series, storage));
        }
        data.extend(panel.bars.iter().map(|bar| layout::bar(&plan, bar)));
        first_traces.push(row);
    }
    let frames = figure.frames.iter().map(|frame| {
        let (mut changed, mut indices) = (Vec::new(), Vec::new());
        for change in &frame.changes {
            let panel = &plan.panels[change.panel];
            let name = panel.panel.series[change.series].name.clone();
            let new = Series { name, mark: change.mark.clone() };
            let new = traces::traces(panel, change.panel, &new, Storage::Bytes);
            let first = first_traces[change.panel][change.series];
            indices.extend(first..first + new.len());
            changed.extend(new);
        }
        json!({ "name": frame.label, "data": changed, "traces": indices })
    });
    let mut frames: Vec<Value> = frames.collect();
    pack::drop_constants(&data, &mut frames);
    let mut layout = layout::layout(&plan, figure);
    if !figure.frames.is_empty() {
        let milliseconds = (1000.0 * frame_seconds(figure.frames.len())).round();
        layout["updatemenus"][0]["buttons"][0]["args"][1]["frame"]["duration"] = milliseconds.into();
    }
    for (k, panel) in plan.panels.iter().enumerate().filter(|(_, panel)| panel.legend.is_some()) {
        // The legend of a network is the scale of its line widths.
        if panel.panel.series.iter().any(|series| matches!(series.mark, Mark::Network { .. })) {
            layout[layout::name("legend", k)]["itemsizing"] = "trace".into();
        }
    }
    json!({
        "width": plan.width,
        "height": plan.caption_top + 4.0,
        "data": data,
        "layout": layout,
        "frames": frames,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Panel, Series};

    #[test]
    fn plotly_can_be_embedded_in_a_script_element() {
        assert!(PLOTLY.contains("plotly.js v") && !PLOTLY.contains("</script"));
    }

    #[test]
    fn texts_cannot_end_the_script_element() {
        let panel = Panel::default().with(Series::text([0.0, 0.0], "</script><b>"));
        let page = html_fragment(&Figure::new("", vec![vec![panel]])).expect("the figure is valid");
        assert_eq!(page.matches("</script>").count(), 1);
    }
}
