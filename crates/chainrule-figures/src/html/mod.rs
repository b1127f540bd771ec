//! A figure as interactive HTML: traces and a layout for plotly.js, which the page holds whole, so that it asks nothing
//! of any network.
//!
//! The panels stand where the static drawing has them. Colours of ink and paper are names that `figures.js` replaces by
//! those of the reader's light or dark mode.

mod hover;
mod layout;
mod paint;
mod traces;

use serde_json::{Value, json};

use crate::check::check;
use crate::plan;
use crate::{Error, Figure, markup};

const SCRIPT: &str = include_str!("figures.js");
const STYLE: &str = include_str!("figures.css");

/// The figure as a page of its own: hover, zoom, rotate, and a slider where it has frames; light or dark as the reader's
/// system is. The page holds all that it needs, about 5 MB, most of it plotly.js.
///
/// # Errors
/// If the figure cannot be drawn, see [`Error`].
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

/// What the head of a page needs once for any number of [`html_fragment`]s: style, plotly.js and what starts it.
pub fn html_head() -> String {
    format!("<style>\n{STYLE}</style>\n<script>{}</script>\n<script>\n{SCRIPT}</script>\n", plotly())
}

/// The figure as an HTML element for a page whose head has [`html_head`]; drawn when the page is loaded.
///
/// # Errors
/// If the figure cannot be drawn, see [`Error`].
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
    // No text can end the element that holds the description.
    let described = describe(figure);
    let width = described["width"].as_f64().unwrap_or_default();
    let description = described.to_string().replace("</", "<\\/").replace("<!--", "<\\!--");
    let caption = match &figure.caption[..] {
        "" => String::new(),
        caption => format!("<figcaption>{}</figcaption>\n", markup::html(caption)),
    };
    Ok(format!(
        "<figure class=\"chainrule-figure\">\n<div style=\"--width: {width}\"></div>\n{caption}<script type=\"application/json\">{description}</script>\n</figure>\n"
    ))
}

/// What `figures.js` hands to plotly.js: traces, layout and frames, and the size for which they are made.
fn describe(figure: &Figure) -> Value {
    let plan = plan::plan(figure);
    let mut data = Vec::new();
    // For each panel and series, its first trace.
    let mut firsts = Vec::new();
    for (k, panel) in plan.panels.iter().enumerate() {
        let mut row = Vec::new();
        for series in &panel.panel.series {
            row.push(data.len());
            data.extend(traces::traces(panel, k, series));
        }
        data.extend(panel.bars.iter().map(|bar| layout::bar(&plan, bar)));
        firsts.push(row);
    }
    let frames = figure.frames.iter().map(|frame| {
        let (mut changed, mut places) = (Vec::new(), Vec::new());
        for change in &frame.changes {
            let panel = &plan.panels[change.panel];
            let name = panel.panel.series[change.series].name.clone();
            let new = traces::traces(panel, change.panel, &crate::Series { name, mark: change.mark.clone() });
            let first = firsts[change.panel][change.series];
            places.extend(first..first + new.len());
            changed.extend(new);
        }
        json!({ "name": frame.label, "data": changed, "traces": places })
    });
    let frames: Vec<Value> = frames.collect();
    json!({
        "width": plan.width,
        "height": plan.caption_top + 4.0,
        "data": data,
        "layout": layout::layout(&plan, figure),
        "frames": frames,
    })
}

/// The text of plotly.js, which the crate `plotly` carries as the first of its scripts.
fn plotly() -> String {
    let scripts = plotly::Plot::offline_js_sources();
    let start = scripts.find('>').map_or(0, |k| k + 1);
    let end = scripts.find("</script>").unwrap_or(scripts.len());
    scripts[start..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Panel, Series};

    #[test]
    fn plotly_is_there_and_nothing_else() {
        let script = plotly();
        assert!(script.contains("plotly.js v") && script.len() > 3_000_000);
        assert!(!script.contains("</script") && !script.contains("MathJax.js"));
    }

    #[test]
    fn a_text_cannot_leave_its_element() {
        let panel = Panel::default().with(Series::text([0.0, 0.0], "</script><b>"));
        let page = html_fragment(&Figure::new("", vec![vec![panel]])).expect("it can be drawn");
        assert_eq!(page.matches("</script>").count(), 1);
    }
}
