//! Tests of all output formats with the example figures and the figures of the published
//! experiments: valid, small and legible SVGs, PNGs similar to the stored hashes, self-contained
//! pages, and JSON that round-trips.

#[path = "../examples/gallery/figures.rs"]
mod figures;
#[path = "../examples/gallery/published.rs"]
mod published;

use std::fs;
use std::path::Path;

use chainrule_figures::{
    Axis, Colour, ColourScale, Figure, Grid, Mark, Marker, Panel, SVG_LIMIT, Series, Symbol, animated_svg,
    html_fragment, outlined, png, svg,
};
use resvg::tiny_skia::{Pixmap, Rect};
use resvg::usvg::{Group, Node, Options, Tree};

/// Maximum number of the 256 bits of an image hash that may differ from the stored one.
const HASH_TOLERANCE: u32 = 6;

fn all() -> Vec<(String, Figure)> {
    let examples = figures::all().into_iter().map(|(name, figure)| (name.to_owned(), figure));
    examples.chain(published::all()).collect()
}

fn parsed(drawing: &str) -> Tree {
    Tree::from_str(drawing, &Options::default()).expect("the SVG is well formed")
}

/// Returns each outlined text of a drawing with its bounding box.
fn texts(group: &Group) -> Vec<(String, Rect)> {
    let texts_of_node = |node: &Node| match node {
        Node::Group(group) => texts(group),
        Node::Path(path) if !path.id().is_empty() => {
            vec![(path.id().to_owned(), path.abs_bounding_box())]
        }
        _ => Vec::new(),
    };
    group.children().iter().flat_map(texts_of_node).collect()
}

#[test]
fn svgs_are_small_and_their_texts_are_inside_without_overlap() {
    for (name, figure) in all() {
        let drawing = svg(&figure).expect(&name);
        assert!(drawing.len() <= SVG_LIMIT);
        parsed(&drawing);
        let tree = parsed(&outlined(&figure));
        let page = tree.size();
        let texts = texts(tree.root());
        assert!(texts.len() > 5, "{name} has only {} texts", texts.len());
        for (k, (text, rect)) in texts.iter().enumerate() {
            let inside = rect.left() >= 0.0
                && rect.top() >= 0.0
                && rect.right() <= page.width()
                && rect.bottom() <= page.height();
            assert!(inside, "{name}: \"{text}\" is cut off, {rect:?} in {page:?}");
            for (other, other_rect) in &texts[..k] {
                let overlap = |a: f32, b: f32, c: f32, d: f32| b.min(d) - a.max(c);
                let width = overlap(rect.left(), rect.right(), other_rect.left(), other_rect.right());
                let height = overlap(rect.top(), rect.bottom(), other_rect.top(), other_rect.bottom());
                assert!(width < 1.0 || height < 1.0, "{name}: \"{text}\" overlaps \"{other}\"");
            }
        }
    }
}

/// Computes the difference hash of an image: for each of 16 by 16 cells in row-major order, whether
/// it is lighter than the one to its left.
fn hash(image: &[u8]) -> [u64; 4] {
    let pixmap = Pixmap::decode_png(image).expect("the image is a PNG");
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    let brightness = |u: usize, v: usize| {
        let (columns, rows) = (u * width / 17..(u + 1) * width / 17, v * height / 16..(v + 1) * height / 16);
        let n = columns.len() * rows.len();
        let sum: u64 = rows
            .flat_map(|y| columns.clone().map(move |x| (x, y)))
            .map(|(x, y)| {
                let p = pixmap.pixels()[y * width + x];
                u64::from(p.red()) + u64::from(p.green()) + u64::from(p.blue())
            })
            .sum();
        sum as f64 / n as f64
    };
    let mut bits = [0; 4];
    for k in 0..256 {
        let (u, v) = (k % 16, k / 16);
        // Background cells differ only by rounding.
        if brightness(u + 1, v) > brightness(u, v) + 1.0 {
            bits[k / 64] |= 1 << (k % 64);
        }
    }
    bits
}

fn hex(hash: [u64; 4]) -> String {
    hash.map(|h| format!("{h:016x}")).concat()
}

fn n_different_bits(a: &str, b: &str) -> u32 {
    a.chars()
        .zip(b.chars())
        .map(|(a, b)| (a.to_digit(16).unwrap_or(0) ^ b.to_digit(16).unwrap_or(15)).count_ones())
        .sum()
}

/// `CHAINRULE_UPDATE_PICTURES=1 cargo test -p chainrule-figures --test drawings` updates the
/// hashes; review the images of the gallery first.
#[test]
fn pictures_look_as_they_did() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures.txt");
    let now: Vec<(String, String)> = all()
        .iter()
        .map(|(name, figure)| (name.clone(), hex(hash(&png(figure, 0.5).expect(name)))))
        .collect();
    if std::env::var_os("CHAINRULE_UPDATE_PICTURES").is_some() {
        let lines: Vec<String> = now.iter().map(|(name, hash)| format!("{name} {hash}")).collect();
        fs::write(&path, lines.join("\n") + "\n").expect("the folder is writable");
    }
    let stored = fs::read_to_string(&path).expect("the hashes are stored");
    let stored: Vec<(&str, &str)> = stored.lines().filter_map(|l| l.split_once(' ')).collect();
    assert_eq!(stored.len(), now.len(), "the stored hashes are for a different set of figures");
    for ((name, hash), (stored_name, before)) in now.iter().zip(stored) {
        assert_eq!(name, stored_name);
        let bits = n_different_bits(hash, before);
        assert!(bits <= HASH_TOLERANCE, "{name} has changed: {bits} of 256 bits differ");
    }
}

