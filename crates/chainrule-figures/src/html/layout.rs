//! The plotly.js layout: axes and scenes at the planned frames, titles, legends, colour bars and
//! slider.

use serde_json::{Map, Value, json};

use super::paint::stops;
use crate::markup::html;
use crate::plan::{AxisPlan, BarPlan, LABEL, LegendPlan, PANEL_TITLE, PanelPlan, Plan, SMALL, TICK, TITLE};
use crate::rect::Rect;
use crate::{Aspect, Axis, AxisScale, Border, Figure, Space, Ticks, ticks};

/// Height of the slider below an animation in pixels.
const SLIDER_HEIGHT: f64 = 84.0;

/// Returns the layout of a figure.
pub(super) fn layout(plan: &Plan<'_>, figure: &Figure) -> Value {
    let mut layout = Map::new();
    let mut annotations = Vec::new();
    let paper = PaperSize { width: plan.width, height: plan.caption_top + 4.0 };
    if !figure.title.is_empty() {
        let text = format!("<b>{}</b>", plan.title.iter().map(|l| html(l)).collect::<Vec<_>>().join("<br>"));
        annotations.push(paper.text(&text, [plan.width / 2.0, 12.0], "top", TITLE));
    }
    for (k, panel) in plan.panels.iter().enumerate() {
        let frame = panel.frame;
        if !panel.title.is_empty() {
            let text =
                format!("<b>{}</b>", panel.title.iter().map(|l| html(l)).collect::<Vec<_>>().join("<br>"));
            annotations.push(paper.text(&text, [frame.centre()[0], frame.y - 5.0], "bottom", PANEL_TITLE));
        }
        if let Some(space) = &panel.panel.space {
            layout.insert(name("scene", k), scene(&paper, panel, space));
        } else {
            layout.insert(name("xaxis", k), axis(&paper, panel, k, PlaneAxis::X));
            layout.insert(name("yaxis", k), axis(&paper, panel, k, PlaneAxis::Y));
        }
        if let Some(legend) = &panel.legend {
            layout.insert(name("legend", k), paper.legend(legend, frame));
        }
    }
    // The axes of traces that only show colour bars.
    let hidden = json!({ "visible": false, "domain": [0, 0.001], "range": [0, 1], "fixedrange": true });
    layout.insert("xaxis99".to_owned(), hidden.clone());
    layout.insert("yaxis99".to_owned(), hidden);
    layout["xaxis99"]["anchor"] = "y99".into();
    layout["yaxis99"]["anchor"] = "x99".into();
    let rest = json!({
        "margin": { "l": 0, "r": 0, "t": 0, "b": if figure.frames.is_empty() { 0.0 } else { SLIDER_HEIGHT } },
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "font": { "family": "system-ui, DejaVu Sans, Verdana, sans-serif", "color": "@ink", "size": SMALL },
        "hovermode": "closest",
        "hoverlabel": { "bgcolor": "@paper", "bordercolor": "@box", "font": { "color": "@ink" } },
        "modebar": { "bgcolor": "rgba(0,0,0,0)", "color": "@muted", "activecolor": "@ink" },
        "showlegend": true,
        "bargap": 0,
        "barmode": "overlay",
        "annotations": annotations,
    });
    layout.extend(rest.as_object().cloned().expect("the value is an object"));
    if !figure.frames.is_empty() {
        layout.insert("sliders".to_owned(), slider(figure));
        layout.insert("updatemenus".to_owned(), buttons());
    }
    Value::Object(layout)
}

/// Returns a trace that shows only a colour bar, so that its position is independent of other
/// traces.
pub(super) fn bar(plan: &Plan<'_>, bar: &BarPlan<'_>) -> Value {
    let paper = PaperSize { width: plan.width, height: plan.caption_top + 4.0 };
    let [low, high] = bar.axis.map.ends;
    let log = bar.axis.map.scale == AxisScale::Log;
    let transformed = |v: f64| if log { v.log10() } else { v };
    let ticks: Vec<f64> = bar.axis.ticks.iter().map(|t| transformed(t.at)).collect();
    let texts: Vec<String> = bar.axis.ticks.iter().map(|t| html(&t.label)).collect();
    json!({
        "type": "scatter", "x": [null], "y": [null], "mode": "markers", "showlegend": false, "hoverinfo": "skip",
        "xaxis": "x99", "yaxis": "y99",
        "marker": {
            "color": [transformed(low)], "cmin": transformed(low), "cmax": transformed(high), "colorscale": stops(bar.colours.map),
            "showscale": true,
            "colorbar": {
                "x": paper.x(bar.frame.x), "xanchor": "left", "xpad": 0, "y": paper.y(bar.frame.bottom()),
                "yanchor": "bottom", "ypad": 0, "len": bar.frame.height / paper.height, "thickness": bar.frame.width,
                "tickvals": ticks, "ticktext": texts, "tickfont": { "size": TICK }, "outlinecolor": "@box",
                "outlinewidth": 1, "ticks": "outside", "ticklen": 4, "tickcolor": "@box",
                "title": { "text": html(bar.label), "side": "right", "font": { "size": LABEL } },
            },
        },
    })
}

