//! The plotly.js traces of each mark.
//!
//! Their number depends only on the type and shape of the mark, so that frames can replace them.

use serde_json::{Map, Value, json};

use super::hover::{number_format, point_format};
use super::layout::name;
use super::network::network;
use super::pack::{Storage, bytes, class_codes};
use super::paint::{colour, coordinates, line, mixed, numbers, packed, stops, symbol, symbol_in_space};
use crate::colour::{REGION_OPACITY, winner};
use crate::contour::contour;
use crate::contour::{boundaries, contour_levels};
use crate::markup::html;
use crate::plan::PanelPlan;
use crate::{
    Anchor, AxisScale, Colour, ColourScale, Direction, Fill, Grid, Mark, Marker, Series, Shading, Stroke,
    ticks,
};

/// Returns the traces of a series in panel `k`.
pub(super) fn traces(plan: &PanelPlan<'_>, k: usize, series: &Series, storage: Storage) -> Vec<Value> {
    let mut traces = of_mark(plan, &series.mark, storage);
    let named = traces.iter().position(|t| t["showlegend"] != json!(false));
    for (t, trace) in traces.iter_mut().enumerate() {
        let is_listed = plan.legend.is_some() && !series.name.is_empty() && named == Some(t);
        let mut rest = json!({ "showlegend": is_listed, "legend": name("legend", k), "legendgroup": format!("{k}{}", series.name) });
        if trace.get("name").is_none() {
            rest["name"] = html(&series.name).into();
        }
        if plan.z.is_some() {
            rest["scene"] = name("scene", k).into();
        } else {
            rest["xaxis"] = name("x", k).into();
            rest["yaxis"] = name("y", k).into();
        }
        let rest = rest.as_object().cloned().expect("the value is an object");
        trace.as_object_mut().expect("the value is an object").extend(rest);
    }
    traces
}

fn of_mark(plan: &PanelPlan<'_>, mark: &Mark, storage: Storage) -> Vec<Value> {
    match mark {
        Mark::Line { x, y, z, stroke } => {
            vec![with_coordinates(line(x, y, z, *stroke), [x, y, z], storage)]
        }
        Mark::Points { x, y, z, marker } => {
            vec![with_coordinates(points(x, y, z, *marker), [x, y, z], storage)]
        }
        Mark::Rug { at, along, stroke } => vec![rug(plan, at, *along, *stroke)],
        Mark::Rule { at, along, stroke } => vec![rule(plan, at, *along, *stroke)],
        Mark::Bars { edges, heights, fill } => vec![bars(edges, heights, *fill)],
        Mark::Area { x, low, high, fill } => vec![area(x, low, high, *fill)],
        Mark::Field { grid, colours, shading, levels, lines } => {
            let thin =
                (*shading == Shading::Bands).then(|| Stroke::new(Colour::WHITE).width(0.6).opacity(0.35));
            let levels = contour_levels(grid, colours, levels);
            let lines = lines
                .or(thin)
                .map(|stroke| contours(&levels.iter().map(|l| (grid, *l)).collect::<Vec<_>>(), stroke));
            let image = (*shading != Shading::None).then(|| heatmap(plan, grid, colours, storage));
            image.into_iter().chain(lines).collect()
        }
        Mark::Regions { probabilities, colours, classes, boundary } => {
            let mut traces: Vec<Value> =
                (0..colours.len()).map(|k| region(plan, probabilities, k, colours[k], classes)).collect();
            if let Some(codes) = class_codes(probabilities).filter(|_| storage == Storage::Bytes) {
                traces.iter_mut().zip(codes).for_each(|(trace, codes)| trace["z"] = codes);
            }
            let grids = boundaries(probabilities);
            traces.extend(boundary.map(|s| contours(&grids.iter().map(|g| (g, 0.0)).collect::<Vec<_>>(), s)));
            traces
        }
        Mark::Matrix { n_columns, values, texts, colours } => {
            vec![matrix(*n_columns, values, texts, colours)]
        }
        Mark::Text { at, text, anchor, colour: c } => vec![json!({
            "type": "scatter", "mode": "text", "x": [at[0]], "y": [at[1]], "text": [html(text)], "hoverinfo": "skip",
            "textposition": match anchor {
                Anchor::Start => "middle right",
                Anchor::Middle => "middle center",
                Anchor::End => "middle left",
            },
            "textfont": { "color": colour(*c, 1.0) }, "showlegend": false,
        })],
        Mark::Surface { grid, colours, lines } => vec![surface(grid, colours, *lines)],
        Mark::Network { nodes, edges, largest } => network(plan, nodes, edges, *largest),
    }
}

/// Replaces the coordinates of a trace by smaller ones if it is stored in bytes.
fn with_coordinates(mut trace: Value, coordinate: [&[f64]; 3], storage: Storage) -> Value {
    if storage == Storage::Bytes {
        for (name, values) in
            ["x", "y", "z"].into_iter().zip(coordinate).filter(|(_, values)| !values.is_empty())
        {
            trace[name] = coordinates(values);
        }
    }
    trace
}

