//! A figure as SVG: the panels of a plan, with text as text and dense fields as embedded images.
//!
//! Drawn by a small layer of our own. The crates for static plots (kuva 0.6, plotters 0.3) were tried first: neither can
//! put an image under vector axes, so that a decision map of 200 by 200 becomes 17 MB of rectangles; neither sets
//! subscripts, draws a path on a surface, joins panels frame at frame, nor animates. What was left for them, frames,
//! ticks and lines, is the smaller part of this folder.

mod canvas;
mod flat;
mod guides;
mod image;
mod marker;
mod space;
mod surface;

pub(crate) use flat::{boundaries, chosen_levels, edge_stroke, node_size};
pub(crate) use image::{IMAGE_LIMIT, data_uri};

use std::hash::{DefaultHasher, Hash, Hasher};

use canvas::{Canvas, Text};

use crate::check::check;
use crate::font::{FAMILY, Weight};
use crate::plan::{self, LEADING, PANEL_TITLE, PanelPlan, SMALL, TITLE};
use crate::{Anchor, Colour, Error, Figure, Mark};

/// The most bytes that an SVG may have.
pub const SVG_LIMIT: usize = 500_000;

/// How long a frame of an animation is shown, and how long the last one, in seconds.
const FRAME_SECONDS: f64 = 0.25;
const LAST_SECONDS: f64 = 2.0;

/// The figure as an SVG document on white paper, at most [`SVG_LIMIT`] bytes long.
///
/// An animated figure is shown as its own series have it, without its frames. Dense fields and more than 4,000 points are
/// embedded as images. Where the reader's browser has no DejaVu Sans, letters of similar width are taken.
///
/// # Errors
/// If the figure cannot be drawn (see [`Error`]) or the document would be longer.
///
/// ```
/// use chainrule_figures::{Colour, Figure, Panel, Series, svg};
///
/// let line = Series::line("$w_h$", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
/// let drawing = svg(&Figure::new("A weight", vec![vec![Panel::default().with(line)]]))?;
/// assert!(drawing.contains("A weight"));
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
pub fn svg(figure: &Figure) -> Result<String, Error> {
    draw(figure, Motion::Still)
}

/// The figure as an SVG document that plays its frames, over and over, in any browser and without a script.
///
/// Programs that know no animation show what [`svg`] does.
///
/// # Errors
/// As for [`svg`]; each frame adds its series, so that a field in many frames is soon too long.
pub fn animated_svg(figure: &Figure) -> Result<String, Error> {
    draw(figure, Motion::Animated)
}

/// Whether frames are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Motion {
    Still,
    Animated,
}

fn draw(figure: &Figure, motion: Motion) -> Result<String, Error> {
    check(figure)?;
    let document = document(figure, motion);
    match document.len() {
        got if got > SVG_LIMIT => Err(Error::SvgSize { got, limit: SVG_LIMIT }),
        _ => Ok(document),
    }
}

/// The document of a checked figure, of whatever length.
pub(crate) fn still(figure: &Figure) -> String {
    document(figure, Motion::Still)
}

fn document(figure: &Figure, motion: Motion) -> String {
    let plan = plan::plan(figure);
    let (width, height) = (plan.width, plan.height);
    let mut canvas = Canvas::new(id_prefix(figure));
    canvas.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILY}\" role=\"img\">\n<title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
        crate::markup::plain(&figure.title)
    ));
    let style = Text { size: TITLE, weight: Weight::Bold, ..Text::default() };
    lines(&mut canvas, &plan.title, [width / 2.0, 12.0], style);
    for (k, panel) in plan.panels.iter().enumerate() {
        draw_panel(&mut canvas, panel, k, if motion == Motion::Animated { Some(figure) } else { None });
    }
    let style = Text { size: SMALL, anchor: Anchor::Start, colour: Colour::Muted, ..Text::default() };
    lines(&mut canvas, &plan.caption, [12.0, plan.caption_top], style);
    if motion == Motion::Animated && !figure.frames.is_empty() {
        let style = Text { size: SMALL, anchor: Anchor::End, colour: Colour::Muted, ..Text::default() };
        let at = [width - 12.0, 12.0 + 0.5 * SMALL * LEADING];
        draw_frames(&mut canvas, &figure.frames, |canvas, frame| canvas.text(at, &frame.label, style));
    }
    canvas.raw("</svg>\n");
    canvas.into_string()
}

