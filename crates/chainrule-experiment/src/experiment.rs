//! An experiment: a TOML file that says data, network, training and what its source document claims.

use std::path::{Path, PathBuf};

use chainrule::network::Network;
use chainrule::registry::nearest;
use chainrule_model::Precision;

use crate::Error;
use crate::builtin::{self, Beside};
use crate::claim::Claim;
use crate::data::DataPlan;
use crate::figure::FigurePlan;
use crate::fit_plan::FitPlan;
use crate::network::NetworkPlan;
use crate::section::Section;
use crate::train::TrainPlan;
use crate::tree::{self, Tree};

/// An experiment, read and checked as far as that is possible without its data.
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
    /// The name: the file's, without `.toml`.
    pub name: String,
    /// What it is about, in a line.
    pub title: String,
    /// The document that it reproduces.
    pub document: Option<SourceDocument>,
    /// The networks: one, or one for each `[[variant]]`.
    pub variants: Vec<Variant>,
    /// What the document claims.
    pub claims: Vec<Claim>,
    /// The figures that it asks for.
    pub figures: Vec<FigurePlan>,
}

/// The document that an experiment reproduces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    /// Who wrote it.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub address: String,
    /// Its licence, as it states it.
    pub licence: String,
}

/// One network of an experiment, with its data and training.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The variant's name; empty when the experiment has but one network.
    pub name: String,
    /// The precision of its training.
    pub precision: Precision,
    /// Where its samples come from.
    pub data: DataPlan,
    /// Its layers.
    pub network: NetworkPlan,
    /// Its training.
    pub train: TrainPlan,
    /// The network to begin with, where it is a model's and not drawn.
    pub(crate) given: Option<Network<f64>>,
    /// All its settings, to be written beside a run's results.
    pub(crate) tree: Tree,
}

/// The keys that belong to the whole experiment and to none of its networks.
const TOP_KEYS: &[&str] = &["title", "document", "claim", "figure", "variant", "fit"];

impl Experiment {
    /// The built-in experiment called `source`, or else the TOML file `source`, with each of `sets`
    /// (`train.learning_rate=0.05`) laid on top.
    ///
    /// # Errors
    /// A file that is not there, is no TOML, or says something that makes no sense, with its place.
    pub fn open(source: &str, sets: &[String]) -> Result<Experiment, Error> {
        let path = Path::new(source);
        if let Some(text) = builtin::text(source).filter(|_| !path.exists() || path.extension().is_none()) {
            let path = PathBuf::from(format!("{source}.toml"));
            return Experiment::parse(source, text, &path, sets, Beside::Program);
        }
        if !path.is_file() {
            let choices = builtin::names();
            let near = nearest(source, choices.iter().map(String::as_str)).map(str::to_owned);
            return Err(Error::NotFound { name: source.to_owned(), nearest: near, choices });
        }
        let text = read_text(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Experiment::parse(&name, &text, path, sets, Beside::Folder(folder(path)))
    }

    fn parse(
        name: &str,
        text: &str,
        path: &Path,
        sets: &[String],
        beside: Beside<'_>,
    ) -> Result<Experiment, Error> {
        let tree = Tree::parse(text, path)?;
        let top = Section::top(&tree, tree::file(path));
        let title = top.text("title")?.unwrap_or_default();
        let document = document(&top.section("document")?)?;
        let figures = top.sections("figure")?.iter().map(FigurePlan::read).collect::<Result<Vec<_>, _>>()?;
        // What it says is for another command, but it is right or refused.
        FitPlan::read(&top, folder(path))?;
        let claims = top.sections("claim")?.iter().map(Claim::read).collect::<Result<Vec<_>, _>>()?;

        // What all variants share, and what each lays on top of it.
        let mut shared = tree.clone();
        for key in TOP_KEYS {
            shared.remove(key);
        }
        let mut layers = Vec::new();
        for section in top.sections("variant")? {
            let purpose = "a name, to tell the variant from the others";
            let name = section.text("name")?.ok_or_else(|| section.missing("name", purpose))?;
            if !is_a_name(&name) || layers.iter().any(|(known, _)| *known == name) {
                let allowed = "a name that no other variant has, of letters, digits, spaces, _ , - and ., as a folder is named";
                return Err(section.refuse("name", allowed));
            }
            let mut over = section.tree().cloned().unwrap_or_default();
            over.remove("name");
            layers.push((name, over));
        }
        if layers.is_empty() {
            layers.push((String::new(), Tree::default()));
        }
        let read = |(name, over): (String, Tree)| {
            let mut tree = shared.clone();
            tree.overlay(&over);
            sets.iter().try_for_each(|set| tree.set(set))?;
            Variant::read(name, tree, path, beside)
        };
        let mut variants = layers.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        share_tables(&mut variants);
        let experiment = Experiment { name: name.to_owned(), title, document, variants, claims, figures };
        for claim in &experiment.claims {
            claim.check(&experiment)?;
        }
        Ok(experiment)
    }

    /// Leaves but the variant called `name`, and the claims about it alone.
    ///
    /// # Errors
    /// [`Error::UnknownVariant`], with the nearest one.
    pub fn reduce_to(&mut self, name: &str) -> Result<(), Error> {
        self.variant(name)?;
        self.variants.retain(|variant| variant.name == name);
        self.claims.retain(|claim| claim.variants().all(|variant| variant == name));
        Ok(())
    }

    /// The variant called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownVariant`], with the nearest one.
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
    pub(crate) fn read(name: String, tree: Tree, path: &Path, beside: Beside<'_>) -> Result<Variant, Error> {
        let top = Section::top(&tree, tree::file(path));
        // Known at a file's top and read there, but not within a variant.
        top.known(TOP_KEYS);
        for key in TOP_KEYS {
            if top.has(key) {
                return Err(top.refuse(key, "at the file's top and nowhere else"));
            }
        }
        let precision = top.word("precision", &[("f32", Precision::F32), ("f64", Precision::F64)])?;
        let data = DataPlan::read(&top.section("data")?, beside)?;
        let network = NetworkPlan::read(&top.section("network")?)?;
        let train = TrainPlan::read(&top.section("train")?)?;
        top.finish()?;
        Ok(Variant { name, precision, data, network, train, given: None, tree })
    }

    /// The settings as TOML text that trains this network again.
    pub fn settings(&self) -> String {
        let mut tree = self.tree.clone();
        // The file may be read from elsewhere later. One that comes with the program is found from anywhere.
        if let Some(file) = self.data.file().and_then(|file| file.canonicalize().ok()) {
            tree.replace_text("data", "table", &file.to_string_lossy());
        }
        tree.entries
            .sort_by_key(|(key, _)| ["precision", "data", "network", "train"].iter().position(|k| k == key));
        tree.to_toml()
    }
}

/// Lets variants that read the same table in the same way read it once.
fn share_tables(variants: &mut [Variant]) {
    for k in 1..variants.len() {
        let (before, rest) = variants.split_at_mut(k);
        if let Some(same) = before.iter().find(|variant| variant.data.reads_as(&rest[0].data)) {
            rest[0].data = rest[0].data.clone().sharing(&same.data);
        }
    }
}

/// Whether a folder can be called so, on any system and within another one.
fn is_a_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || " _-.".contains(c);
    name.starts_with(char::is_alphanumeric) && !name.ends_with([' ', '.']) && name.chars().all(allowed)
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
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
        author: read("author", "who wrote the document")?,
        title: read("title", "the document's title")?,
        address: read("address", "where the document is")?,
        licence: read("licence", "the document's licence, as it states it")?,
    };
    section.finish()?;
    Ok(section.is_written().then_some(document))
}
