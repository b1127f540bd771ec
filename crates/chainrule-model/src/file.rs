//! The model file: one safetensors file, the tensors by layer, all else as JSON in its metadata.
//!
//! The metadata have one entry, `chainrule-model`, so that a model is the same bytes whenever it is written. It is JSON:
//!
//! | key | holds |
//! |---|---|
//! | `version` | the version of the format, 1 |
//! | `checksum` | SHA-256 of the text of `model` and the tensors' bytes in the order of their names, in hexadecimal |
//! | `model` | loss, precision, members with layers and encoders, training |
//!
//! Tensors are called `W0`, `b0`, `W1`, ... (each W of shape (n_in, n_out)), with `k.` before them for member k where there are
//! several. Nothing of a file is believed: lengths are those of the file itself, shapes are held against the layers before
//! anything is made of them, and what is read takes no more room than some times the file's size.

use std::collections::HashMap;
use std::io::{Error as IoError, ErrorKind, Write};
use std::path::Path;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network, Part};
use chainrule_table::{CellType, Encoders, Target};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::choice::Choice;
use crate::{Error, Member, Model, Precision, Trained};

/// The version of the format that is written. Earlier ones are read as well.
pub const FORMAT_VERSION: u64 = 1;

/// The metadata's one entry.
const FORMAT: &str = "chainrule-model";
/// More layers, and wider ones, are no network that anybody trained.
const MAX_LAYERS: usize = 1000;
const MAX_UNITS: usize = 10_000_000;

/// What is around the JSON of every format.
#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u64,
    checksum: String,
    model: Box<RawValue>,
}

/// The JSON of format 1.
#[derive(Serialize, Deserialize)]
struct Description {
    loss: Choice,
    precision: Precision,
    members: Vec<MemberDescription>,
    #[serde(default)]
    trained: Trained,
    made_by: String,
}

#[derive(Serialize, Deserialize)]
struct MemberDescription {
    layers: Vec<LayerDescription>,
    encoders: Encoders,
}

#[derive(Serialize, Deserialize)]
struct LayerDescription {
    units: usize,
    activation: Choice,
    bias: bool,
}

impl Model {
    /// Writes the model; the file is whole or not there at all.
    ///
    /// # Errors
    /// [`Error::Unwritable`], and [`Error::Custom`] for an activation that is code.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes()?;
        write_whole(path, &bytes).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    /// Reads a model.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::NoModel`], [`Error::Later`], [`Error::Damaged`].
    pub fn load(path: &Path) -> Result<Model, Error> {
        let bytes =
            std::fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Model::from_bytes(&bytes, path)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`Error::Custom`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let description = Description {
            loss: Choice::of(self.loss.options()),
            precision: self.precision,
            members: self.members.iter().map(describe).collect::<Result<_, _>>()?,
            trained: self.trained.clone(),
            made_by: format!("chainrule {}", env!("CARGO_PKG_VERSION")),
        };
        let description = serde_json::to_string(&description).expect("texts and finite numbers");
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (k, member) in self.members.iter().enumerate() {
            for block in member.architecture.blocks() {
                let name = name(block.part, block.layer, k, self.members.len());
                let shape = match block.part {
                    Part::Weights => vec![member.architecture.n_in(block.layer), block.n_out],
                    Part::Bias => vec![block.n_out],
                };
                let parameters = &member.parameters[block.range.clone()];
                tensors.push((name, shape, to_little_endian(parameters, self.precision)));
            }
        }
        // The file's own order, and the checksum's.
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let checksum = sum_of(&description, tensors.iter().map(|(_, _, data)| data.as_slice()));
        let model = RawValue::from_string(description).expect("it is JSON");
        let envelope = Envelope { version: FORMAT_VERSION, checksum, model };
        let envelope = serde_json::to_string(&envelope).expect("texts and numbers");
        let metadata = HashMap::from([(FORMAT.to_owned(), envelope)]);
        let views = tensors.iter().map(|(name, shape, data)| {
            let view = TensorView::new(dtype(self.precision), shape.clone(), data)
                .expect("as many bytes as the shape needs");
            (name.as_str(), view)
        });
        Ok(serialize(views, Some(metadata)).expect("tensors of their own lengths"))
    }

