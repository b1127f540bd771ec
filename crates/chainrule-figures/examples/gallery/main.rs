//! Renders the example figures and the figures of the published experiments as SVG, PNG and HTML:
//! `cargo run --example gallery -- FOLDER`.

mod figures;
mod published;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use chainrule_figures::{animated_svg, html, png, svg};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("missing argument: the output folder")?);
    fs::create_dir_all(&folder)?;
    let examples = figures::all().into_iter().map(|(name, figure)| (name.to_owned(), figure));
    for (name, figure) in examples.chain(published::all()) {
        let drawing = svg(&figure)?;
        println!("{name}: {} bytes of SVG", drawing.len());
        fs::write(folder.join(format!("{name}.svg")), drawing)?;
        fs::write(folder.join(format!("{name}.png")), png(&figure, 2.0)?)?;
        fs::write(folder.join(format!("{name}.html")), html(&figure)?)?;
        if !figure.frames.is_empty() {
            fs::write(folder.join(format!("{name}.animated.svg")), animated_svg(&figure)?)?;
        }
    }
    Ok(())
}
