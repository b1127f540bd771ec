//! Planes in parameter space: two named parameters, the optimisation path, or two random
//! directions.

use super::plane::Plane;
use super::principal::principal;
use crate::Error;
use crate::kernel::Scalar;
use crate::network::{Architecture, Learning, Network, Part};
use crate::random::RandomState;
use crate::registry::nearest;

impl Plane {
    /// Creates the plane in which the two parameters called `names` vary while all others are fixed
    /// at `trained`.
    ///
    /// The coordinates are the values of the two parameters, which are named as in
    /// [`Architecture::parameter_name`]. If training changes only these two parameters, its path is
    /// within the plane.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    /// use chainrule::network::{Architecture, Layer, activation::Activation};
    ///
    /// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
    /// let plane = Plane::parameters(&architecture, &[1.5, -2.0, 0.5], ["output.W[1][0]", "output.b[0]"])?;
    /// assert_eq!(plane.point(&[7.0, 8.0]), [1.5, 7.0, 8.0]);
    /// let error = Plane::parameters(&architecture, &[1.5, -2.0, 0.5], ["output.W[1]", "output.b[0]"]).unwrap_err();
    /// assert!(error.to_string().contains("did you mean \"output.W[1][0]\"?"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::UnknownParameter`] with the most similar name if the network has no such
    /// parameter, [`Error::Setting`] if both names are the same, and [`Error::ParameterCount`] if
    /// the length of `trained` does not match the architecture.
    pub fn parameters<T: Scalar>(
        architecture: &Architecture,
        trained: &[T],
        names: [&str; 2],
    ) -> Result<Plane, Error> {
        let expected = architecture.n_parameters();
        if trained.len() != expected {
            return Err(Error::ParameterCount { expected, got: trained.len() });
        }
        let mut varied = [0; 2];
        for (varied, name) in varied.iter_mut().zip(names) {
            *varied =
                architecture.parameter_index(name).ok_or_else(|| unknown_parameter(architecture, name))?;
        }
        if varied[0] == varied[1] {
            return Err(Error::Setting {
                setting: "the second parameter of a plane".to_owned(),
                value: names[1].to_owned(),
                allowed: "different from the first".to_owned(),
            });
        }
        Ok(Plane::through(trained.iter().map(|p| p.to_f64()).collect(), &varied))
    }

    /// Creates the plane through the last of the `recorded` parameter vectors along the two
    /// principal directions of the path.
    ///
    /// The principal directions are the orthonormal directions with the largest differences from
    /// the last parameters: with `δ_s = p_s - p_last`, the eigenvectors for the largest eigenvalues
    /// of `Σ_s δ_s·δ_sᵀ`, restricted to the parameters that change. [`explained`](Plane::explained)
    /// gives the fraction of `Σ_s |δ_s|²` along each direction; the remainder is orthogonal to the
    /// plane. From Li et al., Visualizing the loss landscape of neural nets (2018), section 7.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// // Moves along the first parameter, then slightly along the third; the second never changes.
    /// let recorded = [vec![4.0, 9.0, 1.0], vec![2.0, 9.0, 1.0], vec![0.0, 9.0, 1.0], vec![0.0, 9.0, 0.0]];
    /// let plane = Plane::trajectory(&recorded)?;
    /// assert_eq!(plane.origin(), [0.0, 9.0, 0.0]);
    /// assert!(plane.explained()[0] > 0.9);
    /// let path = plane.path(&recorded);
    /// assert!(path.iter().all(|point| point.distance < 1e-12));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::StillPath`] if fewer than two parameters change, and [`Error::NotFinite`]
    /// if a value is NaN or infinite, with the index of the record as the row.
    ///
    /// # Panics
    /// Panics if the records have different lengths.
    pub fn trajectory<T: Scalar>(recorded: &[Vec<T>]) -> Result<Plane, Error> {
        let Some(last) = recorded.last() else { return Err(Error::StillPath { n_records: 0, moved: 0 }) };
        for (s, record) in recorded.iter().enumerate() {
            assert_eq!(record.len(), last.len(), "all records must have the same length");
            if let Some(i) = record.iter().position(|p| !p.is_finite()) {
                let (row, column, value) = (s + 1, i + 1, record[i].to_f64());
                return Err(Error::NotFinite { what: "the recorded path", row, column, value });
            }
        }
        let changes = |&i: &usize| recorded.iter().any(|record| record[i] != last[i]);
        let moved: Vec<usize> = (0..last.len()).filter(changes).collect();
        if moved.len() < 2 {
            return Err(Error::StillPath { n_records: recorded.len(), moved: moved.len() });
        }
        let row = |s: usize, to: &mut [f64]| {
            to.iter_mut().zip(&moved).for_each(|(to, &i)| *to = recorded[s][i].to_f64() - last[i].to_f64());
        };
        let (short, explained) = principal(recorded.len(), moved.len(), row, 2);
        let spread = |short: Vec<f64>| {
            let mut direction = vec![0.0; last.len()];
            moved.iter().zip(short).for_each(|(&i, v)| direction[i] = v);
            direction
        };
        let origin = last.iter().map(|p| p.to_f64()).collect();
        Ok(Plane::along(origin, short.into_iter().map(spread).collect(), explained))
    }

