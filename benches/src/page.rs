//! Page with one table per SIMD level: `README.md`, whose tables are between markers.

use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::level;

/// Writes a file and creates its directory if necessary.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    fs::write(path, text).map_err(Error::file(path))
}

/// Replaces the table of a SIMD level in the page at `path`. If there is none, a section for it is
/// added after the last table.
pub(crate) fn replace_table(path: &Path, level: &str, table: &str) -> Result<(), Error> {
    let page = fs::read_to_string(path).map_err(Error::file(path))?;
    let [begin, end] = ["begin", "end"].map(|edge| marker(edge, level));
    let section = format!("{begin}\n\n{table}\n{end}");
    let new = if let Some((head, rest)) = page.split_once(&begin) {
        rest.split_once(&end).map(|(_, tail)| format!("{head}{section}{tail}"))
    } else {
        end_of_tables(&page).map(|at| {
            let (head, tail) = page.split_at(at);
            format!("{head}\n\n### {}\n\n{section}{tail}", level::title(level))
        })
    };
    let new = new.ok_or_else(|| Error::Markers { path: path.to_owned(), begin, end })?;
    write(path, &new)
}

fn marker(edge: &str, level: &str) -> String {
    format!("<!-- {edge} table {level} -->")
}

/// Returns the end of the last marker of any level.
fn end_of_tables(page: &str) -> Option<usize> {
    let start = page.rfind("<!-- end table ")?;
    Some(start + page[start..].find('\n').unwrap_or(page.len() - start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "head\n<!-- begin table avx512 -->\nold\n<!-- end table avx512 -->\ntail\n";

    fn replaced(page: &str, level: &str) -> Result<String, Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("README.md");
        fs::write(&path, page).unwrap();
        replace_table(&path, level, "new\n").map(|()| fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn the_table_of_a_level_is_replaced() {
        let page = replaced(PAGE, "avx512").unwrap();
        let expected = "head\n<!-- begin table avx512 -->\n\nnew\n\n<!-- end table avx512 -->\ntail\n";
        assert_eq!(page, expected);
        assert_eq!(replaced(&page, "avx512").unwrap(), expected);
    }

    #[test]
    fn the_section_of_a_new_level_follows_the_last_table() {
        let page = replaced(PAGE, "avx2").unwrap();
        let expected = "head\n<!-- begin table avx512 -->\nold\n<!-- end table avx512 -->\n\n### AVX2\n\n\
                        <!-- begin table avx2 -->\n\nnew\n\n<!-- end table avx2 -->\ntail\n";
        assert_eq!(page, expected);
        assert_eq!(replaced(&page, "avx2").unwrap(), expected);
        let page = replaced(&page, "neon").unwrap();
        assert!(page.contains("avx2 -->\n\n### NEON\n\n<!-- begin table neon -->"), "{page}");
    }

    #[test]
    fn a_page_without_markers_or_with_one_marker_is_an_error() {
        for page in ["no markers", "<!-- begin table avx2 -->"] {
            let error = replaced(page, "avx2").unwrap_err().to_string();
            assert!(error.contains("does not contain the lines \"<!-- begin table avx2 -->\""), "{error}");
        }
    }
}
