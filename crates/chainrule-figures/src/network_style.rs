//! Appearance of the weights and units of a drawn network.

use crate::plan::PanelPlan;
use crate::{Colour, ColourMap, Node, Stroke};

/// Returns the stroke of a weight, given as a signed fraction of the largest magnitude.
pub(crate) fn edge_stroke(fraction: f64) -> Stroke {
    let position = 0.5 + 0.5 * fraction.signum() * (0.35 + 0.5 * fraction.abs());
    let colour = Colour::Rgb(ColourMap::Diverging.at(position));
    Stroke::new(colour).width(0.5 + 5.5 * fraction.abs()).opacity(0.9)
}

/// Returns the diameter of the units in pixels: 34, or less if they are close to each other.
pub(crate) fn node_size(plan: &PanelPlan<'_>, nodes: &[Node]) -> f64 {
    let pixels: Vec<[f64; 2]> = nodes.iter().map(|n| plan.pixel(n.at[0], n.at[1])).collect();
    let mut closest = f64::INFINITY;
    for (k, a) in pixels.iter().enumerate() {
        for b in &pixels[..k] {
            closest = closest.min((a[0] - b[0]).hypot(a[1] - b[1]));
        }
    }
    (0.8 * closest).clamp(5.0, 34.0)
}
