//! The layout of plotly.js: axes and scenes where the plan has the frames, titles, legends, colour bars, the slider.

use serde_json::{Map, Value, json};

use super::paint::stops;
use crate::markup::html;
use crate::plan::{
    AxisPlan, BarPlan, LABEL, LegendPlan, PANEL_TITLE, PanelPlan, Plan, Rect, SMALL, TICK, TITLE,
};
use crate::{Aspect, Axis, Border, Figure, Scale, Space, Ticks, ticks};

/// What stands below the drawing for the slider of an animation, in pixels.
const SLIDER_HEIGHT: f64 = 84.0;

/// The layout of a whole figure.
pub(super) fn layout(plan: &Plan<'_>, figure: &Figure) -> Value {
    let mut layout = Map::new();
    let mut annotations = Vec::new();
    let place = Place { width: plan.width, height: plan.caption_top + 4.0 };
    if !figure.title.is_empty() {
        let text = format!("<b>{}</b>", plan.title.iter().map(|l| html(l)).collect::<Vec<_>>().join("<br>"));
        annotations.push(place.text(&text, [plan.width / 2.0, 12.0], "top", TITLE));
    }
    for (k, panel) in plan.panels.iter().enumerate() {
        let frame = panel.frame;
        if !panel.title.is_empty() {
            let text =
                format!("<b>{}</b>", panel.title.iter().map(|l| html(l)).collect::<Vec<_>>().join("<br>"));
            annotations.push(place.text(&text, [frame.centre()[0], frame.y - 5.0], "bottom", PANEL_TITLE));
        }
        if let Some(space) = &panel.panel.space {
            layout.insert(name("scene", k), scene(&place, panel, space));
        } else {
            layout.insert(name("xaxis", k), axis(&place, panel, k, Side::X));
            layout.insert(name("yaxis", k), axis(&place, panel, k, Side::Y));
        }
        if let Some(legend) = &panel.legend {
            layout.insert(name("legend", k), place.legend(legend, frame));
        }
    }
    // The axes of the traces that only carry colour bars.
    let unseen = json!({ "visible": false, "domain": [0, 0.001], "range": [0, 1], "fixedrange": true });
    layout.insert("xaxis99".to_owned(), unseen.clone());
    layout.insert("yaxis99".to_owned(), unseen);
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
    layout.extend(rest.as_object().cloned().expect("an object"));
    if !figure.frames.is_empty() {
        layout.insert("sliders".to_owned(), slider(figure));
        layout.insert("updatemenus".to_owned(), buttons());
    }
    Value::Object(layout)
}

/// A trace that shows nothing but a colour bar, so that bars stand where the plan has them whatever is drawn.
pub(super) fn bar(plan: &Plan<'_>, bar: &BarPlan<'_>) -> Value {
    let place = Place { width: plan.width, height: plan.caption_top + 4.0 };
    let [low, high] = bar.axis.map.ends;
    let log = bar.axis.map.scale == Scale::Log;
    let shown = |v: f64| if log { v.log10() } else { v };
    let ticks: Vec<f64> = bar.axis.ticks.iter().map(|t| shown(t.at)).collect();
    let texts: Vec<String> = bar.axis.ticks.iter().map(|t| html(&t.label)).collect();
    json!({
        "type": "scatter", "x": [null], "y": [null], "mode": "markers", "showlegend": false, "hoverinfo": "skip",
        "xaxis": "x99", "yaxis": "y99",
        "marker": {
            "color": [shown(low)], "cmin": shown(low), "cmax": shown(high), "colorscale": stops(bar.colours.map),
            "showscale": true,
            "colorbar": {
                "x": place.x(bar.frame.x), "xanchor": "left", "xpad": 0, "y": place.y(bar.frame.bottom()),
                "yanchor": "bottom", "ypad": 0, "len": bar.frame.height / place.height, "thickness": bar.frame.width,
                "tickvals": ticks, "ticktext": texts, "tickfont": { "size": TICK }, "outlinecolor": "@box",
                "outlinewidth": 1, "ticks": "outside", "ticklen": 4, "tickcolor": "@box",
                "title": { "text": html(bar.label), "side": "right", "font": { "size": LABEL } },
            },
        },
    })
}

/// The name of the k-th of its kind: plotly.js counts from 1 and leaves it out.
pub(super) fn name(kind: &str, k: usize) -> String {
    if k == 0 { kind.to_owned() } else { format!("{kind}{}", k + 1) }
}

/// The two axes of a flat panel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    X,
    Y,
}

/// The page in pixels, from which plotly.js wants parts, counted from below.
struct Place {
    width: f64,
    height: f64,
}

impl Place {
    fn x(&self, x: f64) -> f64 {
        (x / self.width).clamp(0.0, 1.0)
    }

    fn y(&self, y: f64) -> f64 {
        (1.0 - y / self.height).clamp(0.0, 1.0)
    }