/// Returns the plotly.js name of element `k`: `x`, `x2`, `x3`, ...
pub(super) fn name(kind: &str, k: usize) -> String {
    if k == 0 { kind.to_owned() } else { format!("{kind}{}", k + 1) }
}

/// An axis of a 2-D panel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PlaneAxis {
    X,
    Y,
}

/// Size of the figure in pixels, for conversion to plotly.js paper coordinates, which range from 0
/// to 1 and start at the lower left corner.
struct PaperSize {
    width: f64,
    height: f64,
}

impl PaperSize {
    fn x(&self, x: f64) -> f64 {
        (x / self.width).clamp(0.0, 1.0)
    }

    fn y(&self, y: f64) -> f64 {
        (1.0 - y / self.height).clamp(0.0, 1.0)
    }

    fn horizontal(&self, frame: Rect) -> [f64; 2] {
        [self.x(frame.x), self.x(frame.right())]
    }

    fn vertical(&self, frame: Rect) -> [f64; 2] {
        [self.y(frame.bottom()), self.y(frame.y)]
    }

    fn text(&self, text: &str, [x, y]: [f64; 2], anchor: &str, size: f64) -> Value {
        json!({
            "text": text, "x": self.x(x), "y": self.y(y), "xref": "paper", "yref": "paper", "xanchor": "center",
            "yanchor": anchor, "showarrow": false, "font": { "size": size },
        })
    }

    fn legend(&self, plan: &LegendPlan, frame: Rect) -> Value {
        let rect = plan.rect;
        // Anchored at the nearest corner of the frame, because the size in plotly.js can differ
        // from the planned one.
        let bottom = !plan.outside && rect.centre()[1] > frame.centre()[1];
        let right = !plan.outside && rect.centre()[0] > frame.centre()[0];
        let y = if bottom { rect.bottom() } else { rect.y };
        let x = if right { rect.right() } else { rect.x };
        let background = if plan.dark { "rgba(74,74,74,0.8)" } else { "@paper/0.85" };
        let ink = if plan.dark { "#fff" } else { "@ink" };
        json!({
            "x": self.x(x), "y": self.y(y), "xanchor": if right { "right" } else { "left" },
            "yanchor": if bottom { "bottom" } else { "top" }, "bgcolor": background,
            "bordercolor": "@grid", "borderwidth": 1, "font": { "size": SMALL, "color": ink }, "itemsizing": "constant",
        })
    }
}

/// Returns the properties common to the axes of 2-D and 3-D panels.
fn axis_core(axis: &Axis, plan: &AxisPlan) -> Value {
    let log = plan.map.scale == AxisScale::Log;
    let kind = match (&axis.ticks, log) {
        (Ticks::Dates, _) => "date",
        (_, true) => "log",
        (_, false) => "linear",
    };
    let range = plan.map.ends.map(|v| if log { v.log10() } else { v });
    let mut core = json!({
        "type": kind,
        "range": range,
        "title": { "text": html(&plan.label), "font": { "size": LABEL } },
        "tickfont": { "size": TICK },
        "gridcolor": "@grid",
        "zeroline": false,
        "showticklabels": axis.ticks != Ticks::Hidden,
        "exponentformat": "power",
    });
    if let Ticks::Names(names) = &axis.ticks {
        core["tickvals"] = (0..names.len()).map(Value::from).collect();
        core["ticktext"] = names.iter().map(|n| Value::from(html(n))).collect();
    } else {
        core["nticks"] = (plan.ticks.len() + 2).into();
    }
    if axis.ticks == Ticks::Dates {
        core["tickformatstops"] = date_formats();
        core["hoverformat"] = super::hover::date_format(plan.map.ends).into();
    } else if !log && (1e4..ticks::PLAIN).contains(&plan.map.ends.iter().fold(0.0f64, |m, v| m.max(v.abs())))
    {
        // Fixed notation, as in static drawings.
        core["minexponent"] = 5.into();
    }
    if log {
        // A range within a decade may contain no 1, 2 or 5; plotly.js then chooses round numbers,
        // as static drawings do.
        let ratio = plan.map.ends[1] / plan.map.ends[0];
        core["dtick"] = if (10.0..30.0).contains(&ratio) { "D2".into() } else { Value::Null };
    }
    core
}

