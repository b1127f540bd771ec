//! Interactive HTML output with plotly.js, which is embedded, so pages make no network requests.
//!
//! Panels are at the same positions as in the static drawing. Theme colours are written as names,
//! which `figures.js` replaces with the colours of light or dark mode.

mod hover;
mod layout;
mod network;
mod pack;
mod paint;
mod reflow;
mod traces;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pack::Storage;
use serde_json::{Value, json};

use crate::check::check;
use crate::plan::{self, Plan};
use crate::svg::frame_seconds;
use crate::{Error, Figure, Mark, Series, markup, png, svg};

/// plotly.js; see `assets/README.md`.
const PLOTLY: &str = include_str!("../../assets/plotly.min.js");
const SCRIPT: &str = concat!(include_str!("unpack.js"), include_str!("figures.js"));

/// Where a page finds plotly.js.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotlyScript<'a> {
    /// In the page itself, which is then self-contained.
    Embedded,
    /// In a file with the contents of [`plotly_js`], given by its path relative to the page.
    File(&'a str),
}

/// Returns plotly.js, for pages that share it.
pub fn plotly_js() -> &'static str {
    PLOTLY
}

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
        html_head(PlotlyScript::Embedded)
    ))
}

/// Style of all pages.
pub(crate) const STYLE: &str = include_str!("figures.css");

/// Returns the style and scripts that a page with [`html_fragment`]s requires once in its head.
pub fn html_head(plotly: PlotlyScript<'_>) -> String {
    let plotly = match plotly {
        PlotlyScript::Embedded => format!("<script>{PLOTLY}</script>"),
        PlotlyScript::File(path) => format!("<script src=\"{}\"></script>", markup::escape(path)),
    };
    format!("<style>\n{STYLE}</style>\n{plotly}\n<script>\n{SCRIPT}</script>\n")
}

/// Renders the figure as an HTML element for a page whose head contains [`html_head`]; it is drawn
/// when the page is loaded.
///
/// On screens that are narrower than the figure, its panels are drawn below each other. Figures with
/// 3-D panels contain the static drawing as well, for browsers without WebGL.
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
    let mut description = describe(figure);
    let width = |description: &Value| description["width"].as_f64().unwrap_or_default();
    let widths = reflow::WIDTHS.into_iter().filter(|fits| *fits < width(&description));
    let layouts = widths.map(|fits| {
        let arranged = reflow::reflow(figure, fits);
        changes(&description, describe_still(&plan::plan(&arranged), &arranged, &changing(figure)).0)
    });
    description["layouts"] = layouts.filter(|layout| width(layout) < width(&description)).collect();
    let still =
        if figure.panels().any(|panel| panel.space.is_some()) { still(figure)? } else { String::new() };
    let width = width(&description);
    // Escaped so that no text can end the script element.
    let description = description.to_string().replace("</", "<\\/").replace("<!--", "<\\!--");
    let caption = match &figure.caption[..] {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>\n", markup::html(caption)),
    };
    Ok(format!(
        "<figure class=\"chainrule-figure\">\n<div style=\"--width: {width}\"></div>\n{caption}{still}<script type=\"application/json\">{description}</script>\n</figure>\n"
    ))
}

/// Returns the static drawing as a template, with text that is legible on a phone. The caption is that
/// of the page.
fn still(figure: &Figure) -> Result<String, Error> {
    let figure = Figure { caption: String::new(), ..reflow::reflow(figure, reflow::WIDTHS[0]) };
    let drawing = match svg(&figure) {
        Err(Error::SvgSize { .. }) => {
            let image = BASE64_STANDARD.encode(png(&figure, 1.5)?);
            format!("<img alt=\"\" src=\"data:image/png;base64,{image}\">")
        }
        // Only documents of their own require the name space.
        drawing => drawing?.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1),
    };
    Ok(format!("<template>{drawing}</template>\n"))
}

/// Returns what differs in a description of the same figure in another layout: only a few traces,
/// such as colour bars, depend on the layout.
fn changes(from: &Value, to: Value) -> Value {
    let Value::Object(mut to) = to else { unreachable!("a description is an object") };
    let traces = to.insert("data".to_owned(), Value::Null);
    let (Some(Value::Array(traces)), Some(own)) = (traces, from["data"].as_array()) else {
        unreachable!("the traces are an array")
    };
    let changed = traces.into_iter().zip(own).enumerate().filter(|(_, (trace, own))| trace != *own);
    to.insert("data".to_owned(), changed.map(|(k, (trace, _))| (k.to_string(), trace)).collect());
    to.remove("frames");
    Value::Object(to)
}

/// Indices of a panel and a series in it.
type SeriesIndex = (usize, usize);

/// Returns the series that the frames change.
fn changing(figure: &Figure) -> BTreeSet<SeriesIndex> {
    let changes = figure.frames.iter().flat_map(|frame| &frame.changes);
    changes.map(|change| (change.panel, change.series)).collect()
}

/// Returns the description that `figures.js` passes to plotly.js: traces, layout, frames and size.
fn describe(figure: &Figure) -> Value {
    let plan = plan::plan(figure);
    let (mut description, first_traces) = describe_still(&plan, figure, &changing(figure));
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
    pack::drop_constants(description["data"].as_array().expect("the traces are an array"), &mut frames);
    description["frames"] = frames.into();
    if !figure.frames.is_empty() {
        let milliseconds = (1000.0 * frame_seconds(figure.frames.len())).round();
        let button = &mut description["layout"]["updatemenus"][0]["buttons"][0];
        button["args"][1]["frame"]["duration"] = milliseconds.into();
    }
    description
}

/// Returns the description without frames, and the index of the first trace of each series of each
/// panel. The series `changing` are stored as they are in frames.
fn describe_still(
    plan: &Plan<'_>,
    figure: &Figure,
    changing: &BTreeSet<SeriesIndex>,
) -> (Value, Vec<Vec<usize>>) {
    let (mut data, mut first_traces) = (Vec::new(), Vec::new());
    for (k, panel) in plan.panels.iter().enumerate() {
        let mut row = Vec::new();
        for (s, series) in panel.panel.series.iter().enumerate() {
            row.push(data.len());
            let storage = if changing.contains(&(k, s)) { Storage::Bytes } else { Storage::Exact };
            data.extend(traces::traces(panel, k, series, storage));
        }
        data.extend(panel.bars.iter().map(|bar| layout::bar(plan, bar)));
        first_traces.push(row);
    }
    let mut layout = layout::layout(plan, figure);
    for (k, panel) in plan.panels.iter().enumerate().filter(|(_, panel)| panel.legend.is_some()) {
        // The legend of a network is the scale of its line widths.
        if panel.panel.series.iter().any(|series| matches!(series.mark, Mark::Network { .. })) {
            layout[layout::name("legend", k)]["itemsizing"] = "trace".into();
        }
    }
    let description = json!({
        "width": plan.width,
        "height": plan.caption_top + 4.0,
        "data": data,
        "layout": layout,
        "frames": [],
    });
    (description, first_traces)
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
