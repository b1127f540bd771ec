//! SVG output, with text as text elements and dense fields as embedded images.
//!
//! The crates for static plots (kuva 0.6, plotters 0.3) were evaluated first. Neither can place an
//! image under vector axes, so decision regions on a grid of 200 by 200 points become 17 MB of
//! rectangles, and neither supports subscripts, paths on surfaces, joined panels or animation. The
//! functionality that they have (frames, ticks and lines) is the smaller part of this module.

mod canvas;
mod field;
mod flat;
mod guides;
mod marker;
mod space;
mod surface;

use std::hash::{DefaultHasher, Hash, Hasher};

use canvas::{Canvas, Letters, TextStyle};

use crate::check::check;
use crate::font::{FAMILY, Weight};
use crate::plan::{self, LEADING, PANEL_TITLE, PanelPlan, SMALL, TITLE};
use crate::{Anchor, Colour, Error, Figure, Mark};

/// Maximum size of an SVG document in bytes.
pub const SVG_LIMIT: usize = 500_000;

/// Duration of the last frame of an animation in seconds.
pub(crate) const LAST_SECONDS: f64 = 2.0;

/// Returns the duration of the other frames in seconds: short if there are many, and long enough to
/// read a few.
pub(crate) fn frame_seconds(n_frames: usize) -> f64 {
    (7.5 / n_frames.max(1) as f64).clamp(0.25, 1.5)
}

/// Renders the figure as an SVG document of at most [`SVG_LIMIT`] bytes with a white background.
///
/// The frames of an animation are ignored. Dense fields, and series of more than 4,000 points, are
/// embedded as images. If DejaVu Sans is not installed, a font with similar metrics is used.
///
/// # Errors
/// Returns an error if the figure is invalid, or [`Error::SvgSize`] if the document is too large.
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

/// Renders the figure as an SVG document that plays its frames in a loop, without scripts.
///
/// Viewers without support for animation show the last frame.
///
/// # Errors
/// See [`svg`]. Each frame adds its marks, so fields in many frames exceed the size limit.
pub fn animated_svg(figure: &Figure) -> Result<String, Error> {
    draw(figure, Motion::Animated)
}

/// Whether frames are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Motion {
    Still,
    Animated,
    /// A single frame.
    Frame(usize),
}

fn draw(figure: &Figure, motion: Motion) -> Result<String, Error> {
    check(figure)?;
    let document = document(figure, motion, Letters::Text);
    match document.len() {
        got if got > SVG_LIMIT => Err(Error::SvgSize { got, limit: SVG_LIMIT }),
        _ => Ok(document),
    }
}

/// Renders the figure without a size limit, with text as outlines of the embedded font, each label
/// as one path whose id is the label.
///
/// This is the drawing behind [`png`](crate::png()).
#[doc(hidden)]
pub fn outlined(figure: &Figure) -> String {
    document(figure, Motion::Still, Letters::Outlines)
}

/// Renders a frame like [`outlined`], with its label.
pub(crate) fn outlined_frame(figure: &Figure, frame: usize) -> String {
    document(figure, Motion::Frame(frame), Letters::Outlines)
}

fn document(figure: &Figure, motion: Motion, letters: Letters) -> String {
    let plan = plan::plan(figure);
    let (width, height) = (plan.width, plan.height);
    let mut canvas = Canvas::new(id_prefix(figure), letters);
    canvas.raw(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILY}\" role=\"img\">\n<title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
        crate::markup::plain(&figure.title)
    ));
    let style = TextStyle { size: TITLE, weight: Weight::Bold, ..TextStyle::default() };
    lines(&mut canvas, &plan.title, [width / 2.0, 12.0], style);
    for (k, panel) in plan.panels.iter().enumerate() {
        draw_panel(&mut canvas, panel, k, figure, motion);
    }
    let style =
        TextStyle { size: SMALL, anchor: Anchor::Start, colour: Colour::Muted, ..TextStyle::default() };
    lines(&mut canvas, &plan.caption, [12.0, plan.caption_top], style);
    let style = TextStyle { size: SMALL, ..TextStyle::default() };
    let at = [width / 2.0, plan.frame_label];
    match motion {
        Motion::Animated if !figure.frames.is_empty() => {
            draw_frames(&mut canvas, &figure.frames, |canvas, frame| canvas.text(at, &frame.label, style));
        }
        Motion::Frame(k) => canvas.text(at, &figure.frames[k].label, style),
        _ => {}
    }
    canvas.raw("</svg>\n");
    canvas.into_string()
}

