//! The model file: a safetensors file with the parameters as tensors and the rest as JSON metadata.
//!
//! The metadata has a single entry, `chainrule-model`, so that writing a model always produces the
//! same bytes. Its value is JSON:
//!
//! | key | content |
//! |---|---|
//! | `version` | format version, 2; version 1 has no formats of the columns |
//! | `checksum` | hexadecimal SHA-256 of the text of `model` followed by the bytes of the tensors in the order of their names |
//! | `model` | loss, precision, members with layers and encoders, training record |
//!
//! The tensors are named `W0`, `b0`, `W1`, ... (each W of shape (n_in, n_out)). In an ensemble, the
//! names of the tensors of member k start with `k.`.
//!
//! Files are untrusted input. Lengths are taken from the file itself, shapes are checked against
//! the layers before anything is allocated for them, only the bytes that the header states are read,
//! and loading a model allocates at most a small multiple of the file size.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use chainrule::network::activation::Activation;
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, BlockFactors, Layer, Learning, Network, Part};
use chainrule_table::{CellType, Encoders, Target, write_whole};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::choice::RegistryChoice;
use crate::{Error, Member, Model, Precision, Trained};

/// Format version of written files. Files of earlier versions can be read.
pub const FORMAT_VERSION: u64 = 2;

/// Key of the only metadata entry.
const METADATA_KEY: &str = "chainrule-model";
/// Maximum length of the header of a safetensors file.
const MAX_HEADER_LEN: u64 = 100_000_000;
/// Maximum number of layers of a model file; no real network has more.
const MAX_LAYERS: usize = 1000;
/// Maximum number of units of a layer of a model file.
const MAX_UNITS: usize = 10_000_000;

/// Metadata of a model file, with a JSON header that depends on the format version.
#[derive(Serialize, Deserialize)]
struct Envelope {
    version: u64,
    checksum: String,
    model: Box<RawValue>,
}

/// JSON header of format version 1.
#[derive(Serialize, Deserialize)]
struct ModelHeader {
    loss: RegistryChoice,
    precision: Precision,
    members: Vec<MemberHeader>,
    #[serde(default)]
    trained: Trained,
    made_by: String,
}

#[derive(Serialize, Deserialize)]
struct MemberHeader {
    layers: Vec<LayerHeader>,
    encoders: Encoders,
}

#[derive(Serialize, Deserialize)]
struct LayerHeader {
    units: usize,
    activation: RegistryChoice,
    bias: bool,
    #[serde(default, skip_serializing_if = "TrainedBy::is_default")]
    training: TrainedBy,
}

/// How a layer is trained, for training that continues from the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct TrainedBy {
    /// Dropout rate.
    dropout: f64,
    /// Frozen parts: `W`, `b`.
    frozen: Vec<String>,
    /// Factors of the learning rate and of penalties for the weights and for the bias, unless all
    /// are 1.
    factors: Option<[[f64; 2]; 2]>,
}

impl TrainedBy {
    fn of(layer: &Layer) -> TrainedBy {
        let is_frozen = [layer.weights == Learning::Frozen, layer.bias == Some(Learning::Frozen)];
        let frozen = ["W", "b"].iter().zip(is_frozen).filter(|(_, is_frozen)| *is_frozen);
        let factors = [layer.weight_factors, layer.bias_factors].map(|factors| [factors.rate, factors.decay]);
        TrainedBy {
            dropout: layer.dropout,
            frozen: frozen.map(|(part, _)| (*part).to_owned()).collect(),
            factors: Some(factors).filter(|factors| *factors != [[1.0; 2]; 2]),
        }
    }

    fn apply(&self, layer: Layer) -> Layer {
        let is_frozen = |part: &str| self.frozen.iter().any(|frozen| frozen == part);
        let mut layer = layer.dropout(self.dropout);
        if is_frozen("W") {
            layer = layer.frozen_weights();
        }
        if is_frozen("b") && layer.bias.is_some() {
            layer = layer.frozen_bias();
        }
        if let Some([weights, bias]) = self.factors {
            let factors = |[rate, decay]: [f64; 2]| BlockFactors { rate, decay };
            layer = layer.weight_factors(factors(weights)).bias_factors(factors(bias));
        }
        layer
    }

    fn is_default(&self) -> bool {
        *self == TrainedBy::default()
    }
}

impl Model {
    /// Writes the model to a file atomically: the file is either complete or unchanged.
    ///
    /// # Errors
    /// Returns [`Error::Unwritable`] if the file cannot be written and [`Error::CustomActivation`]
    /// if a layer has a custom activation.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let bytes = self.to_bytes()?;
        write_whole(path, &bytes).map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if the file cannot be read, [`Error::NotAModel`] if it is not
    /// a model, [`Error::UnsupportedVersion`] if it has a later format version and
    /// [`Error::Damaged`] if its parts are inconsistent.
    pub fn load(path: &Path) -> Result<Model, Error> {
        let bytes = File::open(path).and_then(read_stated);
        let bytes = bytes.map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Model::from_bytes(&bytes, path)
    }

