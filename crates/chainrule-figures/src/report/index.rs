//! Index of the reports of a reproduction, and the report of the wrong published gradients.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chainrule_experiment::published::{Demonstration, DemonstrationResult};
use chainrule_experiment::{Experiment, SourceDocument};

use super::experiment::reference;
use super::page::{Page, preformatted};
use crate::kind::{self, Subject};
use crate::markup::escape;
use crate::{Error, Figure, png};

/// Width of the panel of a thumbnail in pixels.
const THUMBNAIL: f64 = 320.0;

/// Kinds of figures for thumbnails, the preferred one first.
const THUMBNAILS: [&str; 4] = ["regions", "density", "projection", "loss-curve"];

/// A report in an index.
#[derive(Clone, Debug)]
pub struct ReportEntry {
    /// Path of the report relative to the index.
    pub file: String,
    /// Title of the report.
    pub title: String,
    /// Source document; reports of the same document are grouped.
    document: Option<SourceDocument>,
    /// Result of the comparison with the claims of the document.
    pub verdict: String,
    /// Thumbnail as PNG; empty if there is none.
    thumbnail: Vec<u8>,
}

impl ReportEntry {
    /// Creates the entry of an experiment, with a panel of one of its figures as the thumbnail.
    ///
    /// # Errors
    /// Returns an error if the thumbnail cannot be drawn.
    pub fn new(file: String, verdict: String, subject: &Subject<'_>) -> Result<ReportEntry, Error> {
        let Experiment { title, document, .. } = subject.experiment;
        let panel = THUMBNAILS.iter().find_map(|kind| {
            let figure = kind::draw(kind, &[], subject).ok()?;
            figure.rows.last()?.first().cloned()
        });
        let thumbnail = match panel {
            Some(panel) => {
                let scale = THUMBNAIL / panel.size[0].max(1.0);
                png(&Figure::new("", vec![vec![panel]]), scale)?
            }
            None => Vec::new(),
        };
        Ok(ReportEntry { file, title: title.clone(), document: document.clone(), verdict, thumbnail })
    }

    /// Creates the entry of the report of the wrong gradients.
    pub fn of_demonstrations(file: String, verdict: String) -> ReportEntry {
        let title = "Gradient check of two wrong published gradients".to_owned();
        ReportEntry { file, title, document: None, verdict, thumbnail: Vec::new() }
    }
}

/// Renders an index of reports, grouped by source document.
pub fn index(reports: &[ReportEntry]) -> String {
    let mut page = Page::new("Reproduced documents");
    let mut groups: Vec<(Option<&SourceDocument>, String)> = Vec::new();
    for report in reports {
        let mut card = format!("<a class=\"card\" href=\"{}\">", escape(&report.file));
        if !report.thumbnail.is_empty() {
            let data = BASE64_STANDARD.encode(&report.thumbnail);
            let _ = write!(card, "<img alt=\"\" src=\"data:image/png;base64,{data}\">");
        }
        let _ = writeln!(
            card,
            "<b>{}</b><span class=\"muted\">{}</span></a>",
            escape(&report.title),
            escape(&report.verdict)
        );
        let document = report.document.as_ref();
        let is_same = |other: Option<&SourceDocument>| other.map(|d| &d.url) == document.map(|d| &d.url);
        match groups.iter_mut().find(|(other, _)| is_same(*other)) {
            Some((other, cards)) => {
                cards.push_str(&card);
                // The titles of remarks have an addition.
                *other = [*other, document].into_iter().flatten().min_by_key(|document| document.title.len());
            }
            None => groups.push((document, card)),
        }
    }
    let group = |(document, cards): &(Option<&SourceDocument>, String)| {
        let heading =
            document.map_or_else(String::new, |document| format!("<p>{}</p>\n", reference(document)));
        format!("{heading}<div class=\"cards\">\n{cards}</div>\n")
    };
    page.section("Reports", &groups.iter().map(group).collect::<String>());
    page.without_figures()
}

/// Renders the gradient checks of the wrong published gradients and of ours.
pub fn demonstrations_report(checked: &[(&Demonstration, DemonstrationResult)]) -> String {
    let mut page = Page::new("Wrong published gradients");
    page.lead(
        "The gradient check compares each derivative with a central difference of the loss. It must reject the \
         published gradients and accept ours.",
    );
    for (demonstration, result) in checked {
        let verdict =
            if result.passed() { "✓ rejected, and ours is accepted" } else { "✗ not as expected" };
        page.section(
            demonstration.name,
            &format!(
                "<p>{} (experiment {}): {verdict}.</p>\n<h3>Published gradient</h3>\n{}<h3>Our gradient</h3>\n{}",
                escape(demonstration.mistake),
                escape(demonstration.experiment),
                preformatted(&result.published.to_string()),
                preformatted(&result.ours.to_string())
            ),
        );
    }
    page.without_figures()
}