    fn across(&self, frame: Rect) -> [f64; 2] {
        [self.x(frame.x), self.x(frame.right())]
    }

    fn upright(&self, frame: Rect) -> [f64; 2] {
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
        // From the corner of the frame that it stands in, as plotly.js makes it larger or smaller than planned.
        let low = !plan.outside && rect.centre()[1] > frame.centre()[1];
        let right = !plan.outside && rect.centre()[0] > frame.centre()[0];
        let y = if low { rect.bottom() } else { rect.y };
        let x = if right { rect.right() } else { rect.x };
        let ground = if plan.dark { "rgba(74,74,74,0.8)" } else { "@paper/0.85" };
        let ink = if plan.dark { "#fff" } else { "@ink" };
        json!({
            "x": self.x(x), "y": self.y(y), "xanchor": if right { "right" } else { "left" },
            "yanchor": if low { "bottom" } else { "top" }, "bgcolor": ground,
            "bordercolor": "@grid", "borderwidth": 1, "font": { "size": SMALL, "color": ink }, "itemsizing": "constant",
        })
    }
}

/// What axes of the plane and of space have in common.
fn axis_core(axis: &Axis, plan: &AxisPlan) -> Value {
    let log = plan.map.scale == Scale::Log;
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
        core["tickformatstops"] = dates();
        core["hoverformat"] = super::hover::date(plan.map.ends).into();
    } else if !log && (1e4..ticks::PLAIN).contains(&plan.map.ends.iter().fold(0.0f64, |m, v| m.max(v.abs())))
    {
        // Written out as in still drawings.
        core["minexponent"] = 5.into();
    }
    if log {
        // Within a decade there may be no 1, 2 or 5 at all; the page then takes round numbers, as still drawings do.
        let ratio = plan.map.ends[1] / plan.map.ends[0];
        core["dtick"] = if (10.0..30.0).contains(&ratio) { "D2".into() } else { Value::Null };
    }
    core
}

/// How dates are written at ticks, as in still drawings, whatever the reader zooms to.
fn dates() -> Value {
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

fn axis(place: &Place, panel: &PanelPlan<'_>, k: usize, side: Side) -> Value {
    let (own, plan, other) = match side {
        Side::X => (&panel.panel.x, &panel.x, "y"),
        Side::Y => (&panel.panel.y, &panel.y, "x"),
    };
    let mut axis = axis_core(own, plan);
    axis["anchor"] = name(other, k).into();
    axis["domain"] =
        json!(if side == Side::X { place.across(panel.frame) } else { place.upright(panel.frame) });
    axis["title"]["standoff"] = 6.into();
    if panel.panel.border == Border::None {
        axis["visible"] = false.into();
    } else {
        let frame = json!({
            "showline": true, "linecolor": "@box", "mirror": true, "tickcolor": "@box",
            "ticks": if own.ticks == Ticks::Hidden { "" } else { "outside" },
        });
        axis.as_object_mut().expect("an object").extend(frame.as_object().cloned().expect("an object"));
    }
    if panel.panel.aspect == Aspect::Equal && side == Side::Y {
        axis["scaleanchor"] = name("x", k).into();
        axis["constrain"] = "domain".into();
    }
    axis
}

fn scene(place: &Place, panel: &PanelPlan<'_>, space: &Space) -> Value {
    let (se, ce) = space.elevation.to_radians().sin_cos();
    let (sa, ca) = space.azimuth.to_radians().sin_cos();
    let eye = [ce * ca, ce * sa, se].map(|v| 2.35 * v);
    let axes = [
        (&panel.panel.x, &panel.x),
        (&panel.panel.y, &panel.y),
        (&space.z, panel.z.as_ref().expect("in space")),
    ];
    let [x, y, z] = axes.map(|(axis, plan)| {
        let mut core = axis_core(axis, plan);
        // WebGL does not lay colours with opacity over the page.
        core["backgroundcolor"] = "@mix/128,128,128/0.08".into();
        core["gridcolor"] = "@mix/128,128,128/0.35".into();
        core["showbackground"] = true.into();
        core
    });
    json!({
        "domain": { "x": place.across(panel.frame), "y": place.upright(panel.frame) },
        "xaxis": x, "yaxis": y, "zaxis": z,
        "aspectmode": "manual",
        "aspectratio": { "x": 1, "y": 1, "z": 0.76 },
        "camera": { "center": { "x": 0, "y": 0, "z": -0.12 }, "eye": { "x": eye[0], "y": eye[1], "z": eye[2] }, "projection": { "type": "perspective" } },
    })
}

/// A step for each frame, the last one shown at first.
fn slider(figure: &Figure) -> Value {
    let step = |label: &String| {
        let now = json!({ "mode": "immediate", "frame": { "duration": 0, "redraw": true }, "transition": { "duration": 0 } });
        json!({ "label": label, "method": "animate", "args": [[label], now] })
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
