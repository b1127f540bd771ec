//! Line simplification with the Douglas-Peucker algorithm (Cartographica 10, 1973).

/// Maximum distance in pixels of a removed point from the simplified line.
const TOLERANCE: f64 = 0.12;

/// Removes the points of a line that are within a small distance of the simplified line.
pub(crate) fn simplified(line: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut keep = vec![false; line.len()];
    let mut open = vec![(0, line.len().saturating_sub(1))];
    while let Some((first, last)) = open.pop() {
        if line.is_empty() {
            break;
        }
        (keep[first], keep[last]) = (true, true);
        let distances = (first + 1..last).map(|k| (k, distance(line[k], line[first], line[last])));
        if let Some((k, d)) = distances.max_by(|a, b| a.1.total_cmp(&b.1))
            && d > TOLERANCE
        {
            open.extend([(first, k), (k, last)]);
        }
    }
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| *p).collect()
}

/// Returns the distance of a point from the line segment between two others.
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
        fn all_points_are_near_the_simplified_line(ys in proptest::collection::vec(-50.0f64..50.0, 2..60)) {
            let line: Vec<[f64; 2]> = ys.iter().enumerate().map(|(k, y)| [k as f64, *y]).collect();
            let result = simplified(&line);
            for p in &line {
                let nearest =
                    result.windows(2).map(|w| distance(*p, w[0], w[1])).fold(f64::INFINITY, f64::min);
                prop_assert!(nearest <= TOLERANCE + 1e-9);
            }
        }
    }
}
