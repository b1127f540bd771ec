//! Lines without the points that nobody would miss: Douglas and Peucker's algorithm (Cartographica 10, 1973).

/// How far, in pixels, a point may lie from the line that leaves it out.
const TOLERANCE: f64 = 0.12;

/// The line with as few of its points as keep it within a small distance of all.
pub(crate) fn simplified(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut kept = vec![false; line.len()];
    let mut open = vec![(0, line.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        if line.is_empty() {
            break;
        }
        (kept[first], kept[last]) = (true, true);
        let far = (first + 1..last).map(|k| (k, distance(line[k], line[first], line[last])));
        if let Some((k, d)) = far.max_by(|a, b| a.1.total_cmp(&b.1))
            && d > TOLERANCE
        {
            open.extend([(first, k), (k, last)]);
        }
    }
    line.iter().zip(kept).filter(|(_, kept)| *kept).map(|(p, _)| *p).collect()
}

/// From a point to the nearest of the straight line between two others.
fn distance(p: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = dx * dx + dy * dy;
    let t = if length == 0.0 {
        0.0
    } else {
        (((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length).clamp(0.0, 1.0)
    };
    (p[0] - a[0] - t * dx).hypot(p[1] - a[1] - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_straight_line_keeps_its_ends() {
        let line: Vec<[f64; 2]> = (0..100).map(|k| [f64::from(k), 2.0 * f64::from(k)]).collect();
        assert_eq!(simplified(&line), [[0.0, 0.0], [99.0, 198.0]]);
        assert_eq!(simplified(&[]), Vec::<[f64; 2]>::new());
    }

    proptest! {
        #[test]
        fn no_point_is_far_from_what_is_left(ys in proptest::collection::vec(-50.0f64..50.0, 2..60)) {
            let line: Vec<[f64; 2]> = ys.iter().enumerate().map(|(k, y)| [k as f64, *y]).collect();
            let left = simplified(&line);
            for p in &line {
                let near = left.windows(2).map(|w| distance(*p, w[0], w[1])).fold(f64::INFINITY, f64::min);
                prop_assert!(near <= TOLERANCE + 1e-9);
            }
        }
    }
}
