//! An experiment: data, networks, training and the claims of a source document, read from a TOML
//! file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use chainrule::network::Network;
use chainrule::registry::nearest;
use chainrule_model::{Precision, path_to_text};

use crate::Error;
use crate::builtin::{self, BaseFolder};
use crate::claim::Claim;
use crate::data::DataPlan;
use crate::figure::FigurePlan;
use crate::fit::plan::FitPlan;
use crate::network::NetworkPlan;
use crate::origin::Origin;
use crate::section::Section;
use crate::text_file::{parent, read_text};
use crate::train::TrainPlan;
use crate::tree::Tree;

/// An experiment, read and checked as far as possible without its data.
///
/// ```
/// use chainrule_experiment::Experiment;
///
/// let rings = Experiment::open("three-rings", &[])?;
/// let names: Vec<&str> = rings.variants.iter().map(|variant| variant.name.as_str()).collect();
/// assert_eq!(names, ["leaky_relu", "logistic", "linear"]);
/// # Ok::<(), chainrule_experiment::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Name of the file without `.toml`.
    pub name: String,
    /// Title.
    pub title: String,
    /// Document that the experiment reproduces.
    pub document: Option<SourceDocument>,
    /// Networks: one, or one for each `[[variant]]`.
    pub variants: Vec<Variant>,
    /// Claims of the document.
    pub claims: Vec<Claim>,
    /// Figures of the report.
    pub figures: Vec<FigurePlan>,
    /// Notes for the user about renamed keys and values in the file and in the `--set` arguments.
    pub notes: Vec<String>,
}

/// Document that an experiment reproduces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    /// Author.
    pub author: String,
    /// Title.
    pub title: String,
    /// URL.
    pub url: String,
    /// Licence, as stated in the document.
    pub licence: String,
}

/// A network of an experiment, with its data and training.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Name of the variant; empty if the experiment has a single network.
    pub name: String,
    /// Precision of training.
    pub precision: Precision,
    /// Source of the samples.
    pub data: DataPlan,
    /// Layers.
    pub network: NetworkPlan,
    /// Loss and training settings.
    pub train: TrainPlan,
    /// Initial network, if it comes from a model and not from the initializers.
    pub(crate) given: Option<Network<f64>>,
    /// All settings, which are saved with the results of a run.
    pub(crate) tree: Tree,
}

/// Keys that belong to the whole experiment and not to a variant.
const TOP_KEYS: &[&str] = &["title", "document", "claim", "figure", "variant", "fit"];

impl Experiment {
    /// Opens the built-in experiment called `source`, or else the TOML file `source`, and applies
    /// each of `sets` (`train.learning_rate=0.05`).
    ///
    /// # Errors
    /// Returns an error with a location if the file does not exist, is not TOML or has an invalid
    /// setting.
    pub fn open(source: impl AsRef<Path>, sets: &[String]) -> Result<Experiment, Error> {
        let path = source.as_ref();
        let name = path.to_string_lossy();
        if let Some(text) = builtin::text(&name).filter(|_| !path.exists() || path.extension().is_none()) {
            let path = PathBuf::from(format!("{name}.toml"));
            return Experiment::parse(&name, text, &path, sets, BaseFolder::BuiltIn);
        }
        if !path.is_file() {
            let choices = builtin::names();
            let near = nearest(&name, choices.iter().map(String::as_str)).map(str::to_owned);
            return Err(Error::NotFound { name: name.into_owned(), nearest: near, choices });
        }
        let text = read_text(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Experiment::parse(&name, &text, path, sets, BaseFolder::Disk(parent(path)))
    }

    fn parse(
        name: &str,
        text: &str,
        path: &Path,
        sets: &[String],
        folder: BaseFolder<'_>,
    ) -> Result<Experiment, Error> {
        let mut notes = Vec::new();
        let tree = Tree::parse(text, path, &mut notes)?;
        let top = Section::top(&tree, Origin::file(path));
        let title = top.text("title")?.unwrap_or_default();
        let document = document(&top.section("document")?)?;
        let figures = top.sections("figure")?.iter().map(FigurePlan::read).collect::<Result<Vec<_>, _>>()?;
        // [fit] is not used here, but an error in it should be reported.
        FitPlan::read(&top, parent(path))?;
        let claims = top.sections("claim")?.iter().map(Claim::read).collect::<Result<Vec<_>, _>>()?;

        let mut shared = tree.clone();
        for key in TOP_KEYS {
            shared.remove(key);
        }
        let (mut overlays, mut names) = (Vec::new(), HashSet::new());
        for section in top.sections("variant")? {
            let purpose = "a name that identifies the variant";
            let name = section.text("name")?.ok_or_else(|| section.missing("name", purpose))?;
            if !is_folder_name(&name) || !names.insert(name.clone()) {
                let allowed = "a unique name of letters, digits, spaces, \"_\", \"-\" and \".\" that starts with a \
                               letter or digit and does not end with a space or \".\"";
                return Err(section.refuse("name", allowed));
            }
            let mut overlay = section.tree().cloned().unwrap_or_default();
            overlay.remove("name");
            overlays.push((name, overlay));
        }
        if overlays.is_empty() {
            overlays.push((String::new(), Tree::default()));
        }
        // The notes on `sets` are the same for all variants.
        let (mut variants, mut set_notes) = (Vec::new(), Vec::new());
        for (name, overlay) in overlays {
            let mut tree = shared.clone();
            tree.overlay(&overlay);
            sets.iter().try_for_each(|set| tree.set(set, Origin::Set, &mut set_notes))?;
            variants.push(Variant::read(name, tree, path, folder)?);
        }
        notes.extend(set_notes);
        share_tables(&mut variants);
        let experiment =
            Experiment { name: name.to_owned(), title, document, variants, claims, figures, notes };
        let names: HashSet<&str> = experiment.variants.iter().map(|variant| variant.name.as_str()).collect();
        for claim in &experiment.claims {
            for name in claim.variants().filter(|name| !names.contains(name)) {
                experiment.variant(name)?;
            }
        }
        Ok(experiment)
    }

    /// Removes all variants except `name`, and the claims that concern other variants.
    ///
    /// # Errors
    /// Returns [`Error::UnknownVariant`] if there is no such variant.
    pub fn reduce_to(&mut self, name: &str) -> Result<(), Error> {
        self.variant(name)?;
        self.variants.retain(|variant| variant.name == name);
        self.claims.retain(|claim| claim.variants().all(|variant| variant == name));
        Ok(())
    }

    /// Returns the variant called `name`.
    ///
    /// # Errors
    /// Returns [`Error::UnknownVariant`] if there is no such variant.
    pub fn variant(&self, name: &str) -> Result<&Variant, Error> {
        let names =
            || self.variants.iter().map(|variant| variant.name.as_str()).filter(|name| !name.is_empty());
        self.variants.iter().find(|variant| variant.name == name).ok_or_else(|| Error::UnknownVariant {
            experiment: self.name.clone(),
            name: name.to_owned(),
            nearest: nearest(name, names()).map(str::to_owned),
            choices: names().map(str::to_owned).collect(),
        })
    }
}

impl Variant {
    /// Returns whether training continues from the network of a model.
    pub fn is_of_model(&self) -> bool {
        self.given.is_some()
    }