#[test]
fn hashes_distinguish_images() {
    let drawn = |y: Vec<f64>| {
        let panel = Panel::default().with(Series::line("", vec![0.0, 1.0, 2.0], y, Colour::Ink));
        hex(hash(&png(&Figure::new("", vec![vec![panel]]), 0.5).expect("the figure is valid")))
    };
    assert!(n_different_bits(&drawn(vec![0.0, 2.0, 1.0]), &drawn(vec![2.0, 0.0, 1.0])) > HASH_TOLERANCE);
}

#[test]
fn json_round_trips() {
    for (name, figure) in all() {
        let json = serde_json::to_string(&figure).expect(&name);
        let read: Figure = serde_json::from_str(&json).expect(&name);
        assert_eq!(serde_json::to_string(&read).expect(&name), json, "{name}");
        assert_eq!(svg(&read), svg(&figure), "{name}");
    }
}

#[test]
fn pages_are_self_contained() {
    for (name, figure) in all() {
        // References to elements of the page itself, and images in it, are not external.
        let page = html_fragment(&figure).expect(&name).replace("url(#", "").replace("src=\"data:", "");
        for external in ["http:", "https:", "src=", "url("] {
            assert!(!page.contains(external), "{name} contains {external}");
        }
        let start = page.find("application/json\">").expect(&name) + 18;
        let end = page.rfind("</script>").expect(&name);
        let description: serde_json::Value =
            serde_json::from_str(&page[start..end].replace("<\\/", "</")).expect(&name);
        let traces = description["data"].as_array().expect(&name);
        for frame in description["frames"].as_array().expect(&name) {
            let (new, indices) =
                (frame["data"].as_array().expect(&name), frame["traces"].as_array().expect(&name));
            assert_eq!(new.len(), indices.len());
            for (trace, index) in new.iter().zip(indices) {
                assert_eq!(trace["type"], traces[index.as_u64().expect(&name) as usize]["type"], "{name}");
            }
        }
    }
}

#[test]
fn animations_show_each_frame_once() {
    let all = figures::all();
    let (_, figure) = all.iter().find(|(name, _)| *name == "animation").expect("the example exists");
    let drawing = animated_svg(figure).expect("the figure is valid");
    let changes: usize = figure.frames.iter().map(|f| f.changes.len()).sum();
    // One element for each change and for each frame label.
    assert_eq!(drawing.matches("<animate ").count(), changes + figure.frames.len());
    assert_eq!(drawing.matches("<g visibility=\"visible\">").count(), figure.frames[0].changes.len() + 1);
    assert!(figure.frames.iter().all(|frame| drawing.contains(&format!(">{}<", frame.label))));
    parsed(&drawing);
    let last = figure.at_frame(figure.frames.len() - 1);
    assert_eq!(png(&last, 1.0), png(&Figure { frames: vec![], ..figure.clone() }, 1.0));
}

#[test]
fn points_behind_a_surface_are_faint() {
    let drawn = |z: f64| {
        let grid = Grid::of([-1.0, 1.0], [-1.0, 1.0], 9, 9, |_, _| 0.0);
        let marker = Marker::new(Symbol::Circle, Colour::Palette(1));
        let panel = Panel::new(Axis::new("x"), Axis::new("y"))
            .in_space(Axis::new("z").range(-1.0, 1.0), 40.0, -50.0)
            .with(Series::new("", Mark::Surface { grid, colours: ColourScale::default(), lines: None }))
            .with(Series::new("", Mark::Points { x: vec![0.1], y: vec![0.1], z: vec![z], marker }));
        svg(&Figure::new("", vec![vec![panel]])).expect("the figure is valid")
    };
    assert!(drawn(-0.6).contains(" opacity=\"0.4\""));
    for visible in [0.0, 0.6] {
        assert!(!drawn(visible).contains(" opacity=\"0.4\""));
    }
}

#[test]
fn svgs_of_many_points_and_noisy_lines_are_small() {
    let n = 20_000;
    let x: Vec<f64> = (0..n).map(|k| f64::from(k) / f64::from(n)).collect();
    let y: Vec<f64> = x.iter().map(|x| (x * 9e4).sin() * (x * 37.0).cos()).collect();
    let dots =
        Series::points("", x.clone(), y.clone(), Marker::new(Symbol::Circle, Colour::Palette(0)).size(4.0));
    let line = Series::line("", x, y, Colour::Palette(1));
    for series in [dots, line] {
        let drawing = svg(&Figure::new("", vec![vec![Panel::default().with(series)]]))
            .expect("the SVG is within the size limit");
        parsed(&drawing);
    }
}