    /// A model from the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// As [`load`](Model::load).
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Model, Error> {
        let no_model = |reason: String| Error::NoModel { path: path.to_owned(), reason };
        let damaged = |reason: String| Error::Damaged { path: path.to_owned(), reason };
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| no_model(format!("it is no whole safetensors file ({error})")))?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| no_model(error.to_string()))?;
        let Some(envelope) = header.metadata().as_ref().and_then(|metadata| metadata.get(FORMAT)) else {
            return Err(no_model("it holds tensors, but no description of a model".to_owned()));
        };
        let unread = |error: serde_json::Error| damaged(format!("its description cannot be read ({error})"));
        let Envelope { version, checksum, model: text } = serde_json::from_str(envelope).map_err(unread)?;
        if version > FORMAT_VERSION {
            return Err(Error::Later { path: path.to_owned(), found: version, known: FORMAT_VERSION });
        }
        let mut all = tensors.tensors();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        if checksum != sum_of(text.get(), all.iter().map(|(_, view)| view.data())) {
            return Err(damaged("its contents do not have its checksum".to_owned()));
        }
        let description: Description = serde_json::from_str(text.get()).map_err(unread)?;
        let loss = description.loss.make(Loss::new).map_err(|error| damaged(error.to_string()))?;
        if description.members.is_empty() {
            return Err(damaged("it has no network".to_owned()));
        }
        let n_members = description.members.len();
        let member = |(k, member): (usize, MemberDescription)| {
            read_member(&tensors, member, description.precision, k, n_members).map_err(damaged)
        };
        let members =
            description.members.into_iter().enumerate().map(member).collect::<Result<Vec<_>, _>>()?;
        if members.iter().any(|member| !is_alike(&member.encoders, &members[0].encoders)) {
            return Err(damaged("its networks read or predict different things".to_owned()));
        }
        Ok(Model { members, loss, precision: description.precision, trained: description.trained })
    }
}

/// Whether both read the same columns as the same kinds, and what they predict can be averaged.
fn is_alike(one: &Encoders, other: &Encoders) -> bool {
    let wanted = |encoders: &Encoders| {
        let wanted = encoders.cell_types().into_iter();
        let mut wanted: Vec<(String, CellType)> =
            wanted.map(|(name, want)| (name.to_owned(), want)).collect();
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        wanted
    };
    let targets = match (&one.target, &other.target) {
        // Their scales are those of the rows of each.
        (Target::Numbers { columns, .. }, Target::Numbers { columns: others, .. }) => columns == others,
        (target, of_other) => target == of_other,
    };
    targets && wanted(one) == wanted(other)
}

fn describe(member: &Member) -> Result<MemberDescription, Error> {
    let architecture = &member.architecture;
    let layer = |(l, layer): (usize, &Layer)| {
        let is_known = layer.activation.is_softmax() || layer.activation.formula().is_some();
        if !is_known {
            return Err(Error::Custom { layer: architecture.layer_name(l) });
        }
        let activation = Choice::of(layer.activation.options());
        Ok(LayerDescription { units: layer.n_units, activation, bias: layer.bias.is_some() })
    };
    let layers = architecture.layers().iter().enumerate().map(layer).collect::<Result<_, _>>()?;
    Ok(MemberDescription { layers, encoders: member.encoders.clone() })
}