    /// Reads the settings of one network. Paths in them are relative to `folder`.
    pub(crate) fn read(
        name: String,
        tree: Tree,
        path: &Path,
        folder: BaseFolder<'_>,
    ) -> Result<Variant, Error> {
        let top = Section::top(&tree, Origin::file(path));
        // These keys are valid at the top level of the file, but not in the settings of a network.
        top.known(TOP_KEYS);
        for key in TOP_KEYS {
            if top.has(key) {
                let problem =
                    "belongs at the top level of the file and cannot be set in a variant or with --set";
                return Err(top.misplaced(key, problem));
            }
        }
        let precision = top.word("precision", &[("f32", Precision::F32), ("f64", Precision::F64)])?;
        let data = DataPlan::read(&top.section("data")?, folder)?;
        let network = NetworkPlan::read(&top.section("network")?)?;
        let train_section = top.section("train")?;
        let train = TrainPlan::read(&train_section)?;
        if data.is_table() && train_section.has("validation_split") {
            let problem =
                "applies to generated samples only; use data.split, which splits the rows of a table";
            return Err(train_section.misplaced("validation_split", problem));
        }
        top.finish()?;
        Ok(Variant { name, precision, data, network, train, given: None, tree })
    }

    /// Returns the settings as TOML that trains the same network again.
    pub fn settings(&self) -> String {
        let mut tree = self.tree.clone();
        // The TOML may be read in another folder, so the path of the table must be absolute. Paths
        // of built-in tables are valid everywhere.
        if let Some(file) = self.data.file().and_then(|file| file.canonicalize().ok()) {
            tree.replace_text("data", "table", &path_to_text(&file));
        }
        tree.entries
            .sort_by_key(|(key, _)| ["precision", "data", "network", "train"].iter().position(|k| k == key));
        tree.to_toml()
    }
}

/// Makes variants that read the same table with the same options share it.
fn share_tables(variants: &mut [Variant]) {
    let mut indices = HashMap::new();
    let sources = variants.iter().map(|variant| variant.data.table_source()).enumerate();
    // For each variant, the first one that reads the same table.
    let first: Vec<usize> =
        sources.map(|(k, source)| source.map_or(k, |source| *indices.entry(source).or_insert(k))).collect();
    for (k, first) in first.into_iter().enumerate().filter(|(k, first)| first < k) {
        variants[k].data = variants[k].data.clone().sharing(&variants[first].data);
    }
}

/// Whether a name is valid for a folder on every operating system and does not lead out of the
/// parent folder.
fn is_folder_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " _-.".contains(c);
    name.starts_with(char::is_alphanumeric) && !name.ends_with([' ', '.']) && name.chars().all(allowed)
}

fn document(section: &Section<'_>) -> Result<Option<SourceDocument>, Error> {
    let read = |key, purpose| {
        let text = section.text(key)?;
        if section.is_written() {
            text.ok_or_else(|| section.missing(key, purpose))
        } else {
            Ok(String::new())
        }
    };
    let document = SourceDocument {
        author: read("author", "the author of the document")?,
        title: read("title", "the title of the document")?,
        url: read("url", "the URL of the document")?,
        licence: read("licence", "the licence, as stated in the document")?,
    };
    section.finish()?;
    Ok(section.is_written().then_some(document))
}