    /// Serialises the model as the bytes of a file.
    ///
    /// # Errors
    /// Returns [`Error::CustomActivation`] if a layer has a custom activation.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let header = ModelHeader {
            loss: RegistryChoice::new(self.loss.options()),
            precision: self.precision,
            members: self.members.iter().map(member_header).collect::<Result<_, _>>()?,
            trained: self.trained.clone(),
            made_by: format!("chainrule {}", env!("CARGO_PKG_VERSION")),
        };
        let header = serde_json::to_string(&header).expect("a header consists of strings and numbers");
        let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
        for (k, member) in self.members.iter().enumerate() {
            for block in member.architecture.blocks() {
                let name = tensor_name(block.part, block.layer, k, self.members.len());
                let shape = match block.part {
                    Part::Weights => vec![member.architecture.n_in(block.layer), block.n_out],
                    Part::Bias => vec![block.n_out],
                };
                let parameters = &member.parameters[block.range.clone()];
                tensors.push((name, shape, to_little_endian(parameters, self.precision)));
            }
        }
        // The order of the tensors in the file and in the checksum.
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let checksum = checksum_of(&header, tensors.iter().map(|(_, _, data)| data.as_slice()));
        let model = RawValue::from_string(header).expect("the header is JSON");
        let envelope = Envelope { version: FORMAT_VERSION, checksum, model };
        let envelope = serde_json::to_string(&envelope).expect("an envelope consists of strings and numbers");
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), envelope)]);
        let views = tensors.iter().map(|(name, shape, data)| {
            let view = TensorView::new(dtype(self.precision), shape.clone(), data)
                .expect("the number of bytes matches the shape");
            (name.as_str(), view)
        });
        Ok(serialize(views, Some(metadata)).expect("the tensors are valid and have distinct names"))
    }

    /// Reads a model from the bytes of a file; `path` is used only in error messages.
    ///
    /// # Errors
    /// The same as those of [`load`](Model::load), except for [`Error::Unreadable`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Model, Error> {
        let not_a_model = |reason: String| Error::NotAModel { path: path.to_owned(), reason };
        let damaged = |reason: String| Error::Damaged { path: path.to_owned(), reason };
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| not_a_model(format!("it is not a complete safetensors file ({error})")))?;
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| not_a_model(error.to_string()))?;
        let Some(envelope) = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA_KEY))
        else {
            return Err(not_a_model("it contains tensors but no model description".to_owned()));
        };
        let invalid = |error: serde_json::Error| damaged(format!("its description is invalid ({error})"));
        let Envelope { version, checksum, model: text } = serde_json::from_str(envelope).map_err(invalid)?;
        if version > FORMAT_VERSION {
            return Err(Error::UnsupportedVersion {
                path: path.to_owned(),
                found: version,
                supported: FORMAT_VERSION,
            });
        }
        let mut all = tensors.tensors();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        if checksum != checksum_of(text.get(), all.iter().map(|(_, view)| view.data())) {
            return Err(damaged("its checksum does not match its contents".to_owned()));
        }
        let header: ModelHeader = serde_json::from_str(text.get()).map_err(invalid)?;
        let loss = header.loss.make(Loss::new).map_err(|error| damaged(error.to_string()))?;
        if header.members.is_empty() {
            return Err(damaged("it contains no network".to_owned()));
        }
        let n_members = header.members.len();
        let member = |(k, member): (usize, MemberHeader)| {
            read_member(&tensors, member, header.precision, k, n_members).map_err(damaged)
        };
        let members = header.members.into_iter().enumerate().map(member).collect::<Result<Vec<_>, _>>()?;
        if members.iter().any(|member| !are_compatible(&member.encoders, &members[0].encoders)) {
            return Err(damaged("its networks have different inputs or targets".to_owned()));
        }
        Ok(Model { members, loss, precision: header.precision, trained: header.trained })
    }
}

/// Reads as many bytes of a safetensors file as its header states, and one more, by which
/// [`Model::from_bytes`] detects a longer file. If the header is invalid, only the header is read.
fn read_stated(mut file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut read_more = |n: u64, bytes: &mut Vec<u8>| file.by_ref().take(n).read_to_end(bytes);
    read_more(8, &mut bytes)?;
    let Some(header_len) = bytes.first_chunk().copied().map(u64::from_le_bytes) else { return Ok(bytes) };
    if header_len == 0 || header_len > MAX_HEADER_LEN {
        return Ok(bytes);
    }
    read_more(header_len, &mut bytes)?;
    if let Ok(header) = serde_json::from_slice::<Metadata>(&bytes[8..]) {
        read_more((header.data_len() as u64).saturating_add(1), &mut bytes)?;
    }
    Ok(bytes)
}