/// Draws lines of text below each other, starting at `top`.
fn lines(canvas: &mut Canvas, lines: &[String], [x, top]: [f64; 2], style: TextStyle) {
    for (k, line) in lines.iter().enumerate() {
        canvas.text([x, top + (k as f64 + 0.5) * style.size * LEADING], line, style);
    }
}

/// Draws a panel; in an animation, with the marks of all frames.
fn draw_panel(canvas: &mut Canvas, plan: &PanelPlan<'_>, k: usize, figure: &Figure, motion: Motion) {
    canvas.raw("<g>\n");
    let scene = plan.panel.space.as_ref().map(|space| space::Scene::new(plan, space));
    match &scene {
        Some(scene) => scene.draw_back(canvas),
        None => guides::draw_grid(canvas, plan),
    }
    for (s, series) in plan.panel.series.iter().enumerate() {
        let draw_mark = |canvas: &mut Canvas, mark: &Mark| match &scene {
            Some(scene) => scene.draw_mark(canvas, mark),
            None => flat::draw_mark(canvas, plan, mark),
        };
        let marks = if motion == Motion::Still { Vec::new() } else { changes(figure, k, s) };
        match (motion, marks.is_empty()) {
            (Motion::Animated, false) => draw_frames(canvas, &marks, |canvas, mark| draw_mark(canvas, mark)),
            (Motion::Frame(frame), false) => draw_mark(canvas, marks[frame]),
            _ => draw_mark(canvas, &series.mark),
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
    let style = TextStyle { size: PANEL_TITLE, weight: Weight::Bold, ..TextStyle::default() };
    let gap = if plan.z.is_some() { 2.0 } else { 8.0 };
    lines(canvas, &plan.title, [frame.centre()[0], frame.y - gap - height], style);
    canvas.raw("</g>\n");
}

/// Returns the marks of a series in each frame, if it changes.
fn changes(figure: &Figure, panel: usize, series: usize) -> Vec<&Mark> {
    let all = figure.frames.iter().flat_map(|f| &f.changes);
    all.filter(|c| c.panel == panel && c.series == series).map(|c| &c.mark).collect()
}

/// Draws each item in a group that is visible during its frame; viewers without support for
/// animation show the last one.
fn draw_frames<X>(canvas: &mut Canvas, items: &[X], mut draw: impl FnMut(&mut Canvas, &X)) {
    let n = items.len();
    let seconds = frame_seconds(n);
    let total = (n - 1) as f64 * seconds + LAST_SECONDS;
    for (k, item) in items.iter().enumerate() {
        let visibility = |visible: bool| if visible { "visible" } else { "hidden" };
        let start = k as f64 * seconds / total;
        let end = (k + 1) as f64 * seconds / total;
        // Values before, during and after the frame, without intervals of zero length.
        let steps = [(0.0, k == 0), (start, true), (end, false)];
        let from = usize::from(k == 0);
        let to = if k + 1 == n { 2 } else { 3 };
        let values: Vec<&str> = steps[from..to].iter().map(|s| visibility(s.1)).collect();
        let times: Vec<String> = steps[from..to].iter().map(|s| format!("{:.4}", s.0)).collect();
        canvas.raw(&format!(
            "<g visibility=\"{}\"><animate attributeName=\"visibility\" calcMode=\"discrete\" dur=\"{total}s\" \
             repeatCount=\"indefinite\" values=\"{}\" keyTimes=\"{}\"/>\n",
            visibility(k + 1 == n),
            values.join(";"),
            times.join(";"),
        ));
        draw(canvas, item);
        canvas.raw("</g>\n");
    }
}

/// Returns the prefix of element ids, so that several documents can be embedded in one page.
fn id_prefix(figure: &Figure) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(figure).expect("figures consist of strings and numbers").hash(&mut hasher);
    format!("f{:08x}", hasher.finish() as u32)
}