    /// Creates the plane through the network's parameters along two random directions with filter
    /// normalisation.
    ///
    /// The entries of each direction are drawn from a normal distribution, one direction after the
    /// other, in the order of the parameters. The incoming weights of each unit (its filter) are
    /// then scaled to the norm of the corresponding weights of the network:
    /// `d_j ← d_j·|w_j|/|d_j|`. A step of 1 thus changes the weights of every unit by their own
    /// norm, so that loss surfaces of networks of different scales can be compared. The entries of
    /// biases and frozen weights are 0. From Li et al., Visualizing the loss landscape of neural
    /// nets (2018), section 4. The two directions are not exactly orthogonal, only approximately if
    /// there are many weights.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    /// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
    /// use chainrule::random::RandomState;
    ///
    /// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
    /// let network = Network::new(architecture, vec![3.0, 4.0, 0.7])?;
    /// let plane = Plane::random(&network, &mut RandomState::new(0))?;
    /// let [w1, w2, b] = plane.directions()[0][..] else { unreachable!("three parameters") };
    /// assert!((w1.hypot(w2) - 5.0).abs() < 1e-12);
    /// assert_eq!(b, 0.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::DependentDirections`] if the network does not have two such directions: all
    /// weights are 0 or frozen, or each unit has a single weight.
    pub fn random<T: Scalar>(network: &Network<T>, random: &mut RandomState) -> Result<Plane, Error> {
        let origin: Vec<f64> = network.parameters().iter().map(|p| p.to_f64()).collect();
        let directions = [(); 2].map(|()| filter_normalised(network.architecture(), &origin, random));
        Plane::new(origin, directions.into())
    }
}

/// Returns a random direction in which the incoming weights of each unit have the same norm as in
/// the network.
fn filter_normalised(architecture: &Architecture, parameters: &[f64], random: &mut RandomState) -> Vec<f64> {
    let mut direction = vec![0.0; parameters.len()];
    for block in architecture.blocks() {
        if block.part != Part::Weights || block.learning == Learning::Frozen {
            continue;
        }
        let (weights, drawn) = (&parameters[block.range.clone()], &mut direction[block.range.clone()]);
        drawn.fill_with(|| random.standard_normal());
        for j in 0..block.n_out {
            let norm = |w: &[f64]| w[j..].iter().step_by(block.n_out).map(|w| w * w).sum::<f64>().sqrt();
            let (weight_norm, drawn_norm) = (norm(weights), norm(drawn));
            let factor = if drawn_norm > 0.0 { weight_norm / drawn_norm } else { 0.0 };
            drawn[j..].iter_mut().step_by(block.n_out).for_each(|d| *d *= factor);
        }
    }
    direction
}

/// Returns the error for an unknown parameter, with the most similar parameter name.
fn unknown_parameter(architecture: &Architecture, name: &str) -> Error {
    let n = architecture.n_parameters();
    let names: Vec<String> = (0..n).map(|index| architecture.parameter_name(index)).collect();
    let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let ends = [names[0].clone(), names[n - 1].clone()];
    Error::UnknownParameter { name: name.to_owned(), nearest, ends }
}
