//! HTML pages: a header, a table of contents, sections, tables.

use std::fmt::Write as _;
use std::path::Path;

use crate::html::STYLE as BASE_STYLE;
use crate::markup::escape;
use crate::{PlotlyScript, html_head};

const STYLE: &str = include_str!("report.css");

/// Content security policy that restricts a page to its own contents, and to a script next to it if
/// it shares plotly.js.
const POLICY: &str = "default-src 'none'; script-src SHARED'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
                      img-src data: blob:; font-src data:";

/// Minimum number of sections with a table of contents.
const MIN_SECTIONS: usize = 3;

/// A page that is being written.
pub(super) struct Page {
    title: String,
    header: String,
    /// Titles and contents of the sections.
    sections: Vec<(String, String)>,
}

impl Page {
    /// Begins a page with its title as a heading.
    pub(super) fn new(title: &str) -> Page {
        let header = format!("<h1>{}</h1>\n", escape(title));
        Page { title: title.to_owned(), header, sections: Vec::new() }
    }

    /// Adds a paragraph of HTML below the title.
    pub(super) fn lead(&mut self, html: &str) {
        let _ = writeln!(self.header, "<p>{html}</p>");
    }

    /// Adds a section, unless it is empty.
    pub(super) fn section(&mut self, title: &str, html: &str) {
        if !html.is_empty() {
            self.sections.push((title.to_owned(), html.to_owned()));
        }
    }

    /// Renders a page with figures.
    pub(super) fn with_figures(&self, plotly: PlotlyScript<'_>) -> String {
        // Pages that are opened as files have no origin that 'self' could mean.
        let shared = if plotly == PlotlyScript::Embedded { "" } else { "'self' file: " };
        self.render(&html_head(plotly), shared)
    }

    /// Renders a page without figures.
    pub(super) fn without_figures(&self) -> String {
        self.render(&format!("<style>\n{BASE_STYLE}</style>\n"), "")
    }

    fn render(&self, head: &str, shared: &str) -> String {
        let mut body = format!("<header>\n{}</header>\n", self.header);
        if self.sections.len() >= MIN_SECTIONS {
            body.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
            for (k, (title, _)) in self.sections.iter().enumerate() {
                let _ = writeln!(body, "<li><a href=\"#s{k}\">{}</a></li>", escape(title));
            }
            body.push_str("</ul>\n</nav>\n");
        }
        body.push_str("<main>\n");
        for (k, (title, html)) in self.sections.iter().enumerate() {
            let _ = write!(body, "<section id=\"s{k}\">\n<h2>{}</h2>\n{html}</section>\n", escape(title));
        }
        body.push_str("</main>\n");
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
             <link rel=\"icon\" href=\"data:,\">\n{head}<style>\n{STYLE}</style>\n</head>\n<body class=\"report\">\n{body}</body>\n</html>\n",
            escape(&self.title),
            POLICY.replace("SHARED", shared)
        )
    }
}

/// Renders preformatted text.
pub(super) fn preformatted(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape).collect();
    format!("<pre>{}</pre>\n", lines.join("\n"))
}

/// A row of a table: a CSS class, which may be empty, and the texts of the cells.
pub(super) type Row = (&'static str, Vec<String>);

/// Renders a table.
pub(super) fn table(header: &[&str], rows: &[Row]) -> String {
    let cells = |(class, cells): &Row| (*class, cells.iter().map(|cell| escape(cell)).collect());
    html_table(header, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// Minimum number of columns of a table whose rows are stacked on narrow screens.
const MIN_STACKED: usize = 5;

/// Renders a table whose cells are HTML. On narrow screens, each row of a wide table becomes a list.
pub(super) fn html_table(header: &[&str], rows: &[Row]) -> String {
    let class = if header.len() < MIN_STACKED { "" } else { "stacked" };
    let mut text = format!("<div class=\"wide\"><table class=\"{class}\">\n<thead><tr>");
    for name in header {
        let _ = write!(text, "<th>{}</th>", escape(name));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for (class, cells) in rows {
        let _ = write!(text, "<tr class=\"{class}\">");
        for (name, cell) in header.iter().zip(cells) {
            let _ = write!(text, "<td data-name=\"{}\">{cell}</td>", escape(name));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table></div>\n");
    text
}

/// Renders a bulleted list of texts; nothing if there are none.
pub(super) fn list<S: AsRef<str>>(class: &str, texts: impl IntoIterator<Item = S>) -> String {
    let items: String =
        texts.into_iter().map(|text| format!("<li>{}</li>\n", escape(text.as_ref()))).collect();
    if items.is_empty() { items } else { format!("<ul class=\"{class}\">\n{items}</ul>\n") }
}

/// Returns the name of a file without its folder.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