/// Lines of text below each other, the first one's top at a height.
fn lines(canvas: &mut Canvas, lines: &[String], [x, top]: [f64; 2], style: Text) {
    for (k, line) in lines.iter().enumerate() {
        canvas.text([x, top + (k as f64 + 0.5) * style.size * LEADING], line, style);
    }
}

/// One panel; in an animation its changing series in each of the frames.
fn draw_panel(canvas: &mut Canvas, plan: &PanelPlan<'_>, k: usize, animated: Option<&Figure>) {
    canvas.raw("<g>\n");
    let scene = plan.panel.space.as_ref().map(|space| space::Scene::new(plan, space));
    match &scene {
        Some(scene) => scene.draw_back(canvas),
        None => guides::draw_grid(canvas, plan),
    }
    for (s, series) in plan.panel.series.iter().enumerate() {
        let one = |canvas: &mut Canvas, mark: &Mark| match &scene {
            Some(scene) => scene.draw_mark(canvas, mark),
            None => flat::draw_mark(canvas, plan, mark),
        };
        match animated.map(|figure| changes(figure, k, s)).filter(|c| !c.is_empty()) {
            Some(marks) => draw_frames(canvas, &marks, |canvas, mark| one(canvas, mark)),
            None => one(canvas, &series.mark),
        }
    }
    match &scene {
        Some(scene) => scene.draw_labels(canvas),
        None => guides::draw_axes(canvas, plan),
    }
    plan.bars.iter().for_each(|bar| guides::draw_bar(canvas, bar));
    guides::draw_legend(canvas, plan);
    let frame = plan.frame;
    let height = plan.title.len() as f64 * PANEL_TITLE * LEADING;
    let style = Text { size: PANEL_TITLE, weight: Weight::Bold, ..Text::default() };
    let gap = if plan.z.is_some() { 2.0 } else { 8.0 };
    lines(canvas, &plan.title, [frame.centre()[0], frame.y - gap - height], style);
    canvas.raw("</g>\n");
}

/// What a series shows in each frame, if it changes.
fn changes(figure: &Figure, panel: usize, series: usize) -> Vec<&Mark> {
    let all = figure.frames.iter().flat_map(|f| &f.changes);
    all.filter(|c| c.panel == panel && c.series == series).map(|c| &c.mark).collect()
}

/// Each of some things in a group that is seen for its share of the time; without animation only the last one is.
fn draw_frames<X>(canvas: &mut Canvas, things: &[X], mut draw: impl FnMut(&mut Canvas, &X)) {
    let n = things.len();
    let total = (n - 1) as f64 * FRAME_SECONDS + LAST_SECONDS;
    for (k, thing) in things.iter().enumerate() {
        let seen = |seen: bool| if seen { "visible" } else { "hidden" };
        let start = k as f64 * FRAME_SECONDS / total;
        let end = (k + 1) as f64 * FRAME_SECONDS / total;
        // Values before, during and after the frame, without those that last no time.
        let steps = [(0.0, k == 0), (start, true), (end, false)];
        let from = usize::from(k == 0);
        let to = if k + 1 == n { 2 } else { 3 };
        let values: Vec<&str> = steps[from..to].iter().map(|s| seen(s.1)).collect();
        let times: Vec<String> = steps[from..to].iter().map(|s| format!("{:.4}", s.0)).collect();
        canvas.raw(&format!(
            "<g visibility=\"{}\"><animate attributeName=\"visibility\" calcMode=\"discrete\" dur=\"{total}s\" \
             repeatCount=\"indefinite\" values=\"{}\" keyTimes=\"{}\"/>\n",
            seen(k + 1 == n),
            values.join(";"),
            times.join(";"),
        ));
        draw(canvas, thing);
        canvas.raw("</g>\n");
    }
}

/// What ids of this document start with, so that several can stand in one page.
fn id_prefix(figure: &Figure) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(figure).expect("plain data").hash(&mut hasher);
    format!("f{:08x}", hasher.finish() as u32)
}
