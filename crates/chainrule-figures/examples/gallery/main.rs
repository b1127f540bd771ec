//! Draws the example figures as SVG, PNG and HTML into a folder: `cargo run --example gallery -- FOLDER`.

mod figures;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use chainrule_figures::{animated_svg, html, png, svg};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("give the folder to write to")?);
    fs::create_dir_all(&folder)?;
    for (name, figure) in figures::all() {
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