/// Returns the formats of date ticks at each zoom level, as in static drawings.
fn date_formats() -> Value {
    let stop = |from: Value, to: Value, format: &str| json!({ "dtickrange": [from, to], "value": format });
    let day = 86_400_000.0;
    json!([
        stop(Value::Null, 59_999.0.into(), "%Y-%m-%d %H:%M:%S"),
        stop(60_000.0.into(), (day - 1.0).into(), "%Y-%m-%d %H:%M"),
        stop(day.into(), (28.0 * day).into(), "%Y-%m-%d"),
        stop("M1".into(), "M11".into(), "%Y-%m"),
        stop("M12".into(), Value::Null, "%Y"),
    ])
}

fn axis(paper: &PaperSize, panel: &PanelPlan<'_>, k: usize, which: PlaneAxis) -> Value {
    let (own, plan, other) = match which {
        PlaneAxis::X => (&panel.panel.x, &panel.x, "y"),
        PlaneAxis::Y => (&panel.panel.y, &panel.y, "x"),
    };
    let mut axis = axis_core(own, plan);
    axis["anchor"] = name(other, k).into();
    axis["domain"] = json!(if which == PlaneAxis::X {
        paper.horizontal(panel.frame)
    } else {
        paper.vertical(panel.frame)
    });
    axis["title"]["standoff"] = 6.into();
    if panel.panel.border == Border::None {
        axis["visible"] = false.into();
    } else {
        let frame = json!({
            "showline": true, "linecolor": "@box", "mirror": true, "tickcolor": "@box",
            "ticks": if own.ticks == Ticks::Hidden { "" } else { "outside" },
        });
        let frame = frame.as_object().cloned().expect("the value is an object");
        axis.as_object_mut().expect("the value is an object").extend(frame);
    }
    if panel.panel.aspect == Aspect::Equal && which == PlaneAxis::Y {
        axis["scaleanchor"] = name("x", k).into();
        axis["constrain"] = "domain".into();
    }
    axis
}

fn scene(paper: &PaperSize, panel: &PanelPlan<'_>, space: &Space) -> Value {
    let (se, ce) = space.elevation.to_radians().sin_cos();
    let (sa, ca) = space.azimuth.to_radians().sin_cos();
    let eye = [ce * ca, ce * sa, se].map(|v| 2.6 * v);
    let axes = [
        (&panel.panel.x, &panel.x),
        (&panel.panel.y, &panel.y),
        (&space.z, panel.z.as_ref().expect("the panel is 3-D")),
    ];
    let [x, y, z] = axes.map(|(axis, plan)| {
        let mut core = axis_core(axis, plan);
        // WebGL does not blend transparent colours with the page background.
        core["backgroundcolor"] = "@mix/128,128,128/0.08".into();
        core["gridcolor"] = "@mix/128,128,128/0.35".into();
        core["showbackground"] = true.into();
        core
    });
    json!({
        "domain": { "x": paper.horizontal(panel.frame), "y": paper.vertical(panel.frame) },
        "xaxis": x, "yaxis": y, "zaxis": z,
        "aspectmode": "manual",
        "aspectratio": { "x": 1, "y": 1, "z": 0.76 },
        "camera": { "center": { "x": 0, "y": 0, "z": -0.12 }, "eye": { "x": eye[0], "y": eye[1], "z": eye[2] }, "projection": { "type": "perspective" } },
    })
}

/// Returns the slider with a step per frame; the last one is active initially.
fn slider(figure: &Figure) -> Value {
    let step = |label: &String| {
        let animation = json!({ "mode": "immediate", "frame": { "duration": 0, "redraw": true }, "transition": { "duration": 0 } });
        json!({ "label": label, "method": "animate", "args": [[label], animation] })
    };
    let steps: Vec<Value> = figure.frames.iter().map(|f| step(&f.label)).collect();
    json!([{
        "active": steps.len() - 1, "steps": steps, "x": 0.14, "len": 0.82, "y": 0, "yanchor": "top",
        "pad": { "t": 16, "b": 8 }, "currentvalue": { "visible": false }, "bordercolor": "@box", "bgcolor": "@grid",
    }])
}

fn buttons() -> Value {
    let play = json!([null, {
        "mode": "immediate", "fromcurrent": false, "frame": { "duration": 250, "redraw": true },
        "transition": { "duration": 0 },
    }]);
    let pause = json!([[null], { "mode": "immediate", "frame": { "duration": 0, "redraw": false } }]);
    json!([{
        "type": "buttons", "direction": "left", "x": 0.01, "y": 0, "xanchor": "left", "yanchor": "top",
        "pad": { "t": 22 }, "showactive": false, "bgcolor": "@paper", "bordercolor": "@box",
        "buttons": [
            { "label": "▶", "method": "animate", "args": play },
            { "label": "❚❚", "method": "animate", "args": pause },
        ],
    }])
}