fn points(x: &[f64], y: &[f64], z: &[f64], marker: Marker) -> Value {
    let edge = marker.edge.map_or((String::new(), 0.0), |e| (colour(e, 1.0), 1.0));
    let mut trace = json!({
        "type": "scatter", "mode": "markers", "x": numbers(x), "y": numbers(y),
        "marker": {
            "symbol": symbol(marker.symbol), "size": marker.size, "color": colour(marker.colour, 1.0),
            "opacity": marker.opacity, "line": { "color": edge.0, "width": edge.1 },
        },
    });
    if symbol(marker.symbol).ends_with("open") {
        trace["marker"]["line"] = json!({ "width": 1.8 });
    }
    if !z.is_empty() {
        trace["type"] = "scatter3d".into();
        trace["z"] = numbers(z);
        trace["marker"]["symbol"] = symbol_in_space(marker.symbol).into();
        trace["marker"]["size"] = (0.55 * marker.size).into();
    }
    trace
}

fn rug(plan: &PanelPlan<'_>, at: &[f64], along: Direction, stroke: Stroke) -> Value {
    let edge = |low: f64, n: usize| json!(vec![low; n]);
    let (x, y, symbol) = match along {
        Direction::X => {
            (numbers(at), edge(plan.y.map.number(plan.frame.bottom() - 4.5), at.len()), "line-ns-open")
        }
        Direction::Y => (edge(plan.x.map.number(plan.frame.x + 4.5), at.len()), numbers(at), "line-ew-open"),
    };
    json!({
        "type": "scatter", "mode": "markers", "x": x, "y": y, "hoverinfo": if along == Direction::X { "x" } else { "y" },
        "marker": { "symbol": symbol, "size": 9, "color": colour(stroke.colour, stroke.opacity), "line": { "width": stroke.width } },
    })
}

fn rule(plan: &PanelPlan<'_>, at: &[f64], along: Direction, stroke: Stroke) -> Value {
    let across = if along == Direction::X { plan.y.map.ends } else { plan.x.map.ends };
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for v in at {
        own.extend([*v, *v, f64::NAN]);
        other.extend([across[0], across[1], f64::NAN]);
    }
    if along == Direction::X { line(&own, &other, &[], stroke) } else { line(&other, &own, &[], stroke) }
}

fn bars(edges: &[f64], heights: &[f64], fill: Fill) -> Value {
    let middles: Vec<f64> = edges.windows(2).map(|w| f64::midpoint(w[0], w[1])).collect();
    let widths: Vec<f64> = edges.windows(2).map(|w| w[1] - w[0]).collect();
    json!({
        "type": "bar", "x": middles, "y": numbers(heights), "width": widths,
        "marker": { "color": colour(fill.colour, fill.opacity), "line": { "width": 0 } },
    })
}

fn area(x: &[f64], low: &[f64], high: &[f64], fill: Fill) -> Value {
    let closed = |a: &[f64], b: &[f64]| a.iter().chain(b.iter().rev()).copied().collect::<Vec<f64>>();
    json!({
        "type": "scatter", "mode": "lines", "x": numbers(&closed(x, x)), "y": numbers(&closed(high, low)), "fill": "toself",
        "fillcolor": colour(fill.colour, fill.opacity), "line": { "width": 0 }, "hoverinfo": "skip",
    })
}

/// Returns the numbers to which the colour scale is applied, and their range; on a logarithmic
/// scale these are logarithms.
fn colour_values(values: &[f64], row: usize, colours: &ColourScale) -> (Value, [f64; 2]) {
    let log = colours.scale == AxisScale::Log;
    let transformed = |v: f64| if log { v.log10() } else { v };
    (packed(values.iter().map(|v| transformed(*v)), Some(row)), colours.ends(values).map(transformed))
}

fn heatmap(plan: &PanelPlan<'_>, grid: &Grid, colours: &ColourScale, storage: Storage) -> Value {
    let (mut z, [low, high]) = colour_values(&grid.values, grid.n_x, colours);
    if storage == Storage::Bytes && colours.scale == AxisScale::Linear {
        z = bytes(grid, [low, high]);
    }
    let mut trace = plane(grid);
    let rest = json!({
        "z": z, "zmin": low, "zmax": high, "colorscale": stops(colours.map), "zsmooth": "best", "showlegend": false,
    });
    trace.extend(rest.as_object().cloned().expect("the value is an object"));
    let at = point_format(plan, 4);
    let number = if colours.scale == AxisScale::Log {
        trace.insert("customdata".to_owned(), packed(grid.values.iter().copied(), Some(grid.n_x)));
        "%{customdata:.4g}".to_owned()
    } else {
        format!("%{{z{}}}", number_format(colours.ends(&grid.values), 4))
    };
    trace.insert("hovertemplate".to_owned(), format!("{at}: {number}<extra></extra>").into());
    Value::Object(trace)
}