/// Returns whether both encoders read the same columns as the same cell types and have targets
/// whose predictions can be averaged.
fn are_compatible(one: &Encoders, other: &Encoders) -> bool {
    let wanted = |encoders: &Encoders| {
        let wanted = encoders.formats().into_iter();
        let mut wanted: Vec<(String, CellType)> =
            wanted.map(|(name, format)| (name.to_owned(), format.cell_type())).collect();
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
        wanted
    };
    let targets = match (&one.target, &other.target) {
        // The scales differ because each member is fitted on different rows.
        (Target::Numbers { columns, .. }, Target::Numbers { columns: others, .. }) => columns == others,
        (target, other_target) => target == other_target,
    };
    targets && wanted(one) == wanted(other)
}

fn member_header(member: &Member) -> Result<MemberHeader, Error> {
    let architecture = &member.architecture;
    let layer = |(l, layer): (usize, &Layer)| {
        let is_built_in = layer.activation.is_softmax() || layer.activation.formula().is_some();
        if !is_built_in {
            return Err(Error::CustomActivation { layer: architecture.layer_name(l) });
        }
        let activation = RegistryChoice::new(layer.activation.options());
        Ok(LayerHeader {
            units: layer.n_units,
            activation,
            bias: layer.bias.is_some(),
            training: TrainedBy::of(layer),
        })
    };
    let layers = architecture.layers().iter().enumerate().map(layer).collect::<Result<_, _>>()?;
    Ok(MemberHeader { layers, encoders: member.encoders.clone() })
}

/// Reads a member; returns the reason as an error if its header is inconsistent with its tensors.
fn read_member(
    tensors: &SafeTensors<'_>,
    header: MemberHeader,
    precision: Precision,
    k: usize,
    n_members: usize,
) -> Result<Member, String> {
    let encoders = header.encoders;
    let n_layers = header.layers.len();
    if n_layers > MAX_LAYERS || header.layers.iter().any(|layer| layer.units > MAX_UNITS) {
        return Err(format!(
            "its network has {n_layers} layers, but at most {MAX_LAYERS} layers of at most {MAX_UNITS} units are \
             supported"
        ));
    }
    if !encoders.target.is_whole() {
        return Err("its target is inconsistent".to_owned());
    }
    if let Some(column) = encoders.unusable_scale() {
        return Err(format!("the scale of its column \"{column}\" is 0 or not a number"));
    }
    let mut columns: Vec<&str> = encoders.inputs.iter().map(|input| input.column.as_str()).collect();
    columns.extend(encoders.target.columns().iter().map(String::as_str));
    columns.sort_unstable();
    if let Some([column, _]) = columns.array_windows().find(|[one, other]| one == other) {
        return Err(format!("it reads the column \"{column}\" twice"));
    }
    let layer = |layer: &LayerHeader| {
        let with_bias =
            Layer::new(layer.units, layer.activation.make(Activation::new).map_err(|e| e.to_string())?);
        Ok(layer.training.apply(if layer.bias { with_bias } else { with_bias.without_bias() }))
    };
    let layers = header.layers.iter().map(layer).collect::<Result<Vec<_>, String>>()?;
    let architecture = Architecture::new(encoders.n_inputs(), layers).map_err(|error| error.to_string())?;
    if architecture.n_outputs() != encoders.target.n_outputs() {
        let (got, expected) = (architecture.n_outputs(), encoders.target.n_outputs());
        return Err(format!("its network has {got} outputs, but its target requires {expected}"));
    }
    // Each tensor is checked before its parameters are allocated, so that the file size bounds
    // memory.
    let mut parameters = Vec::new();
    for block in architecture.blocks() {
        let name = tensor_name(block.part, block.layer, k, n_members);
        let view = tensors.tensor(&name).map_err(|_| format!("the tensor \"{name}\" is missing"))?;
        let expected = match block.part {
            Part::Weights => vec![architecture.n_in(block.layer), block.n_out],
            Part::Bias => vec![block.n_out],
        };
        if view.shape() != expected || view.dtype() != dtype(precision) {
            return Err(format!(
                "the tensor \"{name}\" is {:?} {:?}, but its layer requires {:?} {expected:?}",
                view.dtype(),
                view.shape(),
                dtype(precision)
            ));
        }
        from_little_endian(view.data(), precision, &mut parameters);
    }
    Network::new(architecture.clone(), parameters.clone()).map_err(|error| error.to_string())?;
    Ok(Member { encoders, architecture, parameters })
}

/// Returns the name of a tensor.
fn tensor_name(part: Part, layer: usize, k: usize, n_members: usize) -> String {
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

/// Computes the SHA-256 of the header followed by the tensors.
fn checksum_of<'d>(header: &'d str, tensors: impl Iterator<Item = &'d [u8]>) -> String {
    sha256(std::iter::once(header.as_bytes()).chain(tensors))
}

/// Computes the hexadecimal SHA-256 of the concatenation of byte slices.
pub fn sha256(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hash = Sha256::new();
    pieces.for_each(|piece| hash.update(piece));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