/// A member whose tensors are those that its layers need; the reason where they are not.
fn read_member(
    tensors: &SafeTensors<'_>,
    description: MemberDescription,
    precision: Precision,
    k: usize,
    n_members: usize,
) -> Result<Member, String> {
    let encoders = description.encoders;
    let n_layers = description.layers.len();
    if n_layers > MAX_LAYERS || description.layers.iter().any(|layer| layer.units > MAX_UNITS) {
        return Err(format!("a network of {n_layers} layers of such widths cannot be"));
    }
    if !encoders.target.is_whole() {
        return Err("what it predicts is not whole".to_owned());
    }
    let mut read: Vec<&str> = encoders.cell_types().into_iter().map(|(column, _)| column).collect();
    read.extend(encoders.target.columns().iter().map(String::as_str));
    read.sort_unstable();
    if let Some([twice, _]) = read.array_windows().find(|[one, other]| one == other) {
        return Err(format!("it reads the column \"{twice}\" twice"));
    }
    let layer = |layer: &LayerDescription| {
        let made =
            Layer::new(layer.units, layer.activation.make(Activation::new).map_err(|e| e.to_string())?);
        Ok(if layer.bias { made } else { made.without_bias() })
    };
    let layers = description.layers.iter().map(layer).collect::<Result<Vec<_>, String>>()?;
    let architecture = Architecture::new(encoders.n_inputs(), layers).map_err(|error| error.to_string())?;
    if architecture.n_outputs() != encoders.target.n_outputs() {
        let (has, needs) = (architecture.n_outputs(), encoders.target.n_outputs());
        return Err(format!("the network has {has} outputs where {needs} are predicted"));
    }
    // The file holds as many numbers as there are, before room is made for as many as the layers say.
    let mut parameters = Vec::new();
    for block in architecture.blocks() {
        let name = name(block.part, block.layer, k, n_members);
        let view = tensors.tensor(&name).map_err(|_| format!("the tensor \"{name}\" is not there"))?;
        let expected = match block.part {
            Part::Weights => vec![architecture.n_in(block.layer), block.n_out],
            Part::Bias => vec![block.n_out],
        };
        if view.shape() != expected || view.dtype() != dtype(precision) {
            return Err(format!(
                "the tensor \"{name}\" is {:?} {:?} where its layer needs {expected:?}",
                view.dtype(),
                view.shape()
            ));
        }
        from_little_endian(view.data(), precision, &mut parameters);
    }
    Network::new(architecture.clone(), parameters.clone()).map_err(|error| error.to_string())?;
    Ok(Member { encoders, architecture, parameters })
}

/// What a tensor is called.
fn name(part: Part, layer: usize, k: usize, n_members: usize) -> String {
    let letter = if part == Part::Weights { "W" } else { "b" };
    if n_members == 1 { format!("{letter}{layer}") } else { format!("{k}.{letter}{layer}") }
}

fn dtype(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

fn to_little_endian(parameters: &[f64], precision: Precision) -> Vec<u8> {
    match precision {
        Precision::F32 => parameters.iter().flat_map(|p| (*p as f32).to_le_bytes()).collect(),
        Precision::F64 => parameters.iter().flat_map(|p| p.to_le_bytes()).collect(),
    }
}

fn from_little_endian(data: &[u8], precision: Precision, to: &mut Vec<f64>) {
    match precision {
        Precision::F32 => {
            to.extend(data.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))))
        }
        Precision::F64 => to.extend(data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b))),
    }
}

/// The SHA-256 of a text and the tensors behind it.
fn sum_of<'d>(description: &'d str, tensors: impl Iterator<Item = &'d [u8]>) -> String {
    sha256(std::iter::once(description.as_bytes()).chain(tensors))
}

/// The SHA-256 of some pieces one after the other, in hexadecimal.
pub fn sha256(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hash = Sha256::new();
    pieces.for_each(|piece| hash.update(piece));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How the names of files and folders begin that are not whole yet, or never became it.
pub const UNFINISHED: &str = ".unfinished-";

/// Writes a file that is whole or not there at all: under another name beside it, flushed to the disk, then renamed.
///
/// The file is readable by all, as files are (mode 0644).
///
/// # Errors
/// What the system says of the file.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder);
    // What could not be made has a name that says nothing to anybody.
    let mut file = made.map_err(|error| match error.kind() {
        ErrorKind::NotFound => IoError::new(ErrorKind::NotFound, "there is no such folder"),
        kind => kind.into(),
    })?;
    file.as_file_mut().write_all(bytes)?;
    file.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    // The name as well is on the disk once its folder is.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