/// Returns a heat map trace with the positions of its cells. As in the static drawing, a grid of
/// one row fills the whole height.
fn plane(grid: &Grid) -> Map<String, Value> {
    let step = |[low, high]: [f64; 2], n: usize| (high - low) / (n.max(2) - 1) as f64;
    let (first_y, dy) = if grid.n_y == 1 {
        (grid.y_at(0.0), grid.y[1] - grid.y[0])
    } else {
        (grid.y[0], step(grid.y, grid.n_y))
    };
    let trace = json!({
        "type": "heatmap", "x0": grid.x[0], "dx": step(grid.x, grid.n_x), "y0": first_y, "dy": dy, "showscale": false,
    });
    trace.as_object().cloned().expect("the value is an object")
}

/// Returns a heat map of the probability of a class where it is the most probable one.
fn region(
    plan: &PanelPlan<'_>,
    probabilities: &[Grid],
    class: usize,
    own: Colour,
    classes: &[String],
) -> Value {
    let grid = &probabilities[0];
    let own_values = (0..grid.values.len()).map(|p| {
        let (best, _) = winner(probabilities, (p % grid.n_x) as f64, (p / grid.n_x) as f64);
        if best == class { probabilities[class].values[p] } else { f64::NAN }
    });
    let label = classes.get(class).map_or_else(|| format!("class {class}"), |c| html(c));
    let mut trace = plane(grid);
    let rest = json!({
        "z": packed(own_values, Some(grid.n_x)), "zmin": 1.0 / probabilities.len() as f64, "zmax": 1.0, "name": label,
        "colorscale": [[0, mixed(own, REGION_OPACITY[0])], [1, mixed(own, REGION_OPACITY[1])]], "showlegend": false,
        "hovertemplate": format!("{label}: %{{z:.3f}}<br>at {}<extra></extra>", point_format(plan, 3)),
    });
    trace.extend(rest.as_object().cloned().expect("the value is an object"));
    Value::Object(trace)
}

/// Returns the contour lines of several grids and levels as one line with gaps.
fn contours(levels: &[(&Grid, f64)], stroke: Stroke) -> Value {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (grid, level) in levels {
        for part in contour(grid, *level) {
            // Lines of fine grids have more points than are visible, so they are simplified at a
            // scale of 4 pixels per cell.
            let scaled = |[i, j]: [f64; 2]| [i, j].map(|v| 4.0 * v);
            for [i, j] in crate::simplify::simplified(&part.into_iter().map(scaled).collect::<Vec<_>>()) {
                x.push(grid.x_at(i / 4.0));
                y.push(grid.y_at(j / 4.0));
            }
            x.push(f64::NAN);
            y.push(f64::NAN);
        }
    }
    let mut trace = line(&[], &[], &[], stroke);
    trace["x"] = coordinates(&x);
    trace["y"] = coordinates(&y);
    trace["hoverinfo"] = "skip".into();
    trace
}

fn matrix(n_columns: usize, values: &[f64], texts: &[String], colours: &ColourScale) -> Value {
    let (z, [low, high]) = colour_values(values, n_columns, colours);
    let mut trace = json!({
        "type": "heatmap", "z": z, "zmin": low, "zmax": high, "colorscale": stops(colours.map), "showscale": false,
        "xgap": 1, "ygap": 1, "showlegend": false, "hovertemplate": "%{y}, %{x}: %{z:.4g}<extra></extra>",
    });
    if !texts.is_empty() {
        let rows: Vec<Vec<String>> =
            texts.chunks(n_columns).map(|r| r.iter().map(|t| html(t)).collect()).collect();
        trace["text"] = json!(rows);
        trace["texttemplate"] = "%{text}".into();
    }
    trace
}

fn surface(grid: &Grid, colours: &ColourScale, lines: Option<Stroke>) -> Value {
    let (shades, [low, high]) = colour_values(&grid.values, grid.n_x, colours);
    let x = (0..grid.n_x).map(|i| grid.x_at(i as f64));
    let y = (0..grid.n_y).map(|j| grid.y_at(j as f64));
    let mut trace = json!({
        "type": "surface", "x": packed(x, None), "y": packed(y, None),
        "z": packed(grid.values.iter().copied(), Some(grid.n_x)), "surfacecolor": shades, "cmin": low, "cmax": high,
        "colorscale": stops(colours.map), "showscale": false, "showlegend": false,
        "lighting": { "ambient": 0.75, "diffuse": 0.5, "specular": 0.05 },
        "hovertemplate": "%{x:.4g}, %{y:.4g}: %{z:.4g}<extra></extra>",
    });
    if let Some(stroke) = lines {
        let levels = ticks::values(colours.ends(&grid.values), AxisScale::Linear, 12);
        if let [first, second, ..] = levels[..] {
            trace["contours"] = json!({ "z": {
                "show": true, "start": first, "end": levels[levels.len() - 1], "size": second - first,
                "color": colour(stroke.colour, stroke.opacity), "width": 1.0,
            } });
        }
    }
    trace
}
